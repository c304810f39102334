//! The maker's website.

use assay_virtual::Running;
use http_body_util::Full;
use hyper::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::http_client::{Answer, http};
use crate::lab::one;

async fn page(running: &Running, path: &str) -> Answer {
    let request = Request::builder().uri(path).header("host", "maker.test").body(Full::default()).unwrap();
    http(running.website(), request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_say_what_a_good_maker_says() {
    // A dead product does not take its maker's website with it.
    let (running, _sample) = one(90, &["absent"]).await;
    assert_eq!(running.website().to_string(), "127.21.90.254:8088");
    let get = async |path: &str| page(&running, path).await;
    let policy = get("/security").await;
    assert_eq!((policy.status, policy.header("content-type")), (200, "text/html; charset=utf-8"));
    for text in
        ["security@maker.test", "acknowledge your report within 3 working days", "status update at least every 14 days"]
    {
        assert!(policy.text.contains(text), "{text}");
    }
    assert!(get("/support").await.text.contains("31 December 2035"));
    assert!(get("/product").await.text.contains("31 December 2035"));
    for path in ["/", "/support/", "/statement", "/label", "/.well-known/security.txt"] {
        assert_eq!(get(path).await.status, 200, "{path}");
    }
    assert_eq!(get("/etc/passwd").await.status, 404);
    let post = Request::builder().method("POST").uri("/").header("host", "maker.test").body(Full::default()).unwrap();
    assert_eq!(http(running.website(), post).await.status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn defects_of_the_website_change_their_pages_and_no_other() {
    let (running, _sample) = one(91, &["no-contact", "statement-missing-field", "policy-behind-login"]).await;
    let policy = page(&running, "/security").await;
    assert_eq!((policy.status, policy.header("location")), (302, "/login"), "the redirect comes before the text");
    assert!(page(&running, "/login").await.text.contains("type=\"password\""));
    assert!(!page(&running, "/statement").await.text.contains("Place of issue"));
    assert_eq!(page(&running, "/.well-known/security.txt").await.status, 404, "two defects hold side by side");
    assert!(page(&running, "/support").await.text.contains("31 December 2035"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_website_is_silent_or_not_there_and_takes_no_camera_with_it() {
    let (running, sample) = one(92, &["website-absent"]).await;
    assert!(TcpStream::connect(running.website()).await.is_err());
    assert!(TcpStream::connect((sample.host, 8443)).await.is_ok());
    let (running, _sample) = one(93, &["website-silent"]).await;
    let mut stream = TcpStream::connect(running.website()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: maker.test\r\n\r\n").await.unwrap();
    let a_while = std::time::Duration::from_millis(300);
    assert!(tokio::time::timeout(a_while, stream.read_u8()).await.is_err(), "it answered");
}
