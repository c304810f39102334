//! Whether a recorded chain would satisfy a browser: Mozilla's roots, the name, today's date.

use std::sync::Arc;

use assay_model::touch::tls::TlsSession;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::handshake::provider;

/// Roots to verify published sites against.
#[derive(Debug, Clone)]
pub(crate) struct Trust(Arc<WebPkiServerVerifier>);

/// A root certificate that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the root certificates cannot be used: {0}")]
pub struct TrustError(String);

impl Trust {
    /// Mozilla's list as compiled in, and further roots of the bench (DER): a virtual maker's own authority.
    pub(crate) fn with(further: &[Vec<u8>]) -> Result<Self, TrustError> {
        let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        for der in further {
            roots.add(CertificateDer::from(der.clone())).map_err(|e| TrustError(e.to_string()))?;
        }
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .map(Self)
            .map_err(|e| TrustError(e.to_string()))
    }

    /// Whether the chain leads to a root, is valid now, and is for `name` (a DNS name or an address).
    pub(crate) fn verifies(&self, session: &TlsSession, name: &str) -> bool {
        let chain: Vec<_> = session.chain.iter().map(|c| CertificateDer::from(c.as_slice())).collect();
        let Some((leaf, rest)) = chain.split_first() else { return false };
        ServerName::try_from(name)
            .is_ok_and(|name| self.0.verify_server_cert(leaf, rest, &name, &[], UnixTime::now()).is_ok())
    }
}
