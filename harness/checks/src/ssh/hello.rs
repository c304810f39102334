//! Connecting to an SSH server and reading up to its KEXINIT: what all SSH checks here begin with.

use std::time::Duration;

use assay_model::touch::Touch;
use assay_model::touch::tcp::{Connection, ReadEnd, ReadUntil, Tcp, TcpRequest, TcpResponse};
use assay_model::{Deadline, Endpoint, Fault};

use super::wire::{KexInit, Start, start};

/// Our identification line.
pub(crate) const IDENTIFICATION: &str = "SSH-2.0-Assay\r\n";

/// A server that showed its lists.
pub(crate) struct Greeted {
    pub(crate) connection: Connection,
    pub(crate) banner: String,
    pub(crate) lists: KexInit,
    /// What came after its KEXINIT already.
    pub(crate) rest: Vec<u8>,
}

/// How a server met us.
pub(crate) enum Greeting {
    /// Nobody accepts connections, or nothing answers.
    NoConnection,
    /// It showed its lists; the connection is open.
    Whole(Box<Greeted>),
    /// It did not: whether any byte came, the identification line where there was one, and what is missing.
    Partial { answered: bool, banner: String, why: &'static str },
}

/// Connects and reads the lists.
///
/// # Errors
/// The lab failed.
pub(crate) async fn greet(
    tcp: &dyn Touch<Tcp>,
    endpoint: Endpoint,
    silence: Duration,
    until: Deadline,
) -> Result<Greeting, Fault> {
    let TcpResponse::Opened { connection } = tcp.call(TcpRequest::Open { endpoint }, until).await? else {
        return Ok(Greeting::NoConnection);
    };
    // Some servers show their lists only to who has identified.
    tcp.call(TcpRequest::Send { connection, bytes: IDENTIFICATION.into() }, until).await?;
    let mut stream = Vec::new();
    loop {
        let (bytes, end) = read(tcp, connection, silence, until).await?;
        stream.extend_from_slice(&bytes);
        let partial = |banner, why| Greeting::Partial { answered: !stream.is_empty(), banner, why };
        let greeting = match start(&stream) {
            Start::Whole(banner, lists, used) => {
                let rest = stream.get(used..).unwrap_or_default().to_vec();
                return Ok(Greeting::Whole(Box::new(Greeted { connection, banner, lists: *lists, rest })));
            }
            Start::NotSsh(why) => partial(String::new(), why),
            Start::Banner(banner) if end != ReadEnd::Enough => partial(banner, "no whole KEXINIT came"),
            Start::More if end != ReadEnd::Enough => partial(String::new(), "no identification line came"),
            Start::More | Start::Banner(_) => continue,
        };
        close(tcp, connection, until).await;
        return Ok(greeting);
    }
}

/// Some more bytes, and why no more.
///
/// # Errors
/// The lab failed.
pub(crate) async fn read(
    tcp: &dyn Touch<Tcp>,
    connection: Connection,
    silence: Duration,
    until: Deadline,
) -> Result<(Vec<u8>, ReadEnd), Fault> {
    let idle_ms = u32::try_from(silence.as_millis()).unwrap_or(u32::MAX);
    let read = ReadUntil { max_bytes: 64 * 1024, idle_ms, delimiter: None, at_least: Some(1) };
    Ok(match tcp.call(TcpRequest::Read { connection, read }, until).await? {
        TcpResponse::Data { bytes, end } => (bytes.0, end),
        _ => (Vec::new(), ReadEnd::Reset),
    })
}

/// Closes. A close that fails has nothing to say about the DUT, and the step's end closes what is left.
pub(crate) async fn close(tcp: &dyn Touch<Tcp>, connection: Connection, until: Deadline) {
    let _ = tcp.call(TcpRequest::Close { connection }, until).await;
}
