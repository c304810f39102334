use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use assay_model::touch::Way;
use assay_model::touch::document::{Document, DocumentRequest, DocumentResponse, Documents, Wanted};
use assay_model::{AddressBook, Deadline, EvidenceKind, Fault, Touch, Touches};

use super::{DocumentSettings, DocumentSources};
use crate::testing::{Act, closed_port, recorder, scripted, shortly, soon};

const SITE: &str = "127.31.6.1";

/// Sources of a bench that owns [`SITE`] and calls it `maker.test`.
fn sources(folder: &Path, roots: Vec<Vec<u8>>) -> DocumentSources {
    let mut book = AddressBook::new();
    let site = book.own("camera", SITE.parse().expect("address"));
    let hosts = BTreeMap::from([("maker.test".to_owned(), site.address())]);
    DocumentSources::new(DocumentSettings { folder: folder.to_owned(), hosts, roots }, Arc::new(book)).expect("roots")
}

async fn ask(source: &str, until: Deadline) -> Result<DocumentResponse, Fault> {
    let request = DocumentRequest { source: source.to_owned(), max_bytes: 10_000, wanted: Wanted::Text };
    sources(Path::new("."), Vec::new()).call(request, until).await
}

async fn document(source: &str) -> Document {
    match ask(source, soon()).await {
        Ok(DocumentResponse::Document(document)) => *document,
        other => panic!("{other:?}"),
    }
}

async fn absent(source: &str) -> (String, Vec<String>) {
    match ask(source, soon()).await {
        Ok(DocumentResponse::Absent { text, redirects }) => (text, redirects),
        other => panic!("{other:?}"),
    }
}

async fn page(head: &str, body: &str) -> SocketAddr {
    let length = body.len();
    let answer = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n{body}");
    scripted(SITE, vec![Act::Take, Act::Say(answer.into_bytes())]).await
}

async fn redirect(to: &str) -> SocketAddr {
    page(&format!("301 Moved\r\nLocation: {to}"), "").await
}

#[tokio::test]
async fn a_published_page_is_fetched_with_all_its_facts() {
    let html = "<title>Policy</title><script>x</script><p>Report to us";
    let end = page("200 OK\r\nContent-Type: text/html; charset=utf-8", html).await;
    let start = redirect(&format!("http://maker.test:{}/policy", end.port())).await;
    let got = document(&format!("http://maker.test:{}/", start.port())).await;
    assert_eq!(got.url, format!("http://maker.test:{}/policy", end.port()));
    assert_eq!(got.redirects, [format!("http://maker.test:{}/", start.port()), got.url.clone()]);
    assert_eq!((got.status, got.media_type.as_str(), got.truncated), (200, "text/html", false));
    assert_eq!((got.bytes.lossy().as_str(), got.text.as_str()), (html, "Policy\nReport to us"));
    assert_eq!(got.sha256.len(), 64);
    assert!(got.tls.is_none() && got.tls_verifies.is_none());
    let missing = page("404 Not Found\r\nContent-Type: text/plain", "none").await;
    assert_eq!(document(&format!("http://{missing}/x")).await.status, 404, "an answer, whatever its status");
}

#[tokio::test]
async fn what_is_not_there_is_absent() {
    let (text, redirects) = absent(&format!("http://{}/", closed_port(SITE).await)).await;
    assert!(text.contains("connection refused") && redirects.len() == 1, "{text}");
    let nonsense = scripted(SITE, vec![Act::Take, Act::Say(b"SSH-2.0-x\r\n".to_vec())]).await;
    absent(&format!("http://{nonsense}/")).await;
    let stalls = scripted(SITE, vec![Act::Stall]).await;
    let answer = ask(&format!("http://{stalls}/"), shortly()).await;
    assert!(matches!(answer, Ok(DocumentResponse::Absent { .. })), "{answer:?}");
}

#[tokio::test]
async fn redirects_end() {
    let circle = redirect("/b?x").await;
    let (text, redirects) = absent(&format!("http://{circle}/b?x")).await;
    assert!(text.contains("circle") && redirects.len() == 1, "{text}");
    // Each answer leads one folder deeper, so no address comes twice.
    let deeper = redirect("deeper/").await;
    let (text, redirects) = absent(&format!("http://{deeper}/")).await;
    assert!(text.contains("more than 8 redirects") && redirects.len() == 9, "{text} {redirects:?}");
}

