//! An HTTP client that shows everything and follows nothing.

use std::net::SocketAddr;
use std::sync::Arc;

use assay_virtual::VirtualSample;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Request};
use hyper_util::rt::TokioIo;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::lab::PATIENCE;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) async fn post(sample: &VirtualSample, path: &str, body: serde_json::Value) -> Answer {
    https(sample, json_request("POST", path, "", body)).await
}

pub(crate) async fn get(sample: &VirtualSample, path: &str) -> Answer {
    https(sample, Request::builder().uri(path).header("host", "c1").body(Full::default()).unwrap()).await
}

/// With a bearer token, unless that is empty.
pub(crate) fn json_request(method: &str, path: &str, token: &str, body: serde_json::Value) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(path).header("host", "c1");
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if body.is_null() {
        return request.body(Full::default()).unwrap();
    }
    request.header("content-type", "application/json").body(Full::from(body.to_string())).unwrap()
}

pub(crate) fn form_request(path: &str, fields: &str) -> Request<Full<Bytes>> {
    Request::builder()
        .method("POST")
        .uri(path)
        .header("host", "c1")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Full::from(fields.to_owned()))
        .unwrap()
}

pub(crate) async fn https(sample: &VirtualSample, request: Request<Full<Bytes>>) -> Answer {
    exchange(tls((sample.host, 8443).into()).await.unwrap(), request).await
}

pub(crate) async fn http(address: SocketAddr, request: Request<Full<Bytes>>) -> Answer {
    exchange(TcpStream::connect(address).await.unwrap(), request).await
}

pub(crate) async fn tls(address: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate))
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::from(address.ip());
    timeout(PATIENCE, TlsConnector::from(Arc::new(config)).connect(name, stream)).await?
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Answer
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    let response = timeout(PATIENCE, sender.send_request(request)).await.unwrap().unwrap();
    let (head, body) = response.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    driver.abort();
    Answer { status: head.status.as_u16(), headers: head.headers, text }
}

/// The camera's certificate is its own; these tests are not about trust.
#[derive(Debug)]
struct AnyCertificate;

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
