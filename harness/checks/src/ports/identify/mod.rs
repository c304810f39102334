//! What speaks on an open port: its banner, else its answers to small typed probes. One file a protocol.

mod banner;
mod ftp;
mod http;
mod mqtt;
mod redis;
mod rtsp;
mod smtp;
mod ssh;
mod telnet;
mod vnc;

use std::time::Duration;

use assay_model::{
    CheckContext, Endpoint, Fault,
    touch::tcp::{ReadEnd, ReadUntil, TcpRequest, TcpResponse},
};

/// A logon that a service shows without being tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Logon {
    /// Whether it asks at all; false: it lets in without.
    pub asks: bool,
    /// Whether it is about a password.
    pub password_based: bool,
    /// The scheme or prompt: `login:`, `mqtt connect`, `vnc authentication`.
    pub scheme: String,
}

impl Logon {
    pub(crate) fn password(scheme: &str) -> Option<Self> {
        Some(Self { asks: true, password_based: true, scheme: scheme.to_owned() })
    }

    fn none(scheme: &str) -> Option<Self> {
        Some(Self { asks: false, password_based: false, scheme: scheme.to_owned() })
    }
}

/// What was learnt of a port.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Identified {
    pub service: Option<&'static str>,
    pub version: Option<String>,
    pub tls: bool,
    pub banner: Option<String>,
    pub logon: Option<Logon>,
    /// Whether it sent or answered anything after connecting.
    pub answers: bool,
}

impl Identified {
    fn service(service: &'static str) -> Self {
        Self { service: Some(service), answers: true, ..Self::default() }
    }
}

/// One probe may take so long.
const PROBE: Duration = Duration::from_millis(1_000);

/// Reads what a port says unasked, or to `send`. Bytes that came in time, perhaps none.
async fn ask(cx: &CheckContext, endpoint: &Endpoint, send: &[u8]) -> Result<Vec<u8>, Fault> {
    for _ in 0..2 {
        // A greeting comes in one piece; waiting for more would only cost time.
        let read = ReadUntil { at_least: Some(1), ..ReadUntil::idle(4_096, 900) };
        let request = TcpRequest::Ask { endpoint: endpoint.clone(), send: send.into(), read };
        match cx.touches.tcp()?.call(request, cx.deadline.capped(PROBE)).await? {
            TcpResponse::Data { bytes, end } => {
                if !bytes.0.is_empty() || !matches!(end, ReadEnd::Closed | ReadEnd::Reset) {
                    return Ok(bytes.0);
                } // closed without a word: perhaps a flaky line
            }
            TcpResponse::Refused | TcpResponse::Gone => {}
            _ => break,
        }
    }
    Ok(Vec::new())
}

/// Two rounds of probes, each side by side: what talks first and HTTP, then what must be asked. The first clear answer
/// counts; nobody waits for a greeting from what has already shown that it is a web server.
pub(crate) async fn port(cx: &CheckContext, endpoint: &Endpoint) -> Result<Identified, Fault> {
    let mut greeting = std::pin::pin!(ask(cx, endpoint, b""));
    let mut web = std::pin::pin!(web(cx, endpoint));
    let (greeting, web) = tokio::select! {
        greeting = &mut greeting => {
            let greeting = greeting?;
            if let Some(found) = banner::read(&greeting).filter(|f| f.service.is_some()) {
                return Ok(found);
            }
            (greeting, web.await?)
        }
        found = &mut web => match found? {
            Some(found) => return Ok(found),
            None => (greeting.await?, None),
        },
    };
    let talks = banner::read(&greeting);
    if let Some(found) = talks.clone().filter(|f| f.service.is_some()).or(web) {
        return Ok(found);
    }
    let (mqtt, rtsp, redis) = tokio::join!(
        ask(cx, endpoint, mqtt::CONNECT),
        ask(cx, endpoint, rtsp::DESCRIBE),
        ask(cx, endpoint, redis::PING)
    );
    let (mqtt, rtsp, redis) = (mqtt?, rtsp?, redis?);
    let answers = talks.is_some() || [&mqtt, &rtsp, &redis].iter().any(|b| !b.is_empty());
    let found = mqtt::read(&mqtt).or_else(|| rtsp::read(&rtsp)).or_else(|| redis::read(&redis));
    Ok(found.or(talks).unwrap_or(Identified { answers, ..Identified::default() }))
}

async fn web(cx: &CheckContext, endpoint: &Endpoint) -> Result<Option<Identified>, Fault> {
    let (tls, plain) = tokio::join!(http::probe(cx, endpoint, true), http::probe(cx, endpoint, false));
    Ok(tls?.or(plain?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings_are_told_apart() {
        for (greeting, service) in [
            (&b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n"[..], Some("ssh")),
            (b"\xff\xfd\x01\xff\xfd\x1f\xff\xfb\x01\xff\xfb\x03\r\r\ncamera login: ", Some("telnet")),
            (b"cam login: ", Some("telnet")),
            (b"220 (vsFTPd 3.0.3)\r\n", Some("ftp")),
            (b"220 mail.example ESMTP Postfix\r\n", Some("smtp")),
            (b"RFB 003.008\n", Some("vnc")),
            (b"hello there\r\n", None),
        ] {
            let found = banner::read(greeting).unwrap();
            assert_eq!(found.service, service, "{}", String::from_utf8_lossy(greeting));
            assert!(found.answers);
        }
        assert_eq!(banner::read(b""), None);
    }

    #[test]
    fn versions_and_logons_come_with_them() {
        let ssh = banner::read(b"SSH-2.0-dropbear_2022.83\r\n").unwrap();
        assert_eq!(ssh.version.as_deref(), Some("dropbear_2022.83"));
        let telnet = banner::read(b"cam login: ").unwrap();
        assert!(telnet.logon.unwrap().password_based);
        assert_eq!(banner::read(b"\x1b[31mcode\x07\r\n").unwrap().banner.as_deref(), Some("code"));
    }

    #[test]
    fn answers_to_probes_are_read() {
        assert!(mqtt::read(b"\x20\x02\x00\x05").unwrap().logon.unwrap().asks);
        assert!(!mqtt::read(b"\x20\x02\x00\x00").unwrap().logon.unwrap().asks);
        assert_eq!(mqtt::read(b"HTTP/1.1 400\r\n"), None);
        let rtsp = rtsp::read(b"RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"x\"\r\n\r\n").unwrap();
        assert_eq!(rtsp.logon.unwrap().scheme, "digest");
        assert!(redis::read(b"-NOAUTH Authentication required.\r\n").unwrap().logon.unwrap().asks);
        assert!(!redis::read(b"+PONG\r\n").unwrap().logon.unwrap().asks);
        assert_eq!(redis::read(b"-ERR nonsense"), None);
    }
}
