//! # `tls.scan`
//! **Question.** Which protocol versions, cipher suites and certificates does a TLS service offer?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.1-3, 5.5-1; TS 103 701 V1.1.1 cases 5.1-3-2, 5.5-1-2 (functional).
//! **Procedure.** Per version, a hello that offers that version alone; then, per accepted version, hellos that offer all
//! suites less those already chosen, until the server refuses (RFC 5246 section 7.4.1, RFC 8446 section 4.1). TLS 1.3 is
//! asked with an empty key share, so the server names suite and group without any key exchange.
//! **Observation.** Versions, suites, groups, chain and extensions as the server showed them. The plan decides.
//! **Effect.** Active: one connection per version and one per suite; nothing stays on the DUT.
//! **Does not show.** What a client of the device accepts; suites that need a key or certificate of the client.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use assay_model::touch::tls::{TlsRequest, TlsResponse};
use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::certificate::{CertificateFacts, facts};
use super::probe::{Met, Prober, Until};
use super::wire::{
    ClientHello, GROUPS, KeyExchange, ServerFlight, Version, alert_name, extension, group_name, ssl2_hello,
};
use super::{suites, wire};

/// See the module.
pub(crate) struct TlsScan;

/// Parameters of `tls.scan`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The host, usually `${dut.host}`.
    host: String,
    /// The port.
    port: u16,
    /// Name for SNI; none is sent without it. Never an address.
    #[serde(default)]
    server_name: Option<String>,
    /// How far to look: `versions` asks each version once, `suites` (default) enumerates.
    #[serde(default)]
    depth: Depth,
    /// How long a hello may stay unanswered, in milliseconds.
    #[serde(default = "silence")]
    silence_ms: u32,
}

const fn silence() -> u32 {
    3_000
}

/// How far to look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Depth {
    /// Versions alone.
    Versions,
    /// Versions and suites.
    #[default]
    Suites,
}

/// What was observed.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Whether the service speaks TLS or SSL at all.
    tls: bool,
    /// Whether anything answered, TLS or not.
    answered: bool,
    /// Per version: `accepted`, `refused`, `silent`.
    versions: BTreeMap<String, String>,
    /// How each refusal was worded: an alert's name, or `closed`.
    refusals: BTreeMap<String, String>,
    /// Accepted suites, per version in the order that the server chose them.
    suites: Vec<Suite>,
    /// Versions at which the server's order counts, not the client's; a version with one suite is left out.
    server_preference: BTreeMap<String, bool>,
    /// Groups that the server chose for key exchange.
    groups: Vec<String>,
    /// Bits of the smallest finite-field prime seen; 0 where none was.
    dh_bits: u32,
    /// The certificate chain, leaf first.
    chain: Vec<CertificateFacts>,
    /// The server's hello carries secure renegotiation (RFC 5746); absent where only TLS 1.3 or SSLv3 was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    secure_renegotiation: Option<bool>,
    /// The server's hello carries the extended master secret (RFC 7627).
    #[serde(skip_serializing_if = "Option::is_none")]
    extended_master_secret: Option<bool>,
    /// The server agreed to compress.
    compression: bool,
    /// The server offers the heartbeat extension.
    heartbeat: bool,
    /// The server hands out session tickets (1.2 and older).
    session_tickets: bool,
    /// The server stapled an OCSP answer (1.2 and older).
    ocsp_staple: bool,
    /// The server asks for a client certificate (1.2 and older).
    client_certificate: bool,
    /// Whether a hello that falls back is refused (RFC 7507); absent where there is nothing to fall back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    fallback_refused: Option<bool>,
    /// Connections made.
    connections: u32,
}

/// One accepted suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
struct Suite {
    /// The version.
    version: String,
    /// IANA name.
    name: String,
    /// Curve or field that came with it: `x25519`, `dh-1024`; absent for RSA key exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_exchange: Option<String>,
}

#[async_trait]
impl TypedCheck for TlsScan {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "tls.scan";
    const QUESTION: &'static str = "Which protocol versions, cipher suites and certificates does a TLS service offer?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 5.1-3, 5.5-1; TS 103 701 5.1-3-2, 5.5-1-2";
    const DOES_NOT_SHOW: &'static str =
        "What a client of the device accepts; suites that need a key or certificate of the client.";
    const EFFECT: Effect = Effect::Active;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["network"];

