//! HTTP/1.1 by hyper with the limits that hostile clients need; shared by the camera and the maker's website.

use std::convert::Infallible;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

const MAX_HEAD_BYTES: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;
const MAX_BODY_BYTES: usize = 16 * 1024;
/// For the head of a request, and for the pause between two requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) type Page = Response<Full<Bytes>>;

/// Serves one connection until either side has enough.
pub(crate) async fn serve<S, F, A>(stream: S, answer: F)
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Fn(Request<Incoming>) -> A,
    A: Future<Output = Page>,
{
    let service = service_fn(|request| async { Ok::<_, Infallible>(answer(request).await) });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "http connection");
    }
}

/// The body was too long, too slow or broken off.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BodyTrouble {
    TooLong,
    Broken,
}

/// The whole body, at most 16 KiB of it in at most 10 s.
pub(crate) async fn body(incoming: Incoming) -> Result<Bytes, BodyTrouble> {
    match tokio::time::timeout(BODY_TIMEOUT, Limited::new(incoming, MAX_BODY_BYTES).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(BodyTrouble::TooLong),
        Ok(Err(_)) | Err(_) => Err(BodyTrouble::Broken),
    }
}
