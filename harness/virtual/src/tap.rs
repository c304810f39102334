//! A tap on the link of a virtual device: who said what to whom over TCP, and when. Nothing is kept while nobody listens.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Bytes that are kept while somebody listens.
const KEPT: usize = 16 << 20;

/// What happened on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It was opened, by the device or by its peer.
    Open {
        /// By which of them.
        by_device: bool,
    },
    /// The device sent this.
    ByDevice(Vec<u8>),
    /// Its peer sent this.
    ByPeer(Vec<u8>),
    /// The device closed it.
    Closed,
}

/// One event on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Nanoseconds since 1970.
    pub at_ns: u64,
    /// The device's end.
    pub device: SocketAddr,
    /// The other end.
    pub peer: SocketAddr,
    /// What happened.
    pub said: Said,
}

/// What was heard.
#[derive(Debug, Default)]
struct Heard {
    listens: bool,
    segments: Vec<Segment>,
    bytes: usize,
    dropped: u64,
}

/// The tap of one device.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tap(Arc<Mutex<Heard>>);

impl Tap {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens from now on; what was heard before is forgotten.
    pub(crate) fn listen(&self) {
        *self.heard() = Heard { listens: true, ..Heard::default() };
    }

    /// Ends listening: what was heard, and how many events there was no room for.
    pub(crate) fn take(&self) -> (Vec<Segment>, u64) {
        let heard = std::mem::take(&mut *self.heard());
        (heard.segments, heard.dropped)
    }

    fn add(&self, ends: (SocketAddr, SocketAddr), said: Said) {
        let mut heard = self.heard();
        if !heard.listens {
            return;
        }
        let length = match &said {
            Said::ByDevice(bytes) | Said::ByPeer(bytes) => bytes.len(),
            Said::Open { .. } | Said::Closed => 0,
        };
        if heard.bytes + length > KEPT {
            heard.dropped += 1;
            return;
        }
        heard.bytes += length;
        let at_ns = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
        heard.segments.push(Segment { at_ns, device: ends.0, peer: ends.1, said });
    }
}

/// A connection of the device, heard by its tap.
#[derive(Debug)]
pub(crate) struct Tapped {
    stream: TcpStream,
    ends: (SocketAddr, SocketAddr),
    tap: Tap,
}

impl Tapped {
    /// A connection that has just been made, by the device or by its peer.
    pub(crate) fn new(stream: TcpStream, tap: &Tap, by_device: bool) -> io::Result<Self> {
        let ends = (stream.local_addr()?, stream.peer_addr()?);
        tap.add(ends, Said::Open { by_device });
        Ok(Self { stream, ends, tap: tap.clone() })
    }

    /// As [`TcpStream::peek`]; what is only looked at is heard when it is read.
    pub(crate) async fn peek(&self, bytes: &mut [u8]) -> io::Result<usize> {
        self.stream.peek(bytes).await
    }
}

impl Drop for Tapped {
    fn drop(&mut self) {
        self.tap.add(self.ends, Said::Closed);
    }
}

impl AsyncRead for Tapped {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let new = &buffer.filled()[before..];
        if !new.is_empty() {
            self.tap.add(self.ends, Said::ByPeer(new.to_vec()));
        }
        read
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(n)) = written {
            self.tap.add(self.ends, Said::ByDevice(bytes[..n].to_vec()));
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
