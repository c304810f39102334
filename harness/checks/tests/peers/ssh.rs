//! `ssh.algorithms` and `ssh.host_keys` against OpenSSH and Dropbear: exactly what is configured.

use std::path::Path;
use std::process::Command;

use assay_checks::crypto::CryptoPolicy;
use assay_checks::ssh::{SshAlgorithms, SshCompare, SshHostKeys};
use serde_json::{Value, json};

use crate::bench::{context, run, words};
use crate::peer::{Peer, free_port, installed};

/// Makes a host key; `Fingerprint` as ssh-keygen prints it, with the size.
pub(crate) fn keygen(folder: &Path, name: &str, kind: &str, bits: u32) -> (u64, String) {
    let file = folder.join(name);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-N", "", "-t", kind, "-b", &bits.to_string(), "-f"])
        .arg(&file)
        .output()
        .expect("ssh-keygen runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let listed = Command::new("ssh-keygen").arg("-lf").arg(&file).output().expect("ssh-keygen runs");
    let line = String::from_utf8_lossy(&listed.stdout).into_owned();
    let mut words = line.split_whitespace();
    let size = words.next().and_then(|w| w.parse().ok()).expect("a size");
    (size, words.next().and_then(|w| w.strip_prefix("SHA256:")).expect("a fingerprint").to_owned())
}

/// OpenSSH with these host keys of `folder` and more lines of configuration.
pub(crate) fn sshd(host: &str, folder: tempfile::TempDir, keys: &[&str], config: &str) -> Option<Peer> {
    let program = installed("sshd", "openssh-server")?;
    let port = free_port(host);
    // Debian's sshd wants this folder, which its service makes.
    std::fs::create_dir_all("/run/sshd").expect("makes /run/sshd");
    let host_keys: String = keys.iter().map(|k| format!("HostKey {}\n", folder.path().join(k).display())).collect();
    let text = format!("ListenAddress {host}:{port}\nPidFile none\nUsePAM no\nStrictModes no\n{host_keys}{config}\n");
    let file = folder.path().join("sshd_config");
    std::fs::write(&file, text).expect("writes");
    Some(Peer::start(Command::new(program).args(["-D", "-e", "-f"]).arg(file), host, port, Some(folder)))
}

/// Both checks, alive and dead.
async fn look(peer: Peer) -> (Value, Value) {
    let (host, port) = (peer.host.clone(), peer.port);
    let cx = context(&host);
    let params = json!({"host": host, "port": port});
    let algorithms = run(SshAlgorithms, &cx, params.clone()).await;
    let keys = run(SshHostKeys, &cx, params.clone()).await;
    drop(peer);
    for dead in [run(SshAlgorithms, &cx, params.clone()).await, run(SshHostKeys, &cx, params).await] {
        assert_eq!((&dead["answered"], &dead["ssh"]), (&json!(false), &json!(false)));
    }
    assert_eq!((&algorithms["ssh"], &keys["ssh"]), (&json!(true), &json!(true)));
    (algorithms, keys)
}

fn as_listed(keys: &Value) -> Vec<(u64, String)> {
    let list = keys["keys"].as_array().expect("a list");
    list.iter().map(|k| (k["bits"].as_u64().expect("bits"), k["sha256"].as_str().expect("print").to_owned())).collect()
}

#[tokio::test]
async fn openssh_as_debian_has_it() {
    let folder = tempfile::tempdir().expect("a folder");
    if installed("sshd", "openssh-server").is_none() {
        return;
    }
    let truth = [
        keygen(folder.path(), "rsa", "rsa", 2048),
        keygen(folder.path(), "ec", "ecdsa", 521),
        keygen(folder.path(), "ed", "ed25519", 256),
    ];
    let Some(peer) = sshd("127.41.10.1", folder, &["rsa", "ec", "ed"], "") else { return };
    let (algorithms, keys) = look(peer).await;
    assert_eq!(as_listed(&keys), truth, "{keys:#}");
    assert_eq!(keys["not_shown"], json!([]));
    assert_eq!(keys["connections"], json!(6), "one for each key, three for groups");
    assert_eq!(keys["group_exchange_bits"], json!(2048));
    let groups = &keys["group_exchange"];
    assert_eq!((&groups[0]["least"], &groups[0]["bits"]), (&json!(1024), &json!(2048)), "{groups:#}");
    assert!(groups[1].get("bits").is_none() && groups[1]["text"].is_string(), "nothing as small: {groups:#}");
    assert_eq!((&groups[2]["wanted"], &groups[2]["bits"]), (&json!(4096), &json!(4096)), "{groups:#}");
    assert_eq!(algorithms["strict_kex"], json!(true));
}

#[tokio::test]
async fn openssh_weakened_and_hardened() {
    if installed("sshd", "openssh-server").is_none() {
        return;
    }
    let weak = "KexAlgorithms diffie-hellman-group1-sha1\nCiphers 3des-cbc,aes128-cbc\nMACs hmac-md5,hmac-sha1-96\nHostKeyAlgorithms ssh-rsa";
    let folder = tempfile::tempdir().expect("a folder");
    let truth = keygen(folder.path(), "rsa", "rsa", 1024);
    let Some(peer) = sshd("127.41.10.2", folder, &["rsa"], &format!("{weak}\nRequiredRSASize 1024")) else { return };
    let (algorithms, keys) = look(peer).await;
    let offered = |name: &str| -> Vec<String> {
        words(&algorithms[name])
            .into_iter()
            .filter(|k| !k.starts_with("kex-strict") && !k.starts_with("ext-info"))
            .collect()
    };
    assert_eq!(offered("kex"), ["diffie-hellman-group1-sha1"]);
    assert_eq!(offered("ciphers"), ["3des-cbc", "aes128-cbc"]);
    assert_eq!(offered("macs"), ["hmac-md5", "hmac-sha1-96"]);
    assert_eq!(as_listed(&keys), [truth], "{keys:#}");
    let bad = ["diffie-hellman-group1-sha1", "hmac-md5", "hmac-sha1-96", "ssh-rsa 1024"];
    assert_eq!(broken(&algorithms, &keys).await, bad);

    let hard = "KexAlgorithms sntrup761x25519-sha512@openssh.com\nCiphers chacha20-poly1305@openssh.com\nHostKeyAlgorithms ssh-ed25519";
    let folder = tempfile::tempdir().expect("a folder");
    let truth = keygen(folder.path(), "ed", "ed25519", 256);
    let Some(peer) = sshd("127.41.10.3", folder, &["ed"], hard) else { return };
    let (algorithms, keys) = look(peer).await;
    assert_eq!(words(&algorithms["ciphers"]), ["chacha20-poly1305@openssh.com"]);
    assert_eq!(as_listed(&keys), [truth], "{keys:#}");
    assert!(keys.get("group_exchange_bits").is_none());
    assert_eq!(broken(&algorithms, &keys).await, Vec::<String>::new());
}

#[tokio::test]
async fn every_way_to_begin_shows_the_key() {
    if installed("sshd", "openssh-server").is_none() {
        return;
    }
    let methods = [
        "ecdh-sha2-nistp256",
        "ecdh-sha2-nistp384",
        "ecdh-sha2-nistp521",
        "diffie-hellman-group14-sha256",
        "diffie-hellman-group16-sha512",
        "diffie-hellman-group-exchange-sha256",
        "diffie-hellman-group-exchange-sha1",
    ];
    for (number, method) in (1..).zip(methods) {
        let folder = tempfile::tempdir().expect("a folder");
        let truth = keygen(folder.path(), "ed", "ed25519", 256);
        let host = format!("127.41.11.{number}");
        let Some(peer) = sshd(&host, folder, &["ed"], &format!("KexAlgorithms {method}")) else { return };
        let (_, keys) = look(peer).await;
        assert_eq!(as_listed(&keys), [truth], "{method}: {keys:#}");
    }
}

#[tokio::test]
async fn dropbear() {
    let (Some(program), Some(dropbearkey)) =
        (installed("dropbear", "dropbear-bin"), installed("dropbearkey", "dropbear-bin"))
    else {
        return;
    };
    let rsa = ("rsa", 1024, ["-t", "rsa", "-s", "1024"]);
    let ed = ("ed", 256, ["-t", "ed25519", "-s", "256"]);
    for (host, made, bad) in [("127.41.10.4", vec![rsa, ed], vec!["ssh-rsa 1024"]), ("127.41.10.8", vec![ed], vec![])] {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port(host);
        let mut command = Command::new(&program);
        command.args(["-F", "-E", "-p", &format!("{host}:{port}")]);
        let mut truth = Vec::new();
        for (name, bits, arguments) in made {
            let file = folder.path().join(name);
            let made = Command::new(&dropbearkey).args(arguments).arg("-f").arg(&file).output();
            let text = String::from_utf8_lossy(&made.expect("dropbearkey runs").stdout).into_owned();
            let print = text.split("SHA256:").nth(1).and_then(|t| t.split_whitespace().next()).expect("a fingerprint");
            truth.push((bits, print.to_owned()));
            command.arg("-r").arg(file);
        }
        let (algorithms, keys) = look(Peer::start(&mut command, host, port, Some(folder))).await;
        let mut seen = as_listed(&keys);
        seen.sort();
        truth.sort();
        assert_eq!(seen, truth, "{keys:#}");
        assert_eq!(broken(&algorithms, &keys).await, bad);
    }
}

/// It speaks on its standard streams, so this test accepts for it.
#[tokio::test]
async fn tinysshd() {
    let (Some(program), Some(makekey)) = (installed("tinysshd", "tinysshd"), installed("tinysshd-makekey", "tinysshd"))
    else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().join("keys");
    assert!(Command::new(makekey).arg(&keys).output().expect("runs").status.success());
    let host = "127.41.10.6";
    let listener = std::net::TcpListener::bind((host, 0)).expect("binds");
    let port = listener.local_addr().expect("bound").port();
    let stopped = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stop = std::sync::Arc::clone(&stopped);
    let accepting = std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if stop.load(std::sync::atomic::Ordering::Relaxed) {
                return;
            }
            let streams = (stream.try_clone().expect("cloned"), stream);
            let mut child = Command::new(&program)
                .arg(&keys)
                .stdin(std::os::fd::OwnedFd::from(streams.0))
                .stdout(std::os::fd::OwnedFd::from(streams.1))
                .stderr(std::process::Stdio::null())
                .spawn()
                .expect("starts");
            std::thread::spawn(move || child.wait());
        }
    });
    let cx = context(host);
    let params = json!({"host": host, "port": port});
    let algorithms = run(SshAlgorithms, &cx, params.clone()).await;
    assert_eq!(words(&algorithms["host_keys"]), ["ssh-ed25519"], "{algorithms:#}");
    assert_eq!(words(&algorithms["ciphers"]), ["chacha20-poly1305@openssh.com"]);
    assert!(words(&algorithms["kex"]).iter().all(|k| !k.ends_with("sha1")), "{algorithms:#}");
    let shown = run(SshHostKeys, &cx, params.clone()).await;
    assert_eq!(
        (&shown["keys"][0]["type"], &shown["keys"][0]["bits"]),
        (&json!("ssh-ed25519"), &json!(256)),
        "{shown:#}"
    );
    assert_eq!(broken(&algorithms, &shown).await, Vec::<String>::new());
    stopped.store(true, std::sync::atomic::Ordering::Relaxed);
    drop(std::net::TcpStream::connect((host, port)));
    accepting.join().expect("ended");
    for dead in [run(SshAlgorithms, &cx, params.clone()).await, run(SshHostKeys, &cx, params).await] {
        assert_eq!((&dead["answered"], &dead["ssh"]), (&json!(false), &json!(false)));
    }
    drop(folder);
}

