//! Whole handshakes with a modern client, over our own connection: what only a completed handshake shows. rustls works
//! without sockets here, so every byte goes through the recorded way of touching, also after STARTTLS.

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use assay_model::Fault;
use assay_model::touch::tcp::{Connection, ReadEnd, ReadUntil, TcpRequest, TcpResponse};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, IpAddr, Ipv4Addr, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, HandshakeKind, SignatureScheme};

use super::names::Version;
use super::probe::Prober;

/// Bytes of one handshake, at most.
const MOST: usize = 512 * 1024;
/// After a handshake: how long tickets and late alerts are waited for.
const AFTERWARDS: Duration = Duration::from_millis(300);

/// What one handshake showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Session {
    /// It completed, as far as the client can tell.
    pub(crate) established: bool,
    /// DER certificates, leaf first. Empty where the session was resumed.
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) ocsp_staple: bool,
    /// The server asked for a client certificate.
    pub(crate) asked: bool,
    /// A former session went on.
    pub(crate) resumed: bool,
    pub(crate) alpn: Option<String>,
    /// The server ended it with an alert, in the handshake or right after.
    pub(crate) alert: bool,
}

/// A client that remembers sessions from one handshake to the next.
pub(crate) struct Client {
    config: Arc<ClientConfig>,
    watch: Arc<Watch>,
    name: ServerName<'static>,
}

impl Client {
    /// A client of one version; `None` where rustls does not speak it or the name is none.
    pub(crate) fn new(version: Version, name: Option<&str>, alpn: &[&str]) -> Option<Self> {
        let version = match version {
            Version::Tls12 => &rustls::version::TLS12,
            Version::Tls13 => &rustls::version::TLS13,
            _ => return None,
        };
        let watch = Arc::new(Watch::default());
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&watch.provider))
            .with_protocol_versions(&[version])
            .ok()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&watch) as _)
            .with_client_cert_resolver(Arc::clone(&watch) as _);
        config.enable_sni = name.is_some();
        config.resumption = Resumption::in_memory_sessions(4);
        config.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
        let name = match name {
            Some(name) => ServerName::try_from(name.to_owned()).ok()?,
            // rustls wants a name even where none is sent.
            None => ServerName::IpAddress(IpAddr::V4(Ipv4Addr::from([0, 0, 0, 0]))),
        };
        Some(Self { config: Arc::new(config), watch, name })
    }

    /// One handshake, then a short wait for tickets and alerts.
    ///
    /// # Errors
    /// The lab failed, or the whole check's deadline passed.
    pub(crate) async fn handshake(&self, prober: &Prober<'_>) -> Result<Session, Fault> {
        self.watch.reset();
        let mut session = Session::default();
        let Ok(connection) = prober.open().await? else { return Ok(session) };
        let Ok(mut tls) = ClientConnection::new(Arc::clone(&self.config), self.name.clone()) else {
            prober.close(connection).await;
            return Ok(session);
        };
        let mut came = 0;
        while came < MOST && !prober.deadline.passed() {
            flush(prober, connection, &mut tls).await?;
            let idle = if tls.is_handshaking() { prober.silence } else { AFTERWARDS.min(prober.silence) };
            let (bytes, end) = read(prober, connection, idle).await?;
            came += bytes.len();
            let done = !tls.is_handshaking();
            if let Err(error) = feed(&mut tls, &bytes) {
                session.alert = matches!(error, rustls::Error::AlertReceived(_));
                break;
            }
            session.established = !tls.is_handshaking();
            if end != ReadEnd::Enough || (done && tls.wants_read() && bytes.is_empty()) {
                break;
            }
        }
        flush(prober, connection, &mut tls).await?;
        prober.close(connection).await;
        session.resumed = tls.handshake_kind() == Some(HandshakeKind::Resumed);
        session.alpn = tls.alpn_protocol().map(|p| String::from_utf8_lossy(p).into_owned());
        session.chain = tls.peer_certificates().unwrap_or_default().iter().map(|c| c.to_vec()).collect();
        session.asked = self.watch.asked.load(Ordering::Relaxed);
        session.ocsp_staple = self.watch.staple.load(Ordering::Relaxed);
        Ok(session)
    }
}

async fn flush(prober: &Prober<'_>, connection: Connection, tls: &mut ClientConnection) -> Result<(), Fault> {
    let mut out = Vec::new();
    while tls.wants_write() {
        if tls.write_tls(&mut out).is_err() {
            break;
        }
    }
    if !out.is_empty() {
        let send = TcpRequest::Send { connection, bytes: out.into() };
        prober.tcp.call(send, prober.deadline.capped(prober.silence)).await?;
    }
    Ok(())
}

pub(crate) async fn read(
    prober: &Prober<'_>,
    connection: Connection,
    idle: Duration,
) -> Result<(Vec<u8>, ReadEnd), Fault> {
    let read = ReadUntil {
        max_bytes: 64 * 1024,
        idle_ms: u32::try_from(idle.as_millis()).unwrap_or(u32::MAX),
        delimiter: None,
        at_least: Some(1),
    };
    Ok(match prober.tcp.call(TcpRequest::Read { connection, read }, prober.deadline.capped(prober.silence)).await? {
        TcpResponse::Data { bytes, end } => (bytes.0, end),
        _ => (Vec::new(), ReadEnd::Reset),
    })
}

fn feed(tls: &mut ClientConnection, mut bytes: &[u8]) -> Result<(), rustls::Error> {
    while !bytes.is_empty() {
        match tls.read_tls(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(_) => {
                let state = tls.process_new_packets()?;
                let mut plain = vec![0; state.plaintext_bytes_to_read()];
                // What is said inside is of no interest; it only must not fill rustls's buffer.
                let _ = tls.reader().read(&mut plain);
            }
            Err(_) => return Ok(()),
        }
    }
    Ok(())
}

/// Lets every certificate through, to be judged by the plan, has none of its own, and remembers what was asked.
#[derive(Debug)]
struct Watch {
    provider: Arc<CryptoProvider>,
    asked: AtomicBool,
    staple: AtomicBool,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            provider: Arc::new(aws_lc_rs::default_provider()),
            asked: AtomicBool::new(false),
            staple: AtomicBool::new(false),
        }
    }
}

impl Watch {
    fn reset(&self) {
        self.asked.store(false, Ordering::Relaxed);
        self.staple.store(false, Ordering::Relaxed);
    }
}

impl ResolvesClientCert for Watch {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

impl ServerCertVerifier for Watch {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.staple.fetch_or(!ocsp_response.is_empty(), Ordering::Relaxed);
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
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
