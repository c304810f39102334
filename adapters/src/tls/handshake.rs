//! One handshake over a connected stream.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};

use assay_model::touch::tls::TlsSession;
use assay_model::{Deadline, Fault, Payload};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::first_bytes::FirstBytes;
use super::words;
use crate::socket::within;

/// How a handshake ended.
pub(crate) enum Handshake {
    /// It completed.
    Established(Box<TlsStream<FirstBytes>>, TlsSession),
    /// The peer refused, or spoke something else: in words.
    Failed(String),
    /// Nothing more came before the deadline: in words.
    NoAnswer(String),
}

/// The one provider. Named at each use: the process-wide default may have been set by somebody else.
pub(super) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(aws_lc_rs::default_provider()));
    Arc::clone(&PROVIDER)
}

/// The name for SNI. `None` for no name and for IP addresses, which must never stand there.
///
/// # Errors
/// It is neither an address nor a DNS name.
pub(crate) fn server_name(name: Option<&str>) -> Result<Option<ServerName<'static>>, Fault> {
    let Some(name) = name else { return Ok(None) };
    match ServerName::try_from(name.to_owned()) {
        Ok(name @ ServerName::DnsName(_)) => Ok(Some(name)),
        Ok(_) => Ok(None),
        Err(_) => Err(Fault::plan("bad-server-name", format!("`{name}` is no DNS name and cannot be sent as SNI"))),
    }
}

/// Performs a handshake.
///
/// # Errors
/// The TLS library refuses the request itself.
pub(crate) async fn handshake(
    stream: TcpStream,
    name: Option<ServerName<'static>>,
    alpn: &[String],
    until: Deadline,
) -> Result<Handshake, Fault> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|e| Fault::adapter("tls-setup", format!("no TLS version can be offered: {e}")))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AcceptAll))
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    config.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
    // rustls wants a name even where none is to be sent; an address never stands in SNI.
    let name = name.unwrap_or(ServerName::IpAddress(IpAddr::V4(Ipv4Addr::UNSPECIFIED).into()));

    let (stream, first) = FirstBytes::new(stream);
    Ok(match within(until, TlsConnector::from(Arc::new(config)).connect(name, stream)).await {
        Some(Ok(stream)) => {
            let session = session(stream.get_ref().1);
            Handshake::Established(Box::new(stream), session)
        }
        Some(Err(error)) => Handshake::Failed(words::failure(&error, &first.bytes())),
        None => Handshake::NoAnswer(match first.bytes().as_slice() {
            [] => "connected, but the peer did not answer the TLS greeting".into(),
            first => {
                format!("the TLS handshake stalled before the deadline; the answer began with {}", words::quote(first))
            }
        }),
    })
}

/// The facts of an established session.
fn session(tls: &ClientConnection) -> TlsSession {
    TlsSession {
        version: tls.protocol_version().map(words::version).unwrap_or_default(),
        suite: tls.negotiated_cipher_suite().map(|s| words::suite(s.suite())).unwrap_or_default(),
        alpn: tls.alpn_protocol().map(|p| String::from_utf8_lossy(p).into_owned()),
        chain: tls.peer_certificates().unwrap_or_default().iter().map(|c| Payload::from(c.as_ref())).collect(),
    }
}

/// A verifier for looking, not for trusting: every certificate is let through, to be judged by the plan.
#[derive(Debug)]
struct AcceptAll;

impl ServerCertVerifier for AcceptAll {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}
