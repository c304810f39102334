//! Reading until enough has come, or nothing comes any more.

use std::io::ErrorKind;
use std::time::Duration;

use assay_model::touch::tcp::{ReadEnd, ReadUntil, TcpResponse};
use assay_model::{Deadline, Payload};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::socket::within;

/// However much a check asks for, no more is kept of one read.
const MOST: usize = 64 << 20;

/// Reads as `limits` say. Bytes past a delimiter that came in the same segment are part of the answer.
pub(crate) async fn read(from: &mut (impl AsyncRead + Unpin), limits: &ReadUntil, until: Deadline) -> TcpResponse {
    let most = (limits.max_bytes as usize).min(MOST);
    let mut bytes = Vec::new();
    let mut searched = 0;
    let mut chunk = vec![0_u8; 16 * 1024];
    let end = loop {
        if complete(&bytes, &mut searched, most, limits) {
            break ReadEnd::Enough;
        }
        let idle = until.capped(Duration::from_millis(limits.idle_ms.into()));
        let room = chunk.len().min(most - bytes.len());
        match within(idle, from.read(&mut chunk[..room])).await {
            None if until.passed() => break ReadEnd::Deadline,
            None => break ReadEnd::Idle,
            Some(Ok(0)) => break ReadEnd::Closed,
            Some(Ok(n)) => bytes.extend_from_slice(&chunk[..n]),
            // TLS that ends without saying so: most small servers do.
            Some(Err(e)) if e.kind() == ErrorKind::UnexpectedEof => break ReadEnd::Closed,
            Some(Err(_)) => break ReadEnd::Reset,
        }
        // A peer that sends for ever leaves the read always ready, so the timer alone would not be looked at.
        if until.passed() {
            break if complete(&bytes, &mut searched, most, limits) { ReadEnd::Enough } else { ReadEnd::Deadline };
        }
    };
    TcpResponse::Data { bytes: Payload(bytes), end }
}

/// Whether a read may stop; `searched` keeps a delimiter from being looked for twice in the same bytes.
fn complete(bytes: &[u8], searched: &mut usize, most: usize, limits: &ReadUntil) -> bool {
    if bytes.len() >= most || limits.at_least.is_some_and(|n| bytes.len() >= n as usize) {
        return true;
    }
    let Some(delimiter) = limits.delimiter.as_ref().map(Payload::as_slice).filter(|d| !d.is_empty()) else {
        return false;
    };
    let from = searched.saturating_sub(delimiter.len() - 1);
    *searched = bytes.len();
    memchr::memmem::find(&bytes[from..], delimiter).is_some()
}
