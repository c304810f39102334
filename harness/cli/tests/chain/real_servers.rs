//! A first look at servers that nobody here wrote, from Debian's packages: the weak one fails the right unit, the hardened
//! one passes, the stopped one decides nothing.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::support::{Lab, Ran};

/// A server on a loopback address of its own, stopped when dropped.
struct Server {
    child: Child,
    /// Lives as long as its server.
    _folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::print_stderr, reason = "a test that could not run says so")]
pub(super) fn there(program: &str, package: &str) -> bool {
    let found = Path::new(program).exists();
    if !found {
        assert!(std::env::var_os("ASSAY_REQUIRE_PEERS").is_none(), "{package} is not installed");
        eprintln!("skipped: {package} is not installed");
    }
    found
}

/// Accounts of its own need a private copy of the account files: root, and a mount namespace.
#[expect(clippy::print_stderr, reason = "a test that could not run says so")]
fn may_have_accounts() -> bool {
    let may =
        Command::new("unshare").args(["--mount", "true"]).stderr(Stdio::null()).status().is_ok_and(|s| s.success());
    if !may {
        eprintln!("skipped: an account of its own needs root and mount namespaces (unshare --mount)");
    }
    may
}

/// Runs `script` by sh in a folder of its own, and waits until the address accepts.
fn serve(prepare: impl Fn(&Path), script: &str, address: &str) -> Server {
    let folder = tempfile::tempdir().expect("a folder");
    prepare(folder.path());
    let mut child = Command::new("unshare")
        .args(if script.contains("mount --bind") { &["--mount", "sh", "-c"][..] } else { &["sh", "-c"][..] })
        .arg(script)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("spawned");
    for _ in 0..500 {
        if TcpStream::connect(address).is_ok() {
            return Server { child, _folder: folder };
        }
        assert!(child.try_wait().expect("status").is_none(), "the server on {address} ended");
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("nothing accepts on {address}");
}

/// `admin` with the password `admin`, in copies of the account files.
fn weak_account(folder: &Path) {
    let hash = Command::new("openssl").args(["passwd", "-6", "admin"]).output().expect("openssl runs");
    let hash = String::from_utf8(hash.stdout).expect("text");
    for (file, line) in [
        ("passwd", "admin:x:54321:54321::/tmp:/bin/sh\n".to_owned()),
        ("shadow", format!("admin:{}:19000:0:99999:7:::\n", hash.trim())),
    ] {
        let mut text = std::fs::read_to_string(Path::new("/etc").join(file)).expect("readable by root");
        text.push_str(&line);
        std::fs::write(folder.join(file), text).expect("written");
    }
}

const ACCOUNTS: &str =
    "mount --bind passwd /etc/passwd && mount --bind shadow /etc/shadow && mkdir -p /run/sshd && exec";

/// The first look at one address, with `ports` as the only expected ones.
fn look(address: &str, ports: &str) -> Ran {
    let lab = Lab::new(80, 1);
    let bench: PathBuf = lab.path().join("local.yaml");
    let text = format!(
        "assay: bench/1\nbench: peer\nprovider: {{ local: null }}\npermits: [passive, active]\n\
         limits: {{ tries_per_mechanism: 8, pause_ms: 20 }}\nduts: [{{ id: s1, host: {address} }}]\n"
    );
    std::fs::write(&bench, text).expect("bench written");
    let wanted = format!("expected={ports}");
    let mut ran = lab.assay(&[
        "run",
        "test-plans/first-look.yaml",
        "--bench",
        bench.to_str().expect("UTF-8"),
        "--out",
        lab.path().to_str().expect("UTF-8"),
        "--set",
        &wanted,
        "--set",
        "tcp_ports=2022,5000-9999",
    ]);
    // The pack goes with the lab: keep what the assertions read.
    let summary = ran.summary();
    let kept = std::env::temp_dir().join(format!("assay-look-{}-{}", std::process::id(), address));
    std::fs::create_dir_all(&kept).expect("a folder");
    std::fs::write(kept.join("summary.json"), summary.to_string()).expect("kept");
    ran.stdout = kept.display().to_string();
    ran
}

fn verdicts(ran: &Ran) -> (String, String) {
    let summary = ran.summary();
    let of = |unit: &str| summary["units"][unit].as_str().unwrap_or("absent").to_owned();
    (of("look.services"), of("look.defaults"))
}

/// Weak, hardened and stopped in one: the address is free again after each.
fn weak_hardened_stopped(address: &str, port: u16, weak: impl Fn() -> Server, hardened: impl Fn() -> Server) {
    let expected = format!("[{port}]");
    let server = weak();
    let ran = look(address, &expected);
    assert_eq!(verdicts(&ran), ("PASS".into(), "FAIL".into()), "weak\n{}", ran.stderr);
    assert_eq!(ran.code, 1);
    let ran = look(address, "[]");
    assert_eq!(verdicts(&ran).0, "FAIL", "an unexpected service\n{}", ran.stderr);
    drop(server);
    let server = hardened();
    let ran = look(address, &expected);
    assert_eq!(verdicts(&ran), ("PASS".into(), "PASS".into()), "hardened\n{}", ran.stderr);
    assert_eq!(ran.code, 0);
    drop(server);
    let ran = look(address, &expected);
    let (services, defaults) = verdicts(&ran);
    for verdict in [services, defaults] {
        assert!(matches!(verdict.as_str(), "INCONCLUSIVE" | "ERROR"), "stopped: {verdict}\n{}", ran.stderr);
    }
}

#[test]
fn openssh() {
    if !there("/usr/sbin/sshd", "openssh-server") || !may_have_accounts() {
        return;
    }
    let sshd = |settings: &'static str| {
        let prepare = |folder: &Path| {
            weak_account(folder);
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(folder.join("key"))
                .status();
            assert!(made.expect("ssh-keygen runs").success());
        };
        let script = format!(
            "{ACCOUNTS} /usr/sbin/sshd -D -f /dev/null -p 2022 -h $PWD/key -o ListenAddress=127.23.1.1 -o UsePAM=no {settings}"
        );
        serve(prepare, &script, "127.23.1.1:2022")
    };
    weak_hardened_stopped(
        "127.23.1.1",
        2022,
        || sshd("-o PasswordAuthentication=yes -o MaxAuthTries=20 -o MaxStartups=100"),
        || sshd("-o PasswordAuthentication=no -o KbdInteractiveAuthentication=no"),
    );
}

