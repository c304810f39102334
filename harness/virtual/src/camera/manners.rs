//! A good camera that is hard to ask: slow, with a limit on rate, or behind a filter. What it says is the good camera's.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;

use super::defect::{Defect, Defects};

/// Before a slow camera answers a connection at all: a handshake's worth of its processor.
const THINKING: Duration = Duration::from_millis(300);
/// Connections that a camera with a limit serves at once; others wait in the kernel's queue.
const SEATS: usize = 4;
/// How often such a camera takes one up.
const EACH: Duration = Duration::from_millis(20);
/// Ports that a filter is silent about.
const FILTERED: std::ops::RangeInclusive<u16> = 5_000..=5_007;

/// What the connections of a camera wait for.
pub(super) struct Manners {
    slow: bool,
    limited: bool,
    seats: Arc<Semaphore>,
}

impl Manners {
    pub(super) fn of(defects: &Defects) -> Self {
        let limited = defects.has(Defect::RateLimited);
        let seats = Arc::new(Semaphore::new(if limited { SEATS } else { Semaphore::MAX_PERMITS }));
        Self { slow: defects.has(Defect::Slow), limited, seats }
    }

    /// Waits until the next connection may be taken up.
    pub(super) async fn before_accepting(&self) {
        if self.limited {
            tokio::time::sleep(EACH).await;
            // Held by nobody: only waits until a seat is free. Never closed.
            drop(self.seats.acquire().await);
        }
    }

    /// A connection's seat, for as long as it lasts.
    pub(super) async fn seat(&self) -> Option<tokio::sync::OwnedSemaphorePermit> {
        Arc::clone(&self.seats).acquire_owned().await.ok()
    }

    /// What a slow processor needs before the first byte.
    pub(super) async fn before_answering(&self) {
        if self.slow {
            tokio::time::sleep(THINKING).await;
        }
    }
}

/// Ports whose packets are dropped: a listener that nobody accepts from, with its queue full. Held for as long as the camera
/// is on.
pub(super) struct Filter {
    _listeners: Vec<TcpListener>,
    _queued: Vec<TcpStream>,
}

/// Sets up the filter of a camera that has one.
pub(super) async fn filter(host: Ipv4Addr, defects: &Defects) -> std::io::Result<Option<Filter>> {
    if !defects.has(Defect::Filtered) {
        return Ok(None);
    }
    let (mut listeners, mut queued) = (Vec::new(), Vec::new());
    for port in FILTERED {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        let at = (host, port).into();
        socket.bind(at)?;
        listeners.push(socket.listen(0)?);
        // A queue of 0 holds one; the second connect is what nobody answers any more.
        while let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_millis(50), TcpStream::connect(at)).await {
            queued.push(stream);
        }
    }
    Ok(Some(Filter { _listeners: listeners, _queued: queued }))
}
