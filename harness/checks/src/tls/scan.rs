//! # `tls.scan`
//! **Question.** Which protocol versions, cipher suites and certificates does a TLS service offer?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.1-3, 5.5-1; TS 103 701 V1.1.1 cases 5.1-3-2, 5.5-1-2 (functional).
//! **Procedure.** Per version, a hello that offers that version alone; then, per accepted version, hellos that offer all
//! suites less those already chosen, until the server refuses (RFC 5246 section 7.4.1, RFC 8446 section 4.1). TLS 1.3 is
//! asked with an empty key share, so the server names suite and group without any key exchange. Depth `full` adds groups,
//! signature schemes, ALPN, and whole handshakes for resumption, client certificates and renegotiation. DTLS is asked in the
//! same way, with the server's cookie sent back (RFC 6347 section 4.2.1).
//! **Observation.** Versions, suites, groups, chain and extensions as the server showed them. The plan decides.
//! **Effect.** Active: one connection per version and one per suite; nothing stays on the DUT.
//! **Does not show.** What a client of the device accepts; suites that need a key or certificate of the client.

use std::time::Duration;

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use rustls::RootCertStore;
use schemars::JsonSchema;
use serde::Deserialize;

use super::chain;
use super::full::Deeper;
use super::names::Version;
use super::observation::Observation;
use super::probe::{Met, Prober, Until};
use super::session::Client;
use super::starttls::StartTls;
use super::suites;
use super::versions::{Reach, ask_version, hello};

/// See the module.
pub struct TlsScan;

/// Parameters of `tls.scan`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The host, usually `${dut.host}`.
    host: String,
    /// The port.
    port: u16,
    /// Name for SNI; none is sent without it. Never an address.
    #[serde(default)]
    server_name: Option<String>,
    /// Name or address that the certificate should be for; `server_name` where it is left out.
    #[serde(default)]
    certificate_name: Option<String>,
    /// Further trusted roots beside Mozilla's, each a PEM certificate.
    #[serde(default)]
    roots: Vec<String>,
    /// The clear-text protocol that is spoken before TLS; none where TLS begins at once, as with MQTT on 8883.
    #[serde(default)]
    starttls: Option<StartTls>,
    /// `tcp` (default) for SSL and TLS, `udp` for DTLS 1.0 and 1.2. Over datagrams, depth `full` asks for groups, signature
    /// schemes and ALPN, and makes no whole handshakes.
    #[serde(default)]
    transport: Transport,
    /// How far to look: `versions` asks each version once, `suites` (default) enumerates, `full` asks everything.
    #[serde(default)]
    depth: Depth,
    /// ALPN protocols to ask for, one by one, with depth `full`.
    #[serde(default = "alpn")]
    alpn: Vec<String>,
    /// How long a hello may stay unanswered, in milliseconds.
    #[serde(default = "silence")]
    silence_ms: u32,
}

const fn silence() -> u32 {
    3_000
}

fn alpn() -> Vec<String> {
    ["h2", "http/1.1", "mqtt", "x-amzn-mqtt-ca"].map(str::to_owned).to_vec()
}

/// What carries the records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Transport {
    /// A stream.
    #[default]
    Tcp,
    /// Datagrams.
    Udp,
}

/// How far to look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Depth {
    /// Versions alone.
    Versions,
    /// Versions and suites.
    #[default]
    Suites,
    /// Everything.
    Full,
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
        let roots = chain::roots(&params.roots).map_err(|e| Fault::plan("bad-parameter", e.to_string()))?;
        if params.transport == Transport::Udp && params.starttls.is_some() {
            return Err(Fault::plan("bad-parameter", "`starttls` goes with streams; DTLS begins at once"));
        }
        let mut prober = Prober::new(
            cx.touches.tcp()?,
            cx.endpoint(&params.host, params.port)?,
            params.starttls,
            Duration::from_millis(params.silence_ms.into()),
            cx.deadline,
            cx.limits,
        );
        if params.transport == Transport::Udp {
            prober = prober.over_datagrams(cx.touches.udp()?);
        }
        Scan { cx, params: &params, prober, roots }.run().await
    }
}

struct Scan<'a> {
    cx: &'a CheckContext,
    params: &'a Params,
    prober: Prober<'a>,
    roots: RootCertStore,
}

