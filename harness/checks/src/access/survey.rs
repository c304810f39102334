//! # `access.survey`
//! **Question.** What do the services of a product give to whoever comes?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.1-1, 5.5-4, 5.5-5, 5.5-6, 5.6-1 and 5.6-2.
//! **Procedure.** Each open TCP port that is known, or that stands where a known service usually is, and each UDP port where one
//! usually is, is asked in its own protocol: see the checks `access.*`. Web servers and SSH have checks of their own.
//! **Observation.** Per service what a stranger was given and told; all of it in lists over the services.
//! **Effect.** Active: a connection or a few datagrams for each service; with `change`, values for a moment.
//! **Does not show.** Services on UDP ports where they do not usually stand.

use std::collections::{BTreeMap, BTreeSet};

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    each::{self, Defaults},
    found::{Access, Act, Logon},
    kind::{Kind, takes_tls},
    markers::{self, Leak},
};
use crate::ports::scan::OpenPort;

pub(crate) struct Survey;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The host.
    host: String,
    /// `open` of `ports.scan`.
    open: Vec<OpenPort>,
    /// Whether the usual UDP ports are asked as well.
    #[serde(default = "yes")]
    udp: bool,
    /// Whether something may be changed for a moment and put back, to see whether a stranger can.
    #[serde(default)]
    change: bool,
    /// Public defaults that are tried where a service asks for a logon; none where absent.
    #[serde(default)]
    defaults: Option<Defaults>,
    /// Values of the label by name: `serial`, `mac`, `ssid`. A null counts as absent.
    #[serde(default)]
    markers: BTreeMap<String, Option<String>>,
}

const fn yes() -> bool {
    true
}

/// A service that answered as itself.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Found {
    /// `tcp`, `udp`.
    proto: &'static str,
    /// The port.
    port: u16,
    /// `mqtt`, `snmp`, ...
    service: &'static str,
    /// What a stranger gets.
    access: Access,
}

/// What a stranger may do, and where.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Given {
    /// `tcp`, `udp`.
    proto: &'static str,
    /// The port.
    port: u16,
    /// The service.
    service: &'static str,
    /// `read`, `write`, `control`, `view`, `shell`.
    act: Act,
    /// What.
    what: String,
}

/// A public default that let in, and where.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Default_ {
    /// `tcp`, `udp`.
    proto: &'static str,
    /// The port.
    port: u16,
    /// The service.
    service: &'static str,
    /// The user; empty where there is none.
    user: String,
    /// The entry of the list; never the secret.
    credential: String,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Services that answered as themselves, by protocol and port.
    services: Vec<Found>,
    /// What strangers were given, over all of them.
    given: Vec<Given>,
    /// Public defaults that let in, over all of them.
    accepted: Vec<Default_>,
    /// Values of the label that they told.
    leaks: Vec<Leak>,
    /// Places that were asked: ports and protocols.
    asked: u32,
    /// Open ports of which nothing is known: those that stayed silent, and services with a logon that showed neither that
    /// they ask for it nor what they give.
    silent: Vec<u16>,
    /// Whether every place was asked before the time was up.
    complete: bool,
}

#[async_trait]
impl TypedCheck for Survey {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "access.survey";
    const QUESTION: &'static str = "What do the services of a product give to whoever comes?";
    const EVIDENCE_FOR: &'static str =
        "EN 303 645 V2.1.1 5.1-1, 5.5-4, 5.5-5, 5.5-6, 5.6-1, 5.6-2, as a part of other units";
    const DOES_NOT_SHOW: &'static str = "services on UDP ports where they do not usually stand; web servers and SSH";
    const EFFECT: Effect = Effect::Active;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["network"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        cx.host(&p.host)?;
        let markers: BTreeMap<String, String> =
            p.markers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let mut seen = Observation { complete: true, ..Observation::default() };
        let tcp = p.open.iter().filter(|o| o.proto == "tcp").filter_map(|o| {
            let named = o.service.as_deref().and_then(Kind::of_service);
            // What is known as something else is not asked; what shows nothing of itself is.
            let guessed =
                || o.service.as_deref().is_none_or(|s| s == "tls" || s == "unknown").then(|| Kind::of_port(o.port))?;
            named.or_else(guessed).map(|kind| ("tcp", o.port, kind, named.map(|_| o.tls)))
        });
        let found = p.open.iter().filter(|o| o.proto == "udp");
        let found = found.filter_map(|o| o.service.as_deref().and_then(Kind::of_service).map(|k| (o.port, k)));
        // What the scan saw comes first: of two services on a port it is the one that counts.
        let mut udp: Vec<(u16, Kind)> = found.collect();
        let open: BTreeSet<u16> = p.open.iter().filter(|o| o.proto == "udp").map(|o| o.port).collect();
        udp.extend(Kind::UDP.iter().filter(|_| p.udp));
        // What other programs of this machine answer there says nothing of the DUT.
        udp.retain(|(port, _)| !cx.dut.foreign_datagrams.contains(port));
        udp.sort_by_key(|(port, _)| *port);
        udp.dedup_by_key(|(port, _)| *port);
        let udp = udp.into_iter().map(|(port, kind)| ("udp", port, kind, Some(false)));
        let places: Vec<_> = tcp.chain(udp).collect();
        for (done, (proto, port, kind, tls)) in (0..).zip(&places) {
            if cx.deadline.passed() {
                seen.complete = false;
                break;
            }
            cx.progress.step(done, places.len() as u64, &format!("asking {} on {proto}/{port}", kind.name()));
            let named = tls.is_some();
            let tls = match tls {
                Some(tls) => *tls,
                None => takes_tls(cx, &cx.endpoint(&p.host, *port)?).await?,
            };
            seen.asked += 1;
            let access = each::ask(cx, &p.host, *port, *kind, tls, p.change, p.defaults.as_ref()).await?;
            let place = Place { proto, port: *port, kind: *kind, open: *proto == "tcp" || open.contains(port), named };
            note(&mut seen, &place, access, &markers);
        }
        Ok(seen)
    }
}

/// Where a service was asked.
struct Place {
    proto: &'static str,
    port: u16,
    kind: Kind,
    /// Whether the scan found the port open.
    open: bool,
    /// Whether the service is more than a guess by its port.
    named: bool,
}

impl Place {
    /// Whether nothing is known of what strangers get there: silence, or an answer that neither asks nor gives.
    fn undecided(&self, access: &Access) -> bool {
        if !access.answered {
            return self.open;
        }
        let nothing = access.logon == Logon::Unknown && access.open.is_empty();
        nothing && self.kind.asks() && (access.speaks || self.named)
    }
}

fn note(seen: &mut Observation, place: &Place, access: Access, markers: &BTreeMap<String, String>) {
    let Place { proto, port, kind, .. } = *place;
    let service = kind.name();
    if place.undecided(&access) {
        seen.silent.push(port);
    }
    for what in markers::named(markers, &access.heard) {
        seen.leaks.push(Leak { what: what.to_owned(), r#where: format!("{service} on {proto}/{port}") });
    }
    seen.given.extend(access.open.iter().map(|o| Given { proto, port, service, act: o.act, what: o.what.clone() }));
    seen.accepted.extend(access.accepted.iter().map(|a| {
        let (user, credential) = (a.user.clone(), a.credential.clone());
        Default_ { proto, port, service, user, credential }
    }));
    if access.speaks || access.logon != Logon::Unknown {
        seen.services.push(Found { proto, port, service, access });
    }
}
