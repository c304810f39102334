//! A DUT's console for as long as its bench is open: when the port goes in the middle, whoever uses it is told once, and
//! the next one finds it opened anew, if it is back.

use std::sync::Arc;
use std::time::Duration;

use assay_model::{
    Deadline, Fault, Recorder, Touch,
    touch::console::{Console, ConsoleRequest, ConsoleResponse},
};
use async_trait::async_trait;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{HeldPty, SerialConsole, settings::ConsoleSettings};

/// How long a port that went may take to come back: an adapter is known again within a second or two of its plugging in.
const COMES_BACK: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Where a DUT's console is.
#[derive(Clone)]
pub enum ConsoleWire {
    /// A port of this host or network.
    Port(ConsoleSettings),
    /// A pty of ours, on which a program of the bench plays the DUT.
    Pty(Arc<HeldPty>),
}

/// See the module.
pub struct LastingConsole {
    wire: ConsoleWire,
    whose: String,
    run: Arc<dyn Recorder>,
    now: Mutex<Now>,
}

struct Now {
    console: Arc<SerialConsole>,
    /// Whoever used it when it went has been told.
    told: bool,
    closed: bool,
}

impl ConsoleWire {
    async fn open(&self, whose: &str, run: &Arc<dyn Recorder>) -> Result<SerialConsole, Fault> {
        match self {
            Self::Port(settings) => SerialConsole::open(settings, whose, run).await,
            Self::Pty(pty) => SerialConsole::on_pty(pty, whose, run),
        }
    }
}

impl LastingConsole {
    /// Opens the line and captures it from now on into a stream of `run`. `whose` is the DUT's id, for the title.
    ///
    /// # Errors
    /// As [`SerialConsole::open`].
    pub async fn open(wire: ConsoleWire, whose: &str, run: &Arc<dyn Recorder>) -> Result<Self, Fault> {
        let console = Arc::new(wire.open(whose, run).await?);
        let now = Mutex::new(Now { console, told: false, closed: false });
        Ok(Self { wire, whose: whose.to_owned(), run: Arc::clone(run), now })
    }

    /// Ends the capture and completes its evidence. Safe to call twice.
    pub async fn close(&self) {
        let console = {
            let mut now = self.now.lock().await;
            now.closed = true;
            Arc::clone(&now.console)
        };
        console.close().await;
    }

    /// The console as it is now; opened anew where its going has been told.
    async fn console(&self, until: Deadline) -> Result<Arc<SerialConsole>, Fault> {
        let waiting = tokio::time::timeout_at(until.instant().into(), self.now.lock());
        let mut now = waiting.await.map_err(|_| Fault::timeout("the console's port is being opened anew"))?;
        if now.told && !now.closed {
            now.console.close().await;
            let fresh = Arc::new(self.again(until).await?);
            (now.console, now.told) = (fresh, false);
        }
        Ok(Arc::clone(&now.console))
    }

    async fn again(&self, until: Deadline) -> Result<SerialConsole, Fault> {
        let give_up = Instant::now() + COMES_BACK.min(until.remaining());
        loop {
            match self.wire.open(&self.whose, &self.run).await {
                Ok(console) => {
                    tracing::info!(dut = %self.whose, "the console is back");
                    return Ok(console);
                }
                Err(fault) if Instant::now() >= give_up => return Err(fault),
                Err(_) => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }
}

#[async_trait]
impl Touch<Console> for LastingConsole {
    async fn call(&self, request: ConsoleRequest, until: Deadline) -> Result<ConsoleResponse, Fault> {
        let console = self.console(until).await?;
        let answer = console.call(request, until).await;
        if answer.is_err() && console.is_gone() {
            let mut now = self.now.lock().await;
            if Arc::ptr_eq(&now.console, &console) {
                now.told = true;
            }
        }
        answer
    }
}
