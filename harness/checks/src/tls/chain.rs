//! A certificate chain as a whole: does it lead anywhere, and to whom?

use std::sync::LazyLock;

use rustls::RootCertStore;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::client::verify_server_name;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use schemars::JsonSchema;
use serde::Serialize;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Facts of a chain as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ChainFacts {
    /// Every issuer from the leaf up was sent or is a known root, up to a root or a self-signed certificate.
    pub(crate) complete: bool,
    /// The issuer that was neither sent nor is a known root: the missing intermediate, or an unknown root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) missing_issuer: Option<String>,
    /// Each certificate was issued by the next one, as RFC 5246 section 7.4.2 wants it.
    pub(crate) in_order: bool,
    /// It verifies now against Mozilla's roots and those of the parameter `roots`.
    pub(crate) trusted: bool,
    /// Why it does not: `expired`, `not valid yet`, `unknown issuer`, `bad signature`, or the verifier's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) distrust: Option<String>,
    /// Whether the leaf is for the name asked about; absent where no name was stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name_matches: Option<bool>,
}

/// A root that was given in a parameter and cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("root {number} of the parameter `roots` is no PEM certificate: {why}")]
pub(crate) struct BadRoot {
    number: usize,
    why: String,
}

/// Mozilla's roots as compiled in, and further ones.
pub(crate) fn roots(further: &[String]) -> Result<RootCertStore, BadRoot> {
    static MOZILLA: LazyLock<RootCertStore> =
        LazyLock::new(|| RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()));
    let mut store = MOZILLA.clone();
    for (number, pem) in (1..).zip(further) {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|e| BadRoot { number, why: e.to_string() })?;
        store.add(der).map_err(|e| BadRoot { number, why: e.to_string() })?;
    }
    Ok(store)
}

/// Looks at a chain, leaf first. `None` where its leaf cannot be read.
pub(crate) fn judge(ders: &[Vec<u8>], roots: &RootCertStore, name: Option<&str>) -> Option<ChainFacts> {
    let parsed: Vec<X509Certificate<'_>> =
        ders.iter().filter_map(|der| X509Certificate::from_der(der).ok().map(|(_, c)| c)).collect();
    if parsed.len() != ders.len() {
        return None;
    }
    let mut at = parsed.first()?;
    let mut missing = None;
    // A cross-signed circle ends after as many steps as there are certificates.
    for _ in 0..=parsed.len() {
        let issuer = at.issuer().as_raw();
        if issuer == at.subject().as_raw() || roots.roots.iter().any(|root| same_name(issuer, root.subject.as_ref())) {
            missing = None;
            break;
        }
        missing = Some(at.issuer().to_string());
        match parsed.iter().find(|c| c.subject().as_raw() == issuer) {
            Some(next) => at = next,
            None => break,
        }
    }
    let distrust = verify(ders, roots).err();
    let leaf = CertificateDer::from(ders.first()?.as_slice());
    Some(ChainFacts {
        complete: missing.is_none(),
        missing_issuer: missing,
        in_order: parsed.windows(2).all(|w| w[0].issuer().as_raw() == w[1].subject().as_raw()),
        trusted: distrust.is_none(),
        distrust,
        name_matches: name.map(|name| {
            let certificate = ParsedCertificate::try_from(&leaf);
            let name = ServerName::try_from(name.to_owned());
            matches!((certificate, name), (Ok(c), Ok(n)) if verify_server_name(&c, &n).is_ok())
        }),
    })
}

fn verify(ders: &[Vec<u8>], roots: &RootCertStore) -> Result<(), String> {
    let chain: Vec<CertificateDer<'_>> = ders.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let (leaf, rest) = chain.split_first().ok_or("empty")?;
    let leaf = ParsedCertificate::try_from(leaf).map_err(|e| word(&e))?;
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
    verify_server_cert_signed_by_trust_anchor(&leaf, roots, rest, UnixTime::now(), algorithms.all).map_err(|e| word(&e))
}

fn word(error: &rustls::Error) -> String {
    use rustls::CertificateError as E;
    match error {
        rustls::Error::InvalidCertificate(E::Expired | E::ExpiredContext { .. }) => "expired".into(),
        rustls::Error::InvalidCertificate(E::NotValidYet | E::NotValidYetContext { .. }) => "not valid yet".into(),
        rustls::Error::InvalidCertificate(E::UnknownIssuer) => "unknown issuer".into(),
        rustls::Error::InvalidCertificate(E::BadSignature) => "bad signature".into(),
        rustls::Error::InvalidCertificate(E::Other(other)) => other.to_string(),
        other => other.to_string(),
    }
}

/// Whether a DER name is that of a trust anchor, which is kept without the outer SEQUENCE.
fn same_name(der: &[u8], content: &[u8]) -> bool {
    der.ends_with(content) && (2..=4).contains(&(der.len() - content.len()))
}
