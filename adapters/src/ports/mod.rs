//! Scans of TCP ports on a thread of their own, with raw sockets and epoll: a task per port would cost twice the time.
//!
//! - `flights`: connects under way. A refused socket is used again for the next port, which on loopback, where the
//!   answer is there at once, is faster than any number of parallel sockets.
//! - `syn`, `segment`: the same by raw SYNs, where somebody asks for it and this process may.
//! - `pace`: how many and how often. Starts gently, presses harder while nothing goes wrong, backs off on loss.
//! - `life`: whether the host is there. A port counts as filtered only where the host showed life before and after.
//! - `scan`: the queue of ports, and the count.

mod descriptors;
mod flights;
mod life;
mod order;
mod pace;
mod scan;
mod segment;
mod syn;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use assay_model::touch::ports::{Ports, ScanRequest, ScanResponse};
use assay_model::{Deadline, Fault, Limits, Touch};
use async_trait::async_trait;

/// Scans of one DUT; nothing is kept between requests.
#[derive(Debug, Clone, Copy, Default)]
pub struct PortScanner;

#[async_trait]
impl Touch<Ports> for PortScanner {
    async fn call(&self, request: ScanRequest, until: Deadline) -> Result<ScanResponse, Fault> {
        let given_up = GivenUp::default();
        let flag = Arc::clone(&given_up.0);
        let (answer, answered) = tokio::sync::oneshot::channel();
        std::thread::Builder::new()
            .name("port-scan".into())
            .spawn(move || {
                // The receiver is gone where the caller gave up: then nobody wants the answer.
                let _ = answer.send(scan::scan(&request, until, &flag));
            })
            .map_err(|e| Fault::bench("no-thread", format!("cannot start a thread for the port scan: {e}")))?;
        match answered.await {
            Ok(result) => result,
            Err(_) => Err(Fault::adapter("scan-died", "the port scan's thread ended without an answer")),
        }
    }
}

/// Tells the thread to stop when the call is dropped.
#[derive(Default)]
struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Whether this process may scan by raw SYNs.
///
/// # Errors
/// It may not: why, and what to do.
pub(crate) fn may_send_syns() -> Result<(), Fault> {
    syn::raw_socket(std::net::Ipv4Addr::LOCALHOST.into()).map(|_| ())
}

/// Limits as they apply to a host: 0 is no limit. The defaults protect small devices on a network; a virtual one on
/// loopback needs none, so there a default value is no limit either, and any other value was written by somebody.
fn limits_for(host: std::net::IpAddr, limits: Limits) -> Limits {
    let default = Limits::default();
    let lift = |value: u32, default: u32| if host.is_loopback() && value == default { 0 } else { value };
    Limits {
        connects_per_s: lift(limits.connects_per_s, default.connects_per_s),
        half_open: lift(limits.half_open, default.half_open),
        ..limits
    }
}

#[cfg(test)]
mod tests;
