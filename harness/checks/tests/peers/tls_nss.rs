//! `tls.scan` against NSS's selfserv: a whole TLS library, other than OpenSSL, that still speaks everything from SSLv3.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use assay_checks::tls::TlsScan;
use serde_json::{Value, json};

use crate::bench::{context, run};
use crate::certificates::NAME;
use crate::peer::{Peer, free_port, installed};

/// Suites that every version from SSLv3 to TLS 1.2 has: selfserv's number and the name.
const OLD: [(&str, &str); 8] = [
    ("0001", "TLS_RSA_WITH_NULL_MD5"),
    ("0002", "TLS_RSA_WITH_NULL_SHA"),
    ("0004", "TLS_RSA_WITH_RC4_128_MD5"),
    ("0005", "TLS_RSA_WITH_RC4_128_SHA"),
    ("000A", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    ("0016", "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    ("002F", "TLS_RSA_WITH_AES_128_CBC_SHA"),
    ("0039", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"),
];
/// Suites that came with elliptic curves, whose extension SSLv3 has no place for.
const CURVES: [(&str, &str); 2] =
    [("C011", "TLS_ECDHE_RSA_WITH_RC4_128_SHA"), ("C014", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA")];
/// Suites of TLS 1.2 alone.
const NEW: [(&str, &str); 3] = [
    ("003B", "TLS_RSA_WITH_NULL_SHA256"),
    ("009F", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
    ("C02F", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
];

fn certificate(certutil: &Path, folder: &Path) {
    std::fs::write(folder.join("noise"), [7; 64]).expect("writes");
    let subject = format!("CN={NAME}");
    let key =
        ["-n", "server", "-s", &subject, "-8", NAME, "-x", "-t", "u,u,u", "-k", "rsa", "-g", "2048", "-z", "noise"];
    for arguments in [&["-N", "--empty-password"][..], &[&["-S"], &key[..]].concat()] {
        let made = Command::new(certutil).args(arguments).args(["-d", "."]).current_dir(folder).output().expect("runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
}

fn selfserv(host: &str, arguments: &[&str]) -> Option<Peer> {
    let (program, certutil) = (installed("selfserv", "libnss3-tools")?, installed("certutil", "libnss3-tools")?);
    let folder = tempfile::tempdir().expect("a folder");
    certificate(&certutil, folder.path());
    let port = free_port(host);
    let mut command = Command::new(program);
    // It listens on every address; only this one is asked.
    command.current_dir(folder.path()).args(["-d", ".", "-n", "server", "-p", &port.to_string()]).args(arguments);
    Some(Peer::start(&mut command, host, port, Some(folder)))
}

async fn scan(host: &str, port: u16) -> Value {
    run(TlsScan, &context(host), json!({"host": host, "port": port})).await
}

/// The suites seen of a version.
fn suites<'s>(seen: &'s Value, version: &str) -> BTreeSet<&'s str> {
    let list = seen["suites"].as_array().expect("a list");
    list.iter().filter(|s| s["version"] == version).filter_map(|s| s["name"].as_str()).collect()
}

fn accepted(seen: &Value) -> Vec<&str> {
    let map = seen["versions"].as_object().expect("a map");
    map.iter().filter(|(_, word)| *word == "accepted").map(|(version, _)| version.as_str()).collect()
}

#[tokio::test]
async fn everything_from_ssl3_is_seen_version_by_version() {
    let listed: Vec<_> = [&OLD[..], &CURVES, &NEW].concat();
    let numbers: String = listed.iter().map(|(number, _)| format!(":{number}")).collect();
    let host = "127.41.24.1";
    let Some(peer) = selfserv(host, &["-V", "ssl3:tls1.2", "-H", "1", "-c", &numbers]) else { return };
    let seen = scan(host, peer.port).await;
    assert_eq!(accepted(&seen), ["SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2"], "{seen:#}");
    let names = |tables: &[&[(&str, &'static str)]]| -> BTreeSet<&str> {
        tables.iter().flat_map(|table| table.iter().map(|(_, name)| *name)).collect()
    };
    assert_eq!(suites(&seen, "SSLv3"), names(&[&OLD]));
    for version in ["TLSv1.0", "TLSv1.1"] {
        assert_eq!(suites(&seen, version), names(&[&OLD, &CURVES]), "{version}");
    }
    assert_eq!(suites(&seen, "TLSv1.2"), names(&[&OLD, &CURVES, &NEW]));
    let port = peer.port;
    drop(peer);
    let dead = scan(host, port).await;
    assert_eq!((&dead["answered"], accepted(&dead).len()), (&json!(false), 0));
}

#[tokio::test]
async fn its_good_twin_has_nothing_old() {
    let host = "127.41.24.2";
    let Some(peer) = selfserv(host, &["-V", "tls1.2:tls1.3", "-c", ":C02F:C030:1301"]) else { return };
    let seen = scan(host, peer.port).await;
    assert_eq!(accepted(&seen), ["TLSv1.2", "TLSv1.3"], "{seen:#}");
    assert_eq!(suites(&seen, "TLSv1.3"), ["TLS_AES_128_GCM_SHA256"].into());
    assert_eq!(
        suites(&seen, "TLSv1.2"),
        NEW[2..].iter().map(|(_, n)| *n).chain(["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"]).collect()
    );
}
