//! `ports.scan` with identification: real servers from Debian's packages, and scripted ones for what cannot be installed
//! everywhere. What is named is what was started; a port that says nothing is named nothing.

use std::process::Command;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};

use crate::bench::context;
use crate::certificates;
use crate::peer::{Peer, free_port, installed};

async fn scan(host: &str, params: Value) -> Value {
    let check = assay_checks::all().into_iter().find(|c| c.info().name == "ports.scan").expect("is there");
    let mut asked = json!({"host": host, "identify": true});
    asked.as_object_mut().expect("an object").extend(params.as_object().expect("an object").clone());
    check.run(&context(host), asked).await.expect("no fault")
}

/// A service that greets with the first bytes, if any, and answers whoever begins with the second with the third. Anything
/// else is answered by a close, as strict servers do.
type Script = (&'static str, Option<&'static str>, &'static [u8], &'static [u8], &'static [u8]);

const SCRIPTS: [Script; 20] = [
    ("smtp", Some("Postfix"), b"220 mail.test ESMTP Postfix\r\n", b"", b""),
    ("imap", Some("Dovecot ready."), b"* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n", b"", b""),
    ("pop3", Some("ready"), b"+OK ready\r\n", b"", b""),
    ("vnc", Some("003.008"), b"RFB 003.008\n", b"", b""),
    ("mysql", Some("8.0.36"), b"\x4a\0\0\0\x0a8.0.36\0aaaa", b"", b""),
    ("rsync", Some("31.0"), b"@RSYNCD: 31.0\n", b"", b""),
    ("telnet", None, b"\xff\xfd\x01\xff\xfb\x03\r\ncamera login: ", b"", b""),
    (
        "rtsp",
        Some("C1/1.4"),
        b"",
        b"DESCRIBE",
        b"RTSP/1.0 401 Unauthorized\r\nServer: C1/1.4\r\nWWW-Authenticate: Digest realm=\"c\"\r\n\r\n",
    ),
    ("socks", Some("5"), b"", b"\x05\x02\0\x02", b"\x05\x02"),
    ("adb", None, b"", b"CNXN", b"AUTH\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xbe\xaa\xab\xb7"),
    ("rdp", None, b"", b"\x03\0\0\x13", b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\0\x08\0\x02\0\0\0"),
    ("gdbserver", None, b"", b"+$q", b"+$PacketSize=3fff;qXfer:features:read+#aa"),
    (
        "modbus",
        Some("Acme PLC1"),
        b"",
        b"\x0a\x55\0\0",
        b"\x0a\x55\0\0\0\x14\x01\x2b\x0e\x01\x01\0\0\x02\0\x04Acme\x01\x04PLC1",
    ),
    ("sip", Some("Phone 2"), b"", b"OPTIONS sip:", b"SIP/2.0 200 OK\r\nUser-Agent: Phone 2\r\n\r\n"),
    ("amqp", Some("0-1-0-0"), b"", b"AMQP\0\0\x09\x01", b"AMQP\0\x01\0\0"),
    ("memcached", Some("1.6.18"), b"", b"version", b"VERSION 1.6.18\r\n"),
    ("ldap", None, b"", b"\x30\x0c\x02\x01\x01\x60", b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x31\x04\0\x04\0"),
    ("opc-ua", None, b"", b"HELF", b"ACKF\x1c\0\0\0\0\0\0\0"),
    ("smb", Some("3.0.0"), b"", b"\0\0\0\x6a\xfeSMB", SMB),
    ("mqtt", None, b"", b"\x10\x11\0\x04MQTT", b"\x20\x02\0\x05"),
];

/// The start of an answer to a negotiation: a header with the flag of an answer, then dialect 3.0.
const SMB: &[u8] = &{
    let mut answer = [0; 76];
    let start = *b"\0\0\0\x48\xfeSMB\x40\0";
    let mut at = 0;
    while at < start.len() {
        answer[at] = start[at];
        at += 1;
    }
    answer[20] = 1;
    answer[68] = 65;
    answer[73] = 3;
    answer
};

async fn play(host: &str, (_, _, greeting, asked, answer): Script) -> u16 {
    let listener = TcpListener::bind((host, 0)).await.expect("binds");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                if stream.write_all(greeting).await.is_err() {
                    return;
                }
                let read = stream.read(&mut buffer).await.unwrap_or(0);
                if !asked.is_empty() && buffer[..read].starts_with(asked) {
                    let _ = stream.write_all(answer).await;
                    let _ = stream.read(&mut buffer).await;
                }
            });
        }
    });
    port
}

