//! What services give to strangers, by scripts where no package has such a server: each good, weak and dead; and servers
//! that mean harm.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};

use crate::access::{ask, open, stopped, tells};

/// A server that sends the first entry at once, and one more after each message it gets; then holds the line.
async fn talks(host: &str, script: &[&[u8]]) -> u16 {
    let listener = TcpListener::bind((host, 0)).await.expect("binds");
    let port = listener.local_addr().expect("bound").port();
    let script: Vec<Vec<u8>> = script.iter().map(|s| s.to_vec()).collect();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let script = script.clone();
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                for (at, said) in script.iter().enumerate() {
                    if at > 0 && !matches!(stream.read(&mut buffer).await, Ok(1..)) {
                        return;
                    }
                    if stream.write_all(said).await.is_err() {
                        return;
                    }
                }
                while matches!(stream.read(&mut buffer).await, Ok(1..)) {}
            });
        }
    });
    port
}

/// A server of datagrams: the first entry whose key stands in what was asked answers it.
async fn answers(host: &str, table: Vec<(&'static [u8], Vec<u8>)>) -> u16 {
    let socket = UdpSocket::bind((host, 0)).await.expect("binds");
    let port = socket.local_addr().expect("bound").port();
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        while let Ok((read, from)) = socket.recv_from(&mut buffer).await {
            let asked = &buffer[..read];
            let found = table.iter().find(|(key, _)| key.is_empty() || asked.windows(key.len()).any(|w| w == *key));
            if let Some((_, said)) = found {
                let _ = socket.send_to(said, from).await;
            }
        }
    });
    port
}

#[tokio::test]
async fn vnc_shows_its_screen_or_asks() {
    let host = "127.42.10.1";
    let screen = [&[3, 32, 2, 88][..], &[0; 16], &[0, 0, 0, 4], b"cam1"].concat();
    let weak = talks(host, &[b"RFB 003.008\n", b"\x02\x02\x01", b"\0\0\0\0", &screen]).await;
    let seen = ask("access.vnc", host, json!({"port": weak})).await;
    assert_eq!(
        (open(&seen), &seen["logon"]),
        (vec!["view a screen of 800 x 600".to_owned()], &json!("none")),
        "{seen:#}"
    );
    assert!(tells(&seen, "cam1"));
    let good = talks(host, &[b"RFB 003.008\n", b"\x02\x02\x13"]).await;
    let seen = ask("access.vnc", host, json!({"port": good})).await;
    assert_eq!((&seen["logon"], open(&seen).len()), (&json!("required"), 0));
    assert_eq!(seen["schemes"], json!(["vnc authentication", "vencrypt"]));
    let full = talks(host, &[b"RFB 003.008\n", b"\0\0\0\0\x08too many"]).await;
    let seen = ask("access.vnc", host, json!({"port": full})).await;
    assert_eq!((&seen["logon"], &seen["note"]), (&json!("unknown"), &json!("refused: too many")));
    let dead = talks(host, &[b""]).await;
    stopped("access.vnc", host, json!({"port": dead})).await;
}

/// A server that lets in who answers its challenge as OpenSSL does under the password `secret12`.
async fn vnc_with_a_password(host: &str, refusal: &'static [u8]) -> u16 {
    let listener = TcpListener::bind((host, 0)).await.expect("binds");
    let port = listener.local_addr().expect("bound").port();
    let right = hex_bytes("adcd997f8e16fee575e973f93c2b62b4");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let right = right.clone();
            tokio::spawn(async move {
                let (mut version, mut kind, mut answer) = ([0; 12], [0; 1], [0; 16]);
                let challenge: Vec<u8> = (0..16).collect();
                stream.write_all(b"RFB 003.008\n").await?;
                stream.read_exact(&mut version).await?;
                stream.write_all(b"\x01\x02").await?;
                stream.read_exact(&mut kind).await?;
                stream.write_all(&challenge).await?;
                stream.read_exact(&mut answer).await?;
                stream.write_all(if answer[..] == right[..] { b"\0\0\0\0" } else { refusal }).await
            });
        }
    });
    port
}

