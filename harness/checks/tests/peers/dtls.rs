//! `tls.scan` over datagrams against openssl s_server and GnuTLS: exactly what is configured.

use std::collections::BTreeSet;
use std::net::UdpSocket;
use std::process::Command;
use std::time::Duration;

use assay_checks::tls::TlsScan;
use serde_json::{Value, json};

use crate::bench::{context, run, try_run, words};
use crate::certificates;
use crate::peer::{Peer, installed};
use crate::tls_openssl::{accepted, seen_suites, suites};

async fn scan(host: &str, port: u16, mut params: Value) -> Value {
    params["host"] = json!(host);
    params["port"] = json!(port);
    params["transport"] = json!("udp");
    run(TlsScan, &context(host), params).await
}

/// Starts a server of datagrams and waits until it answers one.
async fn serving(mut command: Command, host: &str, port: u16, folder: tempfile::TempDir) -> Peer {
    command.current_dir(folder.path());
    let peer = Peer::spawn(&mut command, host, port, Some(folder));
    for _ in 0..100 {
        if scan(host, port, json!({"depth": "versions", "silence_ms": 300})).await["answered"] == json!(true) {
            return peer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing answers on {host}:{port}");
}

fn free_port(host: &str) -> u16 {
    UdpSocket::bind((host, 0)).expect("binds").local_addr().expect("bound").port()
}

/// Address, flags, cipher list, and which versions are expected: by our name, and by openssl's for the same suites.
type Row = (&'static str, &'static [&'static str], &'static str, &'static [(&'static str, &'static str)]);

#[tokio::test]
async fn openssl_over_datagrams() {
    if installed("openssl", "openssl").is_none() {
        return;
    }
    let rows: [Row; 4] = [
        ("127.41.50.1", &["-dtls1_2"], "ECDHE-RSA-AES128-GCM-SHA256:AES256-SHA", &[("DTLSv1.2", "tls1_2")]),
        ("127.41.50.2", &["-dtls1"], "AES128-SHA:AES256-SHA:@SECLEVEL=0", &[("DTLSv1.0", "tls1_1")]),
        // With DTLS 1.2 too: a server that speaks both.
        (
            "127.41.50.3",
            &["-dtls"],
            "ECDHE-RSA-AES128-SHA:AES128-SHA:@SECLEVEL=0",
            &[("DTLSv1.0", "tls1_1"), ("DTLSv1.2", "tls1_2")],
        ),
        ("127.41.50.4", &["-dtls1_2"], "aNULL:@SECLEVEL=0", &[("DTLSv1.2", "tls1_2")]),
    ];
    for (host, extra, list, versions) in rows {
        let folder = tempfile::tempdir().expect("a folder");
        certificates::rsa(folder.path(), 2048, "sha256");
        let port = free_port(host);
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", &format!("{host}:{port}"), "-cert", "cert.pem", "-key", "key.pem"]);
        command.args(["-cipher", list, "-quiet"]).args(extra).env("OPENSSL_CONF", "/dev/null");
        let peer = serving(command, host, port, folder).await;
        let seen = scan(host, port, json!({"silence_ms": 1000})).await;
        assert_eq!(
            accepted(&seen),
            versions.iter().map(|(ours, _)| (*ours).to_owned()).collect::<Vec<_>>(),
            "{seen:#}"
        );
        for (ours, theirs) in versions {
            assert_eq!(seen_suites(&seen, ours), suites(theirs, list, &["RSA", "None"]), "{host} {ours}: {seen:#}");
        }
        if !list.starts_with("aNULL") {
            assert_eq!((&seen["chain"][0]["key_type"], &seen["chain"][0]["key_bits"]), (&json!("RSA"), &json!(2048)));
        }
        drop(peer);
        let dead = scan(host, port, json!({"silence_ms": 300})).await;
        assert_eq!((&dead["answered"], &dead["tls"]), (&json!(false), &json!(false)));
        assert!(accepted(&dead).is_empty());
    }
}

#[tokio::test]
async fn gnutls_over_datagrams_with_its_cookie_and_in_full() {
    let Some(program) = installed("gnutls-serv", "gnutls-bin") else { return };
    // It answers from the address that a route chooses: the first of this host.
    let host = "127.0.0.1";
    let folder = tempfile::tempdir().expect("a folder");
    certificates::rsa(folder.path(), 2048, "sha256");
    let port = free_port(host);
    let mut command = Command::new(program);
    command.args(["--udp", "--port", &port.to_string(), "--x509certfile", "cert.pem", "--x509keyfile", "key.pem"]);
    command.args(["--priority", "NORMAL:-VERS-ALL:+VERS-DTLS1.2:-CIPHER-ALL:+AES-128-GCM:-KX-ALL:+ECDHE-RSA"]);
    let peer = serving(command, host, port, folder).await;
    let seen = scan(host, port, json!({"depth": "full", "silence_ms": 1000})).await;
    assert_eq!(accepted(&seen), ["DTLSv1.2"], "{seen:#}");
    assert_eq!(seen_suites(&seen, "DTLSv1.2"), BTreeSet::from(["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256".to_owned()]));
    let groups = words(&seen["full"]["groups"]["DTLSv1.2"]);
    assert!(groups.contains(&"secp256r1".to_owned()) && groups.contains(&"x25519".to_owned()), "{groups:?}");
    assert!(words(&seen["full"]["signature_schemes"]).contains(&"rsa_pss_rsae_sha256".to_owned()), "{seen:#}");
    drop(peer);
    assert_eq!(scan(host, port, json!({"silence_ms": 300})).await["answered"], json!(false));
}

#[tokio::test]
async fn other_datagrams_are_no_dtls_and_silence_is_silence() {
    let host = "127.41.50.5";
    let socket = tokio::net::UdpSocket::bind((host, 0)).await.expect("binds");
    let port = socket.local_addr().expect("bound").port();
    tokio::spawn(async move {
        let mut buffer = [0; 2048];
        while let Ok((_, asker)) = socket.recv_from(&mut buffer).await {
            // A reset of CoAP, and a record that claims more than it has.
            for answer in [&b"\x70\0\x12\x34"[..], &[22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 2, 0, 0]] {
                let _ = socket.send_to(answer, asker).await;
            }
        }
    });
    let seen = scan(host, port, json!({"silence_ms": 300})).await;
    assert_eq!(seen["answered"], json!(true));
    assert!(accepted(&seen).is_empty(), "{seen:#}");
    let silent = UdpSocket::bind((host, 0)).expect("binds");
    let at = silent.local_addr().expect("bound").port();
    let seen = scan(host, at, json!({"silence_ms": 150})).await;
    assert_eq!((&seen["answered"], &seen["versions"]["DTLSv1.2"]), (&json!(false), &json!("silent")));
    let wrong = json!({"host": host, "port": at, "transport": "udp", "starttls": "smtp"});
    let fault = try_run(TlsScan, &context(host), wrong).await;
    assert_eq!(fault.err().map(|f| f.code), Some("bad-parameter".into()));
}
