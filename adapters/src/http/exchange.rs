//! One request and its answer over a connection of its own.

use std::error::Error;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Instant;

use assay_model::touch::http::{HttpAnswer, HttpResponse};
use assay_model::touch::tls::TlsSession;
use assay_model::{Deadline, Fault, Payload};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::Parts;
use crate::socket::{Connect, connect, within};
use crate::tls::{Handshake, handshake, server_name};

/// Headers of an answer, at most.
const MOST_HEADERS: usize = 200;
/// Bytes of an answer's head, at most.
const MOST_HEAD: usize = 128 * 1024;
/// However much a check asks for, no more of a body is kept.
const MOST_BODY: usize = 256 << 20;

/// Where a request goes.
pub(crate) struct Target {
    /// Addresses to try in turn; the first that accepts gets the request.
    pub(crate) sockets: Vec<SocketAddr>,
    pub(crate) tls: bool,
    /// Name for SNI, where it is a name.
    pub(crate) server_name: Option<String>,
    /// For the `Host` header.
    pub(crate) authority: String,
}

/// Sends one request and reads its answer.
///
/// # Errors
/// A request that cannot be sent at all, or this host's own trouble.
pub(crate) async fn exchange(
    target: &Target,
    parts: Parts,
    started: Instant,
    until: Deadline,
) -> Result<HttpResponse, Fault> {
    let max_body = (parts.max_body as usize).min(MOST_BODY);
    let request = parts.build(&target.authority)?;
    let name = server_name(target.server_name.as_deref())?;

    let mut last = HttpResponse::NoAnswer { text: format!("{} has no address to connect to", target.authority) };
    let mut connected = None;
    for socket in &target.sockets {
        match connect(*socket, until).await? {
            Connect::Connected(stream) => {
                connected = Some(stream);
                break;
            }
            Connect::Refused => last = HttpResponse::Refused,
            Connect::NoAnswer(text) => last = HttpResponse::NoAnswer { text },
        }
    }
    let Some(stream) = connected else { return Ok(last) };

    let mut response = if target.tls {
        match handshake(stream, name, &["http/1.1".to_owned()], until).await? {
            Handshake::Established(stream, session) => over(*stream, Some(session), request, max_body, until).await,
            Handshake::Failed(text) => HttpResponse::Malformed { text: format!("TLS handshake: {text}") },
            Handshake::NoAnswer(text) => HttpResponse::NoAnswer { text },
        }
    } else {
        over(stream, None, request, max_body, until).await
    };
    if let HttpResponse::Answer(answer) = &mut response {
        answer.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    }
    Ok(response)
}

/// The exchange itself, over any stream.
async fn over<S: AsyncRead + AsyncWrite + Unpin + Send>(
    stream: S,
    tls: Option<TlsSession>,
    request: Request<Full<Bytes>>,
    max_body: usize,
    until: Deadline,
) -> HttpResponse {
    let mut builder = http1::Builder::new();
    // Some small servers compare header names byte by byte.
    builder.title_case_headers(true).max_headers(MOST_HEADERS).max_buf_size(MOST_HEAD);
    let (mut sender, connection) = match builder.handshake(TokioIo::new(stream)).await {
        Ok(pair) => pair,
        Err(error) => return failed(&error, "before the request"),
    };
    let mut seen = Seen::default();
    let ended = {
        let asking = async {
            let response = sender.send_request(request).await.map_err(|e| failed(&e, "before a whole head came"))?;
            seen.head(&response);
            seen.body(response.into_body(), max_body).await
        };
        tokio::pin!(asking, connection);
        let both = async {
            tokio::select! {
                ended = &mut asking => ended,
                // The connection may end first, and leave the answer to be read from what it had taken in.
                _ = &mut connection => asking.await,
            }
        };
        within(until, both).await
    };
    match ended {
        Some(Ok(())) => HttpResponse::Answer(seen.answer(tls)),
        Some(Err(response)) => response,
        None => HttpResponse::NoAnswer { text: seen.missing() },
    }
}

/// What came so far.
#[derive(Default)]
struct Seen {
    status: Option<u16>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    truncated: bool,
}

impl Seen {
    fn head(&mut self, response: &Response<Incoming>) {
        self.status = Some(response.status().as_u16());
        self.headers = response
            .headers()
            .iter()
            .map(|(n, v)| (n.as_str().to_owned(), String::from_utf8_lossy(v.as_bytes()).into_owned()))
            .collect();
    }

    async fn body(&mut self, mut body: Incoming, max_body: usize) -> Result<(), HttpResponse> {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|e| failed(&e, &format!("after {} bytes of the body", self.body.len())))?;
            let Some(bytes) = frame.data_ref() else { continue };
            let room = max_body - self.body.len();
            self.body.extend_from_slice(&bytes[..bytes.len().min(room)]);
            if bytes.len() > room {
                self.truncated = true;
                return Ok(());
            }
        }
        Ok(())
    }

    fn missing(&self) -> String {
        match self.status {
            None => "connected, but no whole response head came before the deadline".into(),
            Some(status) => {
                format!("status {status}, but the body had not ended at the deadline, after {} bytes", self.body.len())
            }
        }
    }

    fn answer(self, tls: Option<TlsSession>) -> HttpAnswer {
        HttpAnswer {
            status: self.status.unwrap_or_default(),
            headers: self.headers,
            body: Payload(self.body),
            truncated: self.truncated,
            tls,
            duration_ms: 0,
        }
    }
}

/// What a failed exchange says of the peer.
fn failed(error: &hyper::Error, when: &str) -> HttpResponse {
    if error.is_parse() || causes(error).any(is_nonsense) {
        return HttpResponse::Malformed { text: format!("{} ({when})", in_words(error)) };
    }
    HttpResponse::NoAnswer { text: format!("the connection ended {when}: {}", in_words(error)) }
}

/// How the library marks a body that does not follow the rules, as against one that the network cut short.
fn is_nonsense(cause: &(dyn Error + 'static)) -> bool {
    let kind = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    matches!(kind, Some(ErrorKind::InvalidInput | ErrorKind::InvalidData))
}

fn causes(error: &hyper::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |cause| (*cause).source())
}

/// An error with its causes.
fn in_words(error: &hyper::Error) -> String {
    let mut text = error.to_string();
    for cause in causes(error).map(ToString::to_string) {
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}
