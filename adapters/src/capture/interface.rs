//! Captures on an interface of this host, where the DUT's traffic passes.

use std::io;
use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use assay_model::touch::capture::{Begun, CaptureRequest, Captured, Captures};
use assay_model::{Deadline, Fault, Payload, Touch};
use async_trait::async_trait;

use super::packet_socket::PacketSocket;
use super::pcapng::{ETHERNET, Writer};
use super::sender::Sender;

/// A frame is no longer, not even one that the network card will cut up.
const FRAME: usize = 256 * 1024;
/// Frames that are kept; what comes then is counted as lost.
const KEPT: usize = 256 << 20;
/// What to do where capturing is not permitted.
const PERMIT: &str =
    "it needs the capability CAP_NET_RAW: run as root, or `sudo setcap cap_net_raw+ep` on the assay binary";

/// An interface.
#[derive(Debug, Clone)]
pub struct InterfaceCapture {
    /// `eth1`.
    interface: String,
}

impl InterfaceCapture {
    /// Of the interface by that name.
    #[must_use]
    pub fn new(interface: impl Into<String>) -> Self {
        Self { interface: interface.into() }
    }

    /// Whether this process may capture there: listens for a moment, sends nothing.
    ///
    /// # Errors
    /// `capture-not-permitted` without `CAP_NET_RAW`; `capture` where there is no such interface, or none of Ethernet.
    pub fn permitted(&self) -> Result<(), Fault> {
        PacketSocket::open(&self.interface).map(drop).map_err(|e| explained(&self.interface, &e))
    }
}

#[async_trait]
impl Touch<Captures> for InterfaceCapture {
    async fn call(&self, request: CaptureRequest, until: Deadline) -> Result<Captured, Fault> {
        let interface = self.interface.clone();
        let within = Duration::from_millis(request.within_ms.into());
        let host = request.host.address();
        // Whoever gives the call up ends the listening with it.
        let stop = StopOnDrop(Begun::default());
        let stopped = stop.0.clone();
        let work =
            tokio::task::spawn_blocking(move || listen(&interface, host, within, until, &request.begun, &stopped));
        let done = work.await.map_err(|e| Fault::adapter("capture", format!("capturing broke off: {e}")))?;
        done.map_err(|e| explained(&self.interface, &e))
    }
}

struct StopOnDrop(Begun);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.set();
    }
}

/// Blocking, until the deadline.
fn listen(
    interface: &str,
    host: IpAddr,
    within: Duration,
    until: Deadline,
    begun: &Begun,
    stopped: &Begun,
) -> io::Result<Captured> {
    let mut socket = PacketSocket::open(interface)?;
    let until = until.capped(within);
    begun.set();
    let mut sender = Sender::new(host);
    let mut buffer = vec![0; FRAME];
    let mut frames: Vec<(u64, Box<[u8]>)> = Vec::new();
    let (mut kept, mut lost) = (0, 0);
    while !until.passed() && !stopped.is_set() {
        let Some(frame) = socket.frame(&mut buffer)? else { continue };
        if !sender.may_be(frame) {
            continue;
        }
        if kept + frame.len() > KEPT {
            lost += 1;
            continue;
        }
        kept += frame.len();
        let at_ns = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
        frames.push((at_ns, frame.into()));
    }
    // Whose frames the kernel dropped nobody knows: they count as the DUT's.
    let dropped = lost + socket.dropped()?;
    let mut writer = Writer::new(interface, ETHERNET, FRAME as u32);
    for (at_ns, frame) in frames.into_iter().filter(|(_, frame)| sender.is(frame)) {
        writer.packet(at_ns, &frame, frame.len() as u32);
    }
    Ok(Captured {
        source: interface.to_owned(),
        packets: writer.packets(),
        dropped,
        addresses: sender.addresses(),
        file: Payload(writer.finish(dropped)),
    })
}

fn explained(interface: &str, error: &io::Error) -> Fault {
    let text = format!("cannot capture on the interface `{interface}`: {error}");
    match error.kind() {
        io::ErrorKind::PermissionDenied => Fault::bench("capture-not-permitted", text).with_help(PERMIT),
        _ => Fault::bench("capture", text)
            .with_help("name the DUT's `interface` in the bench file as `ip link` lists it: one of Ethernet"),
    }
}
