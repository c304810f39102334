use std::time::Duration;

use assay_model::touch::ports::ScanMethod;

use super::*;
use crate::testing::{Silent, host, silent_port, soon};

async fn scan(at: &str, tcp: &[(u16, u16)], until: Deadline) -> ScanResponse {
    scan_with(at, tcp, until, Limits::default(), 200).await
}

async fn scan_with(at: &str, tcp: &[(u16, u16)], until: Deadline, limits: Limits, silence_ms: u32) -> ScanResponse {
    by(ScanMethod::Connect, at, tcp, until, limits, silence_ms).await
}

async fn by(
    method: ScanMethod,
    at: &str,
    tcp: &[(u16, u16)],
    until: Deadline,
    limits: Limits,
    silence_ms: u32,
) -> ScanResponse {
    let request = ScanRequest { host: host(at), tcp: tcp.to_vec(), limits, silence_ms, method };
    PortScanner.call(request, until).await.expect("no fault")
}

/// Listeners that nobody accepts from: the kernel completes the connections.
fn listen(at: &str, ports: &[u16]) -> Vec<std::net::TcpListener> {
    ports.iter().map(|p| std::net::TcpListener::bind((at, *p)).expect("binds")).collect()
}

#[tokio::test]
async fn every_open_port_is_found_and_no_other() {
    let ports = [7, 443, 2323, 9999, 31_337, 65_535];
    let _open = listen("127.31.1.1", &ports);
    let found = scan("127.31.1.1", &[(1, 65_535)], soon()).await;
    // A service of this machine on 0.0.0.0 is open on every loopback address, rightly.
    let ours: Vec<u16> = found.open.iter().copied().filter(|p| !listens_everywhere(*p)).collect();
    assert_eq!(ours, ports);
    assert_eq!((found.closed + found.open.len() as u32, found.filtered, found.unasked), (65_535, 0, 0));
    assert!(found.alive_before && found.alive_after);
}

/// 127.0.0.1 is where the kernel takes source addresses from: the only place where a connect can meet itself.
#[tokio::test]
async fn a_connect_that_meets_itself_is_no_open_port() {
    let range: (u16, u16) = (32_768, 60_999);
    let before = listeners();
    let found = scan("127.0.0.1", &[range], soon()).await;
    // Other tests and services come and go here, but what is named open must have had a listener.
    let table = listeners();
    for port in &found.open {
        assert!(before.contains(port) || table.contains(port), "port {port} was called open, and nobody listens");
    }
    assert_eq!(
        found.open.len() as u32 + found.closed + found.filtered + found.unasked,
        u32::from(range.1 - range.0) + 1
    );
}

/// Ports that something of this machine listens on, on any address.
fn listeners() -> Vec<u16> {
    sockets().into_iter().filter(|(_, _, listening)| *listening).map(|(_, port, _)| port).collect()
}

fn listens_everywhere(port: u16) -> bool {
    sockets().iter().any(|(address, p, listening)| *listening && *p == port && address.bytes().all(|b| b == b'0'))
}

/// Address in hexadecimal, port, whether it listens: from the kernel's tables.
fn sockets() -> Vec<(String, u16, bool)> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|t| std::fs::read_to_string(t).unwrap_or_default());
    let lines = tables.iter().flat_map(|table| table.lines().skip(1));
    let parse = |line: &str| {
        let mut fields = line.split_whitespace().skip(1);
        let (address, port) = fields.next()?.split_once(':')?;
        let listening = fields.nth(1)? == "0A";
        Some((address.to_owned(), u16::from_str_radix(port, 16).ok()?, listening))
    };
    lines.filter_map(parse).collect()
}

#[tokio::test]
async fn ipv6_is_scanned_alike() {
    let listener = std::net::TcpListener::bind("[::1]:0").expect("binds");
    let port = listener.local_addr().expect("bound").port();
    let found = scan("::1", &[(port, port), (1, 3)], soon()).await;
    assert_eq!(found.open, [port]);
    assert_eq!(found.closed, 3);
    assert!(found.alive_before && found.alive_after);
}

#[tokio::test]
async fn silent_ports_are_filtered_after_a_second_try_while_the_host_lives() {
    let silent: Vec<Silent> = (0..3).map(|n| silent_port(&format!("127.31.1.2:{}", 5_001 + n))).collect();
    let _open = listen("127.31.1.2", &[5_010]);
    let found = scan("127.31.1.2", &[(5_000, 5_010)], soon()).await;
    assert_eq!(found.filtered_ports, silent.iter().map(|s| s.at.port()).collect::<Vec<_>>());
    assert_eq!((found.open.as_slice(), found.closed, found.filtered, found.unasked), (&[5_010][..], 7, 3, 0));
    assert!(found.alive_before && found.alive_after);
    assert!(found.connects >= 14, "{} connects: silent ports are asked twice", found.connects);
}

