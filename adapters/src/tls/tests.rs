use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use assay_model::touch::tcp::{ReadEnd, ReadUntil, TcpRequest, TcpResponse};
use assay_model::touch::tls::{TlsRequest, TlsResponse, TlsSession};
use assay_model::{Deadline, Endpoint, Touch};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

use super::TlsHandshakes;
use super::handshake::provider;
use crate::testing::{Act, closed_port, endpoint, scripted, serve, shortly, soon};

const HOST: &str = "127.31.4.1";

async fn shake(endpoint: Endpoint, name: Option<&str>, alpn: &[&str], until: Deadline) -> TlsResponse {
    let alpn = alpn.iter().map(ToString::to_string).collect();
    let request = TlsRequest { endpoint, server_name: name.map(str::to_owned), alpn };
    TlsHandshakes.call(request, until).await.expect("no fault")
}

fn established(response: TlsResponse) -> TlsSession {
    match response {
        TlsResponse::Established(session) => session,
        other => panic!("{other:?}"),
    }
}

/// A real TLS server; what it saw in SNI goes to the channel.
async fn tls_server(
    versions: &[&'static SupportedProtocolVersion],
    alpn: &[&str],
) -> (SocketAddr, Vec<u8>, tokio::sync::mpsc::UnboundedReceiver<Option<String>>) {
    let made = rcgen::generate_simple_self_signed(vec!["camera.test".to_owned()]).expect("a certificate");
    let der = made.cert.der().to_vec();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .expect("certificate and key");
    config.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (saw, seen) = tokio::sync::mpsc::unbounded_channel();
    let at = serve(HOST, move |stream| {
        let (acceptor, saw) = (acceptor.clone(), saw.clone());
        async move {
            if let Ok(mut tls) = acceptor.accept(stream).await {
                let _ = saw.send(tls.get_ref().1.server_name().map(str::to_owned));
                let mut asked = [0; 64];
                if let Ok(Ok(1..)) = tokio::time::timeout(Duration::from_secs(5), tls.read(&mut asked)).await {
                    let _ = tls.write_all(b"inside").await;
                }
            }
        }
    })
    .await;
    (at, der, seen)
}

#[tokio::test]
async fn version_suite_alpn_and_chain_are_what_the_server_has() {
    let (at, der, mut sni) = tls_server(&[&TLS13], &["http/1.1"]).await;
    let session = established(shake(endpoint(at), Some("camera.test"), &["h2", "http/1.1"], soon()).await);
    assert_eq!(session.version, "TLSv1.3");
    assert!(session.suite.starts_with("TLS_AES_") || session.suite.starts_with("TLS_CHACHA20_"), "{}", session.suite);
    assert_eq!(session.alpn.as_deref(), Some("http/1.1"));
    assert_eq!(session.chain, [assay_model::Payload(der)]);
    assert_eq!(sni.recv().await.flatten().as_deref(), Some("camera.test"));

    let (at, _, _) = tls_server(&[&TLS12], &[]).await;
    let session = established(shake(endpoint(at), None, &[], soon()).await);
    assert_eq!((session.version.as_str(), session.alpn), ("TLSv1.2", None));
    assert!(session.suite.starts_with("TLS_ECDHE_"), "{}", session.suite);
}

#[tokio::test]
async fn an_address_never_stands_in_sni() {
    let (at, _, mut sni) = tls_server(&[&TLS13], &[]).await;
    for name in [None, Some("127.31.4.1"), Some("::1")] {
        established(shake(endpoint(at), name, &[], soon()).await);
        assert_eq!(sni.recv().await, Some(None), "{name:?}");
    }
    let bad = TlsRequest { endpoint: endpoint(at), server_name: Some("no such name!".into()), alpn: vec![] };
    assert_eq!(TlsHandshakes.call(bad, soon()).await.expect_err("no name").code, "bad-server-name");
}

#[tokio::test]
async fn an_alert_is_named() {
    let (at, _, _) = tls_server(&[&TLS13], &["spdy/1"]).await;
    let answer = shake(endpoint(at), None, &["h2"], soon()).await;
    assert_eq!(answer, TlsResponse::Failed { text: "alert: no_application_protocol".into() });
    // As a server does that knows only old versions: a fatal alert, protocol_version.
    let alert = Act::Say(vec![21, 3, 1, 0, 2, 2, 70]);
    let at = scripted(HOST, vec![Act::Take, alert, Act::Stall]).await;
    let answer = shake(endpoint(at), None, &[], soon()).await;
    assert_eq!(answer, TlsResponse::Failed { text: "alert: protocol_version".into() });
}

async fn failure(script: Vec<Act>) -> String {
    match shake(endpoint(scripted(HOST, script).await), None, &[], soon()).await {
        TlsResponse::Failed { text } => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn another_protocol_is_quoted_and_escaped() {
    let http = Act::Say(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec());
    let text = failure(vec![Act::Take, http]).await;
    assert!(text.starts_with("not TLS: the answer began with \"HTTP/1.1 400"), "{text}");
    let text = failure(vec![Act::Say(b"\x1b[2J<script>\r\n".to_vec()), Act::Stall]).await;
    assert!(text.contains(r"\x1b[2J<script>\r\n"), "{text}");
    let text = failure(vec![Act::Forever(vec![0; 4096])]).await;
    assert!(text.starts_with("not TLS"), "{text}");
}

#[tokio::test]
async fn a_close_at_each_point_is_told() {
    let text = failure(vec![Act::Take]).await;
    assert!(text.starts_with("closed without an answer"), "{text}");
    let text = failure(vec![Act::Take, Act::Say(vec![22, 3, 3, 0, 100, 2])]).await;
    assert!(text.starts_with("closed in the middle of the handshake"), "{text}");
    let text = failure(vec![Act::Take, Act::Reset]).await;
    assert!(text.starts_with("closed"), "{text}");
}

#[tokio::test]
async fn a_stall_at_each_point_ends_at_the_deadline() {
    let silent = scripted(HOST, vec![Act::Stall]).await;
    let answer = shake(endpoint(silent), None, &[], shortly()).await;
    assert!(matches!(&answer, TlsResponse::NoAnswer { text } if text.contains("did not answer")), "{answer:?}");
    let begun = scripted(HOST, vec![Act::Take, Act::Say(vec![22, 3, 3, 0, 100, 2]), Act::Stall]).await;
    let answer = shake(endpoint(begun), None, &[], shortly()).await;
    assert!(matches!(&answer, TlsResponse::NoAnswer { text } if text.contains("stalled")), "{answer:?}");
    let record = [&[22_u8, 3, 3, 64, 0][..], &[0; 2_000]].concat();
    let slow = scripted(HOST, vec![Act::Drip(record, Duration::from_millis(20))]).await;
    assert!(matches!(shake(endpoint(slow), None, &[], shortly()).await, TlsResponse::NoAnswer { .. }));
    assert_eq!(shake(endpoint(closed_port(HOST).await), None, &[], soon()).await, TlsResponse::Refused);
}

/// A handshake message that claims 16 MB is refused before it is stored.
#[tokio::test]
async fn an_oversized_certificate_message_is_refused() {
    let record = [&[22_u8, 3, 3, 0x40, 0][..], &[11, 0xff, 0xff, 0xff], &[0; 16_380]].concat();
    let text = failure(vec![Act::Take, Act::Forever(record)]).await;
    assert!(text.starts_with("broken TLS"), "{text}");
}

#[tokio::test]
async fn bytes_go_through_tls_and_come_back_as_they_are_inside() {
    let tcp = crate::tcp::TcpConnections::new();
    let open = |at| TcpRequest::OpenTls { endpoint: endpoint(at), alpn: vec![] };
    let (at, _, mut seen) = tls_server(&[&TLS13], &[]).await;
    let TcpResponse::Opened { connection } = tcp.call(open(at), soon()).await.expect("no fault") else {
        panic!("not opened")
    };
    assert_eq!(seen.recv().await, Some(None), "an address is no name");
    let said = TcpRequest::Send { connection, bytes: "hello".into() };
    assert_eq!(tcp.call(said, soon()).await.expect("no fault"), TcpResponse::Done);
    let read = TcpRequest::Read { connection, read: ReadUntil::idle(100, 5_000) };
    let heard = tcp.call(read, soon()).await.expect("no fault");
    assert_eq!(heard, TcpResponse::Data { bytes: "inside".into(), end: ReadEnd::Closed });

    let plain = scripted(HOST, vec![Act::Say(b"220 ready\r\n".to_vec()), Act::Stall]).await;
    let not = tcp.call(open(plain), soon()).await.expect("no fault");
    assert!(matches!(&not, TcpResponse::NotTls { text } if text.contains("220")), "{not:?}");
    let silent = scripted(HOST, vec![Act::Stall]).await;
    let none = tcp.call(open(silent), shortly()).await.expect("no fault");
    assert!(matches!(none, TcpResponse::NoAnswer { .. }), "{none:?}");
}
