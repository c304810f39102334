//! SSH against OpenSSH's and Dropbear's servers, and against sockets that misbehave.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use assay_model::{
    AddressBook, Deadline, Endpoint, Touch,
    touch::ssh::{SshRequest, SshResponse},
};

use super::SshTouch;

const USER: &str = "weakling";
const PASSWORD: &str = "admin1234";

fn endpoint(port: u16) -> Endpoint {
    AddressBook::new().own("dut", IpAddr::V4(Ipv4Addr::LOCALHOST)).port(port)
}

async fn ask(request: SshRequest) -> SshResponse {
    SshTouch.call(request, Deadline::after(Duration::from_secs(20))).await.expect("no fault")
}

async fn hello(port: u16) -> SshResponse {
    ask(SshRequest::Hello { endpoint: endpoint(port) }).await
}

async fn methods(port: u16) -> SshResponse {
    ask(SshRequest::Methods { endpoint: endpoint(port), user: USER.into() }).await
}

async fn logon(port: u16, password: &str, command: Option<&str>) -> SshResponse {
    let (user, password, command) = (USER.into(), password.into(), command.map(str::to_owned));
    ask(SshRequest::Logon { endpoint: endpoint(port), user, password, command }).await
}

/// A server from Debian, with an account of its own that no other process of this host sees.
struct Server {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Ports that servers were given in this process; they are let go before the server binds.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("address").port()
}

#[expect(clippy::print_stderr, reason = "a test that could not run says so")]
fn skipped(why: &str) {
    assert!(std::env::var_os("ASSAY_REQUIRE_PEERS").is_none(), "{why}");
    eprintln!("skipped: {why}");
}

/// Starts `serve` with private copies of the account files, in a mount namespace: nothing of the host changes.
fn start(program: &str, package: &str, serve: impl Fn(&Path, u16) -> String) -> Option<Server> {
    if !Path::new(program).exists() {
        skipped(&format!("{package} is not installed"));
        return None;
    }
    let may = Command::new("unshare").args(["--mount", "true"]).stderr(Stdio::null()).status();
    if !may.is_ok_and(|status| status.success()) {
        skipped("an account of its own needs root and mount namespaces (unshare --mount)");
        return None;
    }
    let folder = tempfile::tempdir().expect("folder");
    let hash = Command::new("openssl").args(["passwd", "-6", PASSWORD]).output().expect("openssl");
    let hash = String::from_utf8(hash.stdout).expect("text");
    for (file, entry) in [
        ("passwd", format!("{USER}:x:54321:54321::/tmp:/bin/sh\n")),
        ("shadow", format!("{USER}:{}:19000:0:99999:7:::\n", hash.trim())),
    ] {
        let mut text = std::fs::read_to_string(format!("/etc/{file}")).expect("readable by root");
        text.push_str(&entry);
        std::fs::write(folder.path().join(file), text).expect("written");
    }
    let port = free_port();
    let script = format!(
        "mount --bind passwd /etc/passwd && mount --bind shadow /etc/shadow && mkdir -p /run/sshd && exec {}",
        serve(folder.path(), port)
    );
    let mut child = Command::new("unshare")
        .args(["--mount", "sh", "-c", &script])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("spawned");
    for _ in 0..500 {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Some(Server { child, port, folder });
        }
        if child.try_wait().expect("status").is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _gone = child.kill();
    let mut text = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut text).expect("text");
    panic!("{program} did not start: {text}");
}

fn sshd(settings: &'static str) -> Option<Server> {
    start("/usr/sbin/sshd", "openssh-server", |folder, port| {
        let key = folder.join("host_key");
        let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
        assert!(made.expect("ssh-keygen").success());
        format!(
            "/usr/sbin/sshd -D -e -f /dev/null -p {port} -h {} -o ListenAddress=127.0.0.1 -o UsePAM=no {settings}",
            key.display()
        )
    })
}

fn dropbear(settings: &'static str) -> Option<Server> {
    start("/usr/sbin/dropbear", "dropbear-bin", |folder, port| {
        let key = folder.join("host_key");
        let made = Command::new("dropbearkey").args(["-t", "ed25519", "-f"]).arg(&key).output();
        assert!(made.expect("dropbearkey").status.success());
        format!("dropbear -F -E -r {} -p 127.0.0.1:{port} {settings}", key.display())
    })
}