    async fn run(&self, cx: &CheckContext, params: Params) -> Result<Observation, Fault> {
        if params.server_name.as_deref().is_some_and(|n| n.parse::<std::net::IpAddr>().is_ok()) {
            return Err(Fault::plan("bad-parameter", "`server_name` is an address; SNI carries names only"));
        }
        let prober = Prober {
            tcp: cx.touches.tcp()?,
            endpoint: cx.endpoint(&params.host, params.port)?,
            silence: Duration::from_millis(params.silence_ms.into()),
            deadline: cx.deadline,
            connections: AtomicU32::new(0),
        };
        let scan = Scan { cx, params: &params, prober };
        scan.run().await
    }
}

struct Scan<'a> {
    cx: &'a CheckContext,
    params: &'a Params,
    prober: Prober<'a>,
}

impl Scan<'_> {
    async fn run(&self) -> Result<Observation, Fault> {
        let mut seen = Observation::default();
        for version in Version::ALL.into_iter().rev() {
            self.version(version, &mut seen).await?;
            // Nobody there: the older versions would only repeat it.
            if !seen.answered && version == Version::Tls12 {
                break;
            }
        }
        if seen.chain.is_empty() && seen.tls {
            self.chain_by_rustls(&mut seen).await?;
        }
        self.fallback(&mut seen).await?;
        seen.connections = self.prober.connections.load(Ordering::Relaxed);
        Ok(seen)
    }

    async fn version(&self, version: Version, seen: &mut Observation) -> Result<(), Fault> {
        self.cx.progress.step(0, 0, version.name());
        let met = if version == Version::Ssl2 {
            self.prober.ask(ssl2_hello(), Until::Hello).await?
        } else {
            let offer = suites::for_version(version == Version::Tls13);
            let met = self.hello(version, &offer, Until::Done).await?;
            // Some old stacks drop a hello with hundreds of suites: the common half decides then.
            match met {
                Met::Closed | Met::Silent if offer.len() > 100 => {
                    self.hello(version, &common(&offer), Until::Done).await?
                }
                met => met,
            }
        };
        seen.answered |= !matches!(met, Met::Silent | Met::Refused);
        let word = match &met {
            Met::Ssl2 if version == Version::Ssl2 => "accepted",
            Met::Flight(flight) if accepts(flight, version) => "accepted",
            Met::Silent => "silent",
            _ => "refused",
        };
        seen.versions.insert(version.name().into(), word.into());
        seen.tls |= matches!(&met, Met::Flight(_) | Met::Ssl2);
        match met {
            Met::Flight(flight) if word == "accepted" => {
                note(seen, &flight);
                self.suites(version, flight, seen).await?;
            }
            Met::Flight(flight) => {
                let text = flight.alert.map_or("another version", alert_name);
                seen.refusals.insert(version.name().into(), text.into());
            }
            Met::Closed | Met::Ssl2 => {
                seen.refusals.insert(version.name().into(), "closed".into());
            }
            Met::NotTls => {
                seen.refusals.insert(version.name().into(), "not TLS".into());
            }
            Met::Refused => {
                seen.refusals.insert(version.name().into(), "connection refused".into());
            }
            Met::Silent => {}
        }
        Ok(())
    }

    async fn suites(&self, version: Version, first: ServerFlight, seen: &mut Observation) -> Result<(), Fault> {
        let mut left = suites::for_version(version == Version::Tls13);
        let mut chosen = Vec::new();
        let mut flight = first;
        while let Some(hello) = flight.hello.as_ref().filter(|_| accepts(&flight, version)) {
            // A server that chooses what was not offered would keep us here for ever.
            let Some(at) = left.iter().position(|s| *s == hello.suite) else { break };
            left.remove(at);
            chosen.push(hello.suite);
            seen.suites.push(Suite {
                version: version.name().into(),
                name: suites::name(hello.suite),
                key_exchange: exchange_name(&flight),
            });
            note(seen, &flight);
            if self.params.depth == Depth::Versions || left.is_empty() {
                return Ok(());
            }
            let until = if version == Version::Tls13 { Until::Hello } else { Until::Done };
            match self.hello(version, &left, until).await? {
                Met::Flight(next) => flight = next,
                _ => break,
            }
        }
        if let [first, second, ..] = chosen[..] {
            let reversed = [chosen.last().copied().unwrap_or(second), first];
            if let Met::Flight(flight) = self.hello(version, &reversed, Until::Hello).await? {
                let kept = flight.hello.is_some_and(|h| h.suite == first);
                seen.server_preference.insert(version.name().into(), kept);
            }
        }
        Ok(())
    }

    /// The chain of a server that only speaks TLS 1.3, where it is encrypted.
    async fn chain_by_rustls(&self, seen: &mut Observation) -> Result<(), Fault> {
        let Ok(tls) = self.cx.touches.tls() else { return Ok(()) };
        let request = TlsRequest {
            endpoint: self.prober.endpoint.clone(),
            server_name: self.params.server_name.clone(),
            alpn: Vec::new(),
        };
        self.prober.connections.fetch_add(1, Ordering::Relaxed);
        if let TlsResponse::Established(session) =
            tls.call(request, self.prober.deadline.capped(self.prober.silence)).await?
        {
            seen.chain = session.chain.iter().take(10).map(|der| facts(der.as_slice())).collect();
        }
        Ok(())
    }

    /// Offers the second-best version with the signalling suite of RFC 7507.
    async fn fallback(&self, seen: &mut Observation) -> Result<(), Fault> {
        const SIGNAL: u16 = 0x5600;
        let accepted: Vec<Version> = [Version::Tls12, Version::Tls11, Version::Tls10, Version::Ssl3]
            .into_iter()
            .filter(|v| seen.versions.get(v.name()).is_some_and(|w| w == "accepted"))
            .collect();
        // TLS 1.3 protects against falling back to 1.2 by its own means (RFC 8446 section 4.1.3).
        let [_, second, ..] = accepted[..] else { return Ok(()) };
        if self.params.depth == Depth::Versions {
            return Ok(());
        }
        let mut offer = suites::for_version(false);
        offer.push(SIGNAL);
        seen.fallback_refused = match self.hello(second, &offer, Until::Hello).await? {
            Met::Flight(flight) => Some(flight.alert == Some(86)),
            _ => None,
        };
        Ok(())
    }

    async fn hello(&self, version: Version, suites: &[u16], until: Until) -> Result<Met, Fault> {
        let hello = ClientHello {
            version,
            suites,
            server_name: self.params.server_name.as_deref(),
            compression: version != Version::Tls13,
            groups: &GROUPS,
            alpn: &[],
        };
        self.prober.ask(hello.to_bytes(), until).await
    }
}

