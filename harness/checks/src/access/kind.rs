//! The services that are known here, and where they usually are.

use std::time::Duration;

use assay_model::{CheckContext, Deadline, Endpoint, Fault};

use super::{
    adb, coap, found::Access, ftp, mdns, mqtt, redis, rtsp, snmp, talk::Talk, telnet, tftp, upnp, vnc, ws_discovery,
};
use crate::auth::logon::Service;

/// A service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Adb,
    Coap,
    Ftp,
    Mdns,
    Mqtt,
    Redis,
    Rtsp,
    Snmp,
    Telnet,
    Tftp,
    Upnp,
    Vnc,
    WsDiscovery,
}

/// One service may take so long, whatever it does.
const ONE: Duration = Duration::from_secs(10);

impl Kind {
    /// By the word of `ports.scan`.
    pub(super) fn of_service(word: &str) -> Option<Self> {
        Some(match word {
            "adb" => Self::Adb,
            "coap" => Self::Coap,
            "ftp" | "ftps" => Self::Ftp,
            "mdns" => Self::Mdns,
            "mqtt" | "mqtts" => Self::Mqtt,
            "redis" => Self::Redis,
            "rtsp" | "rtsps" => Self::Rtsp,
            "snmp" => Self::Snmp,
            "telnet" => Self::Telnet,
            "tftp" => Self::Tftp,
            "ssdp" | "upnp" => Self::Upnp,
            "vnc" => Self::Vnc,
            "ws-discovery" => Self::WsDiscovery,
            _ => return None,
        })
    }

    /// By where it usually listens on TCP, for ports that show nothing of themselves.
    pub(super) fn of_port(port: u16) -> Option<Self> {
        Some(match port {
            21 | 990 | 2121 => Self::Ftp,
            23 | 2323 => Self::Telnet,
            554 | 322 | 8554 => Self::Rtsp,
            1883 | 8883 => Self::Mqtt,
            5555 => Self::Adb,
            5900..=5909 => Self::Vnc,
            6379 => Self::Redis,
            _ => return None,
        })
    }

    /// Where it listens on UDP, with the ports of those who may not use the usual ones.
    pub(super) const UDP: [(u16, Self); 9] = [
        (69, Self::Tftp),
        (161, Self::Snmp),
        (1161, Self::Snmp),
        (1900, Self::Upnp),
        (3702, Self::WsDiscovery),
        (5353, Self::Mdns),
        (5683, Self::Coap),
        (6969, Self::Tftp),
        (16100, Self::Snmp),
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Adb => "adb",
            Self::Coap => "coap",
            Self::Ftp => "ftp",
            Self::Mdns => "mdns",
            Self::Mqtt => "mqtt",
            Self::Redis => "redis",
            Self::Rtsp => "rtsp",
            Self::Snmp => "snmp",
            Self::Telnet => "telnet",
            Self::Tftp => "tftp",
            Self::Upnp => "ssdp",
            Self::Vnc => "vnc",
            Self::WsDiscovery => "ws-discovery",
        }
    }

    /// Its usual port, plain or inside TLS.
    pub(super) const fn port(self, tls: bool) -> u16 {
        match self {
            Self::Adb => 5555,
            Self::Coap => 5683,
            Self::Ftp if tls => 990,
            Self::Ftp => 21,
            Self::Mdns => 5353,
            Self::Mqtt if tls => 8883,
            Self::Mqtt => 1883,
            Self::Redis => 6379,
            Self::Rtsp if tls => 322,
            Self::Rtsp => 554,
            Self::Snmp => 161,
            Self::Telnet => 23,
            Self::Tftp => 69,
            Self::Upnp => 1900,
            Self::Vnc => 5900,
            Self::WsDiscovery => 3702,
        }
    }

    /// How public defaults are tried there; `None`: it has no logon that is tried here.
    pub(super) const fn logon(self) -> Option<Service> {
        match self {
            Self::Ftp => Some(Service::Ftp),
            Self::Mqtt => Some(Service::Mqtt),
            Self::Redis => Some(Service::Redis),
            Self::Rtsp => Some(Service::Rtsp),
            Self::Telnet => Some(Service::Telnet),
            Self::Vnc => Some(Service::Vnc),
            _ => None,
        }
    }

    /// Whether it has a way to ask who is there.
    pub(super) const fn asks(self) -> bool {
        self.logon().is_some() || matches!(self, Self::Adb)
    }

    async fn once(
        self,
        cx: &CheckContext,
        at: &Endpoint,
        tls: bool,
        change: bool,
        until: Deadline,
    ) -> Result<Access, Fault> {
        let mut seen = match self {
            Self::Adb => adb::look(cx, at, tls, until).await?,
            Self::Coap => coap::look(cx, at, until).await?,
            Self::Ftp => ftp::look(cx, at, tls, change, until).await?,
            Self::Mdns => mdns::look(cx, at, until).await?,
            Self::Mqtt => mqtt::look(cx, at, tls, until).await?,
            Self::Redis => redis::look(cx, at, tls, until).await?,
            Self::Rtsp => rtsp::look(cx, at, tls, until).await?,
            Self::Snmp => snmp::look(cx, at, change, until).await?,
            Self::Telnet => telnet::look(cx, at, until).await?,
            Self::Tftp => tftp::look(cx, at, until).await?,
            Self::Upnp => upnp::look(cx, at, change, until).await?,
            Self::Vnc => vnc::look(cx, at, tls, until).await?,
            Self::WsDiscovery => ws_discovery::look(cx, at, until).await?,
        };
        seen.tls = tls && seen.speaks;
        seen.cleartext &= !seen.tls;
        Ok(seen)
    }

    /// Looks at it: once, and again where nothing came at all. One loss is a flaky line.
    pub(super) async fn look(self, cx: &CheckContext, at: &Endpoint, tls: bool, change: bool) -> Result<Access, Fault> {
        let until = cx.deadline.capped(ONE);
        let mut seen = self.once(cx, at, tls, change, until).await?;
        for _ in 0..2 {
            let lost = seen.note.as_deref().is_some_and(|n| n.starts_with("no ") || n.contains("closed"));
            if seen.answered || !lost || until.passed() {
                break;
            }
            seen = self.once(cx, at, tls, change, until).await?;
        }
        Ok(seen)
    }
}

/// Whether the port takes a TLS handshake.
pub(crate) async fn takes_tls(cx: &CheckContext, at: &Endpoint) -> Result<bool, Fault> {
    let until = cx.deadline.capped(Duration::from_secs(4));
    let Ok(talk) = Talk::open(cx, at, true, until).await? else { return Ok(false) };
    talk.close().await?;
    Ok(true)
}
