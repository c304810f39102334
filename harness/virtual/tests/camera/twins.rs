//! The dead twins, and that the good camera is none of them.

use std::net::IpAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::console_client::Terminal;
use crate::lab::one;

/// Long enough for an answer on loopback, short enough to wait for none.
const A_WHILE: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread")]
async fn the_silent_twin_accepts_and_never_answers() {
    let (_running, sample) = one(80, &["silent", "telnet-root"]).await;
    for (port, name) in &sample.ports {
        let mut stream = TcpStream::connect((sample.host, *port)).await.unwrap();
        stream.write_all(b"SSH-2.0-test\r\nGET / HTTP/1.1\r\nHost: c1\r\n\r\n").await.unwrap();
        assert!(timeout(A_WHILE, stream.read_u8()).await.is_err(), "{name} answered");
    }
    let mut terminal = Terminal::open(&sample);
    terminal.type_in(&"\r".repeat(100_000));
    assert_eq!(terminal.until_quiet(A_WHILE).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_absent_twin_is_not_there() {
    let (_running, sample) = one(81, &["absent"]).await;
    assert!(sample.ports.is_empty());
    for port in [8443, 8080, 2222] {
        assert!(TcpStream::connect((sample.host, port)).await.is_err());
    }
    let mut terminal = Terminal::open(&sample);
    terminal.type_in("\r");
    assert_eq!(terminal.until_quiet(A_WHILE).await, "");
}

/// Which of six connections to SSH say who they are.
async fn answered(host: IpAddr) -> Vec<bool> {
    let mut answered = Vec::new();
    for _ in 0..6 {
        let mut stream = TcpStream::connect((host, 2222)).await.unwrap();
        let mut banner = [0; 8];
        answered.push(timeout(crate::lab::PATIENCE, stream.read_exact(&mut banner)).await.unwrap().is_ok());
    }
    answered
}

#[tokio::test(flavor = "multi_thread")]
async fn the_flaky_twin_drops_every_third_connection_and_line() {
    let (_running, sample) = one(82, &["flaky"]).await;
    assert_eq!(answered(sample.host).await, [true, true, false, true, true, false]);
    let mut terminal = Terminal::open(&sample);
    let flaky = terminal.until_quiet(Duration::from_secs(1)).await;

    let (_good_running, good) = one(83, &[]).await;
    assert_eq!(answered(good.host).await, [true; 6]);
    let mut terminal = Terminal::open(&good);
    let whole = terminal.until_quiet(Duration::from_secs(1)).await;
    let expected: Vec<&str> = whole.split('\n').enumerate().filter(|(n, _)| n % 3 != 2).map(|(_, line)| line).collect();
    assert_eq!(
        flaky.trim_end().split('\n').collect::<Vec<_>>(),
        expected.join("\n").trim_end().split('\n').collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_idle_connections_is_bounded_and_passes() {
    let (_running, sample) = one(84, &[]).await;
    let mut crowd = Vec::new();
    for _ in 0..400 {
        crowd.push(TcpStream::connect((sample.host, 8443)).await.unwrap());
    }
    drop(crowd);
    let recovered = async {
        loop {
            let mut banner = [0; 8];
            let mut stream = TcpStream::connect((sample.host, 2222)).await.unwrap();
            if stream.read_exact(&mut banner).await.is_ok() {
                return;
            }
        }
    };
    timeout(crate::lab::PATIENCE, recovered).await.unwrap();
}
