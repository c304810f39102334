//! The console against ptys and sockets that play the DUT.

use std::fs::File;
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use assay_model::{
    Deadline, Direction, EvidenceKind, EvidenceStream, Exchange, Fault, Recorder, StreamMeta, Touch,
    touch::console::{ConsoleRequest as Ask, ConsoleResponse as Got},
};

use super::*;
use crate::doubles::{MemoryRecorder, pty};

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

fn on_tty(path: &str) -> ConsoleSettings {
    ConsoleSettings { place: Place::Tty(path.to_owned()), line: LineSettings::default() }
}

async fn opened() -> (File, SerialConsole, Arc<MemoryRecorder>) {
    let (dut, path) = pty();
    let (kept, recorder) = MemoryRecorder::new();
    let console = SerialConsole::open(&on_tty(&path), "s1", &recorder).await.expect("opens");
    (dut, console, kept)
}

fn expect(patterns: &[&str], within_ms: u64) -> Ask {
    Ask::Expect { patterns: patterns.iter().map(|p| (*p).to_owned()).collect(), within_ms }
}

async fn wait_for(console: &SerialConsole, pattern: &str) -> (String, String) {
    match console.call(expect(&[pattern], 20_000), soon()).await.expect("no fault") {
        Got::Matched { before, matched, .. } => (before.lossy(), matched.lossy()),
        other => panic!("`{pattern}`: {other:?}"),
    }
}

