//! What makes one camera that one on the network: its own certificate and host key, made at start.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, SanType, date_time_ymd};
use russh::keys::PrivateKey;
use russh::keys::ssh_key::private::Ed25519Keypair;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use super::defect::{Defect, Defects};
use super::old_tls::OldHalf;

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

/// The key that every camera leaves the factory with, where the defect `tls-shared-key` is seeded.
const SHARED_TLS_KEY: &str = include_str!("shared_tls_key.pem");
/// The seed of every camera's host key, where `ssh-shared-host-key` is.
const SHARED_HOST_KEY: [u8; 32] = *b"one image, one key, all cameras.";

/// Keys of one camera.
pub(crate) struct Identity {
    pub(crate) tls: TlsAcceptor,
    /// The same certificate and key, for what rustls does not speak.
    pub(crate) old: OldHalf,
    pub(crate) ssh_host_key: PrivateKey,
    /// Salt for what the camera stores and key of its session tokens.
    pub(crate) storage_key: [u8; 32],
    /// Private key of the certificate, as the controller keeps it.
    pub(crate) tls_key_pem: String,
}

impl Identity {
    pub(crate) fn make(host: Ipv4Addr, defects: &Defects) -> Result<Self, IdentityError> {
        let mut host_key_seed = SHARED_HOST_KEY;
        if !defects.has(Defect::SshSharedHostKey) {
            getrandom::fill(&mut host_key_seed).map_err(IdentityError::Random)?;
        }
        let mut storage_key = [0; 32];
        getrandom::fill(&mut storage_key).map_err(IdentityError::Random)?;
        let ssh_host_key = PrivateKey::from(Ed25519Keypair::from_seed(&host_key_seed));
        let tls_key =
            if defects.has(Defect::TlsSharedKey) { KeyPair::from_pem(SHARED_TLS_KEY)? } else { KeyPair::generate()? };
        let tls_key_pem = tls_key.serialize_pem();
        let (tls, old) = acceptor(host, defects, tls_key)?;
        Ok(Self { tls, old, ssh_host_key, storage_key, tls_key_pem })
    }
}

/// TLS 1.2 and 1.3 with a self-signed P-256 certificate of this camera alone.
fn acceptor(host: Ipv4Addr, defects: &Defects, key: KeyPair) -> Result<(TlsAcceptor, OldHalf), IdentityError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    // No serial number or MAC address: strangers can read a certificate.
    params.distinguished_name.push(DnType::CommonName, "C1 Smart Camera");
    params.subject_alt_names = vec![SanType::IpAddress(IpAddr::V4(host))];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let (from, to) = if defects.has(Defect::TlsExpiredCert) { (2019, 2021) } else { (2026, 2036) };
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    let certificate = params.self_signed(&key)?;

    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let old = OldHalf { certificate: certificate.der().to_vec(), key };
    Ok((TlsAcceptor::from(Arc::new(config)), old))
}