/// The suites that nearly every server has one of.
fn common(offer: &[u16]) -> Vec<u16> {
    let usual = |id: &u16| matches!(id, 0x0004..=0x000A | 0x0016 | 0x002F..=0x003D | 0x0067 | 0x006B | 0x009C..=0x009F | 0xC007..=0xC014 | 0xC023..=0xC030 | 0xCCA8..=0xCCAA);
    offer.iter().copied().filter(usual).collect()
}

/// Whether the flight agrees to exactly that version; a downgrade is a refusal of what was asked.
fn accepts(flight: &ServerFlight, version: Version) -> bool {
    flight.hello.as_ref().is_some_and(|h| Version::from_number(h.version) == Some(version))
}

fn exchange_name(flight: &ServerFlight) -> Option<String> {
    match (&flight.key_exchange, flight.hello.as_ref()) {
        (Some(KeyExchange::Curve(id)), _) => Some(group_name(*id)),
        (Some(KeyExchange::Field(bits)), _) => Some(format!("dh-{bits}")),
        (None, Some(hello)) => hello.group.map(group_name),
        (None, None) => None,
    }
}

fn note(seen: &mut Observation, flight: &ServerFlight) {
    if seen.chain.is_empty() {
        seen.chain = flight.chain.iter().map(|der| facts(der)).collect();
    }
    if let Some(group) = exchange_name(flight).filter(|g| !g.starts_with("dh-") && !seen.groups.contains(g)) {
        seen.groups.push(group);
    }
    if let Some(wire::KeyExchange::Field(bits)) = flight.key_exchange {
        seen.dh_bits = if seen.dh_bits == 0 { bits } else { seen.dh_bits.min(bits) };
    }
    seen.ocsp_staple |= flight.ocsp_staple;
    seen.client_certificate |= flight.client_certificate;
    let Some(hello) = &flight.hello else { return };
    let has = |kind| hello.extensions.contains(&kind);
    seen.compression |= hello.compression != 0;
    seen.heartbeat |= has(extension::HEARTBEAT);
    seen.session_tickets |= has(extension::SESSION_TICKET);
    if (0x0301..=0x0303).contains(&hello.version) {
        // Every hello must carry it: one without is enough for `false`.
        seen.secure_renegotiation = Some(seen.secure_renegotiation.unwrap_or(true) && has(extension::RENEGOTIATION));
        seen.extended_master_secret =
            Some(seen.extended_master_secret.unwrap_or(true) && has(extension::EXTENDED_MASTER_SECRET));
    }
}