fn hex_bytes(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hex")).collect()
}

#[tokio::test]
async fn vnc_lets_in_by_a_public_default_without_a_user() {
    let host = "127.42.10.9";
    let port = vnc_with_a_password(host, b"\0\0\0\x01\0\0\0\x05wrong").await;
    let defaults = json!({"wordlist": ["admin:1234", "root:1234", "admin:secret12"]});
    let seen = ask("access.vnc", host, json!({"port": port, "defaults": defaults})).await;
    assert_eq!((&seen["logon"], &seen["tried"]), (&json!("required"), &json!(2)), "one password once: {seen:#}");
    assert_eq!(seen["accepted"], json!([{"user": "", "credential": "inline#3"}]), "{seen:#}");
    let good = json!({"wordlist": ["admin:1234", "root:12345"]});
    let seen = ask("access.vnc", host, json!({"port": port, "defaults": good})).await;
    assert_eq!((&seen["accepted"], &seen["tried"]), (&json!([]), &json!(2)), "{seen:#}");
    let locking = vnc_with_a_password(host, b"\0\0\0\x01\0\0\0\x1cToo many failed logins, wait").await;
    let seen = ask("access.vnc", host, json!({"port": locking, "defaults": good})).await;
    assert_eq!((&seen["tried"], &seen["stopped"]), (&json!(1), &json!("lockout")), "{seen:#}");
}

