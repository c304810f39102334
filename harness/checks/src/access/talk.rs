//! A conversation with one TCP port, plain or inside TLS. Bounded in bytes and time, whatever the other side does.

use std::time::Instant;

use assay_model::{
    CheckContext, Deadline, Endpoint, Fault, Payload,
    touch::tcp::{Connection, ReadEnd, ReadUntil, TcpRequest, TcpResponse},
};

use crate::auth::logon::Attempt;

/// Bytes that one conversation takes in, at most.
const MOST: usize = 1 << 20;
/// A line is no longer.
const LINE: usize = 4_096;
/// So long without a byte is silence.
const QUIET_MS: u32 = 3_000;
/// The answer to a password takes longer: servers delay a refusal, PAM by two seconds and more.
const LOGON_MS: u32 = 12_000;

/// Why there is no conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoTalk {
    /// Nothing listens.
    Refused,
    /// It does not answer: in words.
    Silent(String),
    /// TLS was asked for and something else is there: in words.
    NotTls(String),
}

/// Of a logon: nothing was tried.
impl From<NoTalk> for Attempt {
    fn from(why: NoTalk) -> Self {
        match why {
            NoTalk::Refused => Self::Unreachable,
            NoTalk::Silent(_) => Self::Silent,
            NoTalk::NotTls(text) => Self::Unusable { text },
        }
    }
}

/// How a logon's conversation ended.
pub(crate) struct Ended {
    gone: bool,
    after_ms: u64,
}

impl Ended {
    /// The other side said no.
    pub(crate) const fn refused(&self) -> Attempt {
        Attempt::Refused { after_ms: self.after_ms }
    }

    /// The other side said nothing.
    pub(crate) const fn unanswered(&self) -> Attempt {
        if self.gone { Attempt::Dropped } else { Attempt::Silent }
    }
}

/// One conversation.
pub(crate) struct Talk<'a> {
    cx: &'a CheckContext,
    /// When connecting began.
    since: Instant,
    connection: Connection,
    until: Deadline,
    /// Read and not yet asked for.
    held: Vec<u8>,
    taken: usize,
    /// The other side closed or reset.
    pub gone: bool,
    /// A handshake that came to nothing has closed it.
    ended: bool,
}

impl<'a> Talk<'a> {
    /// Connects.
    pub(crate) async fn open(
        cx: &'a CheckContext,
        at: &Endpoint,
        tls: bool,
        until: Deadline,
    ) -> Result<Result<Self, NoTalk>, Fault> {
        let (endpoint, since) = (at.clone(), Instant::now());
        let request = match tls {
            true => TcpRequest::OpenTls { endpoint, alpn: Vec::new() },
            false => TcpRequest::Open { endpoint },
        };
        Ok(match cx.touches.tcp()?.call(request, until).await? {
            TcpResponse::Opened { connection } => {
                Ok(Self { cx, since, connection, until, held: Vec::new(), taken: 0, gone: false, ended: false })
            }
            TcpResponse::Refused => Err(NoTalk::Refused),
            TcpResponse::NotTls { text } => Err(NoTalk::NotTls(text)),
            TcpResponse::NoAnswer { text } => Err(NoTalk::Silent(text)),
            other => Err(NoTalk::Silent(format!("{other:?}"))),
        })
    }

    /// Speaks TLS from now on, as both sides agreed. What came in clear and was not read is nobody's word. False: it came to
    /// nothing, and the conversation is over.
    pub(crate) async fn start_tls(&mut self) -> Result<bool, Fault> {
        self.held.clear();
        let request = TcpRequest::StartTls { connection: self.connection };
        let agreed = self.cx.touches.tcp()?.call(request, self.until).await? == TcpResponse::Done;
        (self.gone, self.ended) = (self.gone || !agreed, !agreed);
        Ok(agreed)
    }

    /// Sends; false once the other side is gone.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<bool, Fault> {
        let request = TcpRequest::Send { connection: self.connection, bytes: bytes.into() };
        let sent = self.cx.touches.tcp()?.call(request, self.until).await?;
        self.gone |= sent != TcpResponse::Done;
        Ok(sent == TcpResponse::Done)
    }

    /// Reads more into what is held; false where nothing came.
    async fn fill(&mut self, mut read: ReadUntil) -> Result<bool, Fault> {
        let room = u32::try_from(MOST.saturating_sub(self.taken)).unwrap_or(0);
        read.max_bytes = read.max_bytes.min(room);
        if self.gone || read.max_bytes == 0 || self.until.passed() {
            return Ok(false);
        }
        let request = TcpRequest::Read { connection: self.connection, read };
        let TcpResponse::Data { bytes, end } = self.cx.touches.tcp()?.call(request, self.until).await? else {
            self.gone = true;
            return Ok(false);
        };
        self.gone |= matches!(end, ReadEnd::Closed | ReadEnd::Reset);
        self.taken += bytes.0.len();
        self.held.extend_from_slice(&bytes.0);
        Ok(!bytes.0.is_empty())
    }

    /// The next `wanted` bytes, or none of them.
    pub(crate) async fn exactly(&mut self, wanted: usize) -> Result<Option<Vec<u8>>, Fault> {
        let missing = u32::try_from(wanted.saturating_sub(self.held.len())).unwrap_or(u32::MAX);
        if missing > 0 {
            self.fill(ReadUntil { at_least: Some(missing), ..ReadUntil::idle(missing, QUIET_MS) }).await?;
        }
        Ok((self.held.len() >= wanted).then(|| self.held.drain(..wanted).collect()))
    }

    /// The next line without its end; what came of it where the rest does not. `None`: nothing came.
    pub(crate) async fn line(&mut self) -> Result<Option<String>, Fault> {
        self.line_within(QUIET_MS).await
    }

    /// The same, as the answer to a password.
    pub(crate) async fn line_after_logon(&mut self) -> Result<Option<String>, Fault> {
        self.line_within(LOGON_MS).await
    }

    async fn line_within(&mut self, quiet_ms: u32) -> Result<Option<String>, Fault> {
        if !self.held.contains(&b'\n') && self.held.len() < LINE {
            let read = ReadUntil { delimiter: Some(Payload::from("\n")), ..ReadUntil::idle(LINE as u32, quiet_ms) };
            self.fill(read).await?;
        }
        let end = self.held.iter().position(|b| *b == b'\n').map_or(self.held.len(), |at| at + 1).min(LINE);
        let line: Vec<u8> = self.held.drain(..end).collect();
        Ok((!line.is_empty()).then(|| String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// Whatever comes until it is quiet for so long, at most 64 KiB.
    pub(crate) async fn some(&mut self, quiet_ms: u32) -> Result<Vec<u8>, Fault> {
        self.fill(ReadUntil::idle(65_536, quiet_ms)).await?;
        Ok(std::mem::take(&mut self.held))
    }

    /// Whether nothing has been heard at all.
    pub(crate) const fn is_empty(&self) -> bool {
        self.taken == 0
    }

    /// Closes, and says how it ended.
    pub(crate) async fn end(self) -> Result<Ended, Fault> {
        let (gone, since) = (self.gone, self.since);
        self.close().await?;
        Ok(Ended { gone, after_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX) })
    }

    /// Closes.
    pub(crate) async fn close(self) -> Result<(), Fault> {
        if self.ended {
            return Ok(());
        }
        let request = TcpRequest::Close { connection: self.connection };
        self.cx.touches.tcp()?.call(request, self.until).await.map(|_| ())
    }
}
