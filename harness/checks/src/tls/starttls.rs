//! Asking a clear-text protocol to change to TLS: SMTP (RFC 3207), FTP (RFC 4217), IMAP (RFC 3501), POP3 (RFC 2595).

use std::time::Duration;

use assay_model::touch::Touch;
use assay_model::touch::tcp::{Connection, ReadEnd, ReadUntil, Tcp, TcpRequest, TcpResponse};
use assay_model::{Deadline, Fault};
use schemars::JsonSchema;
use serde::Deserialize;

/// Bytes of one reply, at most.
const MOST: usize = 16 * 1024;

/// The protocol that is spoken before TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StartTls {
    /// STARTTLS after EHLO.
    Smtp,
    /// AUTH TLS.
    Ftp,
    /// STARTTLS.
    Imap,
    /// STLS.
    Pop3,
}

/// What came of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Upgrade {
    /// The next byte is TLS.
    Ready,
    /// The server said no, or something else: its words.
    Refused(String),
    /// It said nothing.
    Silent,
}

impl StartTls {
    /// What to send, and how a good reply's last line begins. The first reply is the greeting.
    const fn steps(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Smtp => &[("", "220"), ("EHLO assay.invalid\r\n", "250"), ("STARTTLS\r\n", "220")],
            Self::Ftp => &[("", "220"), ("AUTH TLS\r\n", "234")],
            Self::Imap => &[("", "* OK"), ("a1 STARTTLS\r\n", "a1 OK")],
            Self::Pop3 => &[("", "+OK"), ("STLS\r\n", "+OK")],
        }
    }

    /// Speaks up to the point where TLS begins.
    ///
    /// # Errors
    /// The lab failed.
    pub(crate) async fn upgrade(
        self,
        tcp: &dyn Touch<Tcp>,
        connection: Connection,
        silence: Duration,
        until: Deadline,
    ) -> Result<Upgrade, Fault> {
        for (number, (say, good)) in self.steps().iter().enumerate() {
            if !say.is_empty() {
                tcp.call(TcpRequest::Send { connection, bytes: (*say).into() }, until).await?;
            }
            let mut reply = Vec::new();
            let last = loop {
                if let Some(last) = self.last_line(&reply, number == 0) {
                    break last;
                }
                let read = ReadUntil {
                    max_bytes: u32::try_from(MOST.saturating_sub(reply.len())).unwrap_or(0),
                    idle_ms: u32::try_from(silence.as_millis()).unwrap_or(u32::MAX),
                    delimiter: Some("\n".into()),
                    at_least: None,
                };
                let TcpResponse::Data { bytes, end } = tcp.call(TcpRequest::Read { connection, read }, until).await?
                else {
                    return Ok(Upgrade::Silent);
                };
                reply.extend_from_slice(bytes.as_slice());
                if end != ReadEnd::Enough || reply.len() >= MOST {
                    match self.last_line(&reply, number == 0) {
                        Some(last) => break last,
                        None if reply.is_empty() => return Ok(Upgrade::Silent),
                        None => return Ok(Upgrade::Refused(quote(&reply))),
                    }
                }
            };
            if !last.to_ascii_uppercase().starts_with(&good.to_ascii_uppercase()) {
                return Ok(Upgrade::Refused(quote(last.as_bytes())));
            }
        }
        Ok(Upgrade::Ready)
    }

    /// The line that ends a reply, once it is whole.
    fn last_line(self, reply: &[u8], greeting: bool) -> Option<String> {
        let text = String::from_utf8_lossy(reply);
        let whole = &text[..text.rfind('\n')?];
        let ends = |line: &&str| match self {
            Self::Smtp | Self::Ftp => {
                line.len() >= 3
                    && line.bytes().take(3).all(|b| b.is_ascii_digit())
                    && line.as_bytes().get(3) != Some(&b'-')
            }
            Self::Imap => greeting || line.starts_with("a1 "),
            Self::Pop3 => true,
        };
        whole.lines().map(str::trim_end).find(ends).map(str::to_owned)
    }
}

/// A server's words as they may stand in an observation: one short line of printable ASCII.
fn quote(words: &[u8]) -> String {
    let line = words.split(|b| *b == b'\n').next().unwrap_or_default();
    line[..line.len().min(120)].escape_ascii().to_string().trim_end_matches("\\r").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_reply_of_several_lines_ends_with_its_last() {
        let reply = b"250-camera.test\r\n250-STARTTLS\r\n250 OK\r\n";
        assert_eq!(StartTls::Smtp.last_line(reply, false).as_deref(), Some("250 OK"));
        assert_eq!(StartTls::Smtp.last_line(&reply[..20], false), None);
        assert_eq!(StartTls::Imap.last_line(b"* CAPABILITY x\r\na1 OK go\r\n", false).as_deref(), Some("a1 OK go"));
    }

    proptest! {
        #[test]
        fn no_reply_makes_the_reader_panic(reply in prop::collection::vec(any::<u8>(), 0..200)) {
            for protocol in [StartTls::Smtp, StartTls::Ftp, StartTls::Imap, StartTls::Pop3] {
                let _ = protocol.last_line(&reply, true);
                let _ = protocol.last_line(&reply, false);
            }
            prop_assert!(quote(&reply).is_ascii());
        }
    }
}
