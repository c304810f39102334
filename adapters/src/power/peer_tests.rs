//! Switches against the real daemons of Debian: net-snmp's agent and PDUDaemon.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use assay_model::Blame;

use super::*;
use crate::testing::{closed_port, shortly, soon};

/// A daemon and its folder, ended when dropped.
struct Daemon {
    child: Child,
    folder: tempfile::TempDir,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn there(program: &str, package: &str) -> bool {
    let found = Path::new(program).exists();
    if !found {
        assert!(std::env::var_os("ASSAY_REQUIRE_PEERS").is_none_or(|v| v != "1"), "{package} is not installed");
        #[expect(clippy::print_stderr, reason = "whoever reads the test's output should know")]
        {
            eprintln!("skipped: {package} is not installed");
        }
    }
    found
}

fn start(folder: tempfile::TempDir, program: &str, arguments: &[&str]) -> Daemon {
    let child = Command::new(program)
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    Daemon { child, folder }
}

/// Outlet 3 of an APC PDU, kept in a file: what snmpd calls for its object.
const OUTLET: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
test -e outlet || echo 2 > outlet
case "$1" in
    -g) echo "$2"; echo integer; cat outlet;;
    -s) case "$4" in 1|2) echo "$4" > outlet;; *) echo wrong-value;; esac;;
esac
"#;
const OBJECT: &str = "1.3.6.1.4.1.318.1.1.4.4.2.1.3.3";

#[tokio::test]
async fn an_outlet_behind_net_snmp_is_turned_and_read_back() {
    if !there("/usr/sbin/snmpd", "snmpd") {
        return;
    }
    let folder = tempfile::tempdir().expect("folder");
    let script = folder.path().join("outlet.sh");
    std::fs::write(&script, OUTLET).expect("written");
    let at = closed_port("127.0.0.1").await;
    let settings = format!(
        "agentaddress udp:{at}\nrwcommunity private 127.0.0.1\nrocommunity public 127.0.0.1\npass {OBJECT} /bin/sh {}\n",
        script.display()
    );
    std::fs::write(folder.path().join("snmpd.conf"), settings).expect("written");
    let conf = folder.path().join("snmpd.conf").display().to_string();
    let pid = folder.path().join("pid").display().to_string();
    let daemon = start(folder, "/usr/sbin/snmpd", &["-f", "-LE", "0", "-C", "-c", &conf, "-p", &pid, "-I", "-smux"]);

    let first = SnmpSwitch::new(at.to_string(), SnmpVersion::V2c, "private".into(), OBJECT, 1, 2).expect("an object");
    for _ in 0..1200 {
        if first.state(soon()).await.is_ok() {
            break; // the agent listens
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for version in [SnmpVersion::V1, SnmpVersion::V2c] {
        let outlet = |community: &str| {
            SnmpSwitch::new(at.to_string(), version, community.into(), OBJECT, 1, 2).expect("an object")
        };
        for on in [true, false, true] {
            outlet("private").set(on, soon()).await.expect("turned");
            assert_eq!(outlet("private").state(soon()).await, Ok(Some(on)), "{version:?}");
        }
        let refused = outlet("public").set(false, soon()).await.expect_err("a community that may only read");
        assert!(refused.code == "snmp" && refused.text.contains("error status"), "{refused:?}");
        let silent = outlet("wrong").state(shortly()).await.expect_err("an unknown community");
        assert_eq!(silent.blame, Blame::Timeout);
    }
    let kept = std::fs::read_to_string(daemon.folder.path().join("outlet")).expect("kept");
    assert_eq!(kept.trim(), "1", "the agent's own object was turned");
}

#[tokio::test]
async fn an_outlet_behind_pdudaemon_is_turned_by_its_own_driver() {
    if !there("/usr/sbin/pdudaemon", "pdudaemon") && !there("/usr/bin/pdudaemon", "pdudaemon") {
        return;
    }
    let program = if Path::new("/usr/sbin/pdudaemon").exists() { "/usr/sbin/pdudaemon" } else { "/usr/bin/pdudaemon" };
    let folder = tempfile::tempdir().expect("folder");
    let at = closed_port("127.0.0.1").await;
    let turned = folder.path().join("turned");
    let command = |word: &str| format!("sh -c 'echo {word} %d >> {}'", turned.display());
    let settings = serde_json::json!({
        "daemon": {"hostname": "127.0.0.1", "port": at.port(), "dbname": "unused", "logging_level": "DEBUG"},
        "pdus": {"pdu-1": {"driver": "localcmdline", "cmd_on": command("on"), "cmd_off": command("off")}},
    });
    std::fs::write(folder.path().join("pdudaemon.conf"), settings.to_string()).expect("written");
    let daemon = start(folder, program, &["--conf", "pdudaemon.conf", "--listener", "http", "--journal"]);

    let outlet =
        |pdu: &str| PduDaemonSwitch::new(RelayUrl::parse(&format!("http://{at}")).expect("a URL"), pdu.to_owned(), 3);
    let mut listens = false;
    for _ in 0..1200 {
        listens = tokio::net::TcpStream::connect(at).await.is_ok();
        if listens {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(listens, "pdudaemon does not listen on {at}");
    for on in [true, false] {
        outlet("pdu-1").set(on, soon()).await.expect("queued");
    }
    assert_eq!(outlet("pdu-1").state(soon()).await, Ok(None), "it queues, and cannot be asked");
    let refused = outlet("pdu-9").set(true, soon()).await.expect_err("no such PDU");
    assert!(refused.code == "relay" && refused.blame == Blame::Bench, "{refused:?}");
    // It works its queue off in its own time.
    let turned = daemon.folder.path().join("turned");
    let mut kept = String::new();
    for _ in 0..1200 {
        kept = std::fs::read_to_string(&turned).unwrap_or_default();
        if kept.lines().count() >= 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(kept, "on 3\noff 3\n");
}
