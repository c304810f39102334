//! The maker's website.

use http_body_util::Full;
use hyper::Request;

use crate::http_client::{Answer, http};
use crate::lab::one;

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_say_what_a_good_maker_says() {
    // A dead product does not take its maker's website with it.
    let (running, _sample) = one(90, &["absent"]).await;
    assert_eq!(running.website().to_string(), "127.21.90.254:8088");
    let get = async |path: &str| -> Answer {
        http(
            running.website(),
            Request::builder().uri(path).header("host", "maker.test").body(Full::default()).unwrap(),
        )
        .await
    };
    let policy = get("/security").await;
    assert_eq!((policy.status, policy.header("content-type")), (200, "text/html; charset=utf-8"));
    for text in
        ["security@maker.test", "acknowledge your report within 3 working days", "status update at least every 14 days"]
    {
        assert!(policy.text.contains(text), "{text}");
    }
    assert!(get("/support").await.text.contains("31 December 2031"));
    assert!(get("/product").await.text.contains("31 December 2031"));
    for path in ["/", "/support/"] {
        assert_eq!(get(path).await.status, 200, "{path}");
    }
    assert_eq!(get("/etc/passwd").await.status, 404);
    let post = Request::builder().method("POST").uri("/").header("host", "maker.test").body(Full::default()).unwrap();
    assert_eq!(http(running.website(), post).await.status, 405);
}
