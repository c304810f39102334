//! What other tools find on the same servers at the same time. Their answers and ours are the same sets, but for what
//! stands in `DIFFERENCES`, each with its reason. nmap, sslscan and ssh-audit are installed by `.ci/install`.

#![expect(clippy::print_stdout, reason = "says where tools are known to differ")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use assay_checks::ssh::{SshAlgorithms, SshHostKeys};
use assay_checks::tls::TlsScan;
use regex::Regex;
use serde_json::{Value, json};

use crate::bench::{context, run, words};
use crate::certificates;
use crate::peer::{Peer, installed, missing};
use crate::ssh::{LEGACY, keygen, sshd};
use crate::tls_openssl::{accepted, s_server};
use crate::tls_others::{GNUTLS_OLD, gnutls, tlslite};
use crate::tls_twins::GOOD;

/// A difference that is known: which tool, on which server, items that only one side has (a regular expression), and why.
struct Difference {
    tool: &'static str,
    server: &'static str,
    items: &'static str,
    why: &'static str,
}

const DIFFERENCES: [Difference; 1] = [Difference {
    tool: "sslscan",
    server: "tlslite, SSLv3",
    items: "^SSLv3 TLS_",
    why: "it sees the version by a hello of its own, and asks for suites through a library that has no SSLv3; nmap has them",
}];

/// Items of one side only must all be explained, and an explanation must still be needed.
fn agree(tool: &str, server: &str, theirs: &BTreeSet<String>, ours: &BTreeSet<String>) {
    assert!(!ours.is_empty(), "nothing was compared of {server}");
    let mut differing: Vec<&String> = theirs.symmetric_difference(ours).collect();
    for known in DIFFERENCES.iter().filter(|d| d.tool == tool && d.server == server) {
        let items = Regex::new(known.items).expect("an expression");
        let before = differing.len();
        differing.retain(|item| !items.is_match(item));
        assert_ne!(differing.len(), before, "{tool} on {server} differs no more in {}", known.items);
        println!("{tool} on {server}, {}: {}", known.items, known.why);
    }
    let side = |item: &str| if ours.contains(item) { "only Assay" } else { "only the tool" };
    let unexplained: Vec<String> = differing.iter().map(|item| format!("{}: {item}", side(item))).collect();
    assert!(unexplained.is_empty(), "{tool} on {server}: {unexplained:#?}");
}

#[test]
#[should_panic(expected = "only the tool: TLSv1.0")]
fn a_finding_that_a_tool_contradicts_without_a_reason_fails() {
    let ours = BTreeSet::from(["TLSv1.2".to_owned()]);
    agree("nmap", "openssl, modern", &BTreeSet::from(["TLSv1.0".to_owned(), "TLSv1.2".to_owned()]), &ours);
}

