//! One ClientHello, one look at the server's first flight.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use assay_model::touch::Touch;
use assay_model::touch::tcp::{Connection, ReadEnd, ReadUntil, Tcp, TcpRequest, TcpResponse};
use assay_model::touch::udp::{Udp, UdpRequest, UdpResponse};
use assay_model::{Deadline, Endpoint, Fault, Limits};
use tokio::sync::Semaphore;

use super::dtls::{self, DtlsFlight};
use super::flight::{ServerFlight, is_ssl2_server_hello, server_flight};
use super::hello::ClientHello;
use super::starttls::{StartTls, Upgrade};

/// Bytes of a first flight that are read at most: a chain of ten large certificates fits.
const MOST: u32 = 256 * 1024;
/// Handshakes under way at once, at most: one for each protocol version. Benches may allow fewer.
const WIDEST: u32 = 6;

/// Datagrams of one flight, at most.
const DATAGRAMS: u32 = 64;
/// Silence after which a flight of datagrams is over, in milliseconds.
const FLIGHT_OVER_MS: u32 = 120;

/// Waits before a question is put again. The later ones are only for servers that are known to turn clients away.
const PAUSES: [Duration; 3] = [Duration::from_millis(50), Duration::from_millis(150), Duration::from_millis(500)];

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
    /// It did not agree to change to TLS: what it said instead.
    NoStartTls(String),
}

/// How far to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// Up to the ServerHello.
    Hello,
    /// Up to ServerHelloDone: certificates and key exchange.
    Done,
}

/// Asks one endpoint, again and again, within the bench's limits, and counts the connections.
pub(crate) struct Prober<'a> {
    pub(crate) tcp: &'a dyn Touch<Tcp>,
    /// Asked in datagrams instead, where there is one.
    udp: Option<&'a dyn Touch<Udp>>,
    pub(crate) endpoint: Endpoint,
    start_tls: Option<StartTls>,
    pub(crate) silence: Duration,
    pub(crate) deadline: Deadline,
    connections: AtomicU32,
    /// Whether any hello got an answer of any kind.
    answered: AtomicBool,
    /// Whether the server turned a question away that it answered when asked alone.
    crowded: AtomicBool,
    slots: Semaphore,
    width: u32,
    limits: Limits,
    started: Instant,
}

impl<'a> Prober<'a> {
    /// A prober for one endpoint; nothing is sent yet.
    pub(crate) fn new(
        tcp: &'a dyn Touch<Tcp>,
        endpoint: Endpoint,
        start_tls: Option<StartTls>,
        silence: Duration,
        deadline: Deadline,
        limits: Limits,
    ) -> Self {
        let width = limits.half_open.clamp(1, WIDEST);
        Self {
            tcp,
            udp: None,
            endpoint,
            start_tls,
            silence,
            deadline,
            connections: AtomicU32::new(0),
            answered: AtomicBool::new(false),
            crowded: AtomicBool::new(false),
            slots: Semaphore::new(width as usize),
            width,
            limits,
            started: Instant::now(),
        }
    }

    /// The same over datagrams, one handshake after the other: small servers keep one at a time.
    pub(crate) fn over_datagrams(self, udp: &'a dyn Touch<Udp>) -> Self {
        Self { udp: Some(udp), slots: Semaphore::new(1), width: 1, ..self }
    }

    /// Connections made so far; over datagrams, handshakes begun.
    pub(crate) fn connections(&self) -> u32 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Sends a hello, over the stream or the datagrams that this prober is for.
    ///
    /// # Errors
    /// The lab failed, or the whole check's deadline passed.
    pub(crate) async fn greet(&self, hello: &ClientHello<'_>, until: Until) -> Result<Met, Fault> {
        let Some(udp) = self.udp else { return self.ask(&hello.to_bytes(), until).await };
        let _slot = self.slot(1).await?;
        let mut met = self.datagrams(udp, hello, until).await?;
        for pause in PAUSES {
            // Lost on the way; or a server that answered starts again after each client.
            let doubtful = match met {
                Met::Silent => true,
                Met::Refused => self.answered.load(Ordering::Relaxed),
                _ => false,
            };
            if !doubtful {
                break;
            }
            tokio::time::sleep_until(self.deadline.capped(pause).instant().into()).await;
            met = self.datagrams(udp, hello, until).await?;
        }
        self.answered.fetch_or(!matches!(met, Met::Silent | Met::Refused), Ordering::Relaxed);
        Ok(met)
    }

