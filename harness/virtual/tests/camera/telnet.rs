//! The `telnet-root` and `undeclared-port` defects.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::lab::{PATIENCE, one};

async fn until(stream: &mut TcpStream, text: &str) -> Vec<u8> {
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(text) {
        let byte =
            timeout(PATIENCE, stream.read_u8()).await.unwrap_or_else(|_| panic!("no {text:?} in {seen:?}")).unwrap();
        seen.push(byte);
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn telnet_negotiates_refuses_the_wrong_and_takes_the_default_account() {
    let (_running, sample) = one(40, &["telnet-root"]).await;
    assert!(sample.ports.contains(&(2323, "telnet")));
    let mut stream = TcpStream::connect((sample.host, 2323)).await.unwrap();
    let greeting = until(&mut stream, "login: ").await;
    assert!(greeting.starts_with(&[255, 251, 1]), "IAC WILL ECHO: {greeting:?}");
    // A client that answers, asks for another option and tells its window size.
    stream.write_all(&[255, 253, 1, 255, 251, 31, 255, 250, 31, 0, 80, 0, 24, 255, 240]).await.unwrap();
    stream.write_all(b"root\r\n").await.unwrap();
    until(&mut stream, "Password: ").await;
    stream.write_all(b"wrong\r\n").await.unwrap();
    until(&mut stream, "Login incorrect").await;
    until(&mut stream, "login: ").await;
    stream.write_all(b"root\r\0").await.unwrap();
    until(&mut stream, "Password: ").await;
    stream.write_all(b"root\r\0").await.unwrap();
    until(&mut stream, "c1# ").await;
    stream.write_all(b"id\r\n").await.unwrap();
    assert!(String::from_utf8_lossy(&until(&mut stream, "c1# ").await).contains("uid=0(root)"));
    stream.write_all(b"exit\r\n").await.unwrap();
    timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_undeclared_port_talks_and_asks_for_no_logon() {
    let (_running, sample) = one(41, &["undeclared-port"]).await;
    let mut stream = TcpStream::connect((sample.host, 9999)).await.unwrap();
    let banner = String::from_utf8(until(&mut stream, "\r\n").await).unwrap();
    assert!(!banner.contains("login") && banner.contains("debug"), "{banner}");
    stream.write_all(b"stats\n").await.unwrap();
    until(&mut stream, "asked 1\r\n").await;
}