impl Scan<'_> {
    async fn run(&self) -> Result<Observation, Fault> {
        let mut seen = Observation::default();
        self.versions(&mut seen).await?;
        if seen.tls && seen.chain.is_empty() && seen.accepted(Version::Tls13.name()) {
            // A server of TLS 1.3 alone: its chain is encrypted.
            if let Some(client) = Client::new(Version::Tls13, self.name(), &[]) {
                let session = client.handshake(&self.prober).await?;
                seen.note_chain(&session.chain);
                seen.ocsp_staple |= session.ocsp_staple;
                seen.client_certificate |= session.asked;
            }
        }
        if self.params.depth > Depth::Versions {
            self.fallback(&mut seen).await?;
        }
        if self.params.depth == Depth::Full && seen.tls {
            self.cx.progress.step(0, 0, "groups, signatures, sessions");
            let deeper = Deeper { prober: &self.prober, name: self.name(), alpn: &self.params.alpn };
            seen.full = Some(deeper.ask(&mut seen).await?);
        }
        let name = self.params.certificate_name.as_deref().or(self.name());
        seen.chain_facts = chain::judge(&seen.ders, &self.roots, name);
        seen.needs_server_name = self.name().is_none()
            && !seen.refusals.is_empty()
            && seen.refusals.values().any(|word| word == "unrecognized_name")
            && !seen.versions.values().any(|word| word == "accepted");
        seen.connections = self.prober.connections();
        Ok(seen)
    }

    fn name(&self) -> Option<&str> {
        self.params.server_name.as_deref()
    }

    /// Newest first and alone until one is answered, because a service that is not there should not be asked six times;
    /// then the others at once.
    async fn versions(&self, seen: &mut Observation) -> Result<(), Fault> {
        let reach = if self.params.depth == Depth::Versions { Reach::Version } else { Reach::Suites };
        let ask = |version: Version| {
            self.cx.progress.step(0, 0, version.name());
            ask_version(&self.prober, self.name(), version, reach)
        };
        if self.params.transport == Transport::Udp {
            for version in [Version::Dtls12, Version::Dtls10] {
                seen.absorb(ask(version).await?);
                if seen.refusals.values().any(|word| word == "connection refused") {
                    break;
                }
            }
            return Ok(());
        }
        let mut left =
            vec![Version::Tls12, Version::Tls13, Version::Tls10, Version::Tls11, Version::Ssl3, Version::Ssl2];
        let mut first = Observation::default();
        while !first.answered && left.len() > 3 {
            first.absorb(ask(left.remove(0)).await?);
            // Nobody listens: asking again would only repeat it.
            if first.refusals.values().any(|word| word == "connection refused") {
                break;
            }
        }
        if first.answered {
            // Last and alone, because only then is it known whether the server turns clients away.
            left.retain(|v| *v != Version::Ssl2);
            let mut left = left.into_iter();
            let mut next = || {
                let version = left.next();
                async move {
                    match version {
                        Some(version) => ask(version).await,
                        None => Ok(Observation::default()),
                    }
                }
            };
            let (a, b, c, d) = tokio::try_join!(next(), next(), next(), next())?;
            for other in [a, b, c, d, ask(Version::Ssl2).await?] {
                first.absorb(other);
            }
        }
        *seen = first;
        Ok(())
    }

    /// Offers the second-best version with the signalling suite of RFC 7507.
    async fn fallback(&self, seen: &mut Observation) -> Result<(), Fault> {
        const SIGNAL: u16 = 0x5600;
        let accepted: Vec<Version> = [Version::Tls12, Version::Tls11, Version::Tls10, Version::Ssl3]
            .into_iter()
            .filter(|v| seen.accepted(v.name()))
            .collect();
        // TLS 1.3 protects against falling back to 1.2 by its own means (RFC 8446 section 4.1.3).
        let [_, second, ..] = accepted[..] else { return Ok(()) };
        let mut offer: Vec<u16> =
            seen.suites.iter().filter(|s| s.version == second.name()).filter_map(|s| suites::number(&s.name)).collect();
        offer.push(SIGNAL);
        seen.fallback_refused = match hello(&self.prober, self.name(), second, &offer, Until::Hello).await? {
            Met::Flight(flight) => Some(flight.alert == Some(86)),
            _ => None,
        };
        Ok(())
    }
}
