//! Servers that mean harm: whatever they send is bounded, and is told as what it is.

use assay_checks::ssh::{SshAlgorithms, SshHostKeys};
use assay_checks::tls::TlsScan;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::bench::{context, run};

/// A server that answers every first message with the same bytes and then, `tail` for ever, if there is one.
async fn says(host: &str, first: Vec<u8>, tail: Vec<u8>) -> u16 {
    let listener = TcpListener::bind((host, 0)).await.expect("binds");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (first, tail) = (first.clone(), tail.clone());
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                if stream.read(&mut buffer).await.is_err() || stream.write_all(&first).await.is_err() {
                    return;
                }
                while !tail.is_empty() && stream.write_all(&tail).await.is_ok() {}
            });
        }
    });
    port
}

fn record(body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).expect("short").to_be_bytes();
    [&[22, 3, 3], &length[..], body].concat()
}

fn message(kind: u8, length: usize, body: &[u8]) -> Vec<u8> {
    [&[kind], &u32::try_from(length).expect("short").to_be_bytes()[1..], body].concat()
}

/// A ServerHello of TLS 1.2 with ECDHE-RSA-AES128-GCM.
fn server_hello() -> Vec<u8> {
    let body = [&[3, 3], &[7; 32][..], &[0, 0xC0, 0x2F, 0]].concat();
    message(2, body.len(), &body)
}

async fn scan(host: &str, port: u16) -> Value {
    run(TlsScan, &context(host), json!({"host": host, "port": port, "silence_ms": 500, "depth": "full"})).await
}

#[tokio::test]
async fn a_certificate_without_end_is_cut() {
    let host = "127.41.30.1";
    let first = record(&[server_hello(), message(11, 0xFF_FFFF, &[0xFF; 6])].concat());
    let port = says(host, first, record(&[0xAA; 16_000])).await;
    let seen = scan(host, port).await;
    assert_eq!((&seen["versions"]["TLSv1.2"], &seen["chain"]), (&json!("accepted"), &json!([])));
    assert_eq!(seen["suites"].as_array().map(Vec::len), Some(1), "it chooses what is not on offer any more");
}

#[tokio::test]
async fn a_chain_of_a_thousand_is_cut_and_nonsense_is_called_so() {
    let host = "127.41.30.2";
    let one = [&[0, 0, 4][..], &[0x30, 0x82, 0xFF, 0xFF]].concat();
    let list = one.repeat(1_000);
    let body = [&u32::try_from(list.len()).expect("short").to_be_bytes()[1..], &list].concat();
    let flight = [server_hello(), message(11, body.len(), &body), message(14, 0, &[])].concat();
    let port = says(host, record(&flight), Vec::new()).await;
    let seen = scan(host, port).await;
    assert_eq!(seen["secure_renegotiation"], json!(false), "its hello has no extension at all");
    let chain = seen["chain"].as_array().expect("a list");
    assert_eq!(chain.len(), 10);
    assert!(chain.iter().all(|c| c["invalid"].is_string()));
    assert!(seen.get("chain_facts").is_none());
}

#[tokio::test]
async fn ssh_without_end_is_cut() {
    let host = "127.41.30.3";
    for (first, tail) in [
        (Vec::new(), b"no banner at all\r\n".repeat(100)),
        (b"SSH-2.0-x\r\n\0\0\x80\0".to_vec(), vec![20; 4096]),
        (b"SSH-2.0-x\r\n\xff\xff\xff\xff".to_vec(), vec![0; 4096]),
    ] {
        let port = says(host, first, tail).await;
        let params = json!({"host": host, "port": port, "silence_ms": 1000});
        let cx = context(host);
        for seen in [run(SshAlgorithms, &cx, params.clone()).await, run(SshHostKeys, &cx, params).await] {
            assert_eq!((&seen["answered"], &seen["ssh"]), (&json!(true), &json!(false)));
            assert!(seen["text"].is_string());
        }
    }
}

#[tokio::test]
async fn ssh_that_stops_after_its_lists_shows_no_key() {
    let host = "127.41.30.4";
    let mut payload = vec![20];
    payload.extend_from_slice(&[9; 16]);
    for list in ["curve25519-sha256", "ssh-ed25519", "a", "a", "b", "b", "none", "none", "", ""] {
        payload.extend_from_slice(&u32::try_from(list.len()).expect("short").to_be_bytes());
        payload.extend_from_slice(list.as_bytes());
    }
    payload.extend_from_slice(&[0; 5]);
    let length = u32::try_from(payload.len() + 5).expect("short").to_be_bytes();
    let lists = [&b"SSH-2.0-x\r\n"[..], &length, &[4], &payload, &[0; 4]].concat();
    let port = says(host, lists, Vec::new()).await;
    let seen = run(SshHostKeys, &context(host), json!({"host": host, "port": port, "silence_ms": 500})).await;
    assert_eq!((&seen["ssh"], &seen["keys"]), (&json!(true), &json!([])), "{seen:#}");
    assert_eq!(seen["not_shown"][0]["algorithm"], json!("ssh-ed25519"));
}

/// A first flight that is whole: hello, certificate, end.
fn flight() -> Vec<u8> {
    let certificate = [&[0, 0, 7, 0, 0, 4][..], b"\x30\x02\x05\0"].concat();
    record(&[server_hello(), message(11, certificate.len(), &certificate), message(14, 0, &[])].concat())
}

/// It stalls after every part of a flight: what had not come is not made up, and nobody waits for ever.
#[tokio::test]
async fn a_stall_at_any_point_is_bounded_and_makes_nothing_up() {
    let host = "127.41.30.5";
    let whole = flight();
    let hello_ends = 5 + 4 + server_hello().len() - 4;
    let mut tasks = tokio::task::JoinSet::new();
    for cut in (0..whole.len()).step_by(6) {
        let first = whole[..cut].to_vec();
        tasks.spawn(async move {
            let listener = TcpListener::bind((host, 0)).await.expect("binds");
            let port = listener.local_addr().expect("bound").port();
            tokio::spawn(async move {
                let mut kept = Vec::new();
                while let Ok((mut stream, _)) = listener.accept().await {
                    let _ = stream.read(&mut [0; 4096]).await;
                    let _ = stream.write_all(&first).await;
                    kept.push(stream);
                }
            });
            let params = json!({"host": host, "port": port, "silence_ms": 200, "depth": "versions"});
            (cut, run(TlsScan, &context(host), params).await)
        });
    }
    while let Some(ended) = tasks.join_next().await {
        let (cut, seen) = ended.expect("no panic");
        let accepted = seen["versions"]["TLSv1.2"] == json!("accepted");
        assert_eq!(accepted, cut >= hello_ends, "{cut} of {} bytes: {seen:#}", whole.len());
    }
}

/// A byte now and then: the limit counts for the whole answer, not for each byte.
#[tokio::test]
async fn a_server_that_drips_is_left() {
    let host = "127.41.30.6";
    let listener = TcpListener::bind((host, 0)).await.expect("binds");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                for byte in flight().into_iter().cycle() {
                    if stream.write_all(&[byte]).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            });
        }
    });
    let params = json!({"host": host, "port": port, "silence_ms": 400, "depth": "full"});
    let seen = tokio::time::timeout(std::time::Duration::from_secs(30), run(TlsScan, &context(host), params)).await;
    let seen = seen.expect("bounded");
    assert_ne!(seen["versions"]["TLSv1.2"], json!("accepted"), "{seen:#}");
    let params = json!({"host": host, "port": port, "silence_ms": 400});
    let seen = run(SshAlgorithms, &context(host), params).await;
    assert_eq!(seen["ssh"], json!(false));
}
