//! The console as a way of touching a DUT.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use assay_model::{
    Deadline, EvidenceKind, Fault, Recorder, StreamMeta, Touch,
    touch::console::{Console, ConsoleRequest, ConsoleResponse},
};
use async_trait::async_trait;
use serde_json::{Map, json};
use tokio::time::timeout_at;

use super::{
    capture::{Capture, locked},
    expect::Matcher,
    inbox::Look,
    line::Line,
    ports,
    pty::HeldPty,
    rfc2217,
    settings::{ConsoleSettings, Place},
    tcp, tty,
};

/// Sets of patterns whose compiled form is kept for the next request.
const KEPT_MATCHERS: usize = 8;
/// A break longer than this is no break.
const LONGEST_BREAK_MS: u32 = 10_000;

/// A console that is open. Capturing ends when it is closed or dropped.
pub struct SerialConsole {
    capture: Arc<Capture>,
    reader: Mutex<Option<JoinHandle<()>>>,
    /// One asker at a time: a match belongs to somebody.
    turn: tokio::sync::Mutex<()>,
    writer: Arc<tokio::sync::Mutex<()>>,
    matchers: Mutex<Vec<Matcher>>,
}

impl SerialConsole {
    /// Opens the line and captures it from now on into a stream of `run`. `whose` is the DUT's id, for the title.
    ///
    /// # Errors
    /// `port-missing`, `port-denied`, `port-busy`, `port-ambiguous`, `not-a-port`, `port-settings`: each with help.
    pub async fn open(settings: &ConsoleSettings, whose: &str, run: &Arc<dyn Recorder>) -> Result<Self, Fault> {
        let (settings, whose, run) = (settings.clone(), whose.to_owned(), Arc::clone(run));
        let address = match &settings.place {
            Place::Tcp(written) | Place::Rfc2217(written) => Some(resolve(written).await?),
            _ => None,
        };
        let opening = tokio::task::spawn_blocking(move || {
            let (line, source) = open_line(&settings, address)?;
            let mut shown = Map::new();
            if line.port.is_some() || line.remote.is_some() {
                shown.insert("line".into(), json!(settings.line));
            }
            Self::capture(line, &settings.place.to_string(), shown, &whose, source, &run)
        });
        opening.await.map_err(|e| Fault::adapter("console-thread", format!("opening the console ended early: {e}")))?
    }

    /// Captures a pty whose far end a program of the bench plays the DUT on. `whose` is the DUT's id, for the title.
    ///
    /// # Errors
    /// `console-thread`: the host has no descriptors or threads left.
    pub fn on_pty(pty: &HeldPty, whose: &str, run: &Arc<dyn Recorder>) -> Result<Self, Fault> {
        let line = pty.line().map_err(|e| {
            Fault::bench("console-thread", format!("the pty {} of the console of {whose}: {e}", pty.path()))
        })?;
        Self::capture(line, pty.path(), Map::new(), whose, pty.path().to_owned(), run)
    }

    fn capture(
        line: Line,
        place: &str,
        mut shown: Map<String, serde_json::Value>,
        whose: &str,
        source: String,
        run: &Arc<dyn Recorder>,
    ) -> Result<Self, Fault> {
        shown.insert("place".into(), json!(place));
        let stream = run.stream(StreamMeta {
            kind: EvidenceKind::Serial,
            title: format!("serial console of {whose}"),
            source,
            file: "console".into(),
            settings: shown,
        });
        let thread = |e: std::io::Error| {
            Fault::bench("console-thread", format!("no reader thread for the console of {whose}: {e}"))
        };
        let capture = Arc::new(Capture::new(line, place.to_owned(), stream).map_err(thread)?);
        let reader = capture.start().map_err(thread)?;
        Ok(Self {
            capture,
            reader: Mutex::new(Some(reader)),
            turn: tokio::sync::Mutex::default(),
            writer: Arc::default(),
            matchers: Mutex::default(),
        })
    }

    /// Ends the capture and completes its evidence. Safe to call twice.
    pub async fn close(&self) {
        self.capture.stop();
        let reader = locked(&self.reader).take();
        if let Some(reader) = reader {
            // The thread has been woken and ends by itself; its panic would have lost evidence and been told already.
            let _ended = tokio::task::spawn_blocking(move || reader.join()).await;
        }
    }