/// Everything is silent: nothing may be called closed, and the host has shown no life.
#[tokio::test]
async fn a_dead_host_never_looks_closed() {
    let silent: Vec<Silent> = (0..6).map(|n| silent_port(&format!("127.31.1.3:{}", 6_001 + n))).collect();
    let found = scan("127.31.1.3", &[(6_001, 6_006)], soon()).await;
    assert_eq!((found.open.len(), found.closed, found.filtered), (0, 0, silent.len() as u32));
    assert!(!found.alive_before && !found.alive_after);
}

/// The host answers, then all its ports fall silent.
#[tokio::test]
async fn a_host_that_vanishes_is_said_to_have_vanished() {
    // Ten silent ports keep a slow scan busy while the only one that answered is taken away.
    let silent: Vec<Silent> = (0..10).map(|n| silent_port(&format!("127.31.1.4:{}", 7_001 + n))).collect();
    let witness = std::net::TcpListener::bind("127.31.1.4:443").expect("binds");
    let vanish = tokio::task::spawn_blocking(move || {
        let (first, _) = witness.accept().expect("the scan asks 443 first");
        drop(first);
        drop(witness);
        silent_port("127.31.1.4:443")
    });
    let limits = Limits { connects_per_s: 20, half_open: 1, ..Limits::default() };
    let until = Deadline::after(Duration::from_secs(30));
    let found = scan_with("127.31.1.4", &[(443, 443), (7_001, 7_010)], until, limits, 100).await;
    drop(vanish.await);
    assert_eq!(found.open, [443]);
    assert!(found.alive_before && !found.alive_after, "{found:?}");
    assert!(found.unasked > 0, "{found:?}");
    assert_eq!(found.filtered, 0, "silence after the last sign of life proves nothing: {found:?}");
    assert_eq!(found.filtered + found.unasked, silent.len() as u32);
}

#[tokio::test]
async fn the_deadline_ends_a_scan_and_what_is_left_is_counted() {
    let limits = Limits { connects_per_s: 50, half_open: 4, ..Limits::default() };
    let until = Deadline::after(Duration::from_millis(400));
    let found = scan_with("127.31.1.5", &[(1, 1_000)], until, limits, 200).await;
    assert!(found.unasked > 900, "50 a second: {found:?}");
    assert_eq!(found.closed + found.unasked, 1_000);
    assert!(found.alive_before && found.alive_after);
}

#[tokio::test]
async fn a_rate_that_a_bench_writes_holds_on_loopback_too() {
    let limits = Limits { connects_per_s: 400, half_open: 4, ..Limits::default() };
    let found = scan_with("127.31.1.6", &[(1, 200)], soon(), limits, 200).await;
    assert_eq!(found.closed, 200);
    assert!(found.duration_ms >= 450, "200 ports at 400 a second took only {} ms", found.duration_ms);
}

