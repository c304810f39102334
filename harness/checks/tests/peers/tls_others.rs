//! `tls.scan` against nginx, GnuTLS and tlslite-ng, against servers with manners of their own, and against what is no TLS.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use assay_checks::tls::{TlsCompare, TlsScan};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::bench::{context, run, try_run, words};
use crate::certificates;
use crate::peer::{Peer, free_port, installed, missing};
use crate::tls_openssl::{accepted as versions, s_server};
use crate::tls_twins::judge;

async fn scan(host: &str, port: u16, mut params: Value) -> Value {
    params["host"] = json!(host);
    params["port"] = json!(port);
    run(TlsScan, &context(host), params).await
}

/// A small server: each connection is handed to `serve` with its number, from 0.
async fn serve<F, Fut>(host: &str, serve: F) -> u16
where
    F: Fn(TcpStream, usize) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind((host, 0)).await.expect("binds");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        let mut number = 0;
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, number));
            number += 1;
        }
    });
    port
}

async fn relay(mut from: TcpStream, host: String, port: u16, first: Vec<u8>) {
    let Ok(mut to) = TcpStream::connect((host, port)).await else { return };
    if to.write_all(&first).await.is_ok() {
        // Either side may end it.
        let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
    }
}

fn openssl(host: &str, extra: &[&str]) -> Option<Peer> {
    installed("openssl", "openssl")?;
    let folder = tempfile::tempdir().expect("a folder");
    certificates::rsa(folder.path(), 2048, "sha256");
    Some(s_server(host, folder, &[&["-cert", "cert.pem", "-key", "key.pem"], extra].concat()))
}

#[tokio::test]
async fn plain_http_is_answered_and_is_no_tls() {
    let host = "127.41.20.1";
    let port = serve(host, |mut stream, _| async move {
        let mut buffer = [0; 1024];
        if stream.read(&mut buffer).await.is_ok() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        }
    })
    .await;
    let seen = scan(host, port, json!({"depth": "full"})).await;
    assert_eq!((&seen["answered"], &seen["tls"]), (&json!(true), &json!(false)));
    assert_eq!(seen["refusals"]["TLSv1.2"], json!("not TLS"));
    assert!(versions(&seen).is_empty() && seen.get("full").is_none());
}

#[tokio::test]
async fn a_silent_server_is_asked_little_and_answers_nothing() {
    let host = "127.41.20.2";
    let port = serve(host, |stream, _| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(stream);
    })
    .await;
    let seen = scan(host, port, json!({"silence_ms": 150})).await;
    assert_eq!((&seen["answered"], &seen["tls"]), (&json!(false), &json!(false)));
    assert_eq!(seen["versions"], json!({"TLSv1.0": "silent", "TLSv1.2": "silent", "TLSv1.3": "silent"}));
    assert_eq!(seen["connections"], json!(5), "large hellos of old versions are followed by a small one");
}

