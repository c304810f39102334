use std::time::Duration;

use assay_model::touch::http::{HttpAnswer, HttpRequest, HttpResponse};
use assay_model::{AddressBook, Deadline, Endpoint, Fault, Payload, Touch};

use super::HttpRequests;
use crate::testing::{Act, closed_port, endpoint, scripted, serve, shortly, soon};

const HOST: &str = "127.31.5.1";

fn get(endpoint: Endpoint) -> HttpRequest {
    HttpRequest {
        endpoint,
        tls: false,
        method: "GET".into(),
        path: "/".into(),
        headers: Vec::new(),
        body: Payload::default(),
        max_body: 1_000,
    }
}

async fn answered_by(script: Vec<Act>, until: Deadline) -> HttpResponse {
    let at = endpoint(scripted(HOST, script).await);
    HttpRequests.call(get(at), until).await.expect("no fault")
}

async fn says(bytes: &[u8]) -> HttpResponse {
    answered_by(vec![Act::Take, Act::Say(bytes.to_vec())], soon()).await
}

fn answer(response: HttpResponse) -> HttpAnswer {
    match response {
        HttpResponse::Answer(answer) => answer,
        other => panic!("{other:?}"),
    }
}

fn is_malformed(response: &HttpResponse) -> bool {
    matches!(response, HttpResponse::Malformed { text } if !text.is_empty())
}

