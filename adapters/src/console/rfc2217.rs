//! A console behind RFC 2217: a serial port over telnet whose settings, break and modem lines go over the wire too, as
//! ser2net's `telnet(rfc2217)`, pyserial's server and labgrid's exporter give it.
//!
//! Two threads move bytes between the connection and a socket pair; the console reads and writes the other end of the pair
//! as it does any line.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use assay_model::Fault;

use super::{
    capture::locked,
    line::Line,
    settings::{Flow, LineSettings, Parity},
    telnet::{Command, DO, DONT, Decoder, IAC, WILL, WONT, escaped, sub},
};

/// How long the server may take to accept, and then to settle the settings.
const PATIENCE: Duration = Duration::from_secs(5);

const BINARY: u8 = 0;
const SUPPRESS_GO_AHEAD: u8 = 3;
const COM_PORT: u8 = 44;

const SET_BAUDRATE: u8 = 1;
const SET_DATASIZE: u8 = 2;
const SET_PARITY: u8 = 3;
const SET_STOPSIZE: u8 = 4;
const SET_CONTROL: u8 = 5;
/// Told by the server of its own accord, as an answer to this number.
const LINE_STATE: u8 = 6;
const SET_LINE_STATE_MASK: u8 = 10;
/// In a line state: the UART was not read in time.
const OVERRUN: u8 = 2;
/// The server's answers have the same numbers, so much higher.
const ANSWER: u8 = 100;

const BREAK_ON: u8 = 5;
const BREAK_OFF: u8 = 6;
const DTR_ON: u8 = 8;
const DTR_OFF: u8 = 9;
const RTS_ON: u8 = 11;
const RTS_OFF: u8 = 12;

/// The other end's controls.
pub(super) struct Remote {
    stream: Mutex<TcpStream>,
    news: Mutex<News>,
    told: Condvar,
}

#[derive(Default)]
struct News {
    /// Whether the server speaks of serial ports at all.
    agreed: Option<bool>,
    /// The last answer to each request.
    answers: BTreeMap<u8, Vec<u8>>,
    /// Overruns that the server has told of: each is at least one byte.
    overruns: u64,
    gone: bool,
}

/// Connects and sets the port. Blocking, for at most ten seconds.
///
/// # Errors
/// `port-missing`: nothing accepts. `port-settings`: it is no RFC 2217 server, or it cannot do these settings.
pub(super) fn open(written: &str, address: SocketAddr, settings: &LineSettings) -> Result<Line, Fault> {
    let failed = |e: io::Error| {
        Fault::bench("port-missing", format!("the console at `{written}` ({address}) cannot be reached: {e}"))
            .with_help("check that the terminal server runs, and its port")
    };
    let stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    // A server that takes nothing any more must not hold a thread for ever.
    stream.set_write_timeout(Some(2 * PATIENCE)).map_err(failed)?;
    let (near, far) = UnixStream::pair().map_err(failed)?;
    near.set_nonblocking(true).map_err(failed)?;
    let remote = Arc::new(Remote {
        stream: Mutex::new(stream.try_clone().map_err(failed)?),
        news: Mutex::default(),
        told: Condvar::new(),
    });
    let thread = |name: &str| std::thread::Builder::new().name(name.to_owned()).stack_size(256 * 1024);
    let (from, to_pair) = (stream.try_clone().map_err(failed)?, far.try_clone().map_err(failed)?);
    let listening = Arc::clone(&remote);
    thread("rfc2217-in").spawn(move || listening.listen(from, to_pair)).map_err(failed)?;
    let speaking = Arc::clone(&remote);
    thread("rfc2217-out").spawn(move || speaking.speak(&far)).map_err(failed)?;
    let line = Line { fd: near.into(), port: None, remote: Some(remote), breaks: None, can_break: true };
    // Dropping the line from here on closes the pair, and both threads end.
    if let Some(remote) = &line.remote {
        remote.set_up(settings).map_err(|text| {
            Fault::bench("port-settings", format!("the console at `{written}` ({address}): {text}"))
                .with_help("see that the server speaks RFC 2217 on this port (ser2net: `telnet(rfc2217)`); use `tcp` for raw ports")
        })?;
    }
    Ok(line)
}

