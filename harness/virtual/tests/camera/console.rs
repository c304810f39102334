//! The serial console.

use std::time::Duration;

use assay_virtual::VirtualSample;

use crate::console_client::Terminal;
use crate::lab::{one, one_set_up};
use crate::{lab, ssh_client};

fn password(sample: &VirtualSample) -> &str {
    &sample.label["password"]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_boot_log_is_whole_and_tells_no_secret() {
    let (_running, sample) = one(30, &[]).await;
    // Opened only now: what was said before anyone listened is there.
    let mut terminal = Terminal::open(&sample);
    terminal.type_in("   \x03 ");
    let log = terminal.wait_for("c1 login: ").await;
    for text in
        ["C1 Boot", "DRAM:  128 MiB", "Hit any key to stop autoboot:  1", "Starting kernel", "\"system-a\"", "1.4.2"]
    {
        assert!(log.contains(text), "{text} is not in {log}");
    }
    for field in ["serial", "mac", "ssid", "password"] {
        assert!(!log.contains(&sample.label[field]), "{field} is in {log}");
    }
    assert!(!log.contains("=> "), "keys stop no boot");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_label_password_opens_a_shell_and_stays_valid_after_set_up() {
    let (_running, sample) = one_set_up(31, &[]).await;
    let mut terminal = Terminal::open(&sample);
    terminal.log_on("service", password(&sample)).await;
    terminal.wait_for("c1$ ").await;
    for (command, answer) in [
        ("id", "uid=1001(service)"),
        ("uname -a", "Linux c1"),
        ("cat /etc/version", "1.4.2"),
        ("nonsense", "sh: nonsense: not found"),
        ("echo $?", "127"),
    ] {
        terminal.type_in(&format!("{command}\r"));
        let shown = terminal.wait_for("c1$ ").await;
        assert!(shown.contains(command) && shown.contains(answer), "{command}: {shown}");
    }
    terminal.type_in("exit\r");
    terminal.wait_for("c1 login: ").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_logons_are_refused_hidden_and_lock_in_the_end() {
    let (running, sample) = one_set_up(32, &[]).await;
    let mut terminal = Terminal::open(&sample);
    for (user, password) in [
        ("service", "wrong-guess"),
        ("admin", lab::CHOSEN),
        ("root", "root"),
        ("root", &*sample.label["password"]),
        ("service", ""),
    ] {
        terminal.log_on(user, password).await;
        let shown = terminal.wait_for("Login incorrect").await;
        assert!(password.is_empty() || !shown.contains(password), "{shown}");
    }
    terminal.log_on("service", password(&sample)).await;
    terminal.wait_for("too many attempts").await;
    running.advance_clock("s1", Duration::from_secs(11)).unwrap();
    terminal.log_on("service", password(&sample)).await;
    terminal.wait_for("c1$ ").await;
    assert!(ssh_client::log_on(&sample, "admin", lab::CHOSEN).await, "the console's lock is its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_no_lockout_defect_reaches_the_console() {
    let (_running, sample) = one(33, &["no-lockout"]).await;
    let mut terminal = Terminal::open(&sample);
    for _ in 0..12 {
        terminal.log_on("service", "wrong").await;
        terminal.wait_for("Login incorrect").await;
    }
    terminal.log_on("service", password(&sample)).await;
    terminal.wait_for("c1$ ").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_logs_the_console_off() {
    let (running, sample) = one(34, &[]).await;
    let mut terminal = Terminal::open(&sample);
    terminal.log_on("service", password(&sample)).await;
    terminal.wait_for("c1$ ").await;
    running.press_reset("s1").unwrap();
    terminal.type_in("id\r");
    let shown = terminal.wait_for("c1 login: ").await;
    assert!(shown.contains("factory reset") && !shown.contains("uid="), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_without_reader_or_newline_blocks_nothing() {
    let (_running, sample) = one(35, &[]).await;
    let mut terminal = Terminal::open(&sample);
    terminal.wait_for("c1 login: ").await;
    let flood = "x".repeat(1_000_000);
    let writer = tokio::task::spawn_blocking(move || {
        terminal.type_in(&flood);
        terminal.type_in("\r");
        terminal
    });
    let mut terminal = tokio::time::timeout(lab::PATIENCE, writer).await.unwrap().unwrap();
    terminal.until_quiet(Duration::from_millis(300)).await;
    assert_eq!(lab::set_up(&sample, lab::CHOSEN).await.status, 200);
    // Part of the flood was lost, perhaps with its end: from any prompt three returns lead to the login.
    terminal.type_in("\r\r\r");
    terminal.until_quiet(Duration::from_millis(700)).await;
    terminal.type_in("service\r");
    terminal.wait_for("Password: ").await;
    terminal.type_in(&format!("{}\r", password(&sample)));
    terminal.wait_for("c1$ ").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_the_console_come_and_go() {
    let (_running, sample) = one(36, &[]).await;
    for _ in 0..3 {
        drop(std::fs::OpenOptions::new().read(true).write(true).open(&sample.console).unwrap());
    }
    let mut terminal = Terminal::open(&sample);
    terminal.wait_for("c1 login: ").await;
    terminal.type_in("\r");
    terminal.wait_for("c1 login: ").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_root_shell_defect_asks_nobody() {
    let (_running, sample) = one(37, &["console-root-shell"]).await;
    let mut terminal = Terminal::open(&sample);
    let log = terminal.wait_for("c1# ").await;
    assert!(!log.contains("login: "), "{log}");
    terminal.type_in("id\r");
    assert!(terminal.wait_for("c1# ").await.contains("uid=0(root)"));
    terminal.type_in("exit\r");
    terminal.wait_for("c1# ").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bootloader_shell_defect_is_stopped_by_a_key_and_boots_when_told() {
    let (running, sample) = one(38, &["bootloader-shell"]).await;
    let mut terminal = Terminal::open(&sample);
    terminal.wait_for("c1 login: ").await;
    running.power("s1", false).await.unwrap();
    running.power("s1", true).await.unwrap();
    terminal.wait_for("stop autoboot").await;
    terminal.type_in(" ");
    terminal.wait_for("=> ").await;
    for (command, answer) in [("help", "printenv"), ("printenv", "bootcmd=bootm"), ("nonsense", "Unknown command")] {
        terminal.type_in(&format!("{command}\r"));
        let shown = terminal.wait_for("\r\n=> ").await;
        assert!(shown.contains(answer), "{command}: {shown}");
    }
    terminal.type_in("setenv bootdelay 9\r");
    terminal.wait_for("\r\n=> ").await;
    terminal.type_in("boot\r");
    terminal.wait_for("c1 login: ").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_boot_log_defect_shows_a_key_that_each_unit_has_for_itself() {
    let keys = |log: &str| log.split("psk=\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned);
    let mut seen = Vec::new();
    for (network, defects) in [(39, &["boot-log-leaks-key"][..]), (28, &[])] {
        let (_running, sample) = one(network, defects).await;
        let mut terminal = Terminal::open(&sample);
        seen.push(keys(&terminal.wait_for("c1 login: ").await));
    }
    assert!(seen[0].as_ref().is_some_and(|key| key.len() >= 8), "{seen:?}");
    assert_eq!(seen[1], None);
}
