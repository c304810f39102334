//! Power cuts, reboots and the reset button.

use std::time::Duration;

use assay_virtual::{SampleError, prepare};
use tokio::net::TcpStream;

use crate::console_client::Terminal;
use crate::http_client::{get, https, json_request};
use crate::lab::{CHOSEN, log_on, one_set_up, spec, token};
use crate::ssh_client::connect;

#[tokio::test(flavor = "multi_thread")]
async fn without_power_everything_is_dead_and_flash_survives() {
    let (running, sample) = one_set_up(60, &[]).await;
    let token = token(&sample).await;
    let session = connect(&sample).await.unwrap();
    let mut terminal = Terminal::open(&sample);
    terminal.wait_for("c1 login: ").await;

    running.power("s1", false).await.unwrap();
    assert!(!running.is_on("s1").unwrap());
    for (port, name) in &sample.ports {
        assert!(TcpStream::connect((sample.host, *port)).await.is_err(), "{name}");
    }
    let ended = async {
        while !session.is_closed() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(crate::lab::PATIENCE, ended).await.unwrap();
    terminal.until_quiet(Duration::from_millis(50)).await;
    terminal.type_in("\r\rservice\r");
    assert_eq!(terminal.until_quiet(Duration::from_millis(200)).await, "");
    assert_eq!(running.press_reset("s1"), Err(SampleError::Off { sample: "s1".to_owned() }));

    running.power("s1", true).await.unwrap();
    running.power("s1", true).await.unwrap();
    let log = terminal.wait_for("c1 login: ").await;
    assert!(log.contains("boot count 2") && !log.contains("Password"), "{log}");
    assert_eq!(log_on(&sample, CHOSEN).await.status, 200, "the chosen password is in flash");
    let with_token = json_request("GET", "/api/settings", &token, serde_json::Value::Null);
    assert_eq!(https(&sample, with_token).await.status, 401, "sessions are not");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_prepares_first_hears_the_console_from_the_first_byte() {
    let running = prepare(spec(64, 1, &[])).await.unwrap();
    let sample = running.samples().remove(0);
    let mut terminal = Terminal::open(&sample);
    assert_eq!(terminal.until_quiet(Duration::from_millis(100)).await, "", "no power, no sound");
    assert!(TcpStream::connect((sample.host, 8443)).await.is_err());
    running.boot_all().await.unwrap();
    assert!(TcpStream::connect((sample.host, 8443)).await.is_ok());
    assert_eq!(terminal.wait_for("C1 Boot").await, "\r\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_taken_while_the_power_was_off_is_named_and_got_back_later() {
    let running = prepare(spec(65, 1, &[])).await.unwrap();
    let blocker = std::net::TcpListener::bind("127.21.65.1:8080").unwrap();
    let error = running.boot_all().await.unwrap_err().to_string();
    assert!(error.starts_with("127.21.65.1:8080 is taken"), "{error}");
    drop(blocker);
    let got_back = async {
        while TcpStream::connect("127.21.65.1:8443").await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(crate::lab::PATIENCE, got_back).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_outlives_a_power_cut() {
    let (running, sample) = one_set_up(61, &[]).await;
    for _ in 0..5 {
        log_on(&sample, "wrong").await;
    }
    let mut terminal = Terminal::open(&sample);
    terminal.wait_for("c1 login: ").await;
    running.power("s1", false).await.unwrap();
    running.power("s1", true).await.unwrap();
    terminal.wait_for("c1 login: ").await;
    assert_eq!(log_on(&sample, CHOSEN).await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shell_can_reboot() {
    let (_running, sample) = one_set_up(62, &[]).await;
    let mut terminal = Terminal::open(&sample);
    terminal.log_on("service", &sample.label["password"]).await;
    terminal.wait_for("c1$ ").await;
    terminal.type_in("reboot\r");
    terminal.wait_for("boot count 2").await;
    terminal.wait_for("c1 login: ").await;
    assert_eq!(get(&sample, "/api/state").await.json()["initialised"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_samples_are_named_with_the_known() {
    let (running, _) = one_set_up(63, &[]).await;
    let error = running.power("s9", true).await.unwrap_err();
    assert_eq!(error.to_string(), "this run has no sample `s9`; help: its samples are s1");
}
