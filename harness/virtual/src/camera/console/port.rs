//! The pty: opened raw, kept open for the whole run, drained by a task that never waits for a reader.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, ioctl_tiocnxcl, tcgetattr, tcsetattr};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::{Mutex as AsyncMutex, Notify, mpsc};

use super::output::Output;

/// Typed bytes waiting for the camera, in reads of at most [`READ_BYTES`]; what comes on top is lost, as by a full UART.
const INPUT_READS: usize = 64;
const READ_BYTES: usize = 1024;
const UNLOCK_EVERY: Duration = Duration::from_millis(500);

/// The pty could not be made.
#[derive(Debug, thiserror::Error)]
#[error("{step}: {source}")]
pub(crate) struct ConsoleTrouble {
    step: &'static str,
    source: io::Error,
}

fn step(step: &'static str) -> impl Fn(rustix::io::Errno) -> ConsoleTrouble {
    move |errno| ConsoleTrouble { step, source: errno.into() }
}

/// The camera's end of its console.
#[derive(Clone)]
pub(crate) struct ConsoleLine {
    output: Arc<Mutex<Output>>,
    /// Output is waiting.
    wake: Arc<Notify>,
    input: Arc<AsyncMutex<mpsc::Receiver<Vec<u8>>>>,
}

impl ConsoleLine {
    /// Says it; never waits.
    pub(crate) fn say(&self, text: impl AsRef<[u8]>) {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).push(text.as_ref());
        self.wake.notify_one();
    }

    /// The next typed bytes; `None` when the port is gone.
    pub(super) async fn hear(&self) -> Option<Vec<u8>> {
        self.input.lock().await.recv().await
    }

    /// Forgets what was typed and nobody was there to hear.
    pub(super) async fn forget_input(&self) {
        let mut input = self.input.lock().await;
        while input.try_recv().is_ok() {}
    }

    /// Forgets what was said and not yet sent: power is gone.
    pub(crate) fn cut(&self) {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A pty, its path for whoever connects, and the task that moves its bytes until it is dropped.
pub(crate) struct OpenConsole {
    pub(crate) path: PathBuf,
    pub(crate) line: ConsoleLine,
    pub(crate) pump: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Opens a pty. `lossy`: the flaky twin.
pub(crate) fn open(lossy: bool) -> Result<OpenConsole, ConsoleTrouble> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).map_err(step("open a pty"))?;
    grantpt(&master).map_err(step("grant the pty"))?;
    unlockpt(&master).map_err(step("unlock the pty"))?;
    let name = ptsname(&master, Vec::new()).map_err(step("name the pty"))?;
    let path = PathBuf::from(name.to_string_lossy().into_owned());

    // Held open by us: without any user the master would read errors, and boot output before the first user be lost.
    let slave = rustix::fs::open(&path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
        .map_err(step("open the pty's user end"))?;
    let mut modes = tcgetattr(&slave).map_err(step("read the pty's modes"))?;
    modes.make_raw();
    tcsetattr(&slave, OptionalActions::Now, &modes).map_err(step("make the pty raw"))?;

    let flags = fcntl_getfl(&master).map_err(step("read the pty's flags"))?;
    fcntl_setfl(&master, flags | OFlags::NONBLOCK).map_err(step("set the pty's flags"))?;
    #[expect(
        deprecated,
        reason = "its unsafe successor asks that the descriptor stays the same, which an OwnedFd does"
    )]
    let master = AsyncFd::new(master).map_err(|source| ConsoleTrouble { step: "watch the pty", source })?;

    let (typed, input) = mpsc::channel(INPUT_READS);
    let line = ConsoleLine {
        output: Arc::new(Mutex::new(Output::new(lossy))),
        wake: Arc::new(Notify::new()),
        input: Arc::new(AsyncMutex::new(input)),
    };
    let pump = Box::pin(pump(master, slave, line.clone(), typed));
    Ok(OpenConsole { path, line, pump })
}

async fn pump(master: AsyncFd<OwnedFd>, slave: OwnedFd, line: ConsoleLine, typed: mpsc::Sender<Vec<u8>>) {
    let unlock = async {
        let mut tick = tokio::time::interval(UNLOCK_EVERY);
        loop {
            tick.tick().await;
            // A user's exclusive mode would outlive the user, because we hold the port open, and lock out the next one.
            let _ = ioctl_tiocnxcl(&slave);
        }
    };
    tokio::select! {
        () = read(&master, &typed) => {}
        () = write(&master, &line) => {}
        () = unlock => {}
    }
}

async fn read(master: &AsyncFd<OwnedFd>, typed: &mpsc::Sender<Vec<u8>>) {
    loop {
        let read = master
            .async_io(Interest::READABLE, |fd| {
                let mut bytes = vec![0; READ_BYTES];
                let count = rustix::io::read(fd, &mut bytes)?;
                bytes.truncate(count);
                Ok(bytes)
            })
            .await;
        match read {
            Ok(bytes) => drop(typed.try_send(bytes)),
            Err(error) => {
                tracing::debug!(%error, "console");
                tokio::time::sleep(UNLOCK_EVERY).await;
            }
        }
    }
}

async fn write(master: &AsyncFd<OwnedFd>, line: &ConsoleLine) {
    loop {
        let written = master
            .async_io(Interest::WRITABLE, |fd| {
                let mut output = line.output.lock().unwrap_or_else(PoisonError::into_inner);
                let count = match output.next() {
                    [] => return Ok(0),
                    bytes => rustix::io::write(fd, bytes)?,
                };
                output.written(count);
                Ok(count)
            })
            .await;
        match written {
            Ok(0) => line.wake.notified().await,
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "console");
                tokio::time::sleep(UNLOCK_EVERY).await;
            }
        }
    }
}
