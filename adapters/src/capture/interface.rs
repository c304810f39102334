//! Captures on an interface of this host, where the DUT's traffic passes.

use std::io;
use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use assay_model::touch::capture::{CaptureRequest, Captured, Captures};
use assay_model::{Deadline, Fault, Payload, Touch};
use async_trait::async_trait;
use etherparse::{LaxNetSlice, LaxSlicedPacket};

use super::packet_socket::PacketSocket;
use super::pcapng::{ETHERNET, Writer};

/// A frame is no longer, not even one that the network card will cut up.
const FRAME: usize = 256 * 1024;
/// A file is no larger; what comes then is counted as lost.
const FILE: usize = 256 << 20;

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
}

#[async_trait]
impl Touch<Captures> for InterfaceCapture {
    async fn call(&self, request: CaptureRequest, until: Deadline) -> Result<Captured, Fault> {
        let interface = self.interface.clone();
        let until = until.capped(Duration::from_millis(request.within_ms.into()));
        let host = request.host.address();
        let work = tokio::task::spawn_blocking(move || listen(&interface, host, until));
        let done = work.await.map_err(|e| Fault::adapter("capture", format!("capturing broke off: {e}")))?;
        done.map_err(|e| explained(&self.interface, &e))
    }
}

/// Blocking, until the deadline.
fn listen(interface: &str, host: IpAddr, until: Deadline) -> io::Result<Captured> {
    let mut socket = PacketSocket::open(interface)?;
    let mut writer = Writer::new(interface, ETHERNET, FRAME as u32);
    let mut buffer = vec![0; FRAME];
    let mut lost = 0;
    while !until.passed() {
        let Some(frame) = socket.frame(&mut buffer)? else { continue };
        if !concerns(frame, host) {
            continue;
        }
        if writer.len() + frame.len() > FILE {
            lost += 1;
            continue;
        }
        let at_ns = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
        writer.packet(at_ns, frame, frame.len() as u32);
    }
    // Whose frames the kernel dropped nobody knows: they count as the DUT's.
    let dropped = lost + socket.dropped()?;
    let packets = writer.packets();
    Ok(Captured { source: interface.to_owned(), packets, dropped, file: Payload(writer.finish(dropped)) })
}

/// Whether the host sent a frame, or is sent it.
fn concerns(frame: &[u8], host: IpAddr) -> bool {
    let Ok(packet) = LaxSlicedPacket::from_ethernet(frame) else { return false };
    match (packet.net, host) {
        (Some(LaxNetSlice::Ipv4(ip)), IpAddr::V4(host)) => {
            [ip.header().source_addr(), ip.header().destination_addr()].contains(&host)
        }
        (Some(LaxNetSlice::Ipv6(ip)), IpAddr::V6(host)) => {
            [ip.header().source_addr(), ip.header().destination_addr()].contains(&host)
        }
        (Some(LaxNetSlice::Arp(arp)), IpAddr::V4(host)) => {
            [arp.sender_protocol_addr(), arp.target_protocol_addr()].contains(&&host.octets()[..])
        }
        _ => false,
    }
}

fn explained(interface: &str, error: &io::Error) -> Fault {
    let text = format!("cannot capture on the interface `{interface}`: {error}");
    match error.kind() {
        io::ErrorKind::PermissionDenied => Fault::bench("capture-not-permitted", text).with_help(
            "it needs the capability CAP_NET_RAW: run as root, or `sudo setcap cap_net_raw+ep` on the assay binary",
        ),
        _ => Fault::bench("capture", text)
            .with_help("name the DUT's `interface` in the bench file as `ip link` lists it"),
    }
}
