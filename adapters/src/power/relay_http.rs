//! The little HTTP that relays in a lab speak: one GET, one answer, no TLS, no redirects.

use std::time::Duration;

use assay_model::{Deadline, Fault};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout_at;

/// An answer of a relay is far shorter.
const LONGEST: u64 = 64 * 1024;
/// A relay answers within seconds, or is not there.
const ANSWER: Duration = Duration::from_secs(10);

/// An address that no relay can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not of the form http://[user:password@]host[:port]")]
pub struct RelayUrlError(String);

/// `http://[user:password@]host[:port]` of a relay.
#[derive(Clone, PartialEq, Eq)]
pub struct RelayUrl {
    authority: String,
    /// `host:port`, as it is connected to.
    place: String,
    login: Option<String>,
}

impl std::fmt::Debug for RelayUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}", self.authority) // a password belongs into no log
    }
}

impl RelayUrl {
    /// Reads one.
    ///
    /// # Errors
    /// It has a path, another scheme, or no host. The text of the error has no password.
    pub fn parse(text: &str) -> Result<Self, RelayUrlError> {
        let without_login = |t: &str| match t.rsplit_once('@') {
            Some((_, rest)) => format!("http://...@{rest}"),
            None => t.to_owned(),
        };
        let bad = || RelayUrlError(without_login(text));
        let rest = text.strip_prefix("http://").ok_or_else(bad)?.trim_end_matches('/');
        let (login, authority) = match rest.rsplit_once('@') {
            Some((login, authority)) => (Some(login.to_owned()), authority),
            None => (None, rest),
        };
        let is_host = |c: char| c.is_ascii_alphanumeric() || ".-:[]_".contains(c);
        if authority.is_empty() || !authority.chars().all(is_host) {
            return Err(bad());
        }
        let after_host = authority.rsplit(']').next().unwrap_or(authority);
        let place = match after_host.rsplit_once(':') {
            Some((_, port)) => {
                port.parse::<u16>().ok().filter(|p| *p > 0).ok_or_else(bad)?;
                authority.to_owned()
            }
            None => format!("{authority}:80"),
        };
        Ok(Self { authority: authority.to_owned(), place, login })
    }

    /// Asks for `path`; the body of a 200.
    ///
    /// # Errors
    /// `relay`: not reached, or another status. `deadline`.
    pub(super) async fn get(&self, path: &str, until: Deadline) -> Result<String, Fault> {
        let shown = format!("{self:?}{}", path.split('?').next().unwrap_or_default());
        let until = until.capped(ANSWER);
        let asking = self.exchange(path);
        let answer = timeout_at(until.instant().into(), asking).await.map_err(|_| {
            Fault::timeout(format!("the relay at {shown} did not answer in time"))
                .with_help("check its power and address; the state of the switch is not known now")
        })?;
        let failed = |text: String| {
            Fault::bench("relay", format!("the relay at {shown}: {text}"))
                .with_help("open that address in a browser; the state of the switch is not known now")
        };
        let answer = answer.map_err(|e| failed(e.to_string()))?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| failed("it does not answer in HTTP".into()))?;
        let status = head.split(' ').nth(1).unwrap_or_default();
        if !head.starts_with("HTTP/1.") || status != "200" {
            let line: String = head.lines().next().unwrap_or_default().chars().take(120).collect();
            return Err(failed(format!("it answers {:?}", line)));
        }
        Ok(body.to_owned())
    }

    /// The same, as JSON.
    ///
    /// # Errors
    /// As [`RelayUrl::get`]; or what it answers is no JSON.
    pub(super) async fn get_json(&self, path: &str, until: Deadline) -> Result<Value, Fault> {
        let body = self.get(path, until).await?;
        serde_json::from_str(&body).map_err(|_| unexpected(self, &body))
    }

    async fn exchange(&self, path: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.place.as_str()).await?;
        let login = self
            .login
            .as_ref()
            .map_or_else(String::new, |login| format!("Authorization: Basic {}\r\n", STANDARD.encode(login)));
        // 1.0: the answer then comes in one piece and ends with the connection.
        let request = format!("GET {path} HTTP/1.0\r\nHost: {}\r\n{login}Connection: close\r\n\r\n", self.authority);
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(LONGEST).read_to_end(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

/// An answer that this kind of relay does not give.
pub(super) fn unexpected(url: &RelayUrl, body: &str) -> Fault {
    let said: String = body.trim().chars().take(120).collect();
    Fault::bench("relay", format!("the relay at {url:?} answers {said:?}, which is not of its kind"))
        .with_help("check which kind of relay stands at that address, and its output's number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_passwords_never_shown() {
        let url = RelayUrl::parse("http://admin:s3cret@relay.lab:8080/").expect("valid");
        assert_eq!((url.place.as_str(), format!("{url:?}")), ("relay.lab:8080", "http://relay.lab:8080".to_owned()));
        assert_eq!(RelayUrl::parse("http://[::1]").expect("valid").place, "[::1]:80");
        for wrong in ["relay.lab", "https://relay.lab", "http://", "http://u:s3cret@a/b", "http://a:0", "http://a b"] {
            let error = RelayUrl::parse(wrong).expect_err(wrong).to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
