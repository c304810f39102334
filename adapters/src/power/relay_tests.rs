//! Relays and PDUs against small servers that answer as the real ones do, and as broken ones.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};

use assay_model::Blame;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UdpSocket;

use super::*;
use crate::testing::{Act, closed_port, scripted, serve, shortly, soon};

/// A relay whose answers are made by `answer` from the path and the state.
async fn relay(answer: fn(&str, &mut bool) -> Option<String>) -> (RelayUrl, Arc<Mutex<Vec<String>>>) {
    let (state, asked) = (Arc::new(Mutex::new(false)), Arc::<Mutex<Vec<String>>>::default());
    let log = Arc::clone(&asked);
    let at = serve("127.0.0.1", move |mut stream| {
        let (state, log) = (Arc::clone(&state), Arc::clone(&log));
        async move {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let Ok(byte) = stream.read_u8().await else { return };
                request.push(byte);
            }
            let request = String::from_utf8_lossy(&request).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            let answer = answer(&path, &mut state.lock().expect("lock"));
            log.lock().expect("lock").push(request);
            let (status, body) = answer.map_or(("404 Not Found", String::new()), |body| ("200 OK", body));
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
            let _sent = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
    })
    .await;
    (RelayUrl::parse(&format!("http://lab:s3cret@{at}")).expect("valid"), asked)
}

async fn turns(switch: &dyn Switch) {
    for on in [true, false, true] {
        switch.set(on, soon()).await.expect("turned");
        assert_eq!(switch.state(soon()).await, Ok(Some(on)));
    }
}

