//! The services over UDP: which a camera has, and what happens to a datagram.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with, sockopt};
use tokio::net::UdpSocket;

use super::body::Camera;
use super::defect::{Defect, Defects};
use super::services::PortTrouble;
use super::{snmp, upnp};

/// A service over UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Datagrams {
    Ssdp,
    Snmp,
}

impl Datagrams {
    pub(crate) const fn port(self) -> u16 {
        match self {
            Self::Ssdp => 1900,
            Self::Snmp => 1161,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ssdp => "ssdp",
            Self::Snmp => "snmp",
        }
    }
}

/// The services of a camera with these defects.
pub(crate) fn of(defects: &Defects) -> Vec<Datagrams> {
    if defects.has(Defect::Absent) {
        return Vec::new();
    }
    let snmp = defects.has(Defect::SnmpPublic).then_some(Datagrams::Snmp);
    [Some(Datagrams::Ssdp), snmp].into_iter().flatten().collect()
}

/// A socket of the camera's own address. Programs of the host that listen for discovery on every address leave it to us:
/// they share their port, and the kernel gives a datagram to the more precise of two addresses.
pub(crate) fn socket(host: Ipv4Addr, service: Datagrams) -> Result<std::net::UdpSocket, PortTrouble> {
    let address = SocketAddr::from((host, service.port()));
    let bound = || -> io::Result<std::net::UdpSocket> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, flags, None)?;
        sockopt::set_socket_reuseaddr(&socket, true)?;
        bind(&socket, &address)?;
        Ok(socket.into())
    };
    bound().map_err(|error| PortTrouble::new(address, &error))
}

/// Answers one datagram after the other.
pub(crate) async fn serve(socket: UdpSocket, service: Datagrams, camera: Arc<Camera>) {
    let (mut bytes, mut received) = ([0; 2_048], 0_u32);
    loop {
        let Ok((read, from)) = socket.recv_from(&mut bytes).await else { continue };
        received = received.wrapping_add(1);
        if camera.is(Defect::Silent) || (camera.is(Defect::Flaky) && received % 3 == 0) {
            continue;
        }
        let answer = match service {
            Datagrams::Ssdp => upnp::answer(&bytes[..read], &camera),
            Datagrams::Snmp => snmp::answer(&bytes[..read], &camera),
        };
        if let Some(answer) = answer
            && let Err(error) = socket.send_to(&answer, from).await
        {
            tracing::debug!(%error, service = service.name(), "datagram");
        }
    }
}
