//! What services give to strangers: real servers from Debian's packages, each good, bad and stopped.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::context;
use crate::certificates;
use crate::peer::{Peer, free_port, installed};

/// Runs a check by its name.
pub(crate) async fn ask(name: &str, host: &str, params: Value) -> Value {
    let check = assay_checks::all().into_iter().find(|c| c.info().name == name).expect("a check");
    let mut params = params;
    params["host"] = host.into();
    check.run(&context(host), params).await.expect("no fault")
}

/// Asks again and again until something answers: for services whose readiness shows nowhere else.
async fn until_it_answers(name: &str, host: &str, params: &Value) -> Value {
    for _ in 0..60 {
        let seen = ask(name, host, params.clone()).await;
        if seen["answered"] == true {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{name}: nothing answers on {host}");
}

/// `[act what, ...]` of an observation.
pub(crate) fn open(seen: &Value) -> Vec<String> {
    let all = seen["open"].as_array().expect("a list").iter();
    all.map(|o| format!("{} {}", o["act"].as_str().expect("act"), o["what"].as_str().expect("what"))).collect()
}

pub(crate) fn tells(seen: &Value, what: &str) -> bool {
    seen["tells"].as_array().expect("a list").iter().any(|t| t.as_str().is_some_and(|t| t.contains(what)))
}

/// A server that was stopped: nothing answered, nothing was given, and no word on logons.
pub(crate) async fn stopped(name: &str, host: &str, params: Value) {
    let seen = ask(name, host, params).await;
    assert_eq!((&seen["answered"], &seen["speaks"], &seen["logon"]), (&json!(false), &json!(false), &json!("unknown")));
    assert_eq!((open(&seen).len(), &seen["accepted"]), (0, &json!([])), "{seen:#}");
}

fn write(folder: &Path, file: &str, text: &str) {
    std::fs::write(folder.join(file), text).expect("writes");
}

fn mosquitto(host: &str, settings: &str, prepare: impl Fn(&Path)) -> Option<Peer> {
    let program = installed("mosquitto", "mosquitto")?;
    let folder = tempfile::tempdir().expect("a folder");
    prepare(folder.path());
    let port = free_port(host);
    let settings = settings.replace("FOLDER", &folder.path().display().to_string());
    write(folder.path(), "m.conf", &format!("user root\nlistener {port} {host}\n{settings}\n"));
    let mut command = Command::new(program);
    command.arg("-c").arg(folder.path().join("m.conf"));
    Some(Peer::start(&mut command, host, port, Some(folder)))
}

fn users(folder: &Path) {
    let mut command = Command::new("mosquitto_passwd");
    command.args(["-b", "-c"]).arg(folder.join("users")).args(["admin", "admin"]);
    assert!(command.status().expect("runs").success());
}

#[tokio::test]
async fn mosquitto_is_seen_open_closed_and_restricted() {
    let bad = "127.42.1.1";
    let Some(peer) = mosquitto(bad, "allow_anonymous true", |_| {}) else { return };
    let seen = ask("access.mqtt", bad, json!({"port": peer.port})).await;
    assert_eq!(open(&seen), ["read connect", "read #", "write a topic of any name"], "{seen:#}");
    assert_eq!((&seen["logon"], &seen["cleartext"]), (&json!("none"), &json!(true)));
    assert!(tells(&seen, "$SYS/broker/version: mosquitto"), "{seen:#}");
    let port = peer.port;
    drop(peer);
    stopped("access.mqtt", bad, json!({"port": port})).await;

    let fenced = "127.42.1.2";
    let acl = |folder: &Path| write(folder, "acl", "topic read nothing\n");
    let peer = mosquitto(fenced, "allow_anonymous true\nacl_file FOLDER/acl", acl).expect("installed");
    let seen = ask("access.mqtt", fenced, json!({"port": peer.port})).await;
    // It takes any subscription and then sends nothing: what counts is that nothing comes.
    assert!(!open(&seen).iter().any(|o| o.starts_with("write")) && !tells(&seen, "version"), "{seen:#}");

    let good = "127.42.1.3";
    let peer = mosquitto(good, "allow_anonymous false\npassword_file FOLDER/users", users).expect("installed");
    let seen = ask("access.mqtt", good, json!({"port": peer.port})).await;
    assert_eq!((&seen["speaks"], &seen["logon"], open(&seen).len()), (&json!(true), &json!("required"), 0));
    let defaults = json!({"wordlist": ["root:root", "admin:admin"]});
    let seen = ask("access.mqtt", good, json!({"port": peer.port, "defaults": defaults})).await;
    assert_eq!(seen["accepted"], json!([{"user": "admin", "credential": "inline#2"}]), "{seen:#}");
    let defaults = json!({"wordlist": ["root:root"]});
    let seen = ask("access.mqtt", good, json!({"port": peer.port, "defaults": defaults})).await;
    assert_eq!((&seen["accepted"], &seen["tried"]), (&json!([]), &json!(1)));
}

#[tokio::test]
async fn mosquitto_inside_tls_is_no_cleartext() {
    let host = "127.42.1.4";
    let settings =
        "allow_anonymous false\npassword_file FOLDER/users\ncertfile FOLDER/cert.pem\nkeyfile FOLDER/key.pem";
    let prepare = |folder: &Path| {
        users(folder);
        certificates::ecdsa(folder, "", certificates::NAME, 2020, 2040);
    };
    let Some(peer) = mosquitto(host, settings, prepare) else { return };
    let seen = ask("access.mqtt", host, json!({"port": peer.port, "tls": true})).await;
    assert_eq!((&seen["logon"], &seen["tls"], &seen["cleartext"]), (&json!("required"), &json!(true), &json!(false)));
    let survey = json!({"open": [{"port": peer.port, "proto": "tcp", "service": "mqtt", "tls": true}], "udp": false});
    let seen = ask("access.survey", host, survey).await;
    assert_eq!((&seen["services"][0]["access"]["tls"], &seen["given"]), (&json!(true), &json!([])), "{seen:#}");
    let wrong = ask("access.mqtt", host, json!({"port": peer.port})).await;
    assert_eq!(wrong["speaks"], json!(false), "{wrong:#}");
}

fn redis(host: &str, more: &[&str]) -> Option<Peer> {
    let program = installed("redis-server", "redis-server")?;
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port(host);
    let mut command = Command::new(program);
    command.args(["--bind", host, "--port", &port.to_string(), "--save", "", "--dir"]).arg(folder.path()).args(more);
    Some(Peer::start(&mut command, host, port, Some(folder)))
}

#[tokio::test]
async fn redis_is_seen_open_closed_and_protected() {
    let bad = "127.42.2.1";
    let Some(peer) = redis(bad, &["--protected-mode", "no"]) else { return };
    let seen = ask("access.redis", bad, json!({"port": peer.port})).await;
    assert_eq!(open(&seen), ["read ping", "read its data", "control its configuration"], "{seen:#}");
    assert!(tells(&seen, "redis_version:"));
    let port = peer.port;
    drop(peer);
    stopped("access.redis", bad, json!({"port": port})).await;

    let good = "127.42.2.2";
    let peer = redis(good, &["--requirepass", "foobared"]).expect("installed");
    let defaults = json!({"wordlist": ["default:redis", "default:foobared"]});
    let seen = ask("access.redis", good, json!({"port": peer.port, "defaults": defaults})).await;
    assert_eq!((&seen["logon"], open(&seen).len()), (&json!("required"), 0), "{seen:#}");
    assert_eq!(seen["accepted"], json!([{"user": "default", "credential": "inline#2"}]), "{seen:#}");
}

fn vsftpd(host: &str, anonymous: &str, more: &str) -> Option<Peer> {
    let program = installed("vsftpd", "vsftpd")?;
    let folder = tempfile::tempdir().expect("a folder");
    certificates::ecdsa(folder.path(), "", certificates::NAME, 2020, 2090);
    let more = more.replace("FOLDER", &folder.path().display().to_string());
    let port = free_port(host);
    let root = folder.path().join("files");
    std::fs::create_dir(&root).expect("made");
    std::fs::create_dir(folder.path().join("empty")).expect("made");
    write(
        folder.path(),
        "v.conf",
        &format!(
            "listen=YES\nlisten_address={host}\nlisten_port={port}\nbackground=NO\nanonymous_enable={anonymous}\nlocal_enable=YES\n\
             anon_root={}\nanon_upload_enable=YES\nanon_mkdir_write_enable=YES\nanon_other_write_enable=YES\nwrite_enable=YES\n\
             allow_writeable_chroot=YES\nsecure_chroot_dir={}\nseccomp_sandbox=NO\nrun_as_launching_user=YES\n{more}\n",
            root.display(),
            folder.path().join("empty").display()
        ),
    );
    let mut command = Command::new(program);
    command.arg(folder.path().join("v.conf"));
    Some(Peer::start(&mut command, host, port, Some(folder)))
}

#[tokio::test]
async fn vsftpd_is_seen_open_and_closed() {
    let bad = "127.42.3.1";
    let Some(peer) = vsftpd(bad, "YES", "") else { return };
    let seen = ask("access.ftp", bad, json!({"port": peer.port})).await;
    assert_eq!(open(&seen)[0], "read logon as anonymous", "{seen:#}");
    assert!(!open(&seen).iter().any(|o| o.starts_with("write")), "nothing is changed unasked");
    let seen = ask("access.ftp", bad, json!({"port": peer.port, "change": true})).await;
    assert!(open(&seen).contains(&"write /".to_owned()) && seen.get("note").is_none(), "{seen:#}");
    let port = peer.port;
    drop(peer);
    stopped("access.ftp", bad, json!({"port": port})).await;

    let good = "127.42.3.2";
    let peer = vsftpd(good, "NO", "").expect("installed");
    let seen = ask("access.ftp", good, json!({"port": peer.port})).await;
    assert_eq!((&seen["logon"], open(&seen).len()), (&json!("required"), 0), "{seen:#}");
    assert!(tells(&seen, "vsFTPd"));
}

/// What a server gives only after AUTH TLS is given to strangers all the same, and not in clear.
#[tokio::test]
async fn vsftpd_that_wants_tls_is_entered_by_auth_tls() {
    let host = "127.42.3.3";
    let tls = "ssl_enable=YES\nallow_anon_ssl=YES\nforce_anon_logins_ssl=YES\nrsa_cert_file=FOLDER/cert.pem\n\
               rsa_private_key_file=FOLDER/key.pem";
    let Some(peer) = vsftpd(host, "YES", tls) else { return };
    let seen = ask("access.ftp", host, json!({"port": peer.port})).await;
    assert_eq!((&seen["logon"], &seen["cleartext"]), (&json!("none"), &json!(false)), "{seen:#}");
    assert_eq!(open(&seen)[0], "read logon as anonymous", "{seen:#}");
    let params = json!({"port": peer.port, "service": "ftp", "tls": false, "wordlist": ["anonymous:x"]});
    let tried = ask("auth.try_credentials", host, params).await;
    assert_eq!(tried["accepted"], json!([{"user": "anonymous", "credential": "inline#1"}]), "{tried:#}");
    let port = peer.port;
    drop(peer);
    stopped("access.ftp", host, json!({"port": port})).await;

    let good = "127.42.3.4";
    let peer = vsftpd(good, "NO", &format!("{tls}\nforce_local_logins_ssl=YES")).expect("installed");
    let defaults = json!({"wordlist": ["nobody-here:12345"]});
    let seen = ask("access.ftp", good, json!({"port": peer.port, "defaults": defaults})).await;
    assert_eq!(
        (&seen["logon"], &seen["cleartext"], open(&seen).len()),
        (&json!("required"), &json!(false), 0),
        "{seen:#}"
    );
    assert_eq!((&seen["schemes"], &seen["accepted"]), (&json!(["ftp user, after AUTH TLS"]), &json!([])), "{seen:#}");
}

fn snmpd(host: &str, settings: &str) -> Option<Peer> {
    let program = installed("snmpd", "snmpd")?;
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port(host);
    write(
        folder.path(),
        "s.conf",
        &format!("agentAddress udp:{host}:{port}\nsysDescr Smart camera C1 1.4.2\n{settings}\n"),
    );
    let mut command = Command::new(program);
    command.args(["-f", "-C", "-Lo", "-I", "-smux", "-c"]).arg(folder.path().join("s.conf"));
    command.env("SNMP_PERSISTENT_DIR", folder.path()).env("SNMPCONFPATH", folder.path());
    Some(Peer::spawn(&mut command, host, port, Some(folder)))
}

#[tokio::test]
async fn snmpd_is_seen_readable_writable_and_with_users_only() {
    let bad = "127.42.4.1";
    let Some(peer) = snmpd(bad, "rocommunity public 127.0.0.0/8\nrwcommunity private 127.0.0.0/8") else { return };
    let params = json!({"port": peer.port, "change": true});
    let seen = until_it_answers("access.snmp", bad, &params).await;
    let accepted: Vec<&str> =
        seen["accepted"].as_array().expect("list").iter().map(|a| a["credential"].as_str().expect("text")).collect();
    let all = ["public, version 2c", "private, version 2c", "public, version 1", "private, version 1"];
    assert_eq!(accepted, all.map(|a| format!("community {a}")), "{seen:#}");
    let writes: Vec<String> = open(&seen).into_iter().filter(|o| o.starts_with("write")).collect();
    assert_eq!(writes.len(), 2, "by `private` alone: {seen:#}");
    assert!(tells(&seen, "Smart camera C1 1.4.2") && tells(&seen, "engine 80001f88"), "{seen:#}");
    let port = peer.port;
    drop(peer);
    stopped("access.snmp", bad, json!({"port": port})).await;

    let good = "127.42.4.2";
    let peer = snmpd(good, "createUser lab SHA \"a long secret\" AES\nrouser lab priv").expect("installed");
    let seen = until_it_answers("access.snmp", good, &json!({"port": peer.port, "change": true})).await;
    assert_eq!((&seen["logon"], open(&seen).len(), &seen["accepted"]), (&json!("required"), 0, &json!([])), "{seen:#}");
    assert!(!tells(&seen, "exists"), "{seen:#}");
}

#[tokio::test]
async fn users_of_snmp_3_are_found_and_those_that_are_let_in() {
    let host = "127.42.4.3";
    let users = "createUser initial\nrouser initial noauth\ncreateUser admin MD5 12345678\nrouser admin auth\n\
                 createUser snmp SHA \"a long secret\" AES\nrouser snmp priv";
    let Some(peer) = snmpd(host, users) else { return };
    let seen = until_it_answers("access.snmp", host, &json!({"port": peer.port})).await;
    let accepted = json!([
        {"user": "admin", "credential": "usual password 2 by MD5, version 3"},
        {"user": "initial", "credential": "no password, version 3"},
    ]);
    assert_eq!(seen["accepted"], accepted, "{seen:#}");
    let read = |by: &str| format!("read the system group by user {by}, version 3");
    assert_eq!(open(&seen), [read("admin, usual password 2 by MD5"), read("initial, no password")], "{seen:#}");
    assert!(
        tells(&seen, "user snmp of version 3 exists") && tells(&seen, "user admin of") && !tells(&seen, "user root"),
        "{seen:#}"
    );
    assert!(tells(&seen, "Smart camera C1 1.4.2") && seen["logon"] == "none", "{seen:#}");
    let port = peer.port;
    drop(peer);
    stopped("access.snmp", host, json!({"port": port})).await;
}

#[tokio::test]
async fn libcoap_lists_and_gives_its_resources() {
    let host = "127.42.5.1";
    let Some(program) = installed("coap-server-notls", "libcoap3-bin") else { return };
    let mut command = Command::new(program);
    let port = free_port(host);
    command.args(["-A", host, "-p", &port.to_string()]);
    let peer = Peer::spawn(&mut command, host, port, None);
    let seen = until_it_answers("access.coap", host, &json!({"port": port})).await;
    assert!(tells(&seen, "</time>") && open(&seen).contains(&"read /time".to_owned()), "{seen:#}");
    assert_eq!(seen["cleartext"], json!(true));
    drop(peer);
    stopped("access.coap", host, json!({"port": port})).await;
}

/// It changes its root and its user.
fn may_change_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").expect("readable");
    status.lines().any(|l| l.starts_with("Uid:\t0\t"))
}

#[tokio::test]
async fn tftpd_hands_out_what_it_has() {
    let host = "127.42.6.1";
    let Some(program) = installed("in.tftpd", "tftpd-hpa") else { return };
    if !may_change_root() {
        return;
    }
    let serve = |file: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), file, "key=1234");
        let port = free_port(host);
        let mut command = Command::new(&program);
        command.args(["-L", "--user", "root", "--address", &format!("{host}:{port}"), "--secure"]).arg(folder.path());
        Peer::spawn(&mut command, host, port, Some(folder))
    };
    let peer = serve("config.bin");
    let seen = until_it_answers("access.tftp", host, &json!({"port": peer.port})).await;
    assert_eq!(open(&seen), ["read config.bin"], "{seen:#}");
    assert!(tells(&seen, "key=1234"));
    let port = peer.port;
    drop(peer);
    stopped("access.tftp", host, json!({"port": port})).await;
    let peer = serve("of-no-use");
    let seen = until_it_answers("access.tftp", host, &json!({"port": peer.port})).await;
    assert_eq!((&seen["speaks"], open(&seen).len()), (&json!(true), 0), "{seen:#}");
}
