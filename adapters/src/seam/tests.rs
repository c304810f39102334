use std::sync::Arc;

use assay_model::touch::http::HttpRequest;
use assay_model::touch::ports::{ScanMethod, ScanRequest};
use assay_model::touch::tcp::{ReadUntil, TcpRequest};
use assay_model::touch::udp::UdpRequest;
use assay_model::{AddressBook, Exchange, Fault, Limits, Outcome, Payload, Touches};
use serde_json::{Value, json};

use super::{Replay, ReplayError, recorded};
use crate::document::DocumentSettings;
use crate::network::network_touches;
use crate::testing::{Act, closed_port, endpoint, host, recorder, scripted, shortly, soon};

const HOST: &str = "127.31.7.1";

fn network() -> Touches {
    network_touches(DocumentSettings::default(), Arc::new(AddressBook::new())).expect("roots")
}

/// What a check saw, as JSON: one entry a call.
async fn look(touches: &Touches, web: std::net::SocketAddr, closed: std::net::SocketAddr) -> Vec<Value> {
    let mut seen = Vec::new();
    let http = touches.http().expect("is there");
    for path in ["/", "/again"] {
        let request = HttpRequest {
            endpoint: endpoint(web),
            tls: false,
            method: "GET".into(),
            path: path.into(),
            headers: vec![],
            body: Payload::default(),
            max_body: 100,
        };
        seen.push(serde_json::to_value(http.call(request, soon()).await.expect("no fault")).expect("JSON"));
    }
    let tcp = touches.tcp().expect("is there");
    let ask = |at| TcpRequest::Ask { endpoint: endpoint(at), send: Payload::from("x"), read: ReadUntil::idle(20, 100) };
    for at in [web, closed] {
        seen.push(serde_json::to_value(tcp.call(ask(at), soon()).await.expect("no fault")).expect("JSON"));
    }
    let fault = tcp.call(TcpRequest::Close { connection: 7 }, soon()).await.expect_err("never opened");
    seen.push(serde_json::to_value(fault).expect("JSON"));
    let datagram = UdpRequest::new(endpoint(closed), "x", 500, 1);
    let udp = touches.udp().expect("is there").call(datagram, soon()).await.expect("no fault");
    seen.push(serde_json::to_value(udp).expect("JSON"));
    let range = vec![(web.port(), web.port())];
    let scan = ScanRequest {
        host: host(HOST),
        tcp: range,
        limits: Limits::default(),
        silence_ms: 100,
        method: ScanMethod::Connect,
    };
    let ports = touches.ports().expect("is there").call(scan, soon()).await.expect("no fault");
    seen.push(serde_json::to_value(ports).expect("JSON"));
    seen
}

#[tokio::test]
async fn a_recorded_run_replays_to_the_same_responses() {
    let page = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec();
    let web = scripted(HOST, vec![Act::Take, Act::Say(page)]).await;
    let closed = closed_port(HOST).await;
    let (step, memory) = recorder();
    let seen = look(&recorded(&network(), &step), web, closed).await;
    let exchanges = memory.kept().exchanges;
    assert_eq!(exchanges.len(), 7);
    assert!(exchanges.iter().all(|e| e.started_ns <= e.ended_ns));
    assert!(exchanges.iter().any(|e| matches!(e.outcome, Outcome::Fault(_))));

    // Through a file, as the evidence pack keeps them.
    let file = tempfile::NamedTempFile::new().expect("a file");
    let lines: Vec<String> = exchanges.iter().map(|e| serde_json::to_string(e).expect("JSON")).collect();
    std::fs::write(file.path(), lines.join("\n")).expect("writes");
    let replay = Replay::from_files(&[file.path()]).expect("reads").touches();
    assert_eq!(look(&replay, web, closed).await, seen);
}

#[tokio::test]
async fn a_call_that_is_given_up_is_recorded_too() {
    let silent = scripted(HOST, vec![Act::Stall]).await;
    let (step, memory) = recorder();
    let touches = recorded(&network(), &step);
    let request =
        TcpRequest::Ask { endpoint: endpoint(silent), send: Payload::default(), read: ReadUntil::idle(1, 9_000) };
    let call = touches.tcp().expect("is there").call(request, soon());
    assert!(tokio::time::timeout(shortly().remaining(), call).await.is_err());
    let exchanges = memory.kept().exchanges;
    assert!(matches!(&exchanges[..], [Exchange { outcome: Outcome::Fault(f), .. }] if f.code == "cancelled"));
}

fn close(connection: u32, span: (u64, u64)) -> Exchange {
    Exchange {
        protocol: "tcp".into(),
        started_ns: span.0,
        ended_ns: span.1,
        request: json!({"close": {"connection": connection}}),
        outcome: Outcome::Response(json!("done")),
    }
}

async fn replayed(touches: &Touches, connection: u32) -> Result<(), Fault> {
    touches.tcp().expect("is there").call(TcpRequest::Close { connection }, soon()).await.map(drop)
}

#[tokio::test]
async fn another_order_is_a_mismatch_except_side_by_side() {
    let one_by_one = Replay::new(vec![close(1, (0, 5)), close(2, (6, 9))]).touches();
    let fault = replayed(&one_by_one, 2).await.expect_err("out of order");
    assert_eq!(fault.code, "replay-mismatch");
    assert!(fault.text.contains(r#"{"connection":2}"#) && fault.text.contains(r#"{"connection":1}"#), "{fault}");
    assert_eq!(replayed(&one_by_one, 1).await, Ok(()));
    assert_eq!(replayed(&one_by_one, 2).await, Ok(()));
    assert_eq!(replayed(&one_by_one, 2).await.expect_err("the end").code, "replay-mismatch");

    let side_by_side = Replay::new(vec![close(1, (0, 5)), close(2, (3, 9))]).touches();
    assert_eq!(replayed(&side_by_side, 2).await, Ok(()));
    assert_eq!(replayed(&side_by_side, 1).await, Ok(()));
}

#[tokio::test]
async fn a_redaction_mark_stands_for_what_was_replaced() {
    let mark = "user=admin&password=[[REDACTED R-0007 password 12ch #k3f9a1c2]]&ok";
    let exchange =
        Exchange { request: json!({"send": {"connection": 1, "bytes": {"text": mark}}}), ..close(0, (0, 1)) };
    let ask = async |bytes: &str| {
        let touches = Replay::new(vec![exchange.clone()]).touches();
        let request = TcpRequest::Send { connection: 1, bytes: Payload::from(bytes) };
        touches.tcp().expect("is there").call(request, soon()).await.map_err(|f| f.code)
    };
    assert!(ask("user=admin&password=hunter2.&ok").await.is_ok());
    assert_eq!(ask("user=root&password=hunter2.&ok").await.expect_err("another user"), "replay-mismatch");
    assert_eq!(ask("user=admin&password=&ok").await.expect_err("no password"), "replay-mismatch");
}

#[test]
fn a_record_that_cannot_be_read_says_where() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "\n{\"protocol\": 1}\n").expect("writes");
    let error = Replay::from_files(&[file.path()]).expect_err("is no exchange");
    assert!(matches!(error, ReplayError::BadLine { line: 2, .. }), "{error}");
    assert!(matches!(Replay::from_files(&["/no/such/file"]), Err(ReplayError::Unreadable { .. })));
}
