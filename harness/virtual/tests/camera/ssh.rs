//! SSH, and that it shares its account and lock with the web.

use assay_virtual::start;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::lab::{self, CHOSEN, one, one_set_up, spec};
use crate::ssh_client::{connect, exec, host_key, log_on, methods, shell};

#[tokio::test(flavor = "multi_thread")]
async fn before_first_use_nobody_logs_on() {
    let (_running, sample) = one(20, &[]).await;
    for (user, password) in [("admin", ""), ("admin", "admin"), ("admin", &*sample.label["password"]), ("root", "root")]
    {
        assert!(!log_on(&sample, user, password).await, "{user} {password}");
    }
    assert_eq!(lab::set_up(&sample, CHOSEN).await.status, 200);
    assert_eq!(
        lab::log_on(&sample, CHOSEN).await.status,
        200,
        "what was tried before there was an account locks nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chosen_password_logs_on_and_commands_run() {
    let (_running, sample) = one_set_up(21, &[]).await;
    assert!(methods(&sample).await.contains("Password"));
    assert!(!methods(&sample).await.contains("PublicKey"));

    let mut session = connect(&sample).await.unwrap();
    assert!(!session.authenticate_password("admin", "wrong").await.unwrap().success());
    assert!(session.authenticate_password("admin", CHOSEN).await.unwrap().success());
    assert_eq!(exec(&session, "uname").await, ("Linux\n".to_owned(), 0));
    assert_eq!(exec(&session, "id").await, ("uid=1000(admin) gid=1000(admin)\n".to_owned(), 0));
    assert_eq!(exec(&session, "version").await, ("1.4.2\n".to_owned(), 0));
    for _ in 0..10 {
        assert_eq!(exec(&session, "rm -rf /").await.1, 127, "a channel that ended makes room for the next");
    }
    let text = shell(&session, "whoami\rexit\r").await;
    assert!(text.contains("whoami\r\nadmin\r\nc1$ "), "{text:?}");
    assert!(session.channel_open_direct_tcpip("127.0.0.1", 22, "127.0.0.1", 1).await.is_err(), "nothing is forwarded");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lock_is_one_over_web_and_ssh_and_reset_ends_it() {
    let (running, sample) = one_set_up(22, &[]).await;
    for _ in 0..3 {
        assert!(!log_on(&sample, "admin", "wrong").await);
    }
    for _ in 0..2 {
        assert_eq!(lab::log_on(&sample, "wrong").await.status, 401);
    }
    assert!(!log_on(&sample, "admin", CHOSEN).await, "right, and locked");
    assert_eq!(lab::log_on(&sample, CHOSEN).await.status, 429);

    running.press_reset("s1").unwrap();
    lab::set_up(&sample, CHOSEN).await;
    assert!(log_on(&sample, "admin", CHOSEN).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_no_lockout_defect_reaches_ssh() {
    let (_running, sample) = one_set_up(23, &["no-lockout"]).await;
    let mut session = connect(&sample).await.unwrap();
    for _ in 0..12 {
        assert!(!session.authenticate_password("admin", "wrong").await.unwrap().success());
    }
    assert!(session.authenticate_password("admin", CHOSEN).await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_ends_a_shell_of_before() {
    let (running, sample) = one_set_up(24, &[]).await;
    let mut session = connect(&sample).await.unwrap();
    assert!(session.authenticate_password("admin", CHOSEN).await.unwrap().success());
    running.press_reset("s1").unwrap();
    assert!(!log_on(&sample, "admin", CHOSEN).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn banner_and_host_keys() {
    let running = start(spec(25, 2, &[])).await.unwrap();
    let samples = running.samples();
    let mut banner = [0; 8];
    TcpStream::connect((samples[0].host, 2222)).await.unwrap().read_exact(&mut banner).await.unwrap();
    assert_eq!(&banner, b"SSH-2.0-");
    let (first, second) = (host_key(&samples[0]).await, host_key(&samples[1]).await);
    assert!(first.contains("Ed25519"), "{first}");
    assert_ne!(first, second);
}
