//! Logon by telnet (RFC 854): every option is declined, so that any server falls back to plain lines.

use assay_model::{
    CheckContext, Deadline, Endpoint, Fault,
    touch::tcp::{Connection, ReadEnd, ReadUntil, TcpRequest, TcpResponse},
};

use async_trait::async_trait;

use super::{
    Attempt,
    dialogue::{self, Done, Line, Seen},
    words,
};

/// A prompt counts once nothing has followed it for so long.
const SETTLE_MS: u32 = 60;

const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
const SUBNEGOTIATION: u8 = 250;
const SUBNEGOTIATION_END: u8 = 240;

/// Splits what arrived into text and the answer that declines every option.
pub(crate) fn decline(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut text, mut reply) = (Vec::new(), Vec::new());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first != IAC {
            text.push(first);
            continue;
        }
        match *rest {
            [WILL, option, ..] => reply.extend([IAC, DONT, option]),
            [DO, option, ..] => reply.extend([IAC, WONT, option]),
            [IAC, ..] => text.push(IAC),
            _ => {}
        }
        let skip = match *rest {
            [WILL..=DONT, ..] => 2,
            [SUBNEGOTIATION, ..] => {
                rest.windows(2).position(|w| w == [IAC, SUBNEGOTIATION_END]).map_or(rest.len(), |at| at + 2)
            }
            _ => 1,
        };
        rest = rest.get(skip..).unwrap_or_default();
    }
    (text, reply)
}

/// Whether bytes begin with a telnet negotiation.
pub(crate) fn negotiates(bytes: &[u8]) -> bool {
    matches!(bytes, [IAC, WILL..=DONT, _, ..])
}

struct Session<'a> {
    cx: &'a CheckContext,
    connection: Connection,
    until: Deadline,
}

impl Session<'_> {
    async fn call(&self, request: TcpRequest) -> Result<TcpResponse, Fault> {
        self.cx.touches.tcp()?.call(request, self.until).await
    }

    async fn write(&self, bytes: &[u8]) -> Result<(), Fault> {
        self.call(TcpRequest::Send { connection: self.connection, bytes: bytes.into() }).await.map(|_| ())
    }
}

#[async_trait]
impl Line for Session<'_> {
    async fn send(&mut self, line: &str) -> Result<(), Fault> {
        self.write(format!("{line}\r\n").as_bytes()).await
    }

    async fn read(&mut self, done: Done) -> Result<Seen, Fault> {
        let mut raw = Vec::new();
        let (mut quiet, mut settling) = (0, false);
        loop {
            // Whatever comes is looked at once; what looks like the end has to stay so for a moment.
            let idle_ms = if settling { SETTLE_MS } else { 500 };
            let read = ReadUntil { at_least: Some(1), ..ReadUntil::idle(16_384, idle_ms) };
            let (bytes, end) = match self.call(TcpRequest::Read { connection: self.connection, read }).await? {
                TcpResponse::Data { bytes, end } => (bytes.0, end),
                _ => (Vec::new(), ReadEnd::Closed),
            };
            quiet = if bytes.is_empty() { quiet + 1 } else { 0 };
            let (text, reply) = decline(&bytes);
            if !reply.is_empty() {
                self.write(&reply).await?;
            }
            raw.extend(text);
            let text = words::visible(&raw);
            if matches!(end, ReadEnd::Closed | ReadEnd::Reset) {
                return Ok(Seen::Closed(text));
            }
            let ended = settling && quiet > 0;
            settling = done(&text);
            if ended && settling || quiet >= 8 || raw.len() > 65_536 || self.until.passed() {
                return Ok(Seen::Text(text));
            }
        }
    }
}

/// What it says up to its first prompt. `Err`: why nothing can be read.
pub(crate) async fn first_prompt(
    cx: &CheckContext,
    endpoint: &Endpoint,
    until: Deadline,
) -> Result<Result<String, String>, Fault> {
    let connection = match cx.touches.tcp()?.call(TcpRequest::Open { endpoint: endpoint.clone() }, until).await? {
        TcpResponse::Opened { connection } => connection,
        TcpResponse::Refused => return Ok(Err("connection refused".into())),
        TcpResponse::NoAnswer { text } => return Ok(Err(text)),
        other => return Ok(Err(format!("{other:?}"))),
    };
    let mut session = Session { cx, connection, until };
    let seen = session.read(dialogue::prompted).await;
    session.call(TcpRequest::Close { connection }).await?;
    Ok(match seen? {
        Seen::Text(text) => Ok(text),
        Seen::Closed(text) if text.trim().is_empty() => Err("closed without a word".into()),
        Seen::Closed(text) => Ok(text),
    })
}

pub(super) async fn attempt(
    cx: &CheckContext,
    endpoint: &Endpoint,
    user: &str,
    password: &str,
    until: Deadline,
) -> Result<Attempt, Fault> {
    let connection = match cx.touches.tcp()?.call(TcpRequest::Open { endpoint: endpoint.clone() }, until).await? {
        TcpResponse::Opened { connection } => connection,
        TcpResponse::Refused => return Ok(Attempt::Unreachable),
        _ => return Ok(Attempt::Silent),
    };
    let mut session = Session { cx, connection, until };
    let ended = dialogue::log_on(&mut session, user, password).await;
    session.call(TcpRequest::Close { connection }).await?;
    ended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_declined_and_text_comes_through() {
        let (text, reply) = decline(b"\xff\xfd\x18\xff\xfb\x01log\xff\xfa\x18\x01\xff\xf0in: \xff\xff");
        assert_eq!(text, b"login: \xff");
        assert_eq!(reply, b"\xff\xfc\x18\xff\xfe\x01");
        assert!(negotiates(b"\xff\xfd\x01") && !negotiates(b"\xff\xff") && !negotiates(b"ok"));
    }

    #[test]
    fn cut_off_negotiations_do_no_harm() {
        for cut in [&b"\xff"[..], b"\xff\xfd", b"\xff\xfa\x18", b"a\xff\xfb"] {
            let _ = decline(cut);
        }
    }
}
