//! TLS, HTTP, documents and the scanner against a real nginx from Debian's package.

#![expect(clippy::print_stdout, reason = "says that a peer is missing")]

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use assay_adapters::document::DocumentSettings;
use assay_adapters::network::network_touches;
use assay_model::touch::document::{DocumentRequest, DocumentResponse, Wanted};
use assay_model::touch::http::{HttpRequest, HttpResponse};
use assay_model::touch::ports::{ScanMethod, ScanRequest};
use assay_model::touch::tls::{TlsRequest, TlsResponse};
use assay_model::{AddressBook, Deadline, Host, Limits, Payload};

const HOST: &str = "127.31.8.1";

/// nginx with its files in a folder of its own; stopped when dropped.
struct Nginx {
    child: Child,
    _folder: tempfile::TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start() -> Option<Nginx> {
    let program = ["/usr/sbin/nginx", "/usr/bin/nginx"].into_iter().find(|p| Path::new(p).exists());
    let Some(program) = program else {
        assert!(std::env::var_os("ASSAY_REQUIRE_PEERS").is_none(), "nginx is required and not installed");
        println!("skipped: nginx-light is not installed");
        return None;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let made = rcgen::generate_simple_self_signed(vec!["camera.test".to_owned()]).expect("a certificate");
    std::fs::write(path.join("cert.pem"), made.cert.pem()).expect("writes");
    std::fs::write(path.join("key.pem"), made.signing_key.serialize_pem()).expect("writes");
    std::fs::write(path.join("index.html"), "<h1>Real nginx</h1>").expect("writes");
    let folders: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {}/{kind};", path.display()))
        .collect();
    let config = format!(
        "daemon off; master_process off; pid {0}/pid; error_log {0}/error.log;
         events {{}}
         http {{
           access_log off; {folders}
           types {{ text/html html; }}
           ssl_certificate {0}/cert.pem; ssl_certificate_key {0}/key.pem;
           server {{ listen {HOST}:8443 ssl; ssl_protocols TLSv1.2; root {0}; }}
           server {{ listen {HOST}:8444 ssl; ssl_protocols TLSv1.3; root {0}; }}
           server {{ listen {HOST}:8080; return 301 https://$host:8443$request_uri; }}
         }}",
        path.display()
    );
    std::fs::write(path.join("nginx.conf"), config).expect("writes");
    let child = Command::new(program)
        .arg("-p")
        .arg(path)
        .arg("-c")
        .arg(path.join("nginx.conf"))
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("nginx starts");
    let nginx = Nginx { child, _folder: folder };
    let up =
        || std::net::TcpStream::connect(SocketAddr::from((HOST.parse::<IpAddr>().expect("address"), 8444))).is_ok();
    for _ in 0..200 {
        if up() {
            return Some(nginx);
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("nginx does not listen");
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(10))
}

fn bench() -> (Host, AddressBook) {
    let mut book = AddressBook::new();
    (book.own(HOST, HOST.parse().expect("address")), book)
}

#[tokio::test]
async fn a_real_server_is_seen_as_it_is_configured() {
    let Some(nginx) = start() else { return };
    let (host, book) = bench();
    let touches = network_touches(DocumentSettings::default(), Arc::new(book)).expect("roots");

    let scan = ScanRequest {
        host: host.clone(),
        tcp: vec![(8_080, 8_090), (8_443, 8_445)],
        limits: Limits::default(),
        silence_ms: 300,
        method: ScanMethod::Connect,
    };
    let found = touches.ports().expect("ports").call(scan.clone(), soon()).await.expect("no fault");
    assert_eq!((found.open.as_slice(), found.closed), (&[8_080, 8_443, 8_444][..], 11));

    for (port, version) in [(8_443, "TLSv1.2"), (8_444, "TLSv1.3")] {
        let request = TlsRequest { endpoint: host.port(port), server_name: Some("camera.test".into()), alpn: vec![] };
        match touches.tls().expect("tls").call(request, soon()).await.expect("no fault") {
            TlsResponse::Established(session) => {
                assert_eq!((session.version.as_str(), session.chain.len()), (version, 1))
            }
            other => panic!("{other:?}"),
        }
    }
    let get = |port, tls| HttpRequest {
        endpoint: host.port(port),
        tls,
        method: "GET".into(),
        path: "/index.html".into(),
        headers: vec![],
        body: Payload::default(),
        max_body: 1_000,
    };
    let http = touches.http().expect("http");
    match http.call(get(8_080, false), soon()).await.expect("no fault") {
        HttpResponse::Answer(a) => {
            assert_eq!((a.status, a.header("location")), (301, Some("https://127.31.8.1:8443/index.html")));
        }
        other => panic!("{other:?}"),
    }
    match http.call(get(8_443, false), soon()).await.expect("no fault") {
        HttpResponse::Answer(a) => assert_eq!(a.status, 400, "plain HTTP to the TLS port"),
        other => panic!("{other:?}"),
    }
    let source = format!("http://{HOST}:8080/index.html");
    let documents = touches.documents().expect("documents");
    match documents
        .call(DocumentRequest { source, max_bytes: 1_000, wanted: Wanted::Text }, soon())
        .await
        .expect("no fault")
    {
        DocumentResponse::Document(d) => {
            assert_eq!((d.text.as_str(), d.redirects.len(), d.tls_verifies), ("Real nginx", 2, Some(false)));
        }
        other => panic!("{other:?}"),
    }

    drop(nginx);
    let found = touches.ports().expect("ports").call(scan, soon()).await.expect("no fault");
    assert_eq!((found.open.len(), found.closed), (0, 14), "the stopped twin offers nothing");
}
