//! What makes one camera that one on the network: its own certificate and host key, made at start.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, SanType, date_time_ymd};
use russh::keys::PrivateKey;
use russh::keys::ssh_key::private::Ed25519Keypair;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// Keys could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    #[error("the system's random numbers: {0}")]
    Random(getrandom::Error),
    #[error("the certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("the TLS configuration: {0}")]
    Tls(#[from] rustls::Error),
}

/// Keys of one camera.
pub(crate) struct Identity {
    pub(crate) tls: TlsAcceptor,
    pub(crate) ssh_host_key: PrivateKey,
    /// Salt for what the camera stores and key of its session tokens.
    pub(crate) storage_key: [u8; 32],
}

impl Identity {
    pub(crate) fn make(host: Ipv4Addr) -> Result<Self, IdentityError> {
        let mut host_key_seed = [0; 32];
        getrandom::fill(&mut host_key_seed).map_err(IdentityError::Random)?;
        let mut storage_key = [0; 32];
        getrandom::fill(&mut storage_key).map_err(IdentityError::Random)?;
        let ssh_host_key = PrivateKey::from(Ed25519Keypair::from_seed(&host_key_seed));
        Ok(Self { tls: acceptor(host)?, ssh_host_key, storage_key })
    }
}

/// TLS 1.2 and 1.3 with a self-signed P-256 certificate of this camera alone.
fn acceptor(host: Ipv4Addr) -> Result<TlsAcceptor, IdentityError> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    // No serial number or MAC address: strangers can read a certificate.
    params.distinguished_name.push(DnType::CommonName, "C1 Smart Camera");
    params.subject_alt_names = vec![SanType::IpAddress(IpAddr::V4(host))];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2036, 1, 1);
    let certificate = params.self_signed(&key)?;

    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
