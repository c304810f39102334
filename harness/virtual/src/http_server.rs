//! HTTP/1.1 by hyper with the limits that hostile clients need; shared by the camera and the maker's website.

use std::convert::Infallible;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

const MAX_HEAD_BYTES: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;
const MAX_BODY_BYTES: usize = 16 * 1024;
/// So much of a body that is too long is read and forgotten: most clients read the answer only after they wrote it all.
const MAX_DRAINED_BYTES: usize = 1024 * 1024;
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
pub(crate) async fn body(incoming: Incoming) -> Result<Vec<u8>, BodyTrouble> {
    tokio::time::timeout(BODY_TIMEOUT, collect(incoming)).await.unwrap_or(Err(BodyTrouble::Broken))
}

async fn collect(mut incoming: Incoming) -> Result<Vec<u8>, BodyTrouble> {
    let mut body = Vec::new();
    let mut seen = 0;
    while let Some(frame) = incoming.frame().await {
        let Ok(data) = frame.map_err(|_| BodyTrouble::Broken)?.into_data() else { continue };
        seen += data.len();
        if seen <= MAX_BODY_BYTES {
            body.extend_from_slice(&data);
        } else if seen > MAX_DRAINED_BYTES {
            break;
        }
    }
    if seen > MAX_BODY_BYTES { Err(BodyTrouble::TooLong) } else { Ok(body) }
}
