//! What `tls.scan` observes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::certificate::{CertificateFacts, facts};
use super::chain::ChainFacts;
use super::flight::{KeyExchange, ServerFlight};
use super::names::{extension, group_name};

/// Different chains that are kept, at most: servers show one per type of key.
const MOST_CHAINS: usize = 8;

/// What was observed.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Observation {
    /// Whether the service speaks TLS or SSL at all.
    pub(crate) tls: bool,
    /// Whether anything answered, TLS or not.
    pub(crate) answered: bool,
    /// Per version: `accepted`, `refused`, `silent`.
    pub(crate) versions: BTreeMap<String, String>,
    /// How each refusal was worded: an alert's name, `closed`, `not TLS`.
    pub(crate) refusals: BTreeMap<String, String>,
    /// Questions that the service, which answered others, left without an answer: the version, and what was asked. Nothing can
    /// be concluded from what is absent where there is one. Silence to a hello of SSLv2 is no such gap.
    pub(crate) broke_off: Vec<String>,
    /// Accepted suites, per version in the order that the server chose them.
    pub(crate) suites: Vec<Suite>,
    /// Versions at which the server's order counts, not the client's; a version with one suite is left out.
    pub(crate) server_preference: BTreeMap<String, bool>,
    /// Groups seen in key exchanges; with depth `full` all groups that the server accepts.
    pub(crate) groups: Vec<String>,
    /// Bits of the smallest finite-field prime seen; 0 where none was.
    pub(crate) dh_bits: u32,
    /// The certificate chain, leaf first: the first that was shown.
    pub(crate) chain: Vec<CertificateFacts>,
    /// The same as sent.
    #[serde(skip)]
    pub(crate) ders: Vec<Vec<u8>>,
    /// Chains that other suites brought: a server with an RSA and an ECDSA key has two.
    pub(crate) further_chains: Vec<Vec<CertificateFacts>>,
    /// Facts of the first chain as a whole; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) chain_facts: Option<ChainFacts>,
    /// The server's hello carries secure renegotiation (RFC 5746); absent where only TLS 1.3 or SSLv3 was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secure_renegotiation: Option<bool>,
    /// The server's hello carries the extended master secret (RFC 7627).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extended_master_secret: Option<bool>,
    /// The server agreed to compress.
    pub(crate) compression: bool,
    /// The server offers the heartbeat extension.
    pub(crate) heartbeat: bool,
    /// The server hands out session ids (1.2 and older).
    pub(crate) session_ids: bool,
    /// The server hands out session tickets (1.2 and older).
    pub(crate) session_tickets: bool,
    /// The server stapled an OCSP answer.
    pub(crate) ocsp_staple: bool,
    /// The server asks for a client certificate (of TLS 1.3 only known with depth `full`, or where 1.3 alone is spoken).
    pub(crate) client_certificate: bool,
    /// Whether a hello that falls back is refused (RFC 7507); absent where there is nothing to fall back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fallback_refused: Option<bool>,
    /// Hellos that offer all suites are refused and smaller ones are not: suites were asked for in smaller groups.
    pub(crate) large_hello_refused: bool,
    /// Every hello was refused with `unrecognized_name`, and no `server_name` was given: nothing is known yet.
    pub(crate) needs_server_name: bool,
    /// What the server said instead of changing to TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) starttls_refused: Option<String>,
    /// What only depth `full` shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) full: Option<Full>,
    /// Connections made.
    pub(crate) connections: u32,
}

/// What only depth `full` shows.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Full {
    /// Accepted groups by version (the newest of 1.2 and older, and 1.3), in the order that the server chose them.
    pub(crate) groups: BTreeMap<String, Vec<String>>,
    /// Schemes that the server signs its key exchange with in TLS 1.2, in the order that it chose them. Encrypted in 1.3.
    pub(crate) signature_schemes: Vec<String>,
    /// ALPN protocols, of those asked for, that the server chose.
    pub(crate) alpn: Vec<String>,
    /// By version: whether a session was resumed. Absent where a modern client cannot complete a handshake.
    pub(crate) resumption: BTreeMap<String, bool>,
    /// By version: whether a client without a certificate was turned away. Absent as above.
    pub(crate) client_certificate_required: BTreeMap<String, bool>,
    /// Whether a client may renegotiate in TLS 1.2. Absent where it could not be asked: no ECDHE suite with AES-256-GCM or
    /// ChaCha20, or a client certificate is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_renegotiation: Option<bool>,
}

/// One accepted suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Suite {
    /// The version.
    pub(crate) version: String,
    /// IANA name.
    pub(crate) name: String,
    /// Curve or field that came with it: `x25519`, `dh-1024`; absent for RSA key exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_exchange: Option<String>,
}