fn output(command: &mut Command) -> String {
    let ran = command.env("OPENSSL_CONF", "/dev/null").output().expect("it runs");
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

/// Our versions and suites as `TLSv1.2` and `TLSv1.2 NAME`.
fn ours(seen: &Value) -> BTreeSet<String> {
    let suites = seen["suites"].as_array().expect("a list").iter();
    let suites =
        suites.map(|s| format!("{} {}", s["version"].as_str().expect("text"), s["name"].as_str().expect("text")));
    suites.chain(accepted(seen)).collect()
}

/// IANA names by number, from openssl's own list and, for what it has no more, from RFCs.
fn names() -> BTreeMap<String, String> {
    let listed = output(Command::new("openssl").args(["ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]));
    let line = Regex::new(r"0x(..),0x(..) - (\S+)").expect("an expression");
    let known = line.captures_iter(&listed).map(|c| (format!("0x{}{}", &c[1], &c[2]), c[3].to_owned()));
    let old = [
        ("0x0004", "TLS_RSA_WITH_RC4_128_MD5"),
        ("0x0005", "TLS_RSA_WITH_RC4_128_SHA"),
        ("0x000A", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    ];
    known.chain(old.map(|(id, name)| (id.to_owned(), name.to_owned()))).collect()
}

fn sslscan(peer: &Peer, program: &Path) -> BTreeSet<String> {
    let mut command = Command::new(program);
    command.args(["--no-colour", "--xml=-", "--no-groups", "--sni-name=camera.test"]);
    let text = output(command.arg(format!("{}:{}", peer.host, peer.port)));
    let names = names();
    let cipher = Regex::new(r#"sslversion="(\S+)" bits="\d+" cipher="(\S+)" id="(\S+)""#).expect("an expression");
    let suites = cipher.captures_iter(&text).map(|c| format!("{} {}", &c[1], names.get(&c[3]).map_or(&c[2], |n| n)));
    let on = Regex::new(r#"<protocol type="(ssl|tls)" version="(\S+)" enabled="1""#).expect("an expression");
    let versions = on.captures_iter(&text).map(|c| format!("{}v{}", c[1].to_uppercase(), &c[2]));
    suites.chain(versions).collect()
}

fn nmap_tls(peer: &Peer, program: &Path) -> BTreeSet<String> {
    let mut command = Command::new(program);
    command.args(["--script", "+ssl-enum-ciphers", "-sT", "-n", "-Pn", "-p", &peer.port.to_string(), &peer.host]);
    let text = output(&mut command);
    let line = Regex::new(r"(?m)^\|_?\s+((?:SSL|TLS)v\S+):|^\|_?\s+(TLS_\S+)").expect("an expression");
    let (mut found, mut version) = (BTreeSet::new(), String::new());
    for c in line.captures_iter(&text) {
        match (c.get(1), c.get(2)) {
            (Some(name), _) => {
                version = name.as_str().to_owned();
                found.insert(version.clone());
            }
            // Its own word for suites of TLS 1.3, which say nothing of the key exchange.
            (None, Some(suite)) => {
                found.insert(format!("{version} {}", suite.as_str().replace("TLS_AKE_WITH_", "TLS_")));
            }
            (None, None) => {}
        }
    }
    found
}

/// The program of a folder of PyPI tools that `.ci/install` makes.
fn pypi(name: &str) -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder");
    let program = target.join("tools").join(name).join("bin").join(name);
    if !program.exists() {
        missing(&format!("{name} (PyPI)"));
        return None;
    }
    Some(program)
}

fn openssl(host: &str, arguments: &[&str]) -> Option<Peer> {
    installed("openssl", "openssl")?;
    let folder = tempfile::tempdir().expect("a folder");
    certificates::rsa(folder.path(), 2048, "sha256");
    Some(s_server(host, folder, &[&["-cert", "cert.pem", "-key", "key.pem"], arguments].concat()))
}

#[tokio::test]
async fn versions_and_suites_are_those_of_sslscan_and_nmap() {
    let (Some(sslscan_at), Some(nmap_at)) = (installed("sslscan", "sslscan"), installed("nmap", "nmap")) else {
        return;
    };
    let servers = [
        ("openssl, everything", openssl("127.41.8.1", &["-cipher", "ALL:eNULL:@SECLEVEL=0"])),
        ("openssl, modern", openssl("127.41.8.2", &["-no_tls1", "-no_tls1_1", "-cipher", "ECDHE+AESGCM"])),
        ("openssl, a hole", openssl("127.41.8.3", &["-no_tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"])),
        ("nginx", GOOD.nginx("127.41.8.4")),
        ("gnutls, old", gnutls("127.41.8.5", GNUTLS_OLD)),
        ("tlslite, SSLv3", tlslite("127.41.8.6", "0", "1")),
        ("tlslite, strict", tlslite("127.41.8.7", "3", "4")),
    ];
    for (server, peer) in servers {
        let Some(peer) = peer else { continue };
        let params = json!({"host": peer.host, "port": peer.port, "server_name": certificates::NAME});
        let ours = ours(&run(TlsScan, &context(&peer.host), params).await);
        agree("sslscan", server, &sslscan(&peer, &sslscan_at), &ours);
        agree("nmap", server, &nmap_tls(&peer, &nmap_at), &ours);
    }
}

/// Names of one of ssh-audit's lists, as `list name`.
fn audited(report: &Value, theirs: &str, ours: &str) -> Vec<String> {
    let list = report[theirs].as_array().into_iter().flatten();
    // A name stands there once for each direction.
    list.filter_map(|a| a["algorithm"].as_str().or(a.as_str())).map(|name| format!("{ours} {name}")).collect()
}

#[tokio::test]
async fn lists_and_keys_of_ssh_are_those_of_ssh_audit() {
    let Some(program) = pypi("ssh-audit") else { return };
    let folder = || tempfile::tempdir().expect("a folder");
    let keys = |kinds: &[(&str, &str, u32)]| {
        let folder = folder();
        for (name, kind, bits) in kinds {
            keygen(folder.path(), name, kind, *bits);
        }
        folder
    };
    if installed("sshd", "openssh-server").is_none() {
        return;
    }
    let (rsa, ed, dss) = (("rsa", "rsa", 3072), ("ed", "ed25519", 256), ("dss", "dsa", 1024));
    let servers = [
        ("openssh", sshd("127.41.8.10", keys(&[rsa, ed]), &["rsa", "ed"], "")),
        ("openssh, legacy", sshd("127.41.8.11", keys(&[rsa, ed, dss]), &["rsa", "ed", "dss"], LEGACY)),
        ("dropbear", dropbear("127.41.8.12")),
    ];
    for (server, peer) in servers {
        let Some(peer) = peer else { continue };
        let mut command = Command::new(&program);
        command.args(["-j", "--skip-rate-test", "-p", &peer.port.to_string(), &peer.host]);
        let text = output(&mut command);
        let report: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{server}: {e}: {text}"));
        let lists =
            [("kex", "kex"), ("key", "host_keys"), ("enc", "ciphers"), ("mac", "macs"), ("compression", "compression")];
        let mut theirs: BTreeSet<String> = lists.iter().flat_map(|(a, b)| audited(&report, a, b)).collect();
        let prints = report["fingerprints"].as_array().into_iter().flatten();
        let sha256 = prints.filter(|f| f["hash_alg"] == "SHA256");
        theirs.extend(sha256.map(|f| format!("{} {}", text_of(&f["hostkey"]), text_of(&f["hash"]))));
        let cx = context(&peer.host);
        let params = json!({"host": peer.host, "port": peer.port});
        let algorithms = run(SshAlgorithms, &cx, params.clone()).await;
        let shown = run(SshHostKeys, &cx, params).await;
        let mut ours: BTreeSet<String> = lists
            .iter()
            .flat_map(|(_, list)| words(&algorithms[*list]).into_iter().map(move |name| format!("{list} {name}")))
            .collect();
        let shown = shown["keys"].as_array().expect("a list").iter();
        ours.extend(shown.map(|k| format!("{} {}", text_of(&k["type"]), text_of(&k["sha256"]))));
        agree("ssh-audit", server, &theirs, &ours);
    }
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default().trim_start_matches("SHA256:")
}

fn dropbear(host: &str) -> Option<Peer> {
    let (program, key) = (installed("dropbear", "dropbear-bin")?, installed("dropbearkey", "dropbear-bin")?);
    let folder = tempfile::tempdir().expect("a folder");
    let (file, port) = (folder.path().join("rsa"), crate::peer::free_port(host));
    Command::new(key).args(["-t", "rsa", "-s", "2048", "-f"]).arg(&file).output().expect("dropbearkey runs");
    let mut command = Command::new(program);
    command.args(["-F", "-E", "-p", &format!("{host}:{port}"), "-r"]).arg(file);
    Some(Peer::start(&mut command, host, port, Some(folder)))
}

/// Ports that some program of this machine listens on at every address: they come and go with other tests.
fn everywhere() -> BTreeSet<u16> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|t| std::fs::read_to_string(t).unwrap_or_default());
    let local = Regex::new(r"(?m)^\s*\d+: 0+:([0-9A-F]{4}) \S+ 0A").expect("an expression");
    let ports = tables.iter().flat_map(|t| local.captures_iter(t).map(|c| c[1].to_owned()).collect::<Vec<_>>());
    ports.filter_map(|p| u16::from_str_radix(&p, 16).ok()).collect()
}

#[tokio::test]
async fn open_tcp_ports_are_those_of_nmap() {
    let Some(program) = installed("nmap", "nmap") else { return };
    let host = "127.41.8.20";
    let listeners: Vec<std::net::TcpListener> =
        (0..20).map(|_| std::net::TcpListener::bind((host, 0)).expect("binds")).collect();
    let mut ignored = everywhere();
    let mut command = Command::new(program);
    let text = output(command.args(["-sT", "-p-", "-n", "-Pn", "-T5", "--min-rate", "20000", "-oG", "-", host]));
    let open = Regex::new(r"(\d+)/open/tcp").expect("an expression");
    let theirs: BTreeSet<u16> = open.captures_iter(&text).filter_map(|c| c[1].parse().ok()).collect();
    let check = assay_checks::all().into_iter().find(|c| c.info().name == "ports.scan").expect("is there");
    let seen = check.run(&context(host), json!({"host": host, "tcp": "1-65535"})).await.expect("no fault");
    let ours: BTreeSet<u16> =
        seen["open"].as_array().expect("a list").iter().filter_map(|p| p["port"].as_u64()?.try_into().ok()).collect();
    ignored.extend(everywhere());
    for listener in &listeners {
        ignored.remove(&listener.local_addr().expect("bound").port());
    }
    let text = |ports: &BTreeSet<u16>| ports.difference(&ignored).map(u16::to_string).collect::<BTreeSet<_>>();
    agree("nmap", "twenty listeners", &text(&theirs), &text(&ours));
    assert!(listeners.iter().all(|l| ours.contains(&l.local_addr().expect("bound").port())), "{ours:?}");
}
