//! One ClientHello, one look at the server's first flight.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use assay_model::touch::Touch;
use assay_model::touch::tcp::{ReadEnd, ReadUntil, Tcp, TcpRequest, TcpResponse};
use assay_model::{Deadline, Endpoint, Fault};

use super::wire::{ServerFlight, is_ssl2_server_hello, server_flight};

/// Bytes of a first flight that are read at most: a chain of ten large certificates fits.
const MOST: u32 = 256 * 1024;

/// How a server met one hello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Met {
    /// It answered in TLS: a hello, an alert, or both.
    Flight(ServerFlight),
    /// It answered in SSLv2.
    Ssl2,
    /// It closed or reset without a word: how many servers refuse what is too old for them.
    Closed,
    /// It stayed silent.
    Silent,
    /// It answered in something else.
    NotTls,
    /// Nobody accepts connections there.
    Refused,
}

/// How far to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// Up to the ServerHello.
    Hello,
    /// Up to ServerHelloDone: certificates and key exchange.
    Done,
}

/// Asks one endpoint, again and again, and counts the connections.
pub(crate) struct Prober<'a> {
    pub(crate) tcp: &'a dyn Touch<Tcp>,
    pub(crate) endpoint: Endpoint,
    pub(crate) silence: Duration,
    pub(crate) deadline: Deadline,
    pub(crate) connections: AtomicU32,
}

impl Prober<'_> {
    /// Sends `hello` on a connection of its own.
    ///
    /// # Errors
    /// The lab failed, or the whole check's deadline passed.
    pub(crate) async fn ask(&self, hello: Vec<u8>, until: Until) -> Result<Met, Fault> {
        if self.deadline.passed() {
            return Err(Fault::timeout(format!("TLS questions to {} were not finished in time", self.endpoint)));
        }
        self.connections.fetch_add(1, Ordering::Relaxed);
        let limit = self.deadline.capped(self.silence);
        let connection = match self.tcp.call(TcpRequest::Open { endpoint: self.endpoint.clone() }, limit).await? {
            TcpResponse::Opened { connection } => connection,
            TcpResponse::Refused => return Ok(Met::Refused),
            _ => return Ok(Met::Silent),
        };
        let sent = self.tcp.call(TcpRequest::Send { connection, bytes: hello.into() }, limit).await?;
        let met = if sent == TcpResponse::Done { self.read(connection, until).await? } else { Met::Closed };
        // A close that fails has nothing to say about the DUT, and the step's end closes what is left.
        let _ = self.tcp.call(TcpRequest::Close { connection }, limit).await;
        Ok(met)
    }

    async fn read(&self, connection: u32, until: Until) -> Result<Met, Fault> {
        let mut stream = Vec::new();
        let limit = self.deadline.capped(self.silence);
        loop {
            let missing = MOST.saturating_sub(u32::try_from(stream.len()).unwrap_or(MOST));
            let read = ReadUntil {
                max_bytes: missing,
                idle_ms: u32::try_from(self.silence.as_millis()).unwrap_or(u32::MAX),
                delimiter: None,
                at_least: Some(1),
            };
            let end = match self.tcp.call(TcpRequest::Read { connection, read }, limit).await? {
                TcpResponse::Data { bytes, end } => {
                    stream.extend_from_slice(bytes.as_slice());
                    end
                }
                _ => ReadEnd::Reset,
            };
            if is_ssl2_server_hello(&stream) {
                return Ok(Met::Ssl2);
            }
            let Ok(flight) = server_flight(&stream) else { return Ok(Met::NotTls) };
            let enough = match until {
                Until::Hello => flight.hello.is_some(),
                Until::Done => flight.done || flight.hello.as_ref().is_some_and(|h| h.version >= 0x0304),
            };
            if enough || flight.alert.is_some() {
                return Ok(Met::Flight(flight));
            }
            if end != ReadEnd::Enough || missing == 0 || limit.passed() {
                return Ok(match (flight.hello.is_some(), end) {
                    (true, _) => Met::Flight(flight),
                    (false, ReadEnd::Closed | ReadEnd::Reset) => Met::Closed,
                    (false, _) => Met::Silent,
                });
            }
        }
    }
}