#[tokio::test]
async fn a_byte_at_a_time_and_a_lying_length_are_bounded() {
    let host = "127.41.20.3";
    let port = serve(host, |mut stream, number| async move {
        if number % 2 == 0 {
            let _ = stream.write_all(&[22, 3, 3, 0xFF, 0xFF, 2]).await;
            return;
        }
        loop {
            if stream.write_all(&[22]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let seen = scan(host, port, json!({"silence_ms": 200})).await;
    assert_eq!((&seen["answered"], &seen["tls"]), (&json!(true), &json!(false)), "{seen:#}");
}

#[tokio::test]
async fn a_server_that_drops_large_hellos_is_enumerated_all_the_same() {
    let Some(peer) = openssl("127.41.20.4", &["-tls1_2"]) else { return };
    let truth = scan(&peer.host, peer.port, json!({})).await;
    let (host, behind) = ("127.41.20.5", peer.port);
    let port = serve(host, move |mut stream, _| async move {
        let mut hello = vec![0; 4096];
        match stream.read(&mut hello).await {
            Ok(n) if n <= 512 => relay(stream, "127.41.20.4".into(), behind, hello[..n].to_vec()).await,
            _ => {}
        }
    })
    .await;
    let seen = scan(host, port, json!({})).await;
    assert_eq!((&truth["large_hello_refused"], &seen["large_hello_refused"]), (&json!(false), &json!(true)));
    let names = |seen: &Value| {
        let list = seen["suites"].as_array().expect("a list");
        let mut names: Vec<String> = list.iter().map(|s| s["name"].as_str().expect("a name").to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&seen), names(&truth));
}

#[tokio::test]
async fn a_server_that_falls_silent_half_way_is_said_to_have_broken_off() {
    let Some(peer) = openssl("127.41.25.1", &["-cipher", "ALL:@SECLEVEL=0"]) else { return };
    let whole = scan(&peer.host, peer.port, json!({})).await;
    assert_eq!(whole["broke_off"], json!([]), "{whole:#}");
    let (host, behind) = ("127.41.25.2", peer.port);
    let port = serve(host, move |stream, number| async move {
        if number < 5 {
            relay(stream, "127.41.25.1".into(), behind, Vec::new()).await;
        } else {
            tokio::time::sleep(Duration::from_secs(60)).await;
            drop(stream);
        }
    })
    .await;
    let seen = scan(host, port, json!({"silence_ms": 150})).await;
    assert_eq!((&seen["answered"], &seen["tls"]), (&json!(true), &json!(true)));
    assert!(!words(&seen["broke_off"]).is_empty(), "{seen:#}");
}

#[tokio::test]
async fn a_server_with_one_place_is_not_misread() {
    let Some(peer) = openssl("127.41.20.6", &["-cipher", "DEFAULT:@SECLEVEL=0"]) else { return };
    let truth = scan(&peer.host, peer.port, json!({})).await;
    let (host, behind) = ("127.41.20.7", peer.port);
    let busy = std::sync::Arc::new(tokio::sync::Mutex::new(()));
    // While one client is served, all others are turned away at once.
    let port = serve(host, move |stream, _| {
        let busy = std::sync::Arc::clone(&busy);
        async move {
            if let Ok(_place) = busy.try_lock() {
                relay(stream, "127.41.20.6".into(), behind, Vec::new()).await;
            }
        }
    })
    .await;
    let seen = scan(host, port, json!({})).await;
    assert_eq!(seen["versions"], truth["versions"]);
    assert!(versions(&seen).len() == 4, "{seen:#}");
}

#[tokio::test]
async fn starttls_leads_to_the_same_facts() {
    let Some(peer) = openssl("127.41.20.8", &[]) else { return };
    let truth = scan(&peer.host, peer.port, json!({})).await;
    type Dialogue = (&'static str, &'static str, &'static [(&'static str, &'static str)]);
    let dialogues: [Dialogue; 3] = [
        (
            "smtp",
            "220-hello\r\n220 camera.test ESMTP\r\n",
            &[("EHLO", "250-camera.test\r\n250 STARTTLS\r\n"), ("STARTTLS", "220 go\r\n")],
        ),
        ("ftp", "220 camera.test\r\n", &[("AUTH TLS", "234 go\r\n")]),
        ("imap", "* OK ready\r\n", &[("a1 STARTTLS", "a1 OK go\r\n")]),
    ];
    for (number, (protocol, greeting, replies)) in (1..).zip(dialogues) {
        let (host, behind) = (format!("127.41.21.{number}"), peer.port);
        let port = serve(&host, move |mut stream, _| async move {
            if stream.write_all(greeting.as_bytes()).await.is_err() {
                return;
            }
            for (command, reply) in replies {
                let mut line = [0; 256];
                match stream.read(&mut line).await {
                    Ok(n) if line[..n].starts_with(command.as_bytes()) => {}
                    _ => return,
                }
                if stream.write_all(reply.as_bytes()).await.is_err() {
                    return;
                }
            }
            relay(stream, "127.41.20.8".into(), behind, Vec::new()).await;
        })
        .await;
        let seen = scan(&host, port, json!({"starttls": protocol})).await;
        assert_eq!((&seen["versions"], &seen["suites"]), (&truth["versions"], &truth["suites"]), "{protocol}");
    }
    let host = "127.41.21.9";
    let port = serve(host, |mut stream, _| async move {
        let mut line = [0; 256];
        let _ = stream.write_all(b"220 camera.test\r\n").await;
        let _ = stream.read(&mut line).await;
        let _ = stream.write_all(b"502 not here\r\n").await;
        let _ = stream.read(&mut line).await;
    })
    .await;
    let seen = scan(host, port, json!({"starttls": "ftp"})).await;
    assert_eq!(seen["starttls_refused"], json!("502 not here"));
    assert_eq!((&seen["answered"], &seen["tls"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn nginx_by_name_and_without() {
    let Some(program) = installed("nginx", "nginx-light") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    certificates::rsa(folder.path(), 2048, "sha256");
    let host = "127.41.20.9";
    let port = free_port(host);
    let path = folder.path().display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {path}/{kind};"))
        .collect();
    let config = format!(
        "daemon off; master_process off; pid {path}/pid; error_log {path}/error.log; events {{}}
         http {{ access_log off; {temporary}
           ssl_certificate {path}/cert.pem; ssl_certificate_key {path}/key.pem;
           server {{ listen {host}:{port} ssl default_server; ssl_reject_handshake on; ssl_protocols TLSv1.2 TLSv1.3; }}
           server {{ listen {host}:{port} ssl http2; server_name camera.test; ssl_protocols TLSv1.2 TLSv1.3;
             ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384; ssl_prefer_server_ciphers on; }}
         }}"
    );
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, config).expect("writes");
    let folder_path = folder.path().to_owned();
    let mut command = Command::new(program);
    command.arg("-p").arg(&folder_path).arg("-c").arg(file);
    let peer = Peer::start(&mut command, host, port, Some(folder));
    let nameless = scan(host, port, json!({})).await;
    assert_eq!(nameless["needs_server_name"], json!(true), "{nameless:#}");
    let named = scan(host, port, json!({"server_name": "camera.test", "depth": "full"})).await;
    assert_eq!(versions(&named), ["TLSv1.2", "TLSv1.3"]);
    let list = named["suites"].as_array().expect("a list");
    let old: Vec<&str> = list.iter().filter(|s| s["version"] == "TLSv1.2").filter_map(|s| s["name"].as_str()).collect();
    assert_eq!(old, ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"]);
    assert_eq!(named["server_preference"]["TLSv1.2"], json!(true));
    assert_eq!(words(&named["full"]["alpn"]), ["h2", "http/1.1"]);
    assert_eq!(named["full"]["client_renegotiation"], json!(false), "nginx never allows it");
    assert_eq!(named["needs_server_name"], json!(false));
    drop(peer);
    assert_eq!(scan(host, port, json!({"server_name": "camera.test"})).await["answered"], json!(false));
}

/// The Python with tlslite-ng that `.ci/install` makes.
fn tlslite_python() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder");
    let python = target.join("tools/tlslite/bin/python");
    if !python.exists() {
        missing("tlslite-ng (PyPI)");
        return None;
    }
    Some(python)
}

const TLSLITE: &str = r#"
import socket, sys, threading
from tlslite.api import *
chain, key = X509CertChain(), parsePEMKey(open("key.pem").read(), private=True)
chain.parsePemList(open("cert.pem").read())
settings = HandshakeSettings()
settings.minVersion, settings.maxVersion = (3, int(sys.argv[3])), (3, int(sys.argv[4]))
if settings.minVersion == (3, 0):
    settings.cipherNames = ["aes128", "3des", "rc4"]
    settings.macNames = ["sha", "md5"]
    settings.keyExchangeNames = ["rsa"]
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((sys.argv[1], int(sys.argv[2])))
listener.listen(50)
def serve(client):
    try:
        TLSConnection(client).handshakeServer(certChain=chain, privateKey=key, settings=settings)
    except Exception:
        pass
    client.close()
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"#;

/// A server of tlslite-ng; the versions are minor ones of SSL 3: 0 is SSLv3, 4 is TLS 1.3.
pub(crate) fn tlslite(host: &str, oldest: &str, newest: &str) -> Option<Peer> {
    let python = tlslite_python()?;
    let folder = tempfile::tempdir().expect("a folder");
    certificates::rsa(folder.path(), 2048, "sha256");
    std::fs::write(folder.path().join("server.py"), TLSLITE).expect("writes");
    let port = free_port(host);
    let mut command = Command::new(python);
    command.current_dir(folder.path()).args(["server.py", host, &port.to_string(), oldest, newest]);
    Some(Peer::start(&mut command, host, port, Some(folder)))
}

#[tokio::test]
async fn ssl3_is_seen_on_a_server_that_has_it() {
    if installed("openssl", "openssl").is_none() {
        return;
    }
    for (host, oldest, newest, expected) in [
        ("127.41.20.10", "0", "0", vec!["SSLv3"]),
        ("127.41.20.11", "0", "1", vec!["SSLv3", "TLSv1.0"]),
        ("127.41.20.19", "3", "4", vec!["TLSv1.2", "TLSv1.3"]),
    ] {
        let Some(peer) = tlslite(host, oldest, newest) else { return };
        let port = peer.port;
        let seen = scan(host, port, json!({})).await;
        assert_eq!(versions(&seen), expected, "{seen:#}");
        let mut suites: Vec<&str> = seen["suites"]
            .as_array()
            .expect("a list")
            .iter()
            .filter(|s| s["version"] == "SSLv3")
            .filter_map(|s| s["name"].as_str())
            .collect();
        suites.sort_unstable();
        let old = [
            "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
            "TLS_RSA_WITH_AES_128_CBC_SHA",
            "TLS_RSA_WITH_RC4_128_MD5",
            "TLS_RSA_WITH_RC4_128_SHA",
        ];
        assert_eq!(suites, if oldest == "0" { &old[..] } else { &[] });
        let ssl = broken(&seen).await.contains(&"ssl".to_owned());
        assert_eq!((ssl, &seen["chain"][0]["key_bits"]), (oldest == "0", &json!(2048)));
        drop(peer);
        assert_eq!(scan(host, port, json!({})).await["answered"], json!(false));
    }
}

/// What GnuTLS had switched on long ago.
pub(crate) const GNUTLS_OLD: &str =
    "NORMAL:-VERS-ALL:+VERS-TLS1.0:+VERS-TLS1.1:+CIPHER-ALL:+ARCFOUR-128:+3DES-CBC:+MD5:+SHA1";

/// A server of GnuTLS. It listens on every address; only this one is asked.
pub(crate) fn gnutls(host: &str, priority: &str) -> Option<Peer> {
    let program = installed("gnutls-serv", "gnutls-bin")?;
    let folder = tempfile::tempdir().expect("a folder");
    certificates::rsa(folder.path(), 2048, "sha256");
    let port = free_port(host);
    let mut command = Command::new(program);
    command.current_dir(folder.path()).args(["--http", "--port", &port.to_string(), "--priority", priority]);
    command.args(["--x509certfile", "cert.pem", "--x509keyfile", "key.pem"]);
    Some(Peer::start(&mut command, host, port, Some(folder)))
}

#[tokio::test]
async fn gnutls_by_its_own_priorities() {
    let rows = [
        ("127.41.20.12", "NORMAL:-VERS-ALL:+VERS-TLS1.3", vec!["TLSv1.3"]),
        ("127.41.20.13", "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-256-GCM:-KX-ALL:+ECDHE-RSA", vec!["TLSv1.2"]),
        ("127.41.20.18", GNUTLS_OLD, vec!["TLSv1.0", "TLSv1.1"]),
    ];
    for (host, priority, expected) in rows {
        let Some(peer) = gnutls(host, priority) else { return };
        let port = peer.port;
        let seen = scan(host, port, json!({})).await;
        assert_eq!(versions(&seen), expected, "{seen:#}");
        assert_eq!(broken(&seen).await, if expected[0] < "TLSv1.2" { vec!["old-tls", "rc4"] } else { vec![] });
        drop(peer);
        assert_eq!(scan(host, port, json!({})).await["answered"], json!(false));
    }
}

/// Rules of the IETF's list that are broken, each once.
async fn broken(seen: &Value) -> Vec<String> {
    let judged = judge(seen).await;
    let mut rules =
        words(&judged["violations"].as_array().expect("a list").iter().map(|v| v["rule"].clone()).collect());
    rules.sort();
    rules.dedup();
    rules
}

#[tokio::test]
async fn lighttpd_by_its_oldest_version() {
    let Some(program) = installed("lighttpd", "lighttpd") else { return };
    if !Path::new("/usr/lib/lighttpd/mod_openssl.so").exists() {
        return missing("lighttpd-mod-openssl");
    }
    for (host, oldest, expected) in [
        ("127.41.20.17", "TLSv1.3", &["TLSv1.3"][..]),
        ("127.41.20.20", "TLSv1", &["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        certificates::rsa(folder.path(), 2048, "sha256");
        let port = free_port(host);
        let path = folder.path().display();
        let config = format!(
            "server.modules = (\"mod_openssl\")\nserver.document-root = \"{path}\"\nserver.bind = \"{host}\"\n\
             server.port = {port}\nssl.engine = \"enable\"\nssl.pemfile = \"{path}/cert.pem\"\n\
             ssl.privkey = \"{path}/key.pem\"\nssl.cipher-list = \"DEFAULT:@SECLEVEL=0\"\n\
             ssl.openssl.ssl-conf-cmd = (\"MinProtocol\" => \"{oldest}\")\n"
        );
        std::fs::write(folder.path().join("conf"), config).expect("writes");
        let mut command = Command::new(&program);
        command.arg("-D").arg("-f").arg(folder.path().join("conf"));
        let peer = Peer::start(&mut command, host, port, Some(folder));
        let seen = scan(host, port, json!({"certificate_name": "other.test"})).await;
        assert_eq!(versions(&seen), expected, "{seen:#}");
        assert_eq!(broken(&seen).await, if expected.len() == 1 { vec![] } else { vec!["old-tls"] });
        assert_eq!(seen["chain_facts"]["name_matches"], json!(false), "{seen:#}");
        drop(peer);
        assert_eq!(scan(host, port, json!({})).await["answered"], json!(false));
    }
}

#[tokio::test]
async fn an_address_is_no_name_and_a_foreign_host_is_not_asked() {
    let cx = context("127.41.20.14");
    let fault = try_run(TlsScan, &cx, json!({"host": "127.41.20.14", "port": 1, "server_name": "127.41.20.14"})).await;
    assert_eq!(fault.err().map(|f| f.code), Some("bad-parameter".into()));
    let fault = try_run(TlsScan, &cx, json!({"host": "127.41.99.99", "port": 1})).await;
    assert_eq!(fault.err().map(|f| f.code), Some("foreign-address".into()));
}

#[tokio::test]
async fn one_key_on_two_servers_is_found_from_their_scans() {
    let (Some(one), Some(other)) = (openssl("127.41.20.15", &["-tls1_2"]), openssl("127.41.20.16", &["-tls1_2"]))
    else {
        return;
    };
    let first = scan(&one.host, one.port, json!({"depth": "versions"})).await;
    let second = scan(&other.host, other.port, json!({"depth": "versions"})).await;
    let cx = context("127.41.20.15");
    let compare = |chains: Value| run(TlsCompare, &cx, json!({"chains": chains}));
    let same = compare(json!([first["chain"], first["chain"]])).await;
    assert_eq!(same["shared_keys"][0]["samples"], json!(["1", "2"]));
    let different = compare(json!([first["chain"], second["chain"]])).await;
    assert_eq!((&different["compared"], &different["shared_keys"]), (&json!(2), &json!([])));
}