    /// A hello, the same with the server's cookie, and a goodbye: a server that goes on waiting would serve nobody else.
    async fn datagrams(&self, udp: &dyn Touch<Udp>, hello: &ClientHello<'_>, until: Until) -> Result<Met, Fault> {
        if self.deadline.passed() {
            return Err(self.late());
        }
        self.pace().await;
        let most = if until == Until::Hello { 1 } else { DATAGRAMS };
        let wait_ms = u32::try_from(self.silence.as_millis()).unwrap_or(u32::MAX);
        let request = |payload: Vec<u8>, most| UdpRequest {
            idle_ms: Some(FLIGHT_OVER_MS),
            ..UdpRequest::new(self.endpoint.clone(), payload, wait_ms, most)
        };
        // A cookie is a whole answer; a server that wants none begins its flight at once, and the rest follows.
        let first = udp.call(request(dtls::client_hello(hello, None), most), self.deadline).await?;
        let from_port = Some(first.from_port).filter(|p| *p != 0);
        let Some(mut seen) = flight(&first) else { return Ok(nothing(&first)) };
        if let Some(cookie) = seen.cookie.take() {
            let again = UdpRequest { from_port, ..request(dtls::client_hello(hello, Some(&cookie)), most) };
            let second = udp.call(again, self.deadline).await?;
            seen = match flight(&second) {
                Some(seen) => seen,
                None => return Ok(nothing(&second)),
            };
        }
        if seen.flight.alert.is_none() {
            let goodbye = UdpRequest { from_port, wait_ms: 0, ..request(dtls::goodbye(2), 0) };
            udp.call(goodbye, self.deadline).await?;
        }
        Ok(Met::Flight(seen.flight))
    }

    /// Sends `hello` on a connection of its own.
    ///
    /// Small servers take one client at a time and turn the others away, or have not noticed yet that the last one left.
    /// So silence and a close without a word count only if they are repeated alone, after a pause.
    ///
    /// # Errors
    /// The lab failed, or the whole check's deadline passed.
    pub(crate) async fn ask(&self, hello: &[u8], until: Until) -> Result<Met, Fault> {
        let crowded = self.crowded.load(Ordering::Relaxed);
        let mut met = {
            let _slot = self.slot(if crowded { self.width } else { 1 }).await?;
            self.once(hello, until).await?
        };
        for pause in PAUSES {
            let doubtful = matches!(met, Met::Silent | Met::Refused | Met::Closed);
            if !doubtful || !self.answered.load(Ordering::Relaxed) {
                break;
            }
            let _all = self.slot(self.width).await?;
            tokio::time::sleep_until(self.deadline.capped(pause).instant().into()).await;
            met = self.once(hello, until).await?;
            let turned_away = !matches!(met, Met::Silent | Met::Refused | Met::Closed);
            if self.crowded.fetch_or(turned_away, Ordering::Relaxed) || turned_away {
                continue;
            }
            break;
        }
        Ok(met)
    }

    /// The same, without the second look: for a hello that most servers close on.
    ///
    /// # Errors
    /// As [`Prober::ask`].
    pub(crate) async fn ask_once(&self, hello: &[u8], until: Until) -> Result<Met, Fault> {
        if self.crowded.load(Ordering::Relaxed) {
            return self.ask(hello, until).await;
        }
        let _slot = self.slot(1).await?;
        self.once(hello, until).await
    }