async fn lets_the_weak_account_in(server: &Server) {
    let SshResponse::Methods { methods, none_accepted: false } = methods(server.port).await else { panic!("methods") };
    assert!(methods.contains(&"password".to_owned()), "{methods:?}");
    let got = logon(server.port, PASSWORD, Some("echo out; echo err >&2; exit 3")).await;
    assert_eq!(got, SshResponse::Accepted { output: "out\nerr\n".into(), exit: Some(3) });
    assert!(matches!(logon(server.port, "wrong", None).await, SshResponse::Denied { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn openssh_with_a_weak_account_is_logged_on_to() {
    let Some(server) = sshd("-o PasswordAuthentication=yes") else { return };
    let SshResponse::Hello(hello) = hello(server.port).await else { panic!("a hello") };
    assert!(hello.banner.starts_with("SSH-2.0-OpenSSH_"), "{}", hello.banner);
    assert_eq!(hello.host_key_type, "ssh-ed25519");
    let shown = Command::new("ssh-keygen").args(["-l", "-f"]).arg(server.folder.path().join("host_key.pub")).output();
    let shown = String::from_utf8(shown.expect("ssh-keygen").stdout).expect("text");
    assert!(shown.contains(&format!("SHA256:{} ", hello.host_key_sha256)), "{shown} {}", hello.host_key_sha256);
    assert!(hello.agreed.contains_key("kex") && hello.agreed.contains_key("cipher_out"), "{:?}", hello.agreed);
    lets_the_weak_account_in(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dropbear_with_a_weak_account_is_logged_on_to() {
    let Some(server) = dropbear("") else { return };
    let SshResponse::Hello(hello) = hello(server.port).await else { panic!("a hello") };
    assert!(hello.banner.starts_with("SSH-2.0-dropbear"), "{}", hello.banner);
    lets_the_weak_account_in(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_only_server_offers_no_password_and_denies_the_right_one() {
    for server in [sshd("-o PasswordAuthentication=no -o KbdInteractiveAuthentication=no"), dropbear("-s")] {
        let Some(server) = server else { return };
        let only = SshResponse::Methods { methods: vec!["publickey".into()], none_accepted: false };
        assert_eq!(methods(server.port).await, only);
        assert!(matches!(logon(server.port, PASSWORD, None).await, SshResponse::Denied { .. }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_a_password_is_let_in_by_none() {
    let Some(server) = start("/usr/sbin/sshd", "openssh-server", |folder, port| {
        let shadow = std::fs::read_to_string(folder.join("shadow")).expect("there");
        let kept: String = shadow.lines().filter(|l| !l.starts_with(USER)).map(|l| format!("{l}\n")).collect();
        std::fs::write(folder.join("shadow"), format!("{kept}{USER}::19000:0:99999:7:::\n")).expect("written");
        let key = folder.join("host_key");
        let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
        assert!(made.expect("ssh-keygen").success());
        format!(
            "/usr/sbin/sshd -D -e -f /dev/null -p {port} -h {} -o UsePAM=no -o PermitEmptyPasswords=yes",
            key.display()
        )
    }) else {
        return;
    };
    assert_eq!(methods(server.port).await, SshResponse::Methods { methods: Vec::new(), none_accepted: true });
}

#[tokio::test(flavor = "multi_thread")]
async fn algorithms_that_libssh2_lacks_say_nothing_about_logons() {
    let Some(server) = sshd("-o KexAlgorithms=diffie-hellman-group14-sha1 -o PasswordAuthentication=yes") else {
        return;
    };
    let SshResponse::NoCommonAlgorithm { text } = hello(server.port).await else { panic!("none in common") };
    assert!(text.contains("key exchange diffie-hellman-group14-sha1"), "{text}");
    assert!(matches!(logon(server.port, PASSWORD, None).await, SshResponse::NoCommonAlgorithm { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn output_without_end_is_cut_and_the_logon_stands() {
    let Some(server) = sshd("-o PasswordAuthentication=yes") else { return };
    let SshResponse::Accepted { output, exit } = logon(server.port, PASSWORD, Some("yes >&2")).await else {
        panic!("accepted")
    };
    assert_eq!((output.0.len(), exit), (64 * 1024, None));
    let until = Deadline::after(Duration::from_secs(3));
    let (user, password) = (USER.into(), PASSWORD.into());
    let request =
        SshRequest::Logon { endpoint: endpoint(server.port), user, password, command: Some("echo a; sleep 60".into()) };
    let hung = SshTouch.call(request, until).await.expect("no fault");
    assert_eq!(hung, SshResponse::Accepted { output: "a\n".into(), exit: None });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_refuses() {
    assert_eq!(logon(free_port(), PASSWORD, None).await, SshResponse::Refused);
}

/// A peer on a socket of its own that does `play` with each connection.
fn peer(play: impl Fn(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("listens");
    let port = listener.local_addr().expect("address").port();
    std::thread::spawn(move || listener.incoming().flatten().for_each(play));
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_hang_or_flood_are_given_up_at_the_deadline() {
    let silent = peer(std::mem::forget);
    let after_banner = peer(|mut stream| {
        stream.write_all(b"SSH-2.0-hangs\r\n").expect("written");
        std::mem::forget(stream);
    });
    let floods = peer(|mut stream| {
        std::thread::spawn(move || while stream.write_all(&b"no banner here\r\n".repeat(4096)).is_ok() {});
    });
    for port in [silent, after_banner, floods] {
        let until = Deadline::after(Duration::from_millis(400));
        let got = SshTouch.call(SshRequest::Hello { endpoint: endpoint(port) }, until).await.expect("no fault");
        assert_eq!(got, SshResponse::NoAnswer { stage: "handshake".into() });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_drop_or_talk_nonsense_are_observations() {
    let drops = peer(drop);
    assert_eq!(hello(drops).await, SshResponse::Dropped { stage: "handshake".into() });
    let web = peer(|mut stream| {
        let mut line = String::new();
        BufReader::new(stream.try_clone().expect("clone")).read_line(&mut line).expect("read");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").expect("written");
    });
    assert!(matches!(hello(web).await, SshResponse::Dropped { .. }));
    let after_banner = peer(|mut stream| stream.write_all(b"SSH-2.0-x\r\n").expect("written"));
    let got = hello(after_banner).await;
    assert!(matches!(&got, SshResponse::Dropped { stage } if stage.starts_with("handshake")), "{got:?}");
    let nonsense = peer(|mut stream| {
        stream
            .write_all(b"SSH-2.0-x\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")
            .expect("written");
        let mut rest = Vec::new();
        let _ended = stream.read_to_end(&mut rest);
    });
    let got = hello(nonsense).await;
    assert!(matches!(&got, SshResponse::Dropped { stage } if stage.starts_with("handshake")), "{got:?}");
}
