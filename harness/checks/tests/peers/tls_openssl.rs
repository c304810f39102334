//! `tls.scan` against openssl s_server: exactly what is configured, nothing else.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use assay_checks::tls::TlsScan;
use serde_json::{Value, json};

use crate::bench::{context, run, words};
use crate::certificates;
use crate::peer::{Peer, free_port, installed};

/// Starts s_server with `arguments` on `host`, its files in `folder`.
pub(crate) fn s_server(host: &str, folder: tempfile::TempDir, arguments: &[&str]) -> Peer {
    let port = free_port(host);
    let mut command = Command::new("openssl");
    command
        .args(["s_server", "-www", "-accept", &format!("{host}:{port}")])
        .args(arguments)
        .current_dir(folder.path())
        // Debian's own file forbids what some configurations here need.
        .env("OPENSSL_CONF", "/dev/null");
    Peer::start(&mut command, host, port, Some(folder))
}

/// The suites that this openssl would accept for a version, of the given authentications.
fn suites(version: &str, list: &str, authentications: &[&str]) -> BTreeSet<String> {
    let listed = Command::new("openssl")
        .args(["ciphers", "-s", "-V", "-stdname", &format!("-{version}"), list])
        .env("OPENSSL_CONF", "/dev/null")
        .output()
        .expect("openssl runs");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    String::from_utf8_lossy(&listed.stdout)
        .lines()
        .filter(|line| authentications.iter().any(|a| line.contains(&format!("Au={a} "))) || line.contains("Au=any"))
        .filter_map(|line| line.split_whitespace().nth(2).map(str::to_owned))
        .collect()
}

fn seen_suites(seen: &Value, version: &str) -> BTreeSet<String> {
    let list = seen["suites"].as_array().expect("a list");
    list.iter().filter(|s| s["version"] == version).map(|s| s["name"].as_str().expect("a name").to_owned()).collect()
}

fn accepted(seen: &Value) -> Vec<String> {
    let map = seen["versions"].as_object().expect("a map");
    map.iter().filter(|(_, word)| *word == "accepted").map(|(version, _)| version.clone()).collect()
}

fn folder(make: impl FnOnce(&Path)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    make(folder.path());
    folder
}

const RSA: [&str; 4] = ["-cert", "cert.pem", "-key", "key.pem"];
const EVERYTHING: &str = "ALL:@SECLEVEL=0";

/// Scans, then stops the server and scans again: the dead twin must answer nothing.
async fn alive_and_dead(peer: Peer, mut params: Value) -> Value {
    let (host, port) = (peer.host.clone(), peer.port);
    params["host"] = json!(host);
    params["port"] = json!(port);
    let cx = context(&host);
    let seen = run(TlsScan, &cx, params.clone()).await;
    assert_eq!((&seen["answered"], &seen["tls"]), (&json!(true), &json!(true)), "{seen:#}");
    drop(peer);
    let dead = run(TlsScan, &cx, params).await;
    assert_eq!((&dead["answered"], &dead["tls"]), (&json!(false), &json!(false)));
    assert!(accepted(&dead).is_empty() && words(&dead["groups"]).is_empty());
    seen
}

/// One row of the table of configurations: flags, then what must be accepted, by openssl's version names.
async fn exactly(host: &str, extra: &[&str], list: &str, versions: &[(&str, &str)]) -> Value {
    let folder = folder(|f| certificates::rsa(f, 2048, "sha256"));
    let arguments = [&RSA[..], &["-cipher", list], extra].concat();
    let seen = alive_and_dead(s_server(host, folder, &arguments), json!({})).await;
    assert_eq!(accepted(&seen), versions.iter().map(|(ours, _)| (*ours).to_owned()).collect::<Vec<_>>(), "{seen:#}");
    for (ours, theirs) in versions {
        let truth = suites(theirs, list, &["RSA", "None"]);
        assert!(!truth.is_empty());
        assert_eq!(seen_suites(&seen, ours), truth, "{ours}");
    }
    seen
}

macro_rules! configurations {
    ($($name:ident: $host:literal, $extra:expr, $list:expr, $versions:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            if installed("openssl", "openssl").is_some() {
                exactly($host, &$extra, $list, &$versions).await;
            }
        }
    )*};
}

const V10: (&str, &str) = ("TLSv1.0", "tls1");
const V11: (&str, &str) = ("TLSv1.1", "tls1_1");
const V12: (&str, &str) = ("TLSv1.2", "tls1_2");
const V13: (&str, &str) = ("TLSv1.3", "tls1_3");

configurations! {
    only_1_0: "127.41.0.1", ["-tls1"], EVERYTHING, [V10];
    only_1_1: "127.41.0.2", ["-tls1_1"], EVERYTHING, [V11];
    only_1_2: "127.41.0.3", ["-tls1_2"], "DEFAULT", [V12];
    only_1_3: "127.41.0.4", ["-tls1_3"], "DEFAULT", [V13];
    all_versions: "127.41.0.5", [], "DEFAULT:@SECLEVEL=0", [V10, V11, V12, V13];
    a_hole_at_1_1: "127.41.0.6", ["-no_tls1_1"], EVERYTHING, [V10, V12, V13];
    null_and_anonymous: "127.41.0.7", ["-no_tls1_3"], "aNULL:eNULL:@SECLEVEL=0", [V10, V11, V12];
    one_suite: "127.41.0.8", ["-tls1_2"], "ECDHE-RSA-AES256-GCM-SHA384", [V12];
}