#[tokio::test]
async fn private_addresses_are_asked_only_where_the_bench_owns_them() {
    // A server that must never be asked: it would answer.
    let neighbour = scripted("127.31.6.2", vec![Act::Say(b"HTTP/1.1 200 OK\r\n\r\nsecret".to_vec())]).await;
    for to in
        [format!("http://{neighbour}/"), format!("http://localhost:{}/", neighbour.port()), "file:///etc/passwd".into()]
    {
        let from = redirect(&to).await;
        let (text, redirects) = absent(&format!("http://{from}/")).await;
        assert!(text.starts_with("redirect refused") && redirects.len() == 1, "{text}");
    }
    let fault = ask(&format!("http://{neighbour}/"), soon()).await.expect_err("the bench does not own it");
    assert_eq!(fault.code, "foreign-address");
}

#[tokio::test]
async fn a_page_without_end_is_cut_and_said_to_be() {
    let head = Act::Say(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n".to_vec());
    let endless = scripted(SITE, vec![Act::Take, head, Act::Forever(vec![b'x'; 4096])]).await;
    let got = document(&format!("http://{endless}/")).await;
    assert!(got.truncated);
    assert_eq!((got.bytes.0.len(), got.text.len()), (10_000, 10_000));
}

#[tokio::test]
async fn files_of_the_dossier_and_nothing_else() {
    let outer = tempfile::tempdir().expect("a folder");
    let dossier = outer.path().join("dossier");
    std::fs::create_dir(&dossier).expect("a folder");
    std::fs::write(dossier.join("policy.html"), "<p>Hello").expect("writes");
    std::fs::write(outer.path().join("secret.txt"), "no").expect("writes");
    std::os::unix::fs::symlink(outer.path().join("secret.txt"), dossier.join("link.txt")).expect("links");
    rustix::fs::mkfifoat(rustix::fs::CWD, dossier.join("pipe"), rustix::fs::Mode::RUSR).expect("a pipe");
    let sources = sources(&dossier, Vec::new());
    let ask = async |source: &str| {
        sources.call(DocumentRequest { source: source.to_owned(), max_bytes: 5, wanted: Wanted::Text }, soon()).await
    };
    match ask("policy.html").await {
        Ok(DocumentResponse::Document(d)) => {
            assert_eq!(
                (d.status, d.media_type.as_str(), d.bytes.lossy().as_str(), d.truncated),
                (0, "text/html", "<p>He", true)
            );
        }
        other => panic!("{other:?}"),
    }
    for escape in ["../secret.txt", "link.txt", "a/../../secret.txt"] {
        assert_eq!(ask(escape).await.expect_err("leaves the folder").code, "outside-dossier", "{escape}");
    }
    for nothing in ["none.html", "policy.html/x", "pipe", "."] {
        let answer = ask(nothing).await;
        assert!(matches!(answer, Ok(DocumentResponse::Absent { .. })), "{nothing}: {answer:?}");
    }
    let absolute = outer.path().join("secret.txt");
    let answer = ask(absolute.to_str().expect("UTF-8")).await;
    assert!(matches!(answer, Ok(DocumentResponse::Document(_))), "an absolute path is taken as given: {answer:?}");
}

/// An HTTPS site; its certificate is for `maker.test` and signed by the authority that is returned.
async fn https_site(valid: bool) -> (SocketAddr, Vec<u8>) {
    let mut authority = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = rcgen::KeyPair::generate().expect("a key");
    let root = authority.self_signed(&authority_key).expect("signs").der().to_vec();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let mut site = rcgen::CertificateParams::new(vec!["maker.test".to_owned()]).expect("parameters");
    if !valid {
        site.not_after = rcgen::date_time_ymd(2020, 1, 1);
    }
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate = site.signed_by(&key, &issuer).expect("signs");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.into())
        .expect("certificate and key");
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let at = crate::testing::serve(SITE, move |stream| {
        let acceptor = acceptor.clone();
        async move {
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            let Ok(mut tls) = acceptor.accept(stream).await else { return };
            let _ = tls.read(&mut [0; 4096]).await;
            let _ = tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
            let _ = tls.shutdown().await;
        }
    })
    .await;
    (at, root)
}