#[test]
fn dropbear() {
    if !there("/usr/sbin/dropbear", "dropbear-bin") || !may_have_accounts() {
        return;
    }
    let dropbear = |settings: &'static str| {
        let prepare = |folder: &Path| {
            weak_account(folder);
            let made = Command::new("dropbearkey").args(["-t", "ed25519", "-f"]).arg(folder.join("key")).output();
            assert!(made.expect("dropbearkey runs").status.success());
        };
        let script = format!("{ACCOUNTS} /usr/sbin/dropbear -F -r key -p 127.23.2.1:5022 -P $PWD/pid {settings}");
        serve(prepare, &script, "127.23.2.1:5022")
    };
    weak_hardened_stopped("127.23.2.1", 5022, || dropbear(""), || dropbear("-s"));
}

#[test]
fn busybox_httpd() {
    if !there(
        &format!("{}/busybox", if Path::new("/usr/bin/busybox").exists() { "/usr/bin" } else { "/bin" }),
        "busybox",
    ) {
        return;
    }
    let httpd = |credential: &'static str| {
        let prepare = |folder: &Path| {
            std::fs::write(folder.join("httpd.conf"), format!("/:{credential}\n")).expect("written");
            std::fs::write(folder.join("index.html"), "<h1>hub</h1>").expect("written");
        };
        serve(prepare, "exec busybox httpd -f -p 127.23.3.1:8080 -c httpd.conf -h .", "127.23.3.1:8080")
    };
    weak_hardened_stopped("127.23.3.1", 8080, || httpd("admin:admin"), || httpd("admin:Tr7-vQ2m_xK9"));
}

#[test]
fn nginx_behind_tls() {
    if !there("/usr/sbin/nginx", "nginx-light") {
        return;
    }
    let nginx = |password: &'static str| {
        let prepare = |folder: &Path| {
            let made = Command::new("openssl")
                .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
                .args(["-subj", "/CN=hub.test", "-keyout", "key.pem", "-out", "cert.pem"])
                .current_dir(folder)
                .output();
            assert!(made.expect("openssl runs").status.success());
            std::fs::write(folder.join("users"), format!("admin:{{PLAIN}}{password}\n")).expect("written");
            let settings = "pid nginx.pid; error_log stderr; worker_processes 1; daemon off; master_process off;
                events { worker_connections 256; }
                http { access_log off; client_body_temp_path .; proxy_temp_path .; fastcgi_temp_path .; uwsgi_temp_path .; scgi_temp_path .;
                  server { listen 127.23.4.1:8443 ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem;
                    auth_basic hub; auth_basic_user_file users; root www; } }";
            std::fs::create_dir(folder.join("www")).expect("made");
            std::fs::write(folder.join("www/index.html"), "<h1>hub</h1>").expect("written");
            std::fs::write(folder.join("nginx.conf"), settings.replace(" . ", " ./ ")).expect("written");
        };
        serve(prepare, "exec /usr/sbin/nginx -p . -c nginx.conf", "127.23.4.1:8443")
    };
    weak_hardened_stopped("127.23.4.1", 8443, || nginx("admin"), || nginx("Tr7-vQ2m_xK9"));
}