    async fn slot(&self, width: u32) -> Result<tokio::sync::SemaphorePermit<'_>, Fault> {
        // The semaphore is never closed; were it so, the deadline is as good a reason to stop.
        self.slots.acquire_many(width).await.map_err(|_| self.late())
    }

    fn late(&self) -> Fault {
        Fault::timeout(format!("TLS questions to {} were not finished in time", self.endpoint))
            .with_help("raise the deadline of the step, or ask for less depth")
    }

    async fn once(&self, hello: &[u8], until: Until) -> Result<Met, Fault> {
        let limit = self.deadline.capped(self.silence);
        let connection = match self.open().await? {
            Ok(connection) => connection,
            Err(met) => return Ok(met),
        };
        let sent = self.tcp.call(TcpRequest::Send { connection, bytes: hello.into() }, limit).await?;
        // Who refuses early may have said why before it closed: what it said counts more than that sending failed.
        let met = match (self.read(connection, until).await?, sent) {
            (Met::Silent, TcpResponse::Gone) => Met::Closed,
            (met, _) => met,
        };
        self.answered.fetch_or(!matches!(met, Met::Silent), Ordering::Relaxed);
        self.close(connection).await;
        Ok(met)
    }

    /// Connects, and changes to TLS where the protocol has to be asked for it.
    ///
    /// # Errors
    /// The lab failed, or the whole check's deadline passed.
    pub(crate) async fn open(&self) -> Result<Result<Connection, Met>, Fault> {
        if self.deadline.passed() {
            return Err(self.late());
        }
        self.pace().await;
        let limit = self.deadline.capped(self.silence);
        let open = TcpRequest::Open { endpoint: self.endpoint.clone() };
        let connection = match self.tcp.call(open, limit).await? {
            TcpResponse::Opened { connection } => connection,
            TcpResponse::Refused => return Ok(Err(Met::Refused)),
            _ => return Ok(Err(Met::Silent)),
        };
        let Some(start_tls) = self.start_tls else { return Ok(Ok(connection)) };
        let upgrade = start_tls.upgrade(self.tcp, connection, self.silence, limit).await?;
        if upgrade == Upgrade::Ready {
            return Ok(Ok(connection));
        }
        self.close(connection).await;
        Ok(Err(match upgrade {
            Upgrade::Refused(text) => {
                self.answered.store(true, Ordering::Relaxed);
                Met::NoStartTls(text)
            }
            _ => Met::Silent,
        }))
    }

    /// Closes. A close that fails has nothing to say about the DUT, and the step's end closes what is left.
    pub(crate) async fn close(&self, connection: Connection) {
        let _ = self.tcp.call(TcpRequest::Close { connection }, self.deadline.capped(self.silence)).await;
    }

    /// Waits while more connections were made than the bench allows in that time.
    async fn pace(&self) {
        let made = self.connections.fetch_add(1, Ordering::Relaxed);
        let rate = f64::from(self.limits.connects_per_s.max(1));
        let due = f64::from(made.saturating_sub(self.width)) / rate;
        let ahead = due - self.started.elapsed().as_secs_f64();
        if ahead > 0.0 {
            let until = self.deadline.capped(Duration::from_secs_f64(ahead));
            tokio::time::sleep_until(until.instant().into()).await;
        }
    }

    async fn read(&self, connection: Connection, until: Until) -> Result<Met, Fault> {
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
                    // A warning that nothing followed was the refusal.
                    _ if flight.warning.is_some() => Met::Flight(ServerFlight { alert: flight.warning, ..flight }),
                    (false, ReadEnd::Closed | ReadEnd::Reset) => Met::Closed,
                    (false, _) => Met::Silent,
                });
            }
        }
    }
}

fn flight(response: &UdpResponse) -> Option<DtlsFlight> {
    dtls::flight(response.replies.iter().map(|d| d.bytes.as_slice()))
}

/// What it is if no datagram was DTLS.
fn nothing(response: &UdpResponse) -> Met {
    match (response.replies.is_empty(), response.unreachable) {
        (false, _) => Met::NotTls,
        (true, true) => Met::Refused,
        (true, false) => Met::Silent,
    }
}