#[tokio::test]
async fn whether_a_certificate_verifies_is_told_apart_from_the_page() {
    let ask = async |source: String, roots| {
        let request = DocumentRequest { source, max_bytes: 100, wanted: Wanted::Text };
        match sources(Path::new("."), roots).call(request, soon()).await {
            Ok(DocumentResponse::Document(d)) => (d.bytes.lossy(), d.tls.is_some(), d.tls_verifies),
            other => panic!("{other:?}"),
        }
    };
    let (at, root) = https_site(true).await;
    let named = format!("https://maker.test:{}/", at.port());
    let page = "ok".to_owned();
    assert_eq!(ask(named.clone(), vec![root.clone()]).await, (page.clone(), true, Some(true)));
    assert_eq!(ask(named, Vec::new()).await, (page.clone(), true, Some(false)), "nobody knows its authority");
    assert_eq!(ask(format!("https://{at}/"), vec![root]).await, (page.clone(), true, Some(false)), "another name");
    let (expired, root) = https_site(false).await;
    let named = format!("https://maker.test:{}/", expired.port());
    assert_eq!(ask(named, vec![root]).await, (page, true, Some(false)), "expired");
}

#[tokio::test]
async fn behind_the_seam_the_bytes_become_evidence_of_their_own() {
    let at = page("200 OK\r\nContent-Type: text/html", "<p>kept").await;
    let way: Way<Documents> = Arc::new(sources(Path::new("."), Vec::new()));
    let (step, memory) = recorder();
    let touches = crate::seam::recorded(&Touches { documents: Some(way), ..Touches::default() }, &step);
    let documents = touches.documents().expect("is there");
    for path in ["security/policy", "../..", "a%00<b>.html?q"] {
        let request = DocumentRequest { source: format!("http://{at}/{path}"), max_bytes: 100, wanted: Wanted::Text };
        documents.call(request, soon()).await.expect("no fault");
    }
    let kept = memory.kept();
    assert_eq!(kept.exchanges.len(), 3);
    assert!(kept.streams.iter().all(|(meta, bytes)| meta.kind == EvidenceKind::Document && bytes == b"<p>kept"));
    let names: Vec<_> = kept.streams.iter().map(|(meta, _)| meta.file.as_str()).collect();
    assert_eq!(names, ["policy.html", "document.html", "a003Cb3E.html"]);
    assert_eq!(kept.streams[0].0.source, format!("http://{at}/security/policy"));
}

#[tokio::test]
async fn a_picture_is_taken_where_there_is_a_browser_and_of_nothing_else() {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.42.9.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4_096]);
            let page = "<body style='background:#0a0'><h1>Updates until 31 December 2035</h1>";
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n", page.len());
            let _ = stream.write_all(format!("{head}Connection: close\r\n\r\n{page}").as_bytes());
        }
    });
    let hosts = [("page.test".to_owned(), "127.42.9.1".parse().expect("an address"))].into();
    let settings = DocumentSettings { hosts, ..DocumentSettings::default() };
    let sources = DocumentSources::new(settings, Arc::new(AddressBook::new())).expect("sources");
    let ask = async |source: String| {
        let request = DocumentRequest { source, max_bytes: u32::MAX, wanted: Wanted::Picture };
        sources.call(request, Deadline::after(std::time::Duration::from_secs(60))).await.expect("no fault")
    };
    let DocumentResponse::Absent { text, .. } = ask("policy.html".into()).await else {
        panic!("a file has no picture")
    };
    assert!(text.contains("only pages of the web"), "{text}");
    match ask(format!("http://page.test:{port}/")).await {
        DocumentResponse::Document(picture) => {
            assert_eq!(
                (&picture.bytes.as_slice()[..8], picture.media_type.as_str()),
                (&b"\x89PNG\r\n\x1a\n"[..], "image/png")
            );
            assert_eq!(picture.sha256.len(), 64);
        }
        DocumentResponse::Absent { text, .. } => {
            assert!(text.contains("no browser is installed"), "{text}");
            assert!(std::env::var_os("ASSAY_REQUIRE_PEERS").is_none(), "chromium is not installed");
        }
    }
}