fn at(seen: &Value, port: u16) -> &Value {
    let open = seen["open"].as_array().expect("a list");
    open.iter().find(|p| p["port"] == json!(port)).unwrap_or_else(|| panic!("{port} is not among {open:#?}"))
}

#[tokio::test]
async fn twenty_services_are_named_on_ports_that_are_not_theirs() {
    let host = "127.41.40.1";
    let mut ports = Vec::new();
    for script in SCRIPTS {
        ports.push(play(host, script).await);
    }
    let started = std::time::Instant::now();
    let seen = scan(host, json!({"tcp": ports})).await;
    for (port, (service, version, ..)) in ports.iter().zip(SCRIPTS) {
        let found = at(&seen, *port);
        assert_eq!((found["service"].as_str(), found.get("version").and_then(Value::as_str)), (Some(service), version));
    }
    // A bound on hangs, not a measurement.
    assert!(started.elapsed().as_secs() < 30);
}

#[tokio::test]
async fn what_says_nothing_is_named_nothing() {
    let host = "127.41.40.2";
    let silent = std::net::TcpListener::bind((host, 0)).expect("binds");
    let port = silent.local_addr().expect("bound").port();
    let flood = TcpListener::bind((host, 0)).await.expect("binds");
    let flooding = flood.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = flood.accept().await {
            tokio::spawn(async move { while stream.write_all(&[0xA5; 65_536]).await.is_ok() {} });
        }
    });
    let slow = TcpListener::bind((host, 0)).await.expect("binds");
    let dripping = slow.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = slow.accept().await {
            tokio::spawn(async move {
                while stream.write_all(b"\x16").await.is_ok() {
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                }
            });
        }
    });
    let seen = scan(host, json!({"tcp": [port, flooding, dripping]})).await;
    assert_eq!((at(&seen, port)["answers"].clone(), at(&seen, port).get("service")), (json!(false), None));
    for port in [flooding, dripping] {
        assert_eq!(
            (at(&seen, port)["answers"].clone(), at(&seen, port).get("service")),
            (json!(true), None),
            "{seen:#}"
        );
    }
}

