//! Which ports accept, by a connect scan of all that a product may have.

use std::net::IpAddr;

use assay_virtual::start;
use tokio::net::TcpStream;

use crate::lab::{one, spec};

/// Ports that accept, of 1024 to 10239: the products' own and no ephemeral ones.
async fn open_ports(host: IpAddr) -> Vec<u16> {
    let mut open = Vec::new();
    for port in 1024..10_240 {
        if TcpStream::connect((host, port)).await.is_ok() {
            open.push(port);
        }
    }
    open
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_the_listed_ports_accept() {
    for (network, defects, expected) in [
        (50, &[][..], &[2222, 8080, 8443][..]),
        (51, &["telnet-root"], &[2222, 2323, 8080, 8443]),
        (52, &["undeclared-port"], &[2222, 8080, 8443, 9999]),
        (53, &["absent", "telnet-root"], &[]),
    ] {
        let (_running, sample) = one(network, defects).await;
        let mut found = open_ports(sample.host).await;
        found.retain(|port| !sample.foreign_ports.contains(port));
        assert_eq!(found, expected, "{defects:?}");
        let mut listed: Vec<u16> = sample.ports.iter().map(|(port, _)| *port).collect();
        listed.sort_unstable();
        assert_eq!(listed, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wildcard_listener_of_another_program_is_foreign() {
    let other = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let running = start(spec(54, 2, &[])).await.unwrap();
    for sample in running.samples() {
        assert!(sample.foreign_ports.contains(&port), "{:?}", sample.foreign_ports);
        assert!(!sample.foreign_ports.contains(&8443), "its own ports are not");
    }
}
