//! What depth `full` adds to a scan: groups, signature schemes, ALPN, resumption, client certificates, renegotiation.

use assay_model::Fault;

use super::flight::{KeyExchange, ServerFlight};
use super::hello::ClientHello;
use super::names::{GROUPS, SIGNATURE_SCHEMES, Version, group_name, signature_name};
use super::observation::{Full, Observation, push_new};
use super::probe::{Met, Prober, Until};
use super::renegotiation::renegotiates;
use super::session::Client;
use super::suites;
use super::versions::accepted;

/// The questions of depth `full`, on top of what is known already.
pub(crate) struct Deeper<'a> {
    pub(crate) prober: &'a Prober<'a>,
    pub(crate) name: Option<&'a str>,
    pub(crate) alpn: &'a [String],
}

impl Deeper<'_> {
    /// Asks all of them.
    ///
    /// # Errors
    /// The lab failed, or the deadline passed.
    pub(crate) async fn ask(&self, seen: &mut Observation) -> Result<Full, Fault> {
        let mut full = Full::default();
        let older = [Version::Tls12, Version::Tls11, Version::Tls10, Version::Dtls12, Version::Dtls10];
        let old = older.into_iter().find(|v| seen.accepted(v.name()));
        let new = Some(Version::Tls13).filter(|v| seen.accepted(v.name()));
        for version in new.into_iter().chain(old) {
            let suites = self.ephemeral(seen, version);
            let groups = self.groups(version, &suites).await?;
            groups.iter().for_each(|g| push_new(&mut seen.groups, g.clone()));
            full.groups.insert(version.name().into(), groups);
        }
        if let Some(version) = old.filter(|v| v.over_streams() == Version::Tls12) {
            full.signature_schemes = self.signatures(version, seen).await?;
        }
        for version in new.into_iter().chain(old.filter(|v| *v == Version::Tls12)) {
            self.sessions(version, seen, &mut full).await?;
        }
        full.alpn = self.alpn(new, old, seen).await?;
        let required = full.client_certificate_required.get(Version::Tls12.name()) == Some(&true);
        if seen.accepted(Version::Tls12.name()) && !required {
            let names: Vec<&str> = of_version(seen, Version::Tls12).collect();
            full.client_renegotiation = renegotiates(self.prober, self.name, &names).await?;
        }
        Ok(full)
    }

    /// Accepted suites that bring a group: all of TLS 1.3, else those with elliptic curves.
    fn ephemeral(&self, seen: &Observation, version: Version) -> Vec<u16> {
        let curves = |name: &&str| version == Version::Tls13 || name.contains("_ECDH");
        of_version(seen, version).filter(curves).filter_map(suites::number).collect()
    }

    async fn hello(&self, hello: ClientHello<'_>, until: Until) -> Result<Option<ServerFlight>, Fault> {
        Ok(match self.prober.greet(&hello, until).await? {
            Met::Flight(flight) if accepted(&flight, hello.version).is_some() => Some(flight),
            _ => None,
        })
    }

    /// All groups, by offering those not chosen yet until the server refuses.
    async fn groups(&self, version: Version, suites: &[u16]) -> Result<Vec<String>, Fault> {
        let mut left = GROUPS.to_vec();
        let mut found: Vec<u16> = Vec::new();
        // Groups that no handshake goes without: the curve of an ECDSA certificate must stay on offer (RFC 8422 section 5.3).
        let mut needed: Vec<u16> = Vec::new();
        while !suites.is_empty() && !left.is_empty() {
            let offer = [left.as_slice(), needed.as_slice()].concat();
            let hello = ClientHello { groups: &offer, ..ClientHello::new(version, suites, self.name) };
            let chosen = self.hello(hello, Until::Done).await?.and_then(|flight| group(&flight));
            match chosen {
                Some(id) if left.contains(&id) => {
                    left.retain(|g| *g != id);
                    found.push(id);
                }
                // Refused, or only the needed one is left. Before that is believed, put the last back at the end.
                None if needed.is_empty() && version != Version::Tls13 && !found.is_empty() => {
                    needed.clone_from(&found)
                }
                _ => break,
            }
        }
        Ok(found.into_iter().map(group_name).collect())
    }

    /// All signature schemes of TLS 1.2 or DTLS 1.2, in the same way.
    async fn signatures(&self, version: Version, seen: &Observation) -> Result<Vec<String>, Fault> {
        let signed = |name: &&str| (name.contains("_ECDHE_") || name.contains("_DHE_")) && !name.contains("PSK");
        let suites: Vec<u16> = of_version(seen, version).filter(signed).filter_map(suites::number).collect();
        let mut left = SIGNATURE_SCHEMES.to_vec();
        let mut found = Vec::new();
        while !suites.is_empty() && !left.is_empty() {
            let hello = ClientHello { signatures: &left, ..ClientHello::new(version, &suites, self.name) };
            let Some(scheme) = self.hello(hello, Until::Done).await?.and_then(|flight| flight.signature) else { break };
            let Some(at) = left.iter().position(|s| *s == scheme) else { break };
            left.remove(at);
            found.push(signature_name(scheme));
        }
        Ok(found)
    }

    /// Two handshakes of a modern client.
    async fn sessions(&self, version: Version, seen: &mut Observation, full: &mut Full) -> Result<(), Fault> {
        let Some(client) = Client::new(version, self.name, &[]) else { return Ok(()) };
        let first = client.handshake(self.prober).await?;
        seen.note_chain(&first.chain);
        seen.ocsp_staple |= first.ocsp_staple;
        seen.client_certificate |= first.asked;
        if first.asked {
            full.client_certificate_required.insert(version.name().into(), first.alert);
        } else if first.established {
            full.client_certificate_required.insert(version.name().into(), false);
        }
        if first.established && !first.alert {
            let second = client.handshake(self.prober).await?;
            full.resumption.insert(version.name().into(), second.resumed);
        }
        Ok(())
    }

    /// One question for each protocol. In TLS 1.3 the answer is encrypted, so a whole handshake asks.
    async fn alpn(&self, new: Option<Version>, old: Option<Version>, seen: &Observation) -> Result<Vec<String>, Fault> {
        let mut found = Vec::new();
        for protocol in self.alpn {
            let list = [protocol.as_str()];
            let chosen = if let Some(version) = old {
                let suites: Vec<u16> = of_version(seen, version).filter_map(suites::number).collect();
                let hello = ClientHello { alpn: &list, ..ClientHello::new(version, &suites, self.name) };
                self.hello(hello, Until::Hello).await?.and_then(|f| f.hello).and_then(|h| h.alpn)
            } else if let Some(client) = new.and_then(|version| Client::new(version, self.name, &list)) {
                client.handshake(self.prober).await?.alpn
            } else {
                None
            };
            if chosen.as_ref() == Some(protocol) {
                found.push(protocol.clone());
            }
        }
        Ok(found)
    }
}

fn of_version(seen: &Observation, version: Version) -> impl Iterator<Item = &str> {
    seen.suites.iter().filter(move |s| s.version == version.name()).map(|s| s.name.as_str())
}

fn group(flight: &ServerFlight) -> Option<u16> {
    match flight.key_exchange {
        Some(KeyExchange::Curve(id)) => Some(id),
        _ => flight.hello.as_ref().and_then(|h| h.group),
    }
}