#[tokio::test]
async fn datagrams_are_answered_closed_or_silent_and_never_mixed_up() {
    let host = "127.41.40.3";
    let answering = |answer: &'static [u8], asked: &'static [u8], port: u16| async move {
        let socket = UdpSocket::bind((host, port)).await.expect("binds");
        let port = socket.local_addr().expect("bound").port();
        tokio::spawn(async move {
            let mut buffer = [0; 2048];
            while let Ok((n, asker)) = socket.recv_from(&mut buffer).await {
                if buffer[..n].starts_with(asked) {
                    let _ = socket.send_to(answer, asker).await;
                }
            }
        });
        port
    };
    let coap = answering(b"\x60\x45\x12\x34\xff</led>;rt=light", b"\x40\x01", 5683).await;
    let strayed =
        answering(b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nServer: C1 UPnP/1.0\r\n\r\n", b"M-SEARCH", 0).await;
    let nonsense = answering(b"what?", b"", 0).await;
    let silent = std::net::UdpSocket::bind((host, 0)).expect("binds");
    let silent_port = silent.local_addr().expect("bound").port();
    let closed = {
        let gone = std::net::UdpSocket::bind((host, 0)).expect("binds");
        gone.local_addr().expect("bound").port()
    };
    let seen = scan(host, json!({"tcp": 1, "udp": [coap, strayed, nonsense, silent_port, closed]})).await;
    assert_eq!(at(&seen, coap)["service"], json!("coap"));
    assert_eq!(at(&seen, coap)["banner"], json!("</led>;rt=light"));
    assert_eq!(
        (&at(&seen, strayed)["service"], &at(&seen, strayed)["version"]),
        (&json!("ssdp"), &json!("C1 UPnP/1.0"))
    );
    assert!(at(&seen, nonsense).get("service").is_none());
    assert_eq!(seen["udp"]["closed"], json!([closed]));
    assert_eq!(seen["udp"]["open_filtered"], json!([silent_port]));
}

#[tokio::test]
async fn ipv6_is_asked_alike() {
    let host = "::1";
    let mail = play(host, SCRIPTS[0]).await;
    let broker = play(host, SCRIPTS[19]).await;
    let socket = UdpSocket::bind((host, 0)).await.expect("binds");
    let coap = socket.local_addr().expect("bound").port();
    tokio::spawn(async move {
        let mut buffer = [0; 2048];
        while let Ok((n, asker)) = socket.recv_from(&mut buffer).await {
            if buffer[..n].starts_with(b"\x40\x01") {
                let _ = socket.send_to(b"\x60\x84\x12\x34", asker).await;
            }
        }
    });
    let seen = scan(host, json!({"tcp": [mail, broker], "udp": [coap]})).await;
    assert_eq!(at(&seen, mail)["service"], json!("smtp"));
    assert_eq!(at(&seen, broker)["service"], json!("mqtt"));
    assert_eq!(at(&seen, coap)["service"], json!("coap"));
}

/// Starts what is installed of Debian's servers; each with the service and the word in its version that must be seen.
fn debian(host: &str) -> Vec<(Peer, &'static str, &'static str)> {
    let mut peers = Vec::new();
    let folder = || tempfile::tempdir().expect("a folder");
    if let Some(program) = installed("lighttpd", "lighttpd") {
        let (folder, port) = (folder(), free_port(host));
        let text = format!(
            "server.document-root = \"{0}\"\nserver.bind = \"{host}\"\nserver.port = {port}\n",
            folder.path().display()
        );
        std::fs::write(folder.path().join("conf"), text).expect("writes");
        let mut command = Command::new(program);
        command.arg("-D").arg("-f").arg(folder.path().join("conf"));
        peers.push((Peer::start(&mut command, host, port, Some(folder)), "http", "lighttpd"));
    }
    if let Some(program) = installed("busybox", "busybox") {
        let (folder, port) = (folder(), free_port(host));
        let mut command = Command::new(program);
        command.args(["httpd", "-f", "-p", &format!("{host}:{port}"), "-h"]).arg(folder.path());
        peers.push((Peer::start(&mut command, host, port, Some(folder)), "http", ""));
    }
    if let Some(program) = installed("redis-server", "redis-server") {
        let (folder, port) = (folder(), free_port(host));
        let mut command = Command::new(program);
        command.current_dir(folder.path()).args(["--bind", host, "--port", &port.to_string(), "--save", ""]);
        peers.push((Peer::start(&mut command, host, port, Some(folder)), "redis", "7."));
    }
    if let Some(program) = installed("mosquitto", "mosquitto") {
        let (folder, port) = (folder(), free_port(host));
        std::fs::write(folder.path().join("conf"), format!("listener {port} {host}\nallow_anonymous true\n"))
            .expect("writes");
        let mut command = Command::new(program);
        command.arg("-c").arg(folder.path().join("conf"));
        peers.push((Peer::start(&mut command, host, port, Some(folder)), "mqtt", ""));
        // The same inside TLS, on a port that is not its own.
        let (folder, port) = (tempfile::tempdir().expect("a folder"), free_port(host));
        certificates::ecdsa(folder.path(), "", certificates::NAME, 2020, 2090);
        // It gives up root, and must still read its key.
        let _ = Command::new("chmod").args(["-R", "a+rX"]).arg(folder.path()).status();
        let text = format!(
            "listener {port} {host}\nallow_anonymous true\ncertfile {0}/cert.pem\nkeyfile {0}/key.pem\n",
            folder.path().display()
        );
        std::fs::write(folder.path().join("conf"), text).expect("writes");
        let mut command = Command::new("/usr/sbin/mosquitto");
        command.arg("-c").arg(folder.path().join("conf"));
        peers.push((Peer::start(&mut command, host, port, Some(folder)), "mqtt", ""));
    }
    peers
}

#[tokio::test]
async fn servers_of_debian_are_named_with_their_versions() {
    let host = "127.41.40.4";
    let peers = debian(host);
    let ports: Vec<u16> = peers.iter().map(|(peer, ..)| peer.port).collect();
    if ports.is_empty() {
        return;
    }
    let seen = scan(host, json!({"tcp": ports})).await;
    for (peer, service, version) in &peers {
        let found = at(&seen, peer.port);
        assert_eq!(found["service"], json!(service), "{seen:#}");
        assert!(found.get("version").and_then(Value::as_str).unwrap_or_default().contains(version), "{found:#}");
    }
    drop(peers);
    let dead = scan(host, json!({"tcp": ports})).await;
    assert_eq!((&dead["open"], &dead["closed"]), (&json!([]), &json!(ports.len())));
}
