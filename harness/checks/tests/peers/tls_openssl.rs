//! `tls.scan` against openssl s_server: exactly what is configured, nothing else.

#![expect(clippy::print_stdout, reason = "prints what the benchmark counts")]

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
pub(crate) fn suites(version: &str, list: &str, authentications: &[&str]) -> BTreeSet<String> {
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

/// The suites that were seen for a version.
pub(crate) fn seen_suites(seen: &Value, version: &str) -> BTreeSet<String> {
    let list = seen["suites"].as_array().expect("a list");
    list.iter().filter(|s| s["version"] == version).map(|s| s["name"].as_str().expect("a name").to_owned()).collect()
}

/// The versions that were seen, ascending.
pub(crate) fn accepted(seen: &Value) -> Vec<String> {
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

#[tokio::test]
async fn everything_is_seen_in_full_and_the_peer_counts_are_kept() {
    if installed("openssl", "openssl").is_none() {
        return;
    }
    let folder = folder(|f| certificates::rsa(f, 2048, "sha256"));
    let arguments = [&RSA[..], &["-cipher", "DEFAULT:@SECLEVEL=0", "-alpn", "h2,mqtt"]].concat();
    let peer = s_server("127.41.1.1", folder, &arguments);
    let params = json!({"depth": "full", "server_name": certificates::NAME});
    let seen = alive_and_dead(peer, params).await;
    let full = &seen["full"];
    assert_eq!(
        words(&full["groups"]["TLSv1.3"]),
        [
            "x25519",
            "secp256r1",
            "x448",
            "secp521r1",
            "secp384r1",
            "ffdhe2048",
            "ffdhe3072",
            "ffdhe4096",
            "ffdhe6144",
            "ffdhe8192"
        ],
        "{full:#}"
    );
    assert_eq!(words(&full["groups"]["TLSv1.2"]), ["x25519", "secp256r1", "x448", "secp521r1", "secp384r1"]);
    let schemes: BTreeSet<String> = words(&full["signature_schemes"]).into_iter().collect();
    for wanted in ["rsa_pss_rsae_sha256", "rsa_pkcs1_sha256", "rsa_pkcs1_sha1"] {
        assert!(schemes.contains(wanted), "{schemes:?}");
    }
    assert_eq!(words(&full["alpn"]), ["h2", "mqtt"]);
    assert_eq!(full["resumption"], json!({"TLSv1.2": true, "TLSv1.3": true}));
    assert_eq!(full["client_certificate_required"], json!({"TLSv1.2": false, "TLSv1.3": false}));
    assert_eq!(full["client_renegotiation"], json!(false), "OpenSSL 3 refuses it unless told otherwise");
    assert_eq!(seen["secure_renegotiation"], json!(true));
    assert_eq!(seen["fallback_refused"], json!(true));
    assert_eq!(seen["chain_facts"]["name_matches"], json!(true));
    assert_eq!(seen["chain_facts"]["trusted"], json!(false));
    assert_eq!(seen["chain"][0]["self_signed"], json!(true));
}

#[tokio::test]
async fn renegotiation_and_tickets_are_seen_where_they_are_switched() {
    if installed("openssl", "openssl").is_none() {
        return;
    }
    let made = folder(|f| certificates::rsa(f, 2048, "sha256"));
    let peer = s_server(
        "127.41.1.2",
        made,
        &[&RSA[..], &["-tls1_2", "-client_renegotiation", "-no_ticket", "-no_cache"]].concat(),
    );
    let seen = alive_and_dead(peer, json!({"depth": "full"})).await;
    assert_eq!(seen["full"]["client_renegotiation"], json!(true), "{seen:#}");
    assert_eq!(seen["full"]["resumption"], json!({"TLSv1.2": false}));
    assert_eq!((&seen["session_tickets"], &seen["session_ids"]), (&json!(false), &json!(false)));
}

#[tokio::test]
async fn a_client_certificate_is_asked_for_or_required() {
    if installed("openssl", "openssl").is_none() {
        return;
    }
    for (host, flag, required) in [("127.41.1.3", "-Verify", true), ("127.41.1.4", "-verify", false)] {
        let made = folder(|f| certificates::rsa(f, 2048, "sha256"));
        let seen =
            alive_and_dead(s_server(host, made, &[&RSA[..], &[flag, "1"]].concat()), json!({"depth": "full"})).await;
        assert_eq!(seen["client_certificate"], json!(true));
        let expected = json!({"TLSv1.2": required, "TLSv1.3": required});
        assert_eq!(seen["full"]["client_certificate_required"], expected, "{flag}");
    }
}

#[tokio::test]
async fn facts_of_the_certificate_are_those_of_the_file() {
    if installed("openssl", "openssl").is_none() {
        return;
    }
    let scan = |host: &'static str, make: fn(&Path), name: Option<&'static str>| async move {
        let params = name.map_or(json!({}), |name| json!({"certificate_name": name}));
        alive_and_dead(s_server(host, folder(make), &[&RSA[..], &["-cipher", "DEFAULT:@SECLEVEL=0"]].concat()), params)
            .await
    };
    let weak = scan("127.41.2.1", |f| certificates::rsa(f, 1024, "sha1"), Some("other.test")).await;
    let leaf = &weak["chain"][0];
    assert_eq!(
        (&leaf["key_type"], &leaf["key_bits"], &leaf["signature"]),
        (&json!("RSA"), &json!(1024), &json!("sha1WithRSAEncryption"))
    );
    assert_eq!(weak["chain_facts"]["name_matches"], json!(false));
    assert_eq!(weak["dh_bits"], json!(1024), "OpenSSL fits the field to the key");
    let expired = scan("127.41.2.2", |f| certificates::ecdsa(f, "", certificates::NAME, 2001, 2002), None).await;
    assert_eq!((&expired["chain"][0]["expired"], &expired["chain"][0]["not_yet_valid"]), (&json!(true), &json!(false)));
    assert_eq!(expired["chain"][0]["key_bits"], json!(256));
    let early =
        scan("127.41.2.3", |f| certificates::ecdsa(f, "", certificates::NAME, 2090, 2091), Some(certificates::NAME))
            .await;
    assert_eq!((&early["chain"][0]["expired"], &early["chain"][0]["not_yet_valid"]), (&json!(false), &json!(true)));
    assert_eq!(early["chain_facts"]["name_matches"], json!(true));
}

#[tokio::test]
async fn a_missing_intermediate_is_named() {
    if installed("openssl", "openssl").is_none() {
        return;
    }
    let made = folder(certificates::chain);
    let root = std::fs::read_to_string(made.path().join("root.pem")).expect("reads");
    let whole = ["-cert", "leaf.pem", "-cert_chain", "between.pem", "-key", "key.pem"];
    let params = json!({"roots": [root], "certificate_name": certificates::NAME, "depth": "versions"});
    let good = alive_and_dead(s_server("127.41.2.4", made, &whole), params.clone()).await;
    assert_eq!(good["chain_facts"], json!({"complete": true, "in_order": true, "trusted": true, "name_matches": true}));
    let made = folder(certificates::chain);
    let bad = alive_and_dead(s_server("127.41.2.5", made, &["-cert", "leaf.pem", "-key", "key.pem"]), params).await;
    assert_eq!(bad["chain_facts"]["complete"], json!(false));
    assert_eq!(bad["chain_facts"]["missing_issuer"], json!("CN=Maker Devices"));
    assert_eq!(bad["chain_facts"]["distrust"], json!("unknown issuer"));
}

#[tokio::test]
async fn two_keys_bring_two_chains_and_both_kinds_of_suites() {
    if installed("openssl", "openssl").is_none() {
        return;
    }
    let made = folder(|f| {
        certificates::rsa(f, 2048, "sha256");
        certificates::ecdsa(f, "ec", certificates::NAME, 2020, 2090);
    });
    let arguments = [&RSA[..], &["-dcert", "eccert.pem", "-dkey", "eckey.pem", "-tls1_2", "-serverpref"]].concat();
    let seen = alive_and_dead(s_server("127.41.2.6", made, &arguments), json!({})).await;
    assert_eq!(seen_suites(&seen, "TLSv1.2"), suites("tls1_2", "DEFAULT", &["RSA", "ECDSA"]));
    let types: BTreeSet<&str> =
        [&seen["chain"], &seen["further_chains"][0]].iter().filter_map(|c| c[0]["key_type"].as_str()).collect();
    assert_eq!(types, BTreeSet::from(["EC", "RSA"]));
    assert_eq!(seen["server_preference"]["TLSv1.2"], json!(true));
}

#[tokio::test]
async fn field_sizes_are_those_of_the_parameters() {
    if installed("openssl", "openssl").is_none() {
        return;
    }
    let made = folder(|f| {
        certificates::rsa(f, 2048, "sha256");
        // RFC 2409's second group, so that no time goes into looking for a prime.
        std::fs::write(f.join("dh.pem"), include_str!("modp1024.pem")).expect("writes");
    });
    let arguments = [&RSA[..], &["-tls1_2", "-cipher", "DHE:@SECLEVEL=0", "-dhparam", "dh.pem"]].concat();
    let seen = alive_and_dead(s_server("127.41.2.7", made, &arguments), json!({})).await;
    assert_eq!(seen["dh_bits"], json!(1024));
    assert!(seen["suites"].as_array().expect("list").iter().all(|s| s["key_exchange"] == "dh-1024"), "{seen:#}");
}

#[tokio::test]
async fn a_staple_is_seen() {
    if installed("openssl", "openssl").is_none() {
        return;
    }
    let made = folder(|f| {
        certificates::rsa(f, 2048, "sha256");
        // Any DER is stapled as it is: what matters here is that one is sent. OCSPResponse, status tryLater.
        std::fs::write(f.join("ocsp.der"), [0x30, 3, 0x0A, 1, 3]).expect("writes");
    });
    let arguments = [&RSA[..], &["-tls1_2", "-status_file", "ocsp.der"]].concat();
    let seen = alive_and_dead(s_server("127.41.2.8", made, &arguments), json!({})).await;
    assert_eq!(seen["ocsp_staple"], json!(true));
    assert_eq!((&seen["compression"], &seen["heartbeat"]), (&json!(false), &json!(false)));
    assert_eq!(seen["extended_master_secret"], json!(true));
}

/// Connections that the quickest peers make, as measured for the benchmark (nmap ssl-enum-ciphers).
#[tokio::test]
async fn no_more_connections_than_the_peers() {
    if installed("openssl", "openssl").is_none() {
        return;
    }
    let rows: [(&str, &[&str], u64); 2] = [
        ("127.41.3.1", &["-tls1_2", "-cipher", "ECDHE+AESGCM:ECDHE+CHACHA20"], 40),
        ("127.41.3.2", &["-cipher", "DEFAULT:@SECLEVEL=0"], 207),
    ];
    for (host, extra, most) in rows {
        let made = folder(|f| certificates::rsa(f, 2048, "sha256"));
        let started = std::time::Instant::now();
        let peer = s_server(host, made, &[&RSA[..], extra].concat());
        let up = started.elapsed();
        let started = std::time::Instant::now();
        let seen = run(TlsScan, &context(host), json!({"host": host, "port": peer.port})).await;
        let (took, made) = (started.elapsed(), seen["connections"].as_u64().expect("a count"));
        println!(
            "{host}: {made} connections, {took:?} (server up after {up:?}), {} suites",
            seen["suites"].as_array().map_or(0, Vec::len)
        );
        assert!(made <= most, "{made} connections");
    }
}