    /// Whether the line has gone; a console does not come back, but its port may be opened anew.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        locked(&self.capture.inbox).gone().is_some()
    }

    async fn write(&self, bytes: Vec<u8>, until: Deadline) -> Result<ConsoleResponse, Fault> {
        if let Some(fault) = locked(&self.capture.inbox).gone() {
            return Err(fault);
        }
        let turn = timeout_at(until.instant().into(), Arc::clone(&self.writer).lock_owned())
            .await
            .map_err(|_| Fault::timeout("an earlier write to the console did not finish"))?;
        let done = self.capture.write_some(&bytes).map_err(|e| self.capture.write_failed(&e))?;
        if done < bytes.len() {
            let capture = Arc::clone(&self.capture);
            self.blocking(move || {
                let written = capture.write_rest(&bytes, done, until);
                drop(turn);
                written
            })
            .await?;
        }
        Ok(ConsoleResponse::Done)
    }

    async fn expect(&self, patterns: &[String], until: Deadline) -> Result<ConsoleResponse, Fault> {
        let matcher = self.matcher(patterns)?;
        let Ok(_turn) = timeout_at(until.instant().into(), self.turn.lock()).await else {
            self.keep(matcher);
            return Err(Fault::timeout("an earlier wait on the console did not finish"));
        };
        locked(&self.capture.inbox).watch(matcher);
        let _watch = Watching(self);
        loop {
            let wake = match locked(&self.capture.inbox).look() {
                Look::Hit(hit) => {
                    let (pattern, before, skipped, matched) = (hit.pattern, hit.before, hit.skipped, hit.matched);
                    self.capture.note_losses();
                    return Ok(ConsoleResponse::Matched { pattern, before, skipped, matched });
                }
                Look::Gone(fault) => return Err(fault),
                Look::Wait(rested) => rested.map_or(until.instant(), |at| at.min(until.instant())),
            };
            if until.passed() {
                return Ok(self.text());
            }
            // Either way: look again.
            let _woken = timeout_at(wake.into(), self.capture.news.notified()).await;
        }
    }

    async fn quiet(&self, idle: Duration, until: Deadline) -> Result<ConsoleResponse, Fault> {
        let since = Instant::now();
        let Ok(_turn) = timeout_at(until.instant().into(), self.turn.lock()).await else {
            return Err(Fault::timeout("an earlier wait on the console did not finish"));
        };
        loop {
            let rested = {
                let inbox = locked(&self.capture.inbox);
                if let Some(fault) = inbox.gone() {
                    return Err(fault);
                }
                inbox.rest_at(idle, since)
            };
            if Instant::now() >= rested || until.passed() {
                return Ok(self.text());
            }
            let _woken = timeout_at(rested.min(until.instant()).into(), self.capture.news.notified()).await;
        }
    }

    fn text(&self) -> ConsoleResponse {
        self.capture.note_losses();
        let (bytes, total) = locked(&self.capture.inbox).text();
        ConsoleResponse::Text { bytes, total }
    }

    fn matcher(&self, patterns: &[String]) -> Result<Matcher, Fault> {
        let kept = {
            let mut matchers = locked(&self.matchers);
            matchers.iter().position(|m| m.is_for(patterns)).map(|i| matchers.remove(i))
        };
        let ready = match kept {
            Some(mut matcher) => matcher.restart().map(|()| matcher),
            None => Matcher::new(patterns),
        };
        ready.map_err(|e| {
            Fault::plan("bad-pattern", e.to_string())
                .with_help("patterns are byte regexes: escape . * + ? ( ) [ ] { } | ^ $ \\ to mean themselves")
        })
    }

    fn keep(&self, matcher: Matcher) {
        let mut matchers = locked(&self.matchers);
        if matchers.len() >= KEPT_MATCHERS {
            matchers.remove(0);
        }
        matchers.push(matcher);
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|e| Fault::adapter("console-thread", format!("a console request ended early: {e}")))?
    }

    async fn send_break(&self, for_ms: u32, until: Deadline) -> Result<ConsoleResponse, Fault> {
        let duration = Duration::from_millis(for_ms.into());
        if for_ms > LONGEST_BREAK_MS || duration > until.remaining() {
            return Err(Fault::plan(
                "bad-break",
                format!("a break of {for_ms} ms is longer than the deadline or 10 s"),
            ));
        }
        let capture = Arc::clone(&self.capture);
        let sent =
            self.blocking(move || capture.line.send_break(duration).map_err(|e| capture.write_failed(&e))).await?;
        Ok(if sent { ConsoleResponse::Done } else { ConsoleResponse::Unsupported })
    }
}

