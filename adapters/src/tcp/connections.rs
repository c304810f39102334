//! The connections of one DUT, by number.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use assay_model::touch::tcp::{Connection, Tcp, TcpRequest, TcpResponse};
use assay_model::{Deadline, Endpoint, Fault, Payload, Touch};
use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::read::read;
use crate::socket::{Connect, connect, within};
use crate::tls::{Handshake, handshake};

/// Open connections of one DUT, at most: a check that leaks them is stopped before the host is.
const MOST_OPEN: usize = 1_000;

/// A connection, plain or with TLS around it.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {
    /// The connection itself, where nothing is around it yet.
    fn plain(self: Box<Self>) -> Option<TcpStream>;
}

impl Stream for TcpStream {
    fn plain(self: Box<Self>) -> Option<TcpStream> {
        Some(*self)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for TlsStream<S> {
    fn plain(self: Box<Self>) -> Option<TcpStream> {
        None
    }
}

/// Taken out of the table while in use by `Send` or `Read`, so that no lock is held over a wait.
type Shared = Arc<tokio::sync::Mutex<Box<dyn Stream>>>;

/// TCP connections to one DUT. All are closed when it is dropped.
#[derive(Default)]
pub struct TcpConnections {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    last: Connection,
    open: HashMap<Connection, Shared>,
}

impl TcpConnections {
    /// No connection yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn open(&self, endpoint: &Endpoint, tls: Option<&[String]>, until: Deadline) -> Result<TcpResponse, Fault> {
        if self.table().open.len() >= MOST_OPEN {
            return Err(Fault::plan("too-many-connections", format!("{MOST_OPEN} connections are open to this DUT"))
                .with_help("close connections that are no longer used"));
        }
        Ok(match connect(endpoint.socket(), until).await? {
            Connect::Refused => TcpResponse::Refused,
            Connect::NoAnswer(text) => TcpResponse::NoAnswer { text },
            Connect::Connected(stream) => match tls {
                None => self.keep(Box::new(stream)),
                Some(alpn) => match handshake(stream, None, alpn, until).await? {
                    Handshake::Established(stream, _) => self.keep(stream),
                    Handshake::Failed(text) => TcpResponse::NotTls { text },
                    Handshake::NoAnswer(text) => TcpResponse::NoAnswer { text },
                },
            },
        })
    }

    fn keep(&self, stream: Box<dyn Stream>) -> TcpResponse {
        let mut table = self.table();
        table.last += 1;
        let connection = table.last;
        table.open.insert(connection, Arc::new(tokio::sync::Mutex::new(stream)));
        TcpResponse::Opened { connection }
    }

    /// Puts TLS around an open connection.
    async fn start_tls(&self, connection: Connection, until: Deadline) -> Result<TcpResponse, Fault> {
        let stream = self.get(connection)?;
        self.table().open.remove(&connection);
        let stream = Arc::try_unwrap(stream).map_err(|_| busy(connection))?.into_inner();
        let Some(stream) = stream.plain() else {
            return Err(Fault::plan("already-tls", format!("connection {connection} speaks TLS already")));
        };
        Ok(match handshake(stream, None, &[], until).await? {
            Handshake::Established(stream, _) => {
                self.table().open.insert(connection, Arc::new(tokio::sync::Mutex::new(stream)));
                TcpResponse::Done
            }
            Handshake::Failed(text) => TcpResponse::NotTls { text },
            Handshake::NoAnswer(text) => TcpResponse::NoAnswer { text },
        })
    }

    fn get(&self, connection: Connection) -> Result<Shared, Fault> {
        self.table().open.get(&connection).cloned().ok_or_else(|| {
            Fault::plan(
                "no-such-connection",
                format!("connection {connection} is not open: it was closed or never was"),
            )
        })
    }
}

#[async_trait]
impl Touch<Tcp> for TcpConnections {
    async fn call(&self, request: TcpRequest, until: Deadline) -> Result<TcpResponse, Fault> {
        match request {
            TcpRequest::Open { endpoint } => self.open(&endpoint, None, until).await,
            TcpRequest::OpenTls { endpoint, alpn } => self.open(&endpoint, Some(&alpn), until).await,
            TcpRequest::StartTls { connection } => self.start_tls(connection, until).await,
            TcpRequest::Ask { endpoint, send: bytes, read: limits } => {
                let mut stream = match connect(endpoint.socket(), until).await? {
                    Connect::Connected(stream) => stream,
                    Connect::Refused => return Ok(TcpResponse::Refused),
                    Connect::NoAnswer(text) => return Ok(TcpResponse::NoAnswer { text }),
                };
                let sent = send(&mut stream, &bytes, until).await;
                if let TcpResponse::NoAnswer { .. } = sent {
                    return Ok(sent);
                }
                // A peer may say why before it closes on us: what it said counts for more than that sending failed.
                match (sent, read(&mut stream, &limits, until).await) {
                    (TcpResponse::Gone, TcpResponse::Data { bytes, .. }) if bytes.0.is_empty() => Ok(TcpResponse::Gone),
                    (_, answer) => Ok(answer),
                }
            }
            TcpRequest::Send { connection, bytes } => {
                let stream = self.get(connection)?;
                let Some(mut stream) = within(until, stream.lock()).await else { return Err(busy(connection)) };
                Ok(send(&mut *stream, &bytes, until).await)
            }
            TcpRequest::Read { connection, read: limits } => {
                let stream = self.get(connection)?;
                let Some(mut stream) = within(until, stream.lock()).await else { return Err(busy(connection)) };
                Ok(read(&mut *stream, &limits, until).await)
            }
            TcpRequest::Close { connection } => {
                let stream = self.get(connection)?;
                self.table().open.remove(&connection);
                drop(stream);
                Ok(TcpResponse::Done)
            }
        }
    }
}

fn busy(connection: Connection) -> Fault {
    Fault::timeout(format!("connection {connection} was still in use by another request at the deadline"))
}

async fn send(stream: &mut (impl AsyncWrite + Unpin + ?Sized), bytes: &Payload, until: Deadline) -> TcpResponse {
    if bytes.0.is_empty() {
        return TcpResponse::Done;
    }
    let sent = async {
        stream.write_all(bytes.as_slice()).await?;
        stream.flush().await // TLS holds back what it has not sent
    };
    match within(until, sent).await {
        Some(Ok(())) => TcpResponse::Done,
        Some(Err(_)) => TcpResponse::Gone,
        None => TcpResponse::NoAnswer {
            text: format!("the peer did not take all of {} bytes before the deadline", bytes.0.len()),
        },
    }
}