#[tokio::test]
async fn the_debug_bridge_is_open_or_asks() {
    let host = "127.42.10.2";
    let head = |command: u32, payload: &[u8]| {
        let words = [command, 1, 4096, payload.len() as u32, 0, !command];
        words.iter().flat_map(|w| w.to_le_bytes()).chain(payload.iter().copied()).collect::<Vec<u8>>()
    };
    let weak = talks(host, &[b"", &head(0x4E58_4E43, b"device::ro.product.name=c1;")]).await;
    let seen = ask("access.adb", host, json!({"port": weak})).await;
    assert_eq!(open(&seen), ["shell the debug bridge"]);
    assert!(tells(&seen, "ro.product.name=c1"));
    for (command, scheme) in [(0x4854_5541, "signature of a key"), (0x534C_5453, "tls")] {
        let good = talks(host, &[b"", &head(command, &[7; 20])]).await;
        let seen = ask("access.adb", host, json!({"port": good})).await;
        assert_eq!((&seen["logon"], &seen["schemes"]), (&json!("required"), &json!([scheme])));
    }
    let other = talks(host, &[b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"]).await;
    let seen = ask("access.adb", host, json!({"port": other})).await;
    assert_eq!((&seen["answered"], &seen["speaks"]), (&json!(true), &json!(false)));
    let dead = talks(host, &[b""]).await;
    stopped("access.adb", host, json!({"port": dead})).await;
}

/// Answers each request of RTSP by its Authorization header; over one connection, or over one each.
async fn rtsp(host: &str, asks: bool, closes: bool) -> u16 {
    let listener = TcpListener::bind((host, 0)).await.expect("binds");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
                    let known = text.contains("Basic YWRtaW46MTIzNDU=");
                    let said = if text.starts_with("OPTIONS") {
                        "RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: Cam/1.4.2\r\n\r\n".to_owned()
                    } else if asks && !known {
                        "RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Basic realm=\"cam\"\r\n\r\n"
                            .to_owned()
                    } else if text.contains("/live ") || known {
                        "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 11\r\n\r\nv=0\r\ns=cam\r\n".replace("11", "12")
                    } else {
                        "RTSP/1.0 404 Not Found\r\nCSeq: 2\r\n\r\n".to_owned()
                    };
                    if stream.write_all(said.as_bytes()).await.is_err() || closes {
                        return;
                    }
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn rtsp_describes_its_streams_or_asks() {
    let host = "127.42.10.3";
    for closes in [false, true] {
        let weak = rtsp(host, false, closes).await;
        let seen = ask("access.rtsp", host, json!({"port": weak})).await;
        assert_eq!(open(&seen), ["view /live"], "{seen:#}");
        assert!(tells(&seen, "Cam/1.4.2") && tells(&seen, "s=cam"));
        let good = rtsp(host, true, closes).await;
        let defaults = json!({"wordlist": ["root:root", "admin:12345"]});
        let seen = ask("access.rtsp", host, json!({"port": good, "defaults": defaults})).await;
        assert_eq!((&seen["logon"], &seen["schemes"], open(&seen).len()), (&json!("required"), &json!(["basic"]), 0));
        assert_eq!(seen["accepted"], json!([{"user": "admin", "credential": "inline#2"}]), "{seen:#}");
    }
    let dead = talks(host, &[b""]).await;
    stopped("access.rtsp", host, json!({"port": dead})).await;
}

#[tokio::test]
async fn telnet_gives_a_shell_or_asks() {
    let host = "127.42.10.4";
    let weak = talks(host, &[b"\xff\xfd\x18\r\nBusyBox v1.30\r\n~ # "]).await;
    let seen = ask("access.telnet", host, json!({"port": weak})).await;
    assert_eq!((open(&seen), &seen["cleartext"]), (vec!["shell ~ #".to_owned()], &json!(true)), "{seen:#}");
    let good = talks(host, &[b"\xff\xfd\x18\r\ncam login: "]).await;
    let seen = ask("access.telnet", host, json!({"port": good})).await;
    assert_eq!((&seen["logon"], open(&seen).len()), (&json!("required"), 0));
    let dead = talks(host, &[b""]).await;
    stopped("access.telnet", host, json!({"port": dead})).await;
}

#[tokio::test]
async fn coap_that_asks_for_a_logon_gives_nothing() {
    let host = "127.42.10.5";
    let good = answers(
        host,
        vec![(b"core", b"\x60\x45\0\x01\xc1\x28\xff</s>,</t>".to_vec()), (b"", b"\x60\x81\0\x02".to_vec())],
    )
    .await;
    let seen = ask("access.coap", host, json!({"port": good})).await;
    assert_eq!((&seen["logon"], open(&seen).len()), (&json!("required"), 0), "{seen:#}");
    let other = answers(host, vec![(b"", b"\xff\xff\xff\xff".to_vec())]).await;
    let seen = ask("access.coap", host, json!({"port": other})).await;
    assert_eq!((&seen["answered"], &seen["speaks"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn ws_discovery_and_mdns_tell_what_they_tell() {
    let host = "127.42.10.6";
    let text = "<e:Envelope><d:ProbeMatches><d:ProbeMatch><d:Scopes>onvif://www.onvif.org/hardware/C1-0042-0001</d:Scopes>\
                </d:ProbeMatch></d:ProbeMatches></e:Envelope>";
    let weak = answers(host, vec![(b"Probe/>", text.into())]).await;
    let seen = ask("access.ws_discovery", host, json!({"port": weak})).await;
    assert!(tells(&seen, "hardware/C1-0042-0001"), "{seen:#}");
    let pointer = b"\x05_http\x04_tcp\x05local\0\0\x0c\0\x01\0\0\0\x78\0\x06\x03Cam\xc0\x0c\xc0\x0c\0\x10\0\x01\0\0\0\x78\0\x09\x08model=C1";
    let list = b"\x05_http\x04_tcp\x05local\0\0\x0c\0\x01\0\0\0\x78\0\x02\xc0\x0c";
    let said = |records: &[u8], count: u8| [&[0, 0, 0x84, 0, 0, 0, 0, count, 0, 0, 0, 0][..], records].concat();
    let mdns = answers(host, vec![(b"_services", said(list, 1)), (b"_http", said(pointer, 2))]).await;
    let seen = ask("access.mdns", host, json!({"port": mdns})).await;
    assert!(tells(&seen, "Cam._http._tcp.local") && tells(&seen, "model=C1"), "{seen:#}");
    let dead = answers(host, vec![(b"nobody says this", Vec::new())]).await;
    for check in ["access.ws_discovery", "access.mdns", "access.upnp", "access.snmp", "access.tftp", "access.coap"] {
        stopped(check, host, json!({"port": dead})).await;
    }
}

/// A gateway: description and control over HTTP, with or without what opens ports.
async fn gateway(host: &'static str, igd: bool) -> u16 {
    let listener = TcpListener::bind((host, 0)).await.expect("binds");
    let http = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 8192];
                let Ok(read @ 1..) = stream.read(&mut buffer).await else { return };
                let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
                let service = if igd {
                    "urn:schemas-upnp-org:service:WANIPConnection:1"
                } else {
                    "urn:x:service:ContentDirectory:1"
                };
                let body = if text.starts_with("GET") {
                    format!(
                        "<root><device><friendlyName>C1</friendlyName><serialNumber>C1-0042-0001</serialNumber><serviceList><service>\
                         <serviceType>{service}</serviceType><controlURL>/ctl</controlURL></service></serviceList></device></root>"
                    )
                } else {
                    "<s:Envelope/>".to_owned()
                };
                let said =
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
                let _ = stream.write_all(said.as_bytes()).await;
            });
        }
    });
    let found = format!(
        "HTTP/1.1 200 OK\r\nLOCATION: http://{host}:{http}/d.xml\r\nSERVER: x UPnP/1.0\r\nST: upnp:rootdevice\r\n\r\n"
    );
    answers(host, vec![(b"ssdp:discover", found.into_bytes())]).await
}

#[tokio::test]
async fn a_gateway_opens_ports_for_strangers_and_another_device_does_not() {
    let host = "127.42.10.7";
    let weak = gateway(host, true).await;
    let seen = ask("access.upnp", host, json!({"port": weak, "change": true})).await;
    assert_eq!(open(&seen), ["control GetExternalIPAddress", "control AddPortMapping"], "{seen:#}");
    let seen = ask("access.upnp", host, json!({"port": weak})).await;
    assert_eq!(open(&seen), ["control GetExternalIPAddress"], "nothing is changed unasked");
    let good = gateway(host, false).await;
    let seen = ask("access.upnp", host, json!({"port": good, "change": true})).await;
    assert_eq!((&seen["speaks"], open(&seen).len()), (&json!(true), 0), "{seen:#}");
    assert!(tells(&seen, "serialNumber: C1-0042-0001"));
    let elsewhere = b"HTTP/1.1 200 OK\r\nLOCATION: http://192.0.2.9/d.xml\r\n\r\n".to_vec();
    let lured = answers(host, vec![(b"", elsewhere)]).await;
    let seen = ask("access.upnp", host, json!({"port": lured})).await;
    assert!(seen["note"].as_str().is_some_and(|n| n.contains("another host")), "{seen:#}");
}

/// Whatever comes, in pieces of any size: the check ends, and gives nothing to strangers that nobody gave.
#[tokio::test]
async fn servers_that_mean_harm_are_cut_and_told_as_what_they_are() {
    let host = "127.42.10.8";
    let lies: Vec<(&str, Vec<Vec<u8>>)> = vec![
        ("access.mqtt", vec![vec![], vec![0x20, 0xFF, 0xFF, 0xFF, 0xFF]]),
        ("access.mqtt", vec![vec![], vec![0x20, 0xFF, 0xFF, 0xFF, 0x7F]]),
        ("access.mqtt", vec![vec![], vec![0x20, 2, 0, 0], [&[0x90, 0x80, 0x80, 1][..], &[0; 9_000]].concat()]),
        ("access.ftp", vec![b"220-".repeat(50_000)]),
        ("access.ftp", vec![b"220-x\r\n".repeat(50_000)]),
        ("access.redis", vec![vec![], b"+PONG\r\n".to_vec(), b"$9223372036854775807\r\n".to_vec()]),
        ("access.vnc", vec![b"RFB 003.008\n".to_vec(), b"\0\xFF\xFF\xFF\xFF".to_vec()]),
        ("access.adb", vec![vec![], [&0x4E58_4E43_u32.to_le_bytes()[..], &[0xFF; 20]].concat()]),
        ("access.rtsp", vec![vec![], b"RTSP/1.0 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n".to_vec()]),
        ("access.telnet", vec![b"\xff\xfa".repeat(40_000)]),
    ];
    let cases = lies.into_iter().map(|(check, script)| async move {
        let script: Vec<&[u8]> = script.iter().map(Vec::as_slice).collect();
        let port = talks(host, &script).await;
        ask(check, host, json!({"port": port})).await
    });
    for seen in side_by_side(cases.collect()).await {
        let harmless: Vec<String> = vec!["read connect".into(), "read ping".into(), "read its data".into()];
        assert!(open(&seen).iter().all(|o| harmless.contains(o)), "{seen:#}");
        assert_eq!(seen["accepted"], json!([]));
    }
}

#[tokio::test]
async fn a_byte_now_and_then_and_bytes_without_end_are_both_cut() {
    let host = "127.42.10.9";
    let listener = TcpListener::bind((host, 0)).await.expect("binds");
    let drips = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                while stream.write_all(b"2").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            });
        }
    });
    let listener = TcpListener::bind((host, 0)).await.expect("binds");
    let floods = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move { while stream.write_all(&[b'2'; 65_536]).await.is_ok() {} });
        }
    });
    let checks =
        ["access.mqtt", "access.ftp", "access.redis", "access.vnc", "access.adb", "access.rtsp", "access.telnet"];
    let cases = checks.into_iter().flat_map(|c| [(c, drips), (c, floods)]);
    let all: Vec<Value> =
        side_by_side(cases.map(|(check, port)| async move { ask(check, host, json!({"port": port})).await }).collect())
            .await;
    for seen in all {
        assert_eq!((&seen["speaks"], open(&seen).len()), (&json!(false), 0), "{seen:#}");
    }
}

