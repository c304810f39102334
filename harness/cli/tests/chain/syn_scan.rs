//! `ports.scan` by raw SYNs: the same open ports as by connections and as nmap's, and a plain word where this process may
//! not send them.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use super::real_servers::there;
use super::support::{Lab, Ran};

const HOST: &str = "127.22.170.1";

fn scan(lab: &Lab, method: &str, more: &[&str]) -> Ran {
    let method = format!("method={method}");
    let mut command = Command::new(more.first().copied().unwrap_or(env!("CARGO_BIN_EXE_assay")));
    command.args(more.iter().skip(1));
    if !more.is_empty() {
        command.arg(env!("CARGO_BIN_EXE_assay"));
    }
    let args = ["check", "ports.scan", "--host", HOST, "--with", "tcp=1-65535", "--with", &method];
    let output = command.args(args).env("XDG_CONFIG_HOME", lab.path()).stdin(Stdio::null()).output().expect("starts");
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn open(ran: &Ran, method: &str) -> BTreeSet<u16> {
    let seen: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|e| panic!("{e}: {}", ran.stderr));
    assert_eq!((&seen["method"], &seen["complete"]), (&method.into(), &true.into()), "{seen}");
    let list = seen["open"].as_array().expect("a list").iter();
    list.filter_map(|p| p["port"].as_u64()?.try_into().ok()).collect()
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that could not run says so")]
fn syns_find_what_connections_and_nmap_find() {
    let lab = Lab::new(170, 1);
    let listeners: Vec<TcpListener> = (0..20).map(|_| TcpListener::bind((HOST, 0)).expect("binds")).collect();
    let wanted: BTreeSet<u16> = listeners.iter().map(|l| l.local_addr().expect("bound").port()).collect();
    let by_connections = open(&scan(&lab, "connect", &[]), "connect");
    assert!(by_connections.is_superset(&wanted));
    let ran = scan(&lab, "syn", &[]);
    if ran.stderr.contains("no-raw-sockets") {
        eprintln!("skipped: raw SYNs need CAP_NET_RAW");
        return;
    }
    let by_syns = open(&ran, "syn");
    // Other tests' servers on every address come and go; these are ours alone.
    let ours = |all: &BTreeSet<u16>| all.intersection(&wanted).copied().collect::<BTreeSet<_>>();
    assert_eq!(ours(&by_syns), wanted);
    if there("/usr/bin/nmap", "nmap") {
        let said =
            Command::new("nmap").args(["-sS", "-p-", "-n", "-Pn", "-T5", "-oG", "-", HOST]).output().expect("runs");
        let said = String::from_utf8_lossy(&said.stdout);
        let theirs = said.split([' ', '\t']).filter_map(|word| word.split_once("/open/tcp")?.0.parse().ok());
        let theirs: BTreeSet<u16> = theirs.collect();
        assert_eq!(ours(&theirs), wanted, "{said}");
    }
    assert_eq!(open(&scan(&lab, "auto", &[]), "syn").intersection(&wanted).count(), wanted.len());
}

/// The same program without the right, as most people start it.
#[test]
fn without_the_right_it_says_so_and_auto_connects() {
    let lab = Lab::new(171, 1);
    let _listener = TcpListener::bind((HOST, 0)).expect("binds");
    let without: &[&str] = if there("/usr/bin/setpriv", "util-linux") && scan(&lab, "syn", &[]).code == 0 {
        &["/usr/bin/setpriv", "--bounding-set=-net_raw"]
    } else {
        &[]
    };
    let refused = scan(&lab, "syn", without);
    assert_eq!((refused.code, refused.stdout.as_str()), (4, ""), "{}", refused.stderr);
    for word in ["no-raw-sockets", "CAP_NET_RAW", "setcap cap_net_raw+ep", "method: connect"] {
        assert!(refused.stderr.contains(word), "{word}: {}", refused.stderr);
    }
    assert!(!open(&scan(&lab, "auto", without), "connect").is_empty());
}
