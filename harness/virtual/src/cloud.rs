//! The maker's report service, beside the samples of a run: TLS as it should be, and HTTP in clear for a camera that does not
//! care. It thanks for whatever comes.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::camera::services::PortTrouble;

/// Its name, as the dossier declares it.
pub(crate) const NAME: &str = "reports.maker.test";
/// TLS.
const TLS_PORT: u16 = 8443;
/// In clear.
const CLEAR_PORT: u16 = 8080;
const MAX_CONNECTIONS: usize = 64;
const MAX_AGE: Duration = Duration::from_secs(10);
/// A report is no longer.
const REPORT: usize = 8192;

/// What a camera needs to reach it.
#[derive(Clone)]
pub(crate) struct Uplink {
    host: Ipv4Addr,
    connector: TlsConnector,
}

impl Uplink {
    /// Where reports go, inside TLS or not.
    pub(crate) fn address(&self, clear: bool) -> SocketAddr {
        SocketAddr::from((self.host, if clear { CLEAR_PORT } else { TLS_PORT }))
    }

    pub(crate) fn tls(&self) -> &TlsConnector {
        &self.connector
    }
}

/// The service could not be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CloudError {
    #[error("its certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("its TLS configuration: {0}")]
    Tls(#[from] rustls::Error),
    #[error("its port {} is taken", .0.address)]
    Port(PortTrouble),
}

/// Binds and serves until `stop`.
pub(crate) async fn serve(host: Ipv4Addr, tasks: &TaskTracker, stop: &CancellationToken) -> Result<Uplink, CloudError> {
    let (acceptor, connector) = identity()?;
    for (port, tls) in [(TLS_PORT, Some(acceptor)), (CLEAR_PORT, None)] {
        let address = SocketAddr::from((host, port));
        let bound = TcpListener::bind(address).await;
        let listener = bound.map_err(|e| CloudError::Port(PortTrouble::new(address, &e)))?;
        tasks.spawn(stop.clone().run_until_cancelled_owned(accept(listener, tls, tasks.clone(), stop.clone())));
    }
    Ok(Uplink { host, connector })
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, tasks: TaskTracker, stop: CancellationToken) {
    let seats = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(seat) = seats.clone().try_acquire_owned() else { continue };
        let tls = tls.clone();
        let connection = async move {
            let _seat = seat;
            // Past its age a connection is dropped wherever it stands.
            let _ = tokio::time::timeout(MAX_AGE, thank(stream, tls)).await;
        };
        tasks.spawn(stop.clone().run_until_cancelled_owned(connection));
    }
}

async fn thank(stream: TcpStream, tls: Option<TlsAcceptor>) {
    match tls {
        None => answer(stream).await,
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(stream) => answer(stream).await,
            Err(error) => tracing::debug!(%error, "report service: tls"),
        },
    }
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut request = vec![0; REPORT];
    if matches!(stream.read(&mut request).await, Ok(1..)) {
        let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").await;
    }
    let _ = stream.shutdown().await;
}

/// A certificate of its own, and cameras that trust no other.
fn identity() -> Result<(TlsAcceptor, TlsConnector), CloudError> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![NAME.to_owned()])?;
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2036, 1, 1);
    let certificate = params.self_signed(&key)?.der().clone();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate)?;
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok((TlsAcceptor::from(Arc::new(server)), TlsConnector::from(Arc::new(client))))
}