/// The key exchange of a flight by name: `x25519`, `dh-1024`.
pub(crate) fn exchange_name(flight: &ServerFlight) -> Option<String> {
    match (&flight.key_exchange, flight.hello.as_ref()) {
        (Some(KeyExchange::Curve(id)), _) => Some(group_name(*id)),
        (Some(KeyExchange::Field(bits)), _) => Some(format!("dh-{bits}")),
        (None, Some(hello)) => hello.group.map(group_name),
        (None, None) => None,
    }
}

impl Observation {
    /// Takes up what one flight states.
    pub(crate) fn note(&mut self, flight: &ServerFlight) {
        self.note_chain(&flight.chain);
        if let Some(group) = exchange_name(flight).filter(|g| !g.starts_with("dh-")) {
            push_new(&mut self.groups, group);
        }
        if let Some(KeyExchange::Field(bits)) = flight.key_exchange {
            self.dh_bits = smaller(self.dh_bits, bits);
        }
        self.ocsp_staple |= flight.ocsp_staple;
        self.client_certificate |= flight.client_certificate;
        let Some(hello) = &flight.hello else { return };
        let has = |kind| hello.extensions.contains(&kind);
        self.compression |= hello.compression != 0;
        self.heartbeat |= has(extension::HEARTBEAT);
        self.session_tickets |= has(extension::SESSION_TICKET);
        if hello.version < 0x0304 || hello.version > 0xFE00 {
            self.session_ids |= hello.session_id;
        }
        // Every hello must carry these: one without is enough for `false`. SSLv3 has no extensions.
        if matches!(hello.version, 0x0301..=0x0303 | 0xFEFD..=0xFEFF) {
            self.secure_renegotiation =
                Some(self.secure_renegotiation.unwrap_or(true) && has(extension::RENEGOTIATION));
            self.extended_master_secret =
                Some(self.extended_master_secret.unwrap_or(true) && has(extension::EXTENDED_MASTER_SECRET));
        }
    }

    /// Takes up a chain that was not seen before.
    pub(crate) fn note_chain(&mut self, ders: &[Vec<u8>]) {
        let Some(leaf) = ders.first() else { return };
        let leaf = facts(leaf).sha256;
        let known = std::iter::once(&self.chain).chain(&self.further_chains);
        if known.filter_map(|c| c.first()).any(|c| c.sha256 == leaf) || self.further_chains.len() >= MOST_CHAINS {
            return;
        }
        let chain = ders.iter().map(|der| facts(der)).collect();
        if self.chain.is_empty() {
            self.chain = chain;
            self.ders = ders.to_vec();
        } else {
            self.further_chains.push(chain);
        }
    }

    /// Takes up what another version's questions showed.
    pub(crate) fn absorb(&mut self, other: Self) {
        let both = |a: Option<bool>, b: Option<bool>| match (a, b) {
            (Some(a), Some(b)) => Some(a && b),
            (a, b) => a.or(b),
        };
        self.tls |= other.tls;
        self.answered |= other.answered;
        self.versions.extend(other.versions);
        self.refusals.extend(other.refusals);
        self.broke_off.extend(other.broke_off);
        self.suites.extend(other.suites);
        self.server_preference.extend(other.server_preference);
        other.groups.into_iter().for_each(|g| push_new(&mut self.groups, g));
        self.dh_bits = smaller(self.dh_bits, other.dh_bits);
        for chain in std::iter::once(other.chain).chain(other.further_chains).filter(|c| !c.is_empty()) {
            let new = std::iter::once(&self.chain).chain(&self.further_chains).all(|c| c.first() != chain.first());
            match (new, self.chain.is_empty()) {
                (true, true) => (self.chain, self.ders) = (chain, other.ders.clone()),
                (true, false) if self.further_chains.len() < MOST_CHAINS => self.further_chains.push(chain),
                _ => {}
            }
        }
        self.secure_renegotiation = both(self.secure_renegotiation, other.secure_renegotiation);
        self.extended_master_secret = both(self.extended_master_secret, other.extended_master_secret);
        self.compression |= other.compression;
        self.heartbeat |= other.heartbeat;
        self.session_ids |= other.session_ids;
        self.session_tickets |= other.session_tickets;
        self.ocsp_staple |= other.ocsp_staple;
        self.client_certificate |= other.client_certificate;
        self.large_hello_refused |= other.large_hello_refused;
        self.starttls_refused = self.starttls_refused.take().or(other.starttls_refused);
    }

    /// Whether a version was accepted.
    pub(crate) fn accepted(&self, version: &str) -> bool {
        self.versions.get(version).is_some_and(|word| word == "accepted")
    }
}

/// Appends what is not there yet.
pub(crate) fn push_new(list: &mut Vec<String>, word: String) {
    if !list.contains(&word) {
        list.push(word);
    }
}

/// The smaller of two sizes, where 0 is no size.
const fn smaller(a: u32, b: u32) -> u32 {
    if a == 0 || (b != 0 && b < a) { b } else { a }
}