fn tasmota(path: &str, state: &mut bool) -> Option<String> {
    match path {
        "/cm?cmnd=Power2%20On" => *state = true,
        "/cm?cmnd=Power2%20Off" => *state = false,
        "/cm?cmnd=Power2" => {}
        _ => return Some(r#"{"Command":"Unknown"}"#.into()),
    }
    Some(format!(r#"{{"POWER2":"{}"}}"#, if *state { "ON" } else { "OFF" }))
}

fn shelly_1(path: &str, state: &mut bool) -> Option<String> {
    match path {
        "/shelly" => return Some(r#"{"type":"SHSW-1","auth":false}"#.into()),
        "/relay/0?turn=on" => *state = true,
        "/relay/0?turn=off" => *state = false,
        "/relay/0" => {}
        _ => return None,
    }
    Some(format!(r#"{{"ison":{state},"has_timer":false}}"#))
}

fn shelly_2(path: &str, state: &mut bool) -> Option<String> {
    let was = *state;
    match path {
        "/shelly" => return Some(r#"{"id":"shellyplus1","gen":2}"#.into()),
        "/rpc/Switch.Set?id=0&on=true" => *state = true,
        "/rpc/Switch.Set?id=0&on=false" => *state = false,
        "/rpc/Switch.GetStatus?id=0" => return Some(format!(r#"{{"id":0,"output":{state}}}"#)),
        _ => return None,
    }
    Some(format!(r#"{{"was_on":{was}}}"#))
}

#[tokio::test]
async fn http_relays_are_turned_and_read_back() {
    let (url, asked) = relay(tasmota).await;
    turns(&TasmotaSwitch::new(url.clone(), 2)).await;
    assert!(asked.lock().expect("lock")[0].contains("Authorization: Basic bGFiOnMzY3JldA==\r\n"));
    let other = TasmotaSwitch::new(url, 1).set(true, soon()).await.expect_err("no such output");
    assert!(other.text.contains("Unknown") && !other.text.contains("s3cret"), "{other:?}");

    let (first, _) = relay(shelly_1).await;
    turns(&ShellySwitch::new(first, 0)).await;
    let (second, _) = relay(shelly_2).await;
    turns(&ShellySwitch::new(second.clone(), 0)).await;
    let none = ShellySwitch::new(second, 7).set(true, soon()).await.expect_err("no such output");
    assert!(none.text.contains("404") && none.blame == Blame::Bench, "{none:?}");
}

#[tokio::test]
async fn a_relay_that_says_yes_and_does_not_turn_is_told() {
    let (url, _) = relay(|_, _| Some(r#"{"POWER":"OFF","ison":false}"#.into())).await;
    for stuck in
        [TasmotaSwitch::new(url.clone(), 1).set(true, soon()).await, ShellySwitch::new(url, 0).set(true, soon()).await]
    {
        assert!(stuck.as_ref().is_err_and(|f| f.code == "relay" && !f.help.is_empty()), "{stuck:?}");
    }
}

#[tokio::test]
async fn pdudaemon_queues_and_cannot_tell() {
    let (url, asked) =
        relay(|path, _| path.starts_with("/power/control/").then(|| "OK - accepted request\n".into())).await;
    let switch = PduDaemonSwitch::new(url, "pdu-1".into(), 3);
    switch.set(false, soon()).await.expect("queued");
    assert_eq!(switch.state(soon()).await, Ok(None));
    assert!(asked.lock().expect("lock")[0].starts_with("GET /power/control/off?hostname=pdu-1&port=3 "));
}

#[tokio::test]
async fn what_is_no_relay_is_the_labs_trouble_in_time() {
    let url = |at: std::net::SocketAddr| RelayUrl::parse(&format!("http://{at}")).expect("valid");
    let stalls = scripted("127.0.0.1", vec![Act::Take, Act::Stall]).await;
    let stalled = TasmotaSwitch::new(url(stalls), 1).set(true, shortly()).await.expect_err("stalled");
    assert_eq!(stalled.blame, Blame::Timeout);
    for script in [
        vec![Act::Take, Act::Say(b"SSH-2.0-x\r\n".to_vec())],
        vec![Act::Take, Act::Say(b"HTTP/1.1 401 Unauthorized\r\n\r\n".to_vec())],
        vec![Act::Take, Act::Say(b"HTTP/1.1 200 OK\r\n\r\nnot json".to_vec())],
        vec![Act::Take, Act::Forever(vec![b'x'; 65_536])],
    ] {
        let at = scripted("127.0.0.1", script).await;
        let fault = TasmotaSwitch::new(url(at), 1).set(true, soon()).await.expect_err("no relay");
        assert!(fault.code == "relay" && fault.text.len() < 400, "{fault:?}");
    }
    let gone = TasmotaSwitch::new(url(closed_port("127.0.0.1").await), 1).state(soon()).await.expect_err("closed");
    assert_eq!((gone.code.as_str(), gone.blame), ("relay", Blame::Bench));
}

/// An agent that answers from messages written out by hand from RFC 3416, `#` standing for the question's number. Before
/// each answer it sends noise and an answer to another question.
async fn agent(pairs: &'static [(&'static str, &'static str)]) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("binds");
    let at = socket.local_addr().expect("bound").to_string();
    tokio::spawn(async move {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let asked: String = buffer[..length].iter().map(|b| format!("{b:02x}")).collect();
            for (question, answer) in pairs {
                let (head, tail) = question.split_once('#').expect("a number");
                let Some(number) = asked.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail)) else { continue };
                for text in ["3000".to_owned(), answer.replace('#', "7fffffff"), answer.replace('#', number)] {
                    let byte = |i: usize| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).expect("hex");
                    let _sent = socket.send_to(&(0..text.len() / 2).map(byte).collect::<Vec<u8>>(), from).await;
                }
            }
        }
    });
    at
}

/// Version 2c, community `private`, object 1.3.6.1.4.1.318.1: get it (it is 1), set it to 1, and be refused 2 (no access).
const AGENT: &[(&str, &str)] = &[
    (
        "302a020101040770726976617465a01c0204#020100020100300e300c06082b06010401823e010500",
        "302b020101040770726976617465a21d0204#020100020100300f300d06082b06010401823e01020101",
    ),
    (
        "302b020101040770726976617465a31d0204#020100020100300f300d06082b06010401823e01020101",
        "302b020101040770726976617465a21d0204#020100020100300f300d06082b06010401823e01020101",
    ),
    (
        "302b020101040770726976617465a31d0204#020100020100300f300d06082b06010401823e01020102",
        "302b020101040770726976617465a21d0204#020106020101300f300d06082b06010401823e01020102",
    ),
];

#[tokio::test]
async fn an_snmp_outlet_is_set_read_and_refused_and_a_wrong_community_is_silence() {
    let at = agent(AGENT).await;
    let outlet = |community: &str| {
        SnmpSwitch::new(at.clone(), SnmpVersion::V2c, community.into(), "1.3.6.1.4.1.318.1", 1, 2).expect("an object")
    };
    assert_eq!(outlet("private").set(true, soon()).await, Ok(()));
    assert_eq!(outlet("private").state(soon()).await, Ok(Some(true)));
    let refused = outlet("private").set(false, soon()).await.expect_err("refused");
    assert!(refused.code == "snmp" && refused.text.contains("error status 6"), "{refused:?}");
    let silent = outlet("public").set(true, shortly()).await.expect_err("silent");
    assert!(silent.blame == Blame::Timeout && silent.help.contains("community"), "{silent:?}");
}

/// What uhubctl 2.4 prints for a hub at 1-1.2, with the state of port 3 in a file.
const UHUBCTL: &str = r#"state() { echo "  Port 3: $(cat state)"; }
echo "Current status for hub 1-1.2 [0424:2514 USB 2.0, 4 ports, ppps]"
test -e state || echo "0100 power" > state
test "$2 $4" = "1-1.2 3" || { echo "No compatible devices detected at location $2!" >&2; exit 1; }
state
case "$6" in
    on) echo "0503 power highspeed enable connect [0781:5567 stick]" > state;;
    off) echo "0000 off" > state;;
    *) exit 0;;
esac
echo "Sent power $6 request"
echo "New status for hub 1-1.2 [0424:2514 USB 2.0, 4 ports, ppps]"
state"#;

#[tokio::test]
async fn a_usb_port_is_turned_through_uhubctl_and_read_back() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("uhubctl");
    let script = format!("#!/bin/sh\ncd {}\n{UHUBCTL}\n", folder.path().display());
    std::fs::write(&path, script).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("executable");
    turns(&UsbHubSwitch::new(&path, "1-1.2", 3)).await;

    let none = UsbHubSwitch::new(&path, "9-9", 3).set(true, soon()).await.expect_err("no such hub");
    assert!(none.text.contains("No compatible devices"), "{none:?}");
    let missing = UsbHubSwitch::new("/nonexistent/uhubctl", "1-1", 1).set(true, soon()).await.expect_err("missing");
    assert!(missing.help.contains("apt install uhubctl"), "{missing:?}");
}
