//! A check for each service: the same parameters, the same observation, a question of its own.

use std::sync::Arc;

use assay_model::{Check, CheckContext, CheckKind, Effect, Fault, TypedCheck, erase};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    found::{Access, Logon},
    kind::Kind,
    survey::Survey,
};
use crate::auth::{
    candidates::{self, Order, Sources, Wordlist},
    logon::{Mechanism, Place},
    series::budget,
    try_credentials::try_all,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The host.
    host: String,
    /// The port; where the service usually is, if absent.
    #[serde(default)]
    port: Option<u16>,
    /// Whether to speak TLS; services over datagrams have none here.
    #[serde(default)]
    tls: bool,
    /// Whether something may be changed for a moment and put back, to see whether a stranger can.
    #[serde(default)]
    change: bool,
    /// Public defaults that are tried where it asks for a logon; none where absent.
    #[serde(default)]
    defaults: Option<Defaults>,
}

/// Which public defaults are tried.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Defaults {
    /// A list by name, or entries as `user:password`.
    wordlist: Wordlist,
    /// A product type, whose section of the list comes first.
    #[serde(default)]
    product_type: Option<String>,
    /// Users that are tried first.
    #[serde(default)]
    users: Vec<String>,
    /// Tries at most; never more than the bench permits.
    #[serde(default)]
    tries: Option<u32>,
}

/// Looks at one service, and tries public defaults where it asks for a logon.
pub(super) async fn ask(
    cx: &CheckContext,
    host: &str,
    port: u16,
    kind: Kind,
    tls: bool,
    change: bool,
    defaults: Option<&Defaults>,
) -> Result<Access, Fault> {
    let mut seen = kind.look(cx, &cx.endpoint(host, port)?, tls, change).await?;
    let (Some(defaults), Some(service), Logon::Required) = (defaults, kind.logon(), seen.logon) else {
        return Ok(seen);
    };
    let candidates = candidates::all(&Sources {
        sample: &cx.dut.id,
        users: &defaults.users,
        presets: &[],
        wordlist: Some(&defaults.wordlist),
        product_type: defaults.product_type.as_deref(),
        order: Order::PresetFirst,
    })?;
    let place = Place { tls: Some(tls), ..Place::of(service, Some(port)) };
    let mechanism = Mechanism::at(cx, host, &place).await?;
    let series = try_all(cx, &mechanism, &candidates, budget(cx, defaults.tries), None).await?;
    (seen.accepted, seen.tried, seen.stopped) = (series.accepted, series.tried, series.stopped);
    seen.note = seen.note.or(series.note);
    Ok(seen)
}

macro_rules! checks {
    ($($name:ident $kind:ident $id:literal $question:literal $shows_not:literal;)*) => {
        $(
            struct $name;

            #[async_trait]
            impl TypedCheck for $name {
                type Params = Params;
                type Observation = Access;
                const NAME: &'static str = $id;
                const QUESTION: &'static str = $question;
                const EVIDENCE_FOR: &'static str =
                    "EN 303 645 V2.1.1 5.1-1, 5.5-4, 5.5-5, 5.5-6, 5.6-1, 5.6-2, as a part of other units";
                const DOES_NOT_SHOW: &'static str = $shows_not;
                const EFFECT: Effect = Effect::Active;
                const KIND: CheckKind = CheckKind::Presence;
                const NEEDS: &'static [&'static str] = &["network"];

                async fn run(&self, cx: &CheckContext, p: Params) -> Result<Access, Fault> {
                    let kind = Kind::$kind;
                    let port = p.port.unwrap_or_else(|| kind.port(p.tls));
                    ask(cx, &p.host, port, kind, p.tls, p.change, p.defaults.as_ref()).await
                }
            }
        )*

        /// Every check of this group.
        pub(crate) fn all() -> Vec<Arc<dyn Check>> {
            vec![$(erase($name),)* erase(Survey)]
        }
    };
}

checks! {
    AdbAccess Adb "access.adb" "Does the Android debug bridge take commands from whoever connects?"
        "what a shell could do there";
    CoapAccess Coap "access.coap" "Which resources does a CoAP server list and give to whoever asks?"
        "resources that are not listed; what CoAP inside DTLS gives; methods other than GET; answers that come apart from their acknowledgement";
    FtpAccess Ftp "access.ftp" "What does an FTP server give to `anonymous`?"
        "rights of users that exist";
    MdnsAccess Mdns "access.mdns" "What does a product announce of itself by multicast DNS?"
        "what a product tells only to the multicast group";
    MqttAccess Mqtt "access.mqtt" "What does an MQTT broker give to a client that names no user?"
        "rights of users that exist; topics on which nothing was sent while it listened";
    RedisAccess Redis "access.redis" "What does a Redis server give to a client that names no user?"
        "rights of users that exist";
    RtspAccess Rtsp "access.rtsp" "Does an RTSP server describe its streams to whoever asks?"
        "streams at paths that no list has; whether a described stream can be played";
    SnmpAccess Snmp "access.snmp" "What does an SNMP agent tell and let change to whoever knows the usual communities?"
        "communities, users and passwords that no list has; users that must encrypt";
    TelnetAccess Telnet "access.telnet" "Does telnet give a shell to whoever connects?"
        "what a shell may do";
    TftpAccess Tftp "access.tftp" "Does a TFTP server hand out files?"
        "files under other names; whether it takes files";
    UpnpAccess Upnp "access.upnp" "What does a UPnP device tell strangers, and does it open the network for them?"
        "actions of other services; what a device tells only to the multicast group";
    VncAccess Vnc "access.vnc" "Does a VNC server show its screen to whoever connects?"
        "whether passwords of other types of security than VNC's own are weak";
    WsDiscoveryAccess WsDiscovery "access.ws_discovery" "What does a product tell of itself by WS-Discovery?"
        "what a product tells only to the multicast group";
}