#[tokio::test]
async fn a_call_that_is_dropped_stops_its_thread() {
    let silent = silent_port("127.31.1.7:8001");
    let request = ScanRequest {
        host: host("127.31.1.7"),
        tcp: vec![(8_001, 8_001)],
        limits: Limits::default(),
        silence_ms: 60_000,
        method: ScanMethod::Connect,
    };
    let call = PortScanner.call(request, Deadline::after(Duration::from_secs(120)));
    assert!(tokio::time::timeout(Duration::from_millis(100), call).await.is_err());
    let named = || {
        std::fs::read_dir("/proc/self/task").expect("proc").flatten().any(|t| {
            // The thread of this scan is the only one that waits a minute: others end with their tests.
            std::fs::read_to_string(t.path().join("comm")).is_ok_and(|n| n.trim() == "port-scan")
        })
    };
    for _ in 0..200 {
        if !named() {
            return drop(silent);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the scan's thread still runs");
}

#[test]
fn default_limits_are_for_devices_and_written_ones_for_all() {
    let default = Limits::default();
    let loopback = "127.0.0.1".parse().expect("address");
    assert_eq!((limits_for(loopback, default).connects_per_s, limits_for(loopback, default).half_open), (0, 0));
    assert_eq!(limits_for("192.0.2.1".parse().expect("address"), default), default);
    let written = Limits { connects_per_s: 5, half_open: 3, ..default };
    assert_eq!(limits_for(loopback, written), written);
}

/// The queue is full at the first try and has room at the second, as after a lost packet.
#[tokio::test]
async fn a_port_whose_first_connect_was_lost_is_found_by_the_second() {
    let silent = silent_port("127.31.1.8:8101");
    let drain = silent.drain_after(Duration::from_millis(250));
    let found = scan("127.31.1.8", &[(8_100, 8_101)], soon()).await;
    assert_eq!((found.open.as_slice(), found.closed, found.filtered), (&[8_101][..], 1, 0), "{found:?}");
    drain.join().expect("drained");
}

/// Whether this process may send SYNs; says so where it may not.
#[expect(clippy::print_stdout, reason = "says that a right is missing")]
fn may_send_syns() -> bool {
    let may = super::may_send_syns();
    if let Err(fault) = &may {
        assert!(fault.code == "no-raw-sockets" && fault.text.contains("CAP_NET_RAW") && !fault.help.is_empty());
        println!("skipped: {}", fault.text);
    }
    may.is_ok()
}

#[tokio::test]
async fn syns_find_what_connections_find() {
    let ports = [7, 443, 2323, 9999, 31_337, 65_535];
    let at = "127.31.2.1";
    let _open = listen(at, &ports);
    let auto = by(ScanMethod::Auto, at, &[(440, 450)], soon(), Limits::default(), 200).await;
    assert_eq!(auto.open, [443]);
    if !may_send_syns() {
        assert_eq!(auto.method, ScanMethod::Connect);
        return;
    }
    assert_eq!(auto.method, ScanMethod::Syn);
    let found = by(ScanMethod::Syn, at, &[(1, 65_535)], soon(), Limits::default(), 200).await;
    let ours: Vec<u16> = found.open.iter().copied().filter(|p| !listens_everywhere(*p)).collect();
    assert_eq!(ours, ports);
    assert_eq!((found.closed + found.open.len() as u32, found.filtered, found.unasked), (65_535, 0, 0), "{found:?}");
    assert!(found.alive_before && found.alive_after && found.method == ScanMethod::Syn);
}

/// Source and target are one address here, and the port that our SYNs come from is one of those asked.
#[tokio::test]
async fn syns_to_ourselves_and_over_ipv6() {
    if !may_send_syns() {
        return;
    }
    for at in ["127.0.0.1", "::1"] {
        let listener = std::net::TcpListener::bind((at, 0)).expect("binds");
        let port = listener.local_addr().expect("bound").port();
        let before = listeners();
        let found = by(ScanMethod::Syn, at, &[(1, 3), (32_768, 60_999)], soon(), Limits::default(), 300).await;
        let after = listeners();
        assert!(found.open.contains(&port), "{found:?}");
        for port in &found.open {
            assert!(before.contains(port) || after.contains(port), "{port} was called open, and nobody listens");
        }
        assert_eq!((found.filtered, found.unasked), (0, 0), "{found:?}");
        assert!(found.alive_before && found.alive_after);
    }
}

#[tokio::test]
async fn syns_to_silent_ports_and_dead_hosts_prove_nothing() {
    if !may_send_syns() {
        return;
    }
    let at = "127.31.2.3";
    let silent: Vec<Silent> = (0..3).map(|n| silent_port(&format!("{at}:{}", 5_001 + n))).collect();
    let dead = by(ScanMethod::Syn, at, &[(5_001, 5_003)], soon(), Limits::default(), 200).await;
    assert_eq!((dead.open.len(), dead.closed, dead.filtered), (0, 0, 3), "{dead:?}");
    assert!(!dead.alive_before && !dead.alive_after);
    let _open = listen(at, &[5_010]);
    let found = by(ScanMethod::Syn, at, &[(5_000, 5_010)], soon(), Limits::default(), 200).await;
    assert_eq!(found.filtered_ports, silent.iter().map(|s| s.at.port()).collect::<Vec<_>>());
    assert_eq!((found.open.as_slice(), found.closed), (&[5_010][..], 7), "{found:?}");
    assert!(found.connects >= 14, "{} SYNs: silent ports are asked twice", found.connects);
}

#[tokio::test]
async fn the_rate_of_a_bench_holds_for_syns_too() {
    if !may_send_syns() {
        return;
    }
    let limits = Limits { connects_per_s: 400, half_open: 4, ..Limits::default() };
    let found = by(ScanMethod::Syn, "127.31.2.4", &[(1, 200)], soon(), limits, 200).await;
    assert_eq!(found.closed, 200);
    assert!(found.duration_ms >= 450, "200 ports at 400 a second took only {} ms", found.duration_ms);
}