impl Remote {
    /// From the wire to the console.
    fn listen(&self, mut from: TcpStream, mut to: UnixStream) {
        let (mut decoder, mut buffer) = (Decoder::default(), vec![0; 16 * 1024]);
        let (mut data, mut commands) = (Vec::new(), Vec::new());
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            decoder.feed(&buffer[..count], &mut data, &mut commands);
            for command in commands.drain(..) {
                if self.obey(&command).is_err() {
                    break;
                }
            }
            if to.write_all(&data).is_err() {
                break;
            }
            data.clear();
        }
        // The console sees a line that hung up.
        let _closed = to.shutdown(Shutdown::Both);
        locked(&self.news).gone = true;
        self.told.notify_all();
    }

    /// From the console to the wire.
    fn speak(&self, mut from: &UnixStream) {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if self.send(&escaped(&buffer[..count])).is_err() {
                break;
            }
        }
        let _closed = locked(&self.stream).shutdown(Shutdown::Both);
    }

    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        locked(&self.stream).write_all(bytes)
    }

    fn obey(&self, command: &Command) -> io::Result<()> {
        match command {
            Command::Option { verb: verb @ (DO | DONT), option: COM_PORT } => {
                locked(&self.news).agreed = Some(*verb == DO);
                self.told.notify_all();
            }
            // These were asked for: an answer to the answer would go on for ever.
            Command::Option { option: BINARY | SUPPRESS_GO_AHEAD | COM_PORT, .. } => {}
            Command::Option { verb: DO, option } => self.send(&[IAC, WONT, *option])?,
            Command::Option { verb: WILL, option } => self.send(&[IAC, DONT, *option])?,
            Command::Option { .. } => {}
            Command::Sub(payload) => {
                if let [COM_PORT, answer, value @ ..] = payload.as_slice()
                    && let Some(request) = answer.checked_sub(ANSWER)
                {
                    let mut news = locked(&self.news);
                    if request == LINE_STATE && value.first().is_some_and(|state| state & OVERRUN != 0) {
                        news.overruns += 1;
                    }
                    news.answers.insert(request, value.to_vec());
                    self.told.notify_all();
                }
            }
        }
        Ok(())
    }

    fn set_up(&self, settings: &LineSettings) -> Result<(), String> {
        let gone = |e: io::Error| format!("it hung up: {e}");
        let offers =
            [(WILL, COM_PORT), (WILL, BINARY), (DO, BINARY), (WILL, SUPPRESS_GO_AHEAD), (DO, SUPPRESS_GO_AHEAD)];
        let hello: Vec<u8> = offers.iter().flat_map(|(verb, option)| [IAC, *verb, *option]).collect();
        self.send(&hello).map_err(gone)?;
        match self.wait(|news| news.agreed) {
            Some(true) => {}
            Some(false) => return Err("it refuses the com-port option of telnet".into()),
            None => return Err("it does not answer the com-port option of telnet".into()),
        }
        let parity = match settings.parity {
            Parity::None => 1,
            Parity::Odd => 2,
            Parity::Even => 3,
        };
        let flow = match settings.flow {
            Flow::None => 1,
            Flow::Software => 2,
            Flow::Hardware => 3,
        };
        for (what, request, value) in [
            ("baud rate", SET_BAUDRATE, settings.baud.to_be_bytes().to_vec()),
            ("data bits", SET_DATASIZE, vec![settings.data_bits]),
            ("parity", SET_PARITY, vec![parity]),
            ("stop bits", SET_STOPSIZE, vec![settings.stop_bits]),
            ("flow control", SET_CONTROL, vec![flow]),
        ] {
            let set = self.ask(request, &value).map_err(gone)?;
            match set {
                Some(set) if set == value => {}
                Some(set) => return Err(format!("it sets the {what} to {set:?} where {value:?} was asked for")),
                None => return Err(format!("it does not answer about the {what}")),
            }
        }
        // Many servers never tell of overruns, and need not answer this.
        self.send(&sub(COM_PORT, &[SET_LINE_STATE_MASK, OVERRUN])).map_err(gone)
    }

    /// How often the server said that bytes were lost.
    pub(super) fn overruns(&self) -> u64 {
        locked(&self.news).overruns
    }

    /// Requests, and waits for the answer.
    fn ask(&self, request: u8, value: &[u8]) -> io::Result<Option<Vec<u8>>> {
        locked(&self.news).answers.remove(&request);
        self.send(&sub(COM_PORT, &[&[request], value].concat()))?;
        Ok(self.wait(|news| news.answers.get(&request).cloned()))
    }

    fn wait<T>(&self, there: impl Fn(&News) -> Option<T>) -> Option<T> {
        let until = Instant::now() + PATIENCE;
        let mut news = locked(&self.news);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if let Some(found) = there(&news) {
                return Some(found);
            }
            if left.is_zero() || news.gone {
                return None;
            }
            news = self.told.wait_timeout(news, left).map_or_else(|e| e.into_inner().0, |(news, _)| news);
        }
    }

    fn control(&self, value: u8) -> io::Result<()> {
        match self.ask(SET_CONTROL, &[value])? {
            Some(_) => Ok(()),
            None => Err(io::Error::new(io::ErrorKind::TimedOut, "the terminal server does not answer")),
        }
    }

    /// Sends a break of that length. Blocks for as long as it lasts.
    pub(super) fn send_break(&self, duration: Duration) -> io::Result<()> {
        self.control(BREAK_ON)?;
        std::thread::sleep(duration);
        self.control(BREAK_OFF)
    }

    pub(super) fn set_lines(&self, dtr: Option<bool>, rts: Option<bool>) -> io::Result<()> {
        if let Some(level) = dtr {
            self.control(if level { DTR_ON } else { DTR_OFF })?;
        }
        if let Some(level) = rts {
            self.control(if level { RTS_ON } else { RTS_OFF })?;
        }
        Ok(())
    }
}