/// All of them, side by side.
async fn side_by_side<F: Future<Output = Value> + Send + 'static>(all: Vec<F>) -> Vec<Value> {
    let mut set = tokio::task::JoinSet::new();
    all.into_iter().for_each(|one| {
        set.spawn(one);
    });
    set.join_all().await
}

/// The survey of ports that a scan found open.
async fn survey(host: &str, open: &[(&str, u16, &str)]) -> Value {
    let all = open.iter().map(|(proto, port, service)| json!({"proto": proto, "port": port, "service": service}));
    ask("access.survey", host, json!({"open": all.collect::<Vec<_>>(), "udp": false})).await
}

/// Busy, broken or silent: an answer that neither asks for a logon nor gives anything is no refusal.
#[tokio::test]
async fn services_that_answer_and_show_nothing_are_undecided() {
    let host = "127.42.10.10";
    let full = talks(host, &[b"421 Too many users\r\n"]).await;
    let later = talks(host, &[b"220 ready\r\n", b"421 Too many users\r\n"]).await;
    let asks = talks(host, &[b"220 ready\r\n", b"530 No anonymous users\r\n"]).await;
    let down = talks(host, &[b"", &[0x20, 2, 0, 3]]).await;
    let old = talks(host, &[b"", &[0x20, 2, 0, 1]]).await;
    let refuses = talks(host, &[b"", &[0x20, 2, 0, 5]]).await;
    let nowhere = talks(host, &[b"", b"RTSP/1.0 200 OK\r\n\r\n", b"RTSP/1.0 503 x\r\n\r\n"]).await;
    let mute = answers(host, vec![(b"nobody says this", Vec::new())]).await;
    let all = [("tcp", full, "ftp"), ("tcp", later, "ftp"), ("tcp", down, "mqtt"), ("tcp", old, "mqtt")];
    let all = [&all[..], &[("tcp", nowhere, "rtsp"), ("udp", mute, "coap")]].concat();
    let seen = survey(host, &all).await;
    let ports: Vec<u16> = all.iter().map(|(_, port, _)| *port).collect();
    assert_eq!(seen["silent"], json!(ports), "{seen:#}");
    assert_eq!(seen["given"], json!([]));
    let seen = survey(host, &[("tcp", asks, "ftp"), ("tcp", refuses, "mqtt")]).await;
    assert_eq!((&seen["silent"], &seen["given"]), (&json!([]), &json!([])), "{seen:#}");
}