async fn write(console: &SerialConsole, bytes: &[u8]) -> Result<Got, Fault> {
    console.call(Ask::Write { bytes: bytes.into() }, soon()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialogue_is_matched_and_kept_whole_in_both_directions() {
    let (mut dut, console, kept) = opened().await;
    dut.write_all(b"U-Boot 2024.01\r\n\xff\xfe\x00cam log").expect("written");
    let (before, _) = wait_for(&console, r"2024\.01\r\n").await;
    assert_eq!(before, "U-Boot ");
    dut.write_all(b"in: ").expect("written");
    let (before, matched) = wait_for(&console, "login: ").await;
    assert_eq!((before.as_bytes(), matched.as_str()), ("\u{fffd}\u{fffd}\0cam ".as_bytes(), "login: "));
    assert_eq!(write(&console, b"root\r").await, Ok(Got::Done));
    let mut typed = [0; 5];
    dut.read_exact(&mut typed).expect("read");
    assert_eq!(&typed, b"root\r");
    dut.write_all(b"root\r\n# ").expect("written");
    assert_eq!(wait_for(&console, "# $").await.0, "root\r\n");
    console.close().await;

    let streams = kept.streams();
    let meta = streams[0].meta.clone().expect("meta");
    assert_eq!(
        (meta.kind, meta.file.as_str(), meta.settings["line"]["baud"].as_u64()),
        (EvidenceKind::Serial, "console", Some(115_200))
    );
    assert!(streams[0].complete);
    assert_eq!(streams[0].bytes(Direction::In), b"U-Boot 2024.01\r\n\xff\xfe\x00cam login: root\r\n# ");
    assert_eq!(streams[0].bytes(Direction::Out), b"root\r");
    let typed_at = streams[0].pieces.iter().position(|(d, _)| *d == Direction::Out).expect("there");
    let echo_at = streams[0].pieces.iter().position(|(_, b)| b.starts_with(b"root\r\n")).expect("there");
    assert!(typed_at < echo_at, "the echo stands behind what it echoes");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_patterns_the_one_that_ends_first_is_told() {
    let (mut dut, console, _) = opened().await;
    let asked = console.call(expect(&["assword: ", "incorrect", r"[#$] $", "panic"], 20_000), soon());
    dut.write_all(b"Login incorrect\r\npassword: ").expect("written");
    let Got::Matched { pattern, before, .. } = asked.await.expect("no fault") else { panic!("a match") };
    assert_eq!((pattern, before.lossy().as_str()), (1, "Login "));
    assert_eq!(wait_for(&console, "assword: ").await.0, "\r\np", "what stands behind a match is still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_in_the_middle_of_talk_is_no_prompt() {
    let (mut dut, console, _) = opened().await;
    dut.write_all(b"count # ").expect("written");
    dut.write_all(b"of errors\r\nroot# ").expect("written");
    assert_eq!(wait_for(&console, "# $").await.0, "count # of errors\r\nroot");
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_and_forgetting_are_answers() {
    let (mut dut, console, _) = opened().await;
    dut.write_all(b"old login: ").expect("written");
    let rested = console.call(Ask::Quiet { idle_ms: 60 }, soon()).await;
    assert_eq!(rested, Ok(Got::Text { bytes: "old login: ".into(), total: 11 }));
    assert_eq!(console.call(Ask::Forget, soon()).await, Ok(Got::Done));
    let nothing = console.call(expect(&["login: "], 30), soon()).await;
    assert_eq!(nothing, Ok(Got::Text { bytes: "".into(), total: 0 }), "a silent DUT is an observation");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_is_cancelled_loses_nothing() {
    let (mut dut, console, _) = opened().await;
    for round in 0..50u32 {
        let asked = tokio::time::timeout(Duration::from_micros(u64::from(round) * 20), async {
            console.call(expect(&[r"mark\d+;"], 20_000), soon()).await
        });
        dut.write_all(format!("mark{round};").as_bytes()).expect("written");
        let matched = match asked.await {
            Ok(Ok(Got::Matched { matched, .. })) => matched.lossy(),
            Ok(other) => panic!("{other:?}"),
            Err(_) => wait_for(&console, r"mark\d+;").await.1,
        };
        assert_eq!(matched, format!("mark{round};"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_goes_through_whole_even_if_nobody_waits_for_it() {
    let (mut dut, console, kept) = opened().await;
    let sent: Vec<u8> = (0..300_000u32).map(|i| (i % 251) as u8).collect();
    let cancelled = tokio::time::timeout(Duration::from_millis(20), write(&console, &sent)).await;
    assert!(cancelled.is_err(), "nobody read, so it cannot have been done");
    let reader = tokio::task::spawn_blocking(move || {
        let mut got = vec![0; 300_003];
        dut.read_exact(&mut got).expect("read");
        (got, dut)
    });
    assert_eq!(write(&console, b"end").await, Ok(Got::Done), "the next write waits for its turn");
    let (got, _dut) = reader.await.expect("reader");
    assert!(got[..300_000] == sent[..] && &got[300_000..] == b"end");
    console.close().await;
    assert_eq!(kept.streams()[0].bytes(Direction::Out), got);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_takes_nothing_ends_at_the_deadline() {
    let (_dut, console, _) = opened().await;
    let until = Deadline::after(Duration::from_millis(100));
    let fault = console.call(Ask::Write { bytes: vec![b'x'; 1_000_000].into() }, until).await.expect_err("a fault");
    assert!(fault.code == "deadline" && fault.text.contains("of 1000000 bytes"), "{fault:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unplugging_is_the_benchs_fault_for_waiters_and_writers() {
    let (dut, console, kept) = opened().await;
    let waiting = console.call(expect(&["login: "], 20_000), soon());
    let unplug = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        drop(dut);
    };
    let (waited, ()) = tokio::join!(waiting, unplug);
    for fault in [waited.expect_err("gone"), write(&console, b"x").await.expect_err("gone")] {
        assert_eq!((fault.blame, fault.code.as_str()), (assay_model::Blame::Bench, "port-gone"));
        assert!(fault.help.contains("cable"), "{fault:?}");
    }
    console.close().await;
    assert!(kept.streams()[0].complete);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_cannot_be_had_says_why_and_what_to_do() {
    let (_, recorder) = MemoryRecorder::new();
    let code = async |path: &str| SerialConsole::open(&on_tty(path), "s1", &recorder).await.err().expect("a fault");
    assert_eq!(code("/dev/serial/by-id/usb-none").await.code, "port-missing");
    let file = tempfile::NamedTempFile::new().expect("file");
    assert_eq!(code(&file.path().display().to_string()).await.code, "not-a-port");
    assert_eq!(code("/dev/null").await.code, "port-settings");

    let (_dut, path) = pty();
    let _first = SerialConsole::open(&on_tty(&path), "s1", &recorder).await.expect("opens");
    let busy = code(&path).await;
    assert_eq!(busy.code, "port-busy");
    assert!(busy.text.contains(&format!("(pid {})", std::process::id())), "{}", busy.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_that_is_none_is_the_plans_fault() {
    let (_dut, console, _) = opened().await;
    let fault = console.call(expect(&["ok", "(login"], 10), soon()).await.expect_err("a fault");
    assert_eq!((fault.blame, fault.code.as_str()), (assay_model::Blame::Plan, "bad-pattern"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pty_has_no_break_and_no_modem_lines() {
    let (_dut, console, _) = opened().await;
    assert_eq!(console.call(Ask::Break { for_ms: 10 }, soon()).await, Ok(Got::Unsupported));
    let lines = Ask::Lines { dtr: Some(true), rts: Some(false) };
    assert_eq!(console.call(lines, soon()).await, Ok(Got::Unsupported));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_console_says_so_and_its_port_is_free_again() {
    let (mut dut, path) = pty();
    let (kept, recorder) = MemoryRecorder::new();
    let console = SerialConsole::open(&on_tty(&path), "s1", &recorder).await.expect("opens");
    dut.write_all(b"last words").expect("written");
    console.close().await;
    assert_eq!(kept.streams()[0].bytes(Direction::In), b"last words", "what the kernel had is kept");
    assert_eq!(write(&console, b"x").await.expect_err("closed").code, "console-closed");
    drop(console);
    SerialConsole::open(&on_tty(&path), "s1", &recorder).await.expect("opens again");
}

/// Counts; a transcript of 100 MB has no place in a test's memory.
struct Counter(Arc<std::sync::atomic::AtomicU64>);

impl EvidenceStream for Counter {
    fn id(&self) -> assay_model::EvidenceId {
        assay_model::EvidenceId(1)
    }
    fn append(&mut self, _: Direction, bytes: &[u8]) {
        self.0.fetch_add(bytes.len() as u64, std::sync::atomic::Ordering::SeqCst);
    }
    fn dropped(&mut self, _: u64, _: &str) {}
}

struct Counting(Arc<std::sync::atomic::AtomicU64>);

impl Recorder for Counting {
    fn exchange(&self, _: Exchange) {}
    fn stream(&self, _: StreamMeta) -> Box<dyn EvidenceStream> {
        Box::new(Counter(Arc::clone(&self.0)))
    }
    fn now_ns(&self) -> u64 {
        0
    }
}

/// The most memory that this process has had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("proc is mounted");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// So many MiB without a newline, then a prompt: it is found, and all that came was counted.
async fn flooded(mib: u64) {
    let (mut dut, path) = pty();
    let count = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let recorder: Arc<dyn Recorder> = Arc::new(Counting(Arc::clone(&count)));
    let console = SerialConsole::open(&on_tty(&path), "s1", &recorder).await.expect("opens");
    let flood = tokio::task::spawn_blocking(move || {
        let block = vec![b'A'; 1024 * 1024];
        for _ in 0..mib {
            dut.write_all(&block).expect("written");
        }
        dut.write_all(b"login: ").expect("written");
        dut
    });
    let until = Deadline::after(Duration::from_secs(900));
    let got = console.call(expect(&["login: "], 900_000), until).await.expect("no fault");
    let Got::Matched { before, .. } = got else { panic!("a match") };
    assert!(before.0.len() >= 60_000 && before.0.len() <= 512 * 1024, "{}", before.0.len());
    let _dut = flood.await.expect("flood");
    console.close().await;
    assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), mib * 1024 * 1024 + 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_megabytes_without_a_newline_flow_past_and_the_prompt_behind_them_is_found() {
    flooded(100).await;
}

/// Alone, so that memory is this test's: `cargo test -p assay-adapters a_gigabyte -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; adapters/README.md has its figures"]
#[expect(clippy::print_stderr, reason = "its figures are what it is for")]
async fn a_gigabyte_without_a_newline_takes_no_more_memory_than_a_megabyte() {
    flooded(1).await;
    let (before, started) = (peak(), std::time::Instant::now());
    flooded(1024).await;
    let grown = peak() - before;
    eprintln!("1 GiB in {:.1} s; at most {before} KiB after 1 MiB, {grown} KiB more", started.elapsed().as_secs_f64());
    assert!(grown < 4 * 1024, "{before} KiB grew by {grown} KiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_server_is_a_console_too_and_its_going_is_the_benchs_fault() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("listens");
    let address = server.local_addr().expect("address");
    let settings = ConsoleSettings { place: Place::Tcp(address.to_string()), line: LineSettings::default() };
    let (kept, recorder) = MemoryRecorder::new();
    let console = SerialConsole::open(&settings, "s1", &recorder).await.expect("opens");
    let (mut dut, _) = server.accept().expect("accepted");
    dut.write_all(b"cam login: ").expect("written");
    wait_for(&console, "login: ").await;
    assert_eq!(write(&console, b"root\r").await, Ok(Got::Done));
    let mut typed = [0; 5];
    dut.read_exact(&mut typed).expect("read");
    assert_eq!(console.call(Ask::Break { for_ms: 1 }, soon()).await, Ok(Got::Unsupported));
    drop(dut);
    let gone = console.call(expect(&["# "], 20_000), soon()).await.expect_err("gone");
    assert_eq!(gone.code, "port-gone");
    console.close().await;
    assert_eq!(kept.streams()[0].bytes(Direction::In), b"cam login: ");
    drop(server);
    let refused = SerialConsole::open(&settings, "s1", &recorder).await.err().expect("refused");
    assert_eq!(refused.code, "port-missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_was_unplugged_is_told_once_and_found_again_by_its_stable_name() {
    let folder = tempfile::tempdir().expect("folder");
    let by_id = folder.path().join("usb-FTDI_X-if00");
    let plug = || {
        let (dut, path) = pty();
        let _old = std::fs::remove_file(&by_id);
        std::os::unix::fs::symlink(path, &by_id).expect("linked");
        dut
    };
    let mut dut = plug();
    let (kept, recorder) = MemoryRecorder::new();
    let wire = ConsoleWire::Port(on_tty(&by_id.display().to_string()));
    let console = LastingConsole::open(wire, "s1", &recorder).await.expect("opens");
    dut.write_all(b"before").expect("written");
    assert!(matches!(console.call(expect(&["before"], 20_000), soon()).await, Ok(Got::Matched { .. })));
    drop(dut);
    std::fs::remove_file(&by_id).expect("the name goes with the adapter");
    let gone = console.call(expect(&["login: "], 20_000), soon()).await.expect_err("gone");
    assert_eq!((gone.blame, gone.code.as_str()), (assay_model::Blame::Bench, "port-gone"));

    // It is not back yet: told again, and never the DUT's fault.
    let short = Deadline::after(Duration::from_millis(300));
    let missing = console.call(expect(&["login: "], 200), short).await.expect_err("still away");
    assert_eq!((missing.blame, missing.code.as_str()), (assay_model::Blame::Bench, "port-missing"));

    let back = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut dut = plug();
        dut.write_all(b"cam login: ").expect("written");
        dut
    };
    let (found, _dut) = tokio::join!(console.call(expect(&["login: "], 20_000), soon()), back);
    assert!(matches!(found, Ok(Got::Matched { .. })), "{found:?}");
    console.close().await;
    let streams = kept.streams();
    assert_eq!(streams.len(), 2, "each time that it was there is an item of evidence");
    assert!(streams.iter().all(|s| s.complete));
    assert_eq!(streams[0].bytes(Direction::In), b"before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_breaks_is_bytes_like_any_and_the_prompt_behind_it_is_found() {
    let (mut dut, console, kept) = opened().await;
    let storm = std::thread::spawn(move || {
        for _ in 0..2_000 {
            dut.write_all(&[0; 1024]).expect("written"); // a tty gives each break as a zero
        }
        dut.write_all(b"\xff\xfe\x80 login: ").expect("written");
        dut
    });
    let (before, _) = wait_for(&console, "login: ").await;
    assert!(before.len() <= 512 * 1024 * 3, "bounded, whatever came");
    console.close().await;
    assert_eq!(kept.streams()[0].bytes(Direction::In).len(), 2_000 * 1024 + 11);
    drop(storm.join().expect("ended"));
}
