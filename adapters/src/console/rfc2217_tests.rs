//! RFC 2217 against pyserial's server, and against servers that are none.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use assay_model::{
    Deadline, Direction, Fault, Touch,
    touch::console::{ConsoleRequest as Ask, ConsoleResponse as Got},
};
use serde_json::json;

use super::*;
use crate::doubles::MemoryRecorder;
use crate::testing::{Act, closed_port, scripted};

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

async fn open(address: &str) -> (Result<SerialConsole, Fault>, Arc<MemoryRecorder>) {
    let settings: ConsoleSettings =
        serde_json::from_value(json!({"rfc2217": address, "baud": 57_600, "parity": "even"})).expect("valid");
    let (kept, recorder) = MemoryRecorder::new();
    (SerialConsole::open(&settings, "s1", &recorder).await, kept)
}

/// pyserial's server on a port that echoes; it prints what it was told.
const SERVER: &str = r#"
import socket, sys, threading, serial, serial.rfc2217
port = serial.serial_for_url('loop://', timeout=0.05)
listener = socket.create_server(('127.0.0.1', 0))
print(listener.getsockname()[1], flush=True)
connection, _ = listener.accept()
class Sender:
    def write(self, data): connection.sendall(data)
manager = serial.rfc2217.PortManager(port, Sender())
def back():
    while True:
        data = port.read(port.in_waiting or 1)
        if data: connection.sendall(b''.join(manager.escape(data)))
threading.Thread(target=back, daemon=True).start()
seen = None
while True:
    data = connection.recv(1024)
    if not data: break
    data = b''.join(manager.filter(data))
    # pyserial never tells of overruns: said in its place, as RFC 2217 has it.
    if b'lose two' in data: connection.sendall(b'\xff\xfa\x2c\x6a\x02\xff\xf0' * 2)
    port.write(data)
    now = (port.baudrate, port.bytesize, port.parity, port.stopbits, port.dtr, port.rts, port.break_condition)
    if now != seen: print(*now, flush=True)
    seen = now
"#;

/// Ended with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Debian's own Python first: its packages are no use to another one that stands before it in the path.
fn python() -> &'static str {
    if std::path::Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" }
}

fn pyserial() -> Option<Server> {
    let there = Command::new(python()).args(["-c", "import serial.rfc2217"]).stderr(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        assert!(std::env::var_os("ASSAY_REQUIRE_PEERS").is_none_or(|v| v != "1"), "python3-serial is not installed");
        #[expect(clippy::print_stderr, reason = "whoever reads the test's output should know")]
        {
            eprintln!("skipped: python3-serial is not installed");
        }
        return None;
    }
    let server = Command::new(python()).args(["-u", "-c", SERVER]).stdout(Stdio::piped()).spawn();
    Some(Server(server.expect("starts")))
}

#[tokio::test(flavor = "multi_thread")]
async fn pyserial_takes_settings_data_break_and_lines() {
    let Some(mut server) = pyserial() else { return };
    let mut said = std::io::BufRead::lines(std::io::BufReader::new(server.0.stdout.take().expect("piped")));
    let port = said.next().expect("a line").expect("read");
    let (console, kept) = open(&format!("127.0.0.1:{port}")).await;
    let console = console.expect("opens");
    let every_byte: Vec<u8> = (0..=255).collect();
    for bytes in [&b"hello\r\n"[..], &every_byte] {
        assert_eq!(console.call(Ask::Write { bytes: bytes.into() }, soon()).await, Ok(Got::Done));
        let pattern = bytes.iter().map(|b| format!("\\x{b:02x}")).collect::<String>();
        let expect = Ask::Expect { patterns: vec![format!("(?-u){pattern}")], within_ms: 20_000 };
        let got = console.call(expect, soon()).await.expect("no fault");
        assert!(matches!(&got, Got::Matched { matched, .. } if matched.0 == bytes), "{got:?}");
    }
    assert_eq!(console.call(Ask::Lines { dtr: Some(false), rts: Some(true) }, soon()).await, Ok(Got::Done));
    assert_eq!(console.call(Ask::Break { for_ms: 20 }, soon()).await, Ok(Got::Done));
    console.close().await;
    drop(console);
    let told: Vec<String> = said.map_while(Result::ok).collect();
    let last = told.last().expect("settings");
    assert!(last.starts_with("57600 8 E 1 False True"), "{told:?}");
    assert!(
        told.iter().any(|line| line.ends_with("True")) && last.ends_with("False"),
        "a break came and went: {told:?}"
    );
    assert_eq!(kept.streams()[0].bytes(Direction::In), [b"hello\r\n", every_byte.as_slice()].concat());
    assert_eq!(kept.streams()[0].meta.clone().expect("meta").settings["line"]["baud"], 57_600);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_speak_rfc_2217_is_said_with_help() {
    let refuses = scripted("127.0.0.1", vec![Act::Take, Act::Say(vec![255, 254, 44]), Act::Stall]).await;
    let closes = scripted("127.0.0.1", vec![Act::Take, Act::Say(b"SSH-2.0-x\r\n".to_vec())]).await;
    // Agrees, and sets 9600 whatever is asked for.
    let wrong_rate = vec![255, 253, 44, 255, 250, 44, 101, 0, 0, 0x25, 0x80, 255, 240];
    let stubborn = scripted(
        "127.0.0.1",
        vec![Act::Take, Act::Say(wrong_rate[..3].to_vec()), Act::Take, Act::Say(wrong_rate[3..].to_vec()), Act::Stall],
    )
    .await;
    for (at, text) in [(refuses, "refuses"), (closes, "does not answer"), (stubborn, "sets the baud rate")] {
        let fault = open(&at.to_string()).await.0.err().expect("no such server");
        assert!(fault.code == "port-settings" && fault.text.contains(text) && !fault.help.is_empty(), "{fault:?}");
    }
    let nobody = closed_port("127.0.0.1").await.to_string();
    assert_eq!(open(&nobody).await.0.err().expect("closed").code, "port-missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_the_server_says_were_lost_are_counted_in_the_evidence() {
    let Some(mut server) = pyserial() else { return };
    let mut said = std::io::BufRead::lines(std::io::BufReader::new(server.0.stdout.take().expect("piped")));
    let port = said.next().expect("a line").expect("read");
    let (console, kept) = open(&format!("127.0.0.1:{port}")).await;
    let console = console.expect("opens");
    for (said, lost) in [("nothing is lost\r\n", 0), ("lose two\r\n", 2)] {
        console.call(Ask::Write { bytes: said.into() }, soon()).await.expect("written");
        let expect = Ask::Expect { patterns: vec![said.into()], within_ms: 20_000 };
        assert!(matches!(console.call(expect, soon()).await, Ok(Got::Matched { .. })));
        // Told with the answer, so that it counts for the step that asked.
        assert_eq!(kept.streams()[0].lost, lost);
    }
    console.close().await;
    assert_eq!(kept.streams()[0].lost, 2);
}
