use std::time::Duration;

use assay_model::touch::tcp::{ReadEnd, ReadUntil, TcpRequest, TcpResponse};
use assay_model::{Endpoint, Payload, Touch};

use super::TcpConnections;
use crate::testing::{Act, closed_port, endpoint, scripted, serve, shortly, silent_port, soon};

const HOST: &str = "127.31.2.1";

async fn ask(endpoint: Endpoint, send: &str, read: ReadUntil) -> TcpResponse {
    let request = TcpRequest::Ask { endpoint, send: Payload::from(send), read };
    TcpConnections::new().call(request, soon()).await.expect("no fault")
}

fn data(bytes: &str, end: ReadEnd) -> TcpResponse {
    TcpResponse::Data { bytes: Payload::from(bytes), end }
}

fn opened(response: TcpResponse) -> u32 {
    match response {
        TcpResponse::Opened { connection } => connection,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_banner_is_read_and_the_reason_for_stopping_told() {
    let banner = Act::Say(b"SSH-2.0-x\r\nmore".to_vec());
    let closes = endpoint(scripted(HOST, vec![banner.clone()]).await);
    assert_eq!(ask(closes.clone(), "", ReadUntil::idle(1_000, 500)).await, data("SSH-2.0-x\r\nmore", ReadEnd::Closed));
    assert_eq!(ask(closes, "", ReadUntil::idle(3, 500)).await, data("SSH", ReadEnd::Enough));

    let stays = endpoint(scripted(HOST, vec![banner, Act::Stall]).await);
    assert_eq!(ask(stays.clone(), "", ReadUntil::idle(1_000, 100)).await, data("SSH-2.0-x\r\nmore", ReadEnd::Idle));
    let line = ReadUntil { delimiter: Some(Payload::from("\r\n")), ..ReadUntil::idle(1_000, 5_000) };
    assert!(matches!(ask(stays.clone(), "", line).await, TcpResponse::Data { end: ReadEnd::Enough, .. }));
    let some = ReadUntil { at_least: Some(10), ..ReadUntil::idle(1_000, 5_000) };
    assert!(matches!(ask(stays, "", some).await, TcpResponse::Data { end: ReadEnd::Enough, .. }));
}

#[tokio::test]
async fn a_delimiter_that_comes_byte_by_byte_is_seen() {
    let drip = Act::Drip(b"login: ".to_vec(), Duration::from_millis(5));
    let at = endpoint(scripted(HOST, vec![drip, Act::Stall]).await);
    let prompt = ReadUntil { delimiter: Some(Payload::from("in: ")), ..ReadUntil::idle(1_000, 5_000) };
    assert_eq!(ask(at, "", prompt).await, data("login: ", ReadEnd::Enough));
}

#[tokio::test]
async fn refusal_silence_and_reset_are_told_apart() {
    let closed = endpoint(closed_port(HOST).await);
    assert_eq!(ask(closed, "", ReadUntil::idle(10, 100)).await, TcpResponse::Refused);

    let silent = silent_port(&format!("{HOST}:4001"));
    let request = TcpRequest::Open { endpoint: endpoint(silent.at) };
    let answer = TcpConnections::new().call(request, shortly()).await.expect("no fault");
    assert!(matches!(&answer, TcpResponse::NoAnswer { text } if text.contains("127.31.2.1:4001")), "{answer:?}");

    let resets = endpoint(scripted(HOST, vec![Act::Take, Act::Say(b"no".to_vec()), Act::Reset]).await);
    let answer = ask(resets, "hello", ReadUntil::idle(100, 2_000)).await;
    assert!(matches!(answer, TcpResponse::Data { end: ReadEnd::Reset, .. } | TcpResponse::Gone), "{answer:?}");
}

#[tokio::test]
async fn endless_and_dripping_peers_end_by_size_and_by_deadline() {
    let flood = endpoint(scripted(HOST, vec![Act::Forever(vec![b'x'; 4096])]).await);
    match ask(flood.clone(), "", ReadUntil::idle(100_000, 1_000)).await {
        TcpResponse::Data { bytes, end: ReadEnd::Enough } => assert_eq!(bytes.0.len(), 100_000),
        other => panic!("{other:?}"),
    }
    let drip = Act::Drip(vec![b'x'; 1_000], Duration::from_millis(20));
    let slow = endpoint(scripted(HOST, vec![drip]).await);
    let read = ReadUntil::idle(1_000, 10_000);
    let request = TcpRequest::Ask { endpoint: slow, send: Payload::default(), read };
    match TcpConnections::new().call(request, shortly()).await.expect("no fault") {
        TcpResponse::Data { bytes, end: ReadEnd::Deadline } => assert!(!bytes.0.is_empty() && bytes.0.len() < 100),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_peer_that_never_reads_cannot_hold_a_send() {
    let at = endpoint(scripted(HOST, vec![Act::Stall]).await);
    let tcp = TcpConnections::new();
    let connection = opened(tcp.call(TcpRequest::Open { endpoint: at }, soon()).await.expect("no fault"));
    let bytes = Payload(vec![0; 64 << 20]);
    let answer = tcp.call(TcpRequest::Send { connection, bytes }, shortly()).await.expect("no fault");
    assert!(matches!(answer, TcpResponse::NoAnswer { .. }), "{answer:?}");
}

#[tokio::test]
async fn connections_are_numbered_kept_apart_and_closed() {
    let at = endpoint(
        scripted(HOST, vec![Act::Take, Act::Say(b"one".to_vec()), Act::Take, Act::Say(b"two".to_vec()), Act::Take])
            .await,
    );
    let tcp = TcpConnections::new();
    let call = async |request| tcp.call(request, soon()).await;
    let first = opened(call(TcpRequest::Open { endpoint: at.clone() }).await.expect("opens"));
    let second = opened(call(TcpRequest::Open { endpoint: at }).await.expect("opens"));
    assert_eq!((first, second), (1, 2));
    let read = ReadUntil { at_least: Some(3), ..ReadUntil::idle(100, 2_000) };
    for answer in ["one", "two"] {
        let send = TcpRequest::Send { connection: first, bytes: Payload::from("x") };
        assert_eq!(call(send).await, Ok(TcpResponse::Done));
        let read = TcpRequest::Read { connection: first, read: read.clone() };
        assert_eq!(call(read).await, Ok(data(answer, ReadEnd::Enough)));
    }
    assert_eq!(call(TcpRequest::Close { connection: first }).await, Ok(TcpResponse::Done));
    let fault = call(TcpRequest::Close { connection: first }).await.expect_err("is closed");
    assert_eq!(fault.code, "no-such-connection");
    let send = TcpRequest::Send { connection: second, bytes: Payload::from("x") };
    assert_eq!(call(send).await, Ok(TcpResponse::Done));
}

/// A peer that counts who is still connected.
#[tokio::test]
async fn what_a_step_forgets_is_closed_when_the_step_ends() {
    let (gone, mut closed) = tokio::sync::mpsc::unbounded_channel();
    let at = serve(HOST, move |mut stream| {
        let gone = gone.clone();
        async move {
            use tokio::io::AsyncReadExt as _;
            let end = stream.read(&mut [0; 8]).await;
            gone.send(matches!(end, Ok(0))).expect("the test waits");
        }
    })
    .await;
    let whole = assay_model::Touches { tcp: Some(std::sync::Arc::new(TcpConnections::new())), ..Default::default() };
    let (recorder, _) = crate::testing::recorder();
    let step = crate::seam::recorded(&whole, &recorder);
    let open = TcpRequest::Open { endpoint: endpoint(at) };
    opened(step.tcp().expect("is there").call(open, soon()).await.expect("opens"));
    assert!(closed.try_recv().is_err(), "the connection lasts as long as the step");
    drop(step);
    assert!(closed.recv().await.expect("the peer saw an end"), "an orderly end");
    assert!(whole.tcp.is_some(), "the bench's own list outlives the step");
}