#[async_trait]
impl Touch<Console> for SerialConsole {
    async fn call(&self, request: ConsoleRequest, until: Deadline) -> Result<ConsoleResponse, Fault> {
        match request {
            ConsoleRequest::Write { bytes } => self.write(bytes.0, until).await,
            ConsoleRequest::Expect { patterns, within_ms } => {
                self.expect(&patterns, until.capped(Duration::from_millis(within_ms))).await
            }
            ConsoleRequest::Quiet { idle_ms } => self.quiet(Duration::from_millis(idle_ms), until).await,
            ConsoleRequest::Forget => {
                locked(&self.capture.inbox).forget();
                Ok(ConsoleResponse::Done)
            }
            ConsoleRequest::Break { for_ms } => self.send_break(for_ms, until).await,
            ConsoleRequest::Lines { dtr, rts } => {
                let capture = Arc::clone(&self.capture);
                let setting = move || capture.line.set_lines(dtr, rts).map_err(|e| capture.write_failed(&e));
                let set = self.blocking(setting).await?;
                Ok(if set { ConsoleResponse::Done } else { ConsoleResponse::Unsupported })
            }
        }
    }
}

impl Drop for SerialConsole {
    fn drop(&mut self) {
        self.capture.stop();
    }
}

/// Ends a wait however it ends, a cancelled one included; what was found and not taken stays in the stream.
struct Watching<'a>(&'a SerialConsole);

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        let matcher = locked(&self.0.capture.inbox).unwatch();
        if let Some(matcher) = matcher {
            self.0.keep(matcher);
        }
    }
}

/// The device of a port on this host: as written, or by the serial number of its adapter.
///
/// # Errors
/// `port-missing`, `port-ambiguous`.
pub(crate) fn tty_of(place: &Place) -> Result<String, Fault> {
    match place {
        Place::Usb { serial, interface } => ports::by_usb_serial(&ports::seen_ports(), serial, *interface),
        Place::Tty(path) | Place::Tcp(path) | Place::Rfc2217(path) => {
            std::fs::metadata(path).map_err(|e| tty::missing(path, &e))?;
            Ok(path.clone())
        }
    }
}

/// Opens the line; also where it was found, for the evidence.
fn open_line(settings: &ConsoleSettings, address: Option<std::net::SocketAddr>) -> Result<(Line, String), Fault> {
    let device = match (&settings.place, address) {
        (Place::Tcp(written), Some(address)) => return Ok((tcp::open(written, address)?, format!("tcp {address}"))),
        (Place::Rfc2217(written), Some(address)) => {
            return Ok((rfc2217::open(written, address, &settings.line)?, format!("rfc2217 {address}")));
        }
        (Place::Tty(path) | Place::Tcp(path) | Place::Rfc2217(path), _) => path.clone(),
        (Place::Usb { serial, interface }, _) => ports::by_usb_serial(&ports::seen_ports(), serial, *interface)?,
    };
    Ok((tty::open(&device, &settings.line)?, device))
}

async fn resolve(written: &str) -> Result<std::net::SocketAddr, Fault> {
    let unknown = |text: String| {
        Fault::bench("host-unknown", format!("the console's host in `{written}` cannot be resolved: {text}"))
            .with_help("check the name, or write the IP address into the bench file")
    };
    let found = tokio::time::timeout(Duration::from_secs(5), tokio::net::lookup_host(written)).await;
    let mut addresses =
        found.map_err(|_| unknown("no answer within 5 s".into()))?.map_err(|e| unknown(e.to_string()))?;
    addresses.next().ok_or_else(|| unknown("the name has no address".into()))
}