/// Rules of the IETF's list that are broken, as `kind item`, sorted.
async fn broken(algorithms: &Value, keys: &Value) -> Vec<String> {
    let mut params = json!({"policy": "ietf-bcp", "ssh_keys": keys["keys"]});
    for list in ["kex", "ciphers", "macs", "host_keys"] {
        params[list] = algorithms[list].clone();
    }
    if !keys["group_exchange_bits"].is_null() {
        params["group_exchange_bits"] = keys["group_exchange_bits"].clone();
    }
    let judged = run(CryptoPolicy, &context("127.41.10.254"), params).await;
    assert!(judged["judged"].as_u64().is_some_and(|n| n > 0), "{judged:#}");
    let list = judged["violations"].as_array().expect("a list").iter();
    let mut found: Vec<String> = list.map(|v| v["item"].as_str().expect("an item").to_owned()).collect();
    found.sort();
    found
}

/// A server of 2026 that still serves clients of 2006.
pub(crate) const LEGACY: &str = "KexAlgorithms +diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1\n\
     HostKeyAlgorithms +ssh-rsa,ssh-dss\nCiphers +3des-cbc,aes128-cbc\nMACs +hmac-md5,hmac-sha1-96";

#[tokio::test]
async fn openssh_with_legacy_algorithms_added() {
    if installed("sshd", "openssh-server").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let truth =
        [keygen(folder.path(), "rsa", "rsa", 3072), keygen(folder.path(), "ed", "ed25519", 256), dss(folder.path())];
    let Some(peer) = sshd("127.41.10.7", folder, &["rsa", "ed", "dss"], LEGACY) else { return };
    let (algorithms, keys) = look(peer).await;
    let mut seen = as_listed(&keys);
    seen.sort();
    let mut wanted = truth.to_vec();
    wanted.sort();
    assert_eq!(seen, wanted, "{keys:#}");
    assert!(words(&algorithms["ciphers"]).ends_with(&["3des-cbc".into(), "aes128-cbc".into()]), "{algorithms:#}");
    let wanted = [
        "diffie-hellman-group-exchange-sha1",
        "diffie-hellman-group1-sha1",
        "hmac-md5",
        "hmac-sha1-96",
        "ssh-dss",
        "ssh-dss 1024",
    ];
    assert_eq!(broken(&algorithms, &keys).await, wanted);
}

/// A DSA key, which only comes in one size.
fn dss(folder: &Path) -> (u64, String) {
    keygen(folder, "dss", "dsa", 1024)
}

#[tokio::test]
async fn a_key_on_two_samples_is_shared() {
    let cx = context("127.41.10.5");
    let key = |print: &str| json!({"type": "ssh-ed25519", "bits": 256, "sha256": print});
    let params = json!({"samples": ["s1", "s2"], "keys": [[key("a"), key("b")], [key("c"), key("b")]]});
    let seen = run(SshCompare, &cx, params).await;
    assert_eq!(seen["shared_keys"], json!([{"sha256": "b", "samples": ["s1", "s2"]}]));
    let good = run(SshCompare, &cx, json!({"keys": [[key("a")], [key("b")], []]})).await;
    assert_eq!(good, json!({"compared": 2, "missing": ["3"], "shared_keys": []}));
}