fn no_answer(response: HttpResponse) -> String {
    match response {
        HttpResponse::NoAnswer { text } => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_comes_with_status_headers_and_body() {
    let got = answer(
        says(b"HTTP/1.1 302 Found\r\nLocation: /login\r\nSet-Cookie: a=1\r\nX-Odd: caf\xe9\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok").await,
    );
    assert_eq!((got.status, got.body.lossy().as_str(), got.truncated, got.tls.is_none()), (302, "ok", false, true));
    assert_eq!(got.header("location"), Some("/login"), "redirects are answers");
    assert_eq!(got.header("x-odd"), Some("caf\u{fffd}"));
    let cookies: Vec<_> = got.headers.iter().filter(|(n, _)| n == "set-cookie").map(|(_, v)| v.as_str()).collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
}

/// A server that sends back the request it got.
async fn echo(request: impl FnOnce(Endpoint) -> HttpRequest) -> String {
    let at = serve(HOST, |mut stream| async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut bytes = vec![0; 4096];
        let n = stream.read(&mut bytes).await.expect("reads");
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {n}\r\n\r\n");
        stream.write_all(&[head.as_bytes(), &bytes[..n]].concat()).await.expect("writes");
    })
    .await;
    answer(HttpRequests.call(request(endpoint(at)), soon()).await.expect("no fault")).body.lossy()
}

#[tokio::test]
async fn the_request_says_what_the_check_said_and_fills_in_the_rest() {
    let sent = echo(|at| HttpRequest {
        method: "POST".into(),
        path: "/api/login?x=1".into(),
        headers: vec![("X-Own".into(), "1".into()), ("User-Agent".into(), "me".into())],
        body: Payload::from("{}"),
        ..get(at)
    })
    .await;
    assert!(sent.starts_with("POST /api/login?x=1 HTTP/1.1\r\n") && sent.ends_with("\r\n\r\n{}"), "{sent}");
    for line in
        ["X-Own: 1\r\n", "User-Agent: me\r\n", "Content-Length: 2\r\n", "Host: 127.31.5.1:", "Connection: close"]
    {
        assert!(sent.contains(line), "{line} in {sent}");
    }
    let named = echo(|at| {
        let host = AddressBook::new().own("camera", at.socket().ip());
        get(host.port(at.port()))
    })
    .await;
    assert!(named.contains("Host: 127.31.5.1:"), "a bench's nickname stays in the lab: {named}");
    let stated = echo(|at| HttpRequest { headers: vec![("Host".into(), "camera.test".into())], ..get(at) }).await;
    assert!(stated.contains("Host: camera.test\r\n") && stated.matches("Host:").count() == 1, "{stated}");
}

#[tokio::test]
async fn what_http_cannot_carry_is_the_plan_s_mistake() {
    let at = endpoint(closed_port(HOST).await);
    for bad in [
        HttpRequest { path: "no-slash".into(), ..get(at.clone()) },
        HttpRequest { path: "/a b".into(), ..get(at.clone()) },
        HttpRequest { method: "G T".into(), ..get(at.clone()) },
        HttpRequest { headers: vec![("X".into(), "a\r\nY: b".into())], ..get(at.clone()) },
    ] {
        let fault: Fault = HttpRequests.call(bad, soon()).await.expect_err("not sent");
        assert_eq!(fault.code, "bad-request");
    }
    assert_eq!(HttpRequests.call(get(at), soon()).await, Ok(HttpResponse::Refused));
}

#[tokio::test]
async fn a_body_is_cut_at_the_limit_and_no_further_read() {
    let head = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    let got = answer(answered_by(vec![Act::Take, Act::Say(head), Act::Forever(vec![b'x'; 4096])], soon()).await);
    assert_eq!((got.body.0.len(), got.truncated), (1_000, true));
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    let got = answer(
        answered_by(vec![Act::Take, Act::Say(chunked), Act::Forever(b"3\r\nabc\r\n".repeat(100))], soon()).await,
    );
    assert_eq!((got.body.0.len(), got.truncated), (1_000, true));
    let four_gb = b"HTTP/1.1 200 OK\r\nContent-Length: 4294967296\r\n\r\n".to_vec();
    let got = answer(answered_by(vec![Act::Take, Act::Say(four_gb), Act::Forever(vec![0; 4096])], soon()).await);
    assert_eq!((got.body.0.len(), got.truncated), (1_000, true));
}

#[tokio::test]
async fn lies_about_length_are_seen() {
    let text = no_answer(says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort").await);
    assert!(text.contains("after 5 bytes"), "{text}");
    let longer = answer(says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nlonger").await);
    assert_eq!(longer.body.lossy(), "lo");
    let two = says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc").await;
    assert!(is_malformed(&two), "{two:?}");
}

#[tokio::test]
async fn nonsense_and_other_protocols_are_malformed() {
    for nonsense in [
        &b"SSH-2.0-OpenSSH_9.2\r\n"[..],
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"<html>no head at all</html>",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let response = says(nonsense).await;
        assert!(is_malformed(&response), "{}: {response:?}", nonsense.escape_ascii());
    }
}

#[tokio::test]
async fn endless_heads_are_cut_off() {
    let start = Act::Say(b"HTTP/1.1 200 OK\r\n".to_vec());
    let many = answered_by(vec![Act::Take, start.clone(), Act::Forever(b"X: y\r\n".repeat(50))], soon()).await;
    assert!(is_malformed(&many), "{many:?}");
    let long =
        answered_by(vec![Act::Take, start, Act::Say(b"X: ".to_vec()), Act::Forever(vec![b'y'; 4096])], soon()).await;
    assert!(is_malformed(&long), "{long:?}");
    let interim = Act::Forever(b"HTTP/1.1 100 Continue\r\n\r\n".repeat(20));
    no_answer(answered_by(vec![Act::Take, interim], shortly()).await);
}

#[tokio::test]
async fn a_stall_or_an_end_at_each_point_is_told() {
    let head = Act::Say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc".to_vec());
    let silent = no_answer(answered_by(vec![Act::Stall], shortly()).await);
    assert!(silent.contains("no whole response head"), "{silent}");
    let half_head = Act::Say(b"HTTP/1.1 200 OK\r\nConte".to_vec());
    let stalled = no_answer(answered_by(vec![Act::Take, half_head.clone(), Act::Stall], shortly()).await);
    assert!(stalled.contains("no whole response head"), "{stalled}");
    let body = no_answer(answered_by(vec![Act::Take, head, Act::Stall], shortly()).await);
    assert!(body.contains("status 200") && body.contains("after 3 bytes"), "{body}");
    for script in [vec![], vec![Act::Take], vec![Act::Take, Act::Reset], vec![Act::Take, half_head, Act::HalfClose]] {
        let text = no_answer(answered_by(script.clone(), soon()).await);
        assert!(text.starts_with("the connection ended"), "{script:?}: {text}");
    }
    let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec();
    let slow = answered_by(vec![Act::Drip(whole.clone(), Duration::from_millis(100))], shortly()).await;
    no_answer(slow);
    let dripped = answered_by(vec![Act::Take, Act::Drip(whole, Duration::from_millis(1))], soon()).await;
    assert_eq!(answer(dripped).body.lossy(), "ok");
}

#[tokio::test]
async fn https_to_a_plain_server_is_malformed() {
    let at = endpoint(scripted(HOST, vec![Act::Take, Act::Say(b"HTTP/1.1 400 Bad\r\n\r\n".to_vec())]).await);
    let response = HttpRequests.call(HttpRequest { tls: true, ..get(at) }, soon()).await.expect("no fault");
    assert!(matches!(&response, HttpResponse::Malformed { text } if text.contains("not TLS")), "{response:?}");
}
