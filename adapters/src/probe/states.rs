//! Each state of the virtual debug port against the word that comes out, on two drivers; and what becomes of a child that
//! dies, hangs or is no longer wanted.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use assay_model::touch::probe::{
    FoundProbe, Identity, Look, PortState, ProbeAsk, ProbeRequest, ProbeResponse, RttLog, Stage, StageOutcome,
};
use assay_model::{Deadline, DutProbe, Fault, Touch};
use assay_virtual::debug::{
    DebugListener, DebugServer, DebugState, DebugTarget, Family, Image, serve_black_magic, serve_glasgow,
};

use super::child::answer;
use super::in_process::plug_in;
use super::job::Job;
use super::jtag_wire::{self, Tap};
use super::*;

const SECRET: &[u8] = b"wifi_psk=planted-for-this-test";
const LOG: &[u8] = b"boot: v1.2.3 secure-boot=on\r\nkey=0123456789abcdef\r\n";
const IN_CHILD: &str = "ASSAY_TEST_PROBE_CHILD";

/// What each state must be called: by the plain driver, by the Glasgow driver. `None`: no observation, a fault.
const TABLE: [(DebugState, Option<PortState>, Option<PortState>, &str); 16] = {
    use DebugState as S;
    use PortState as P;
    [
        (S::Open, Some(P::Open), Some(P::Open), "flash-read"),
        (S::NrfApprotect, Some(P::Locked), Some(P::Locked), "ctrl-ap"),
        (S::StmRdp1, Some(P::PartlyOpen), Some(P::PartlyOpen), "read-protection-stated"),
        (S::PinsDead, Some(P::Silent), Some(P::Silent), "no-acknowledge"),
        (S::ApOff, Some(P::Locked), Some(P::Locked), "no-access-port"),
        (S::ApDisabled, Some(P::Locked), Some(P::Locked), "access-port-disabled"),
        (S::ApFaults, Some(P::Unknown), Some(P::Unknown), "access-refused"),
        (S::DbgenOff, Some(P::PartlyOpen), Some(P::PartlyOpen), "flash-read-core-debug-refused"),
        (S::PowerUpDenied, Some(P::Unknown), Some(P::Unknown), "power-up-denied"),
        (S::WireOpen, Some(P::Silent), Some(P::Silent), "no-acknowledge"),
        (S::SwdioStuckLow, Some(P::WiringFault), Some(P::Silent), ""),
        (S::ParityErrors, Some(P::WiringFault), Some(P::Silent), ""),
        (S::WaitForever, Some(P::Unknown), Some(P::Unknown), "busy"),
        (S::CableLost { after: 60 }, Some(P::WiringFault), Some(P::WiringFault), "contact-lost"),
        (S::ProbeMissing, Some(P::ProbeMissing), Some(P::ProbeMissing), "probe-not-found"),
        (S::ProbeStalled { after: 40 }, Some(P::Open), None, ""), // the plain driver has no commands to stall on
    ]
};

fn target(family: Family, state: DebugState) -> DebugTarget {
    let image = Image::blank(family).flash_at(0x1000, SECRET).ram_at(0x8000, SECRET).rtt_log(LOG);
    DebugTarget::new(family, state, image)
}

fn family_of(state: DebugState) -> Family {
    if state == DebugState::NrfApprotect { Family::Nrf52840 } else { Family::Stm32f407 }
}

/// Not a test of its own: with the variable set, this process is the child of one.
#[test]
fn probe_child() {
    if std::env::var_os(IN_CHILD).is_some() {
        let _ = probe_child_main();
    }
}

fn child() -> ProbeChild {
    ProbeChild {
        program: std::env::current_exe().expect("a path"),
        arguments: ["--exact", "probe::states::probe_child", "--nocapture"].map(str::to_owned).into(),
        environment: vec![(IN_CHILD.into(), "1".into())],
    }
}

async fn glasgow(target: &DebugTarget) -> DebugServer {
    serve_glasgow(target.clone(), DebugListener::loopback().await.expect("binds")).expect("serves")
}

fn touch(selector: &str, family: Family) -> ProbeTouch {
    ProbeTouch::new(at(selector, Some(family)), child())
}

fn at(selector: &str, family: Option<Family>) -> DutProbe {
    DutProbe { selector: selector.into(), chip: family.map(|f| f.chip().into()), golden: None }
}

/// Long enough for a silent target on a busy machine; no test waits for it to pass.
fn long() -> Deadline {
    Deadline::after(Duration::from_secs(120))
}

async fn ask(touch: &ProbeTouch, ask: ProbeAsk) -> Result<ProbeResponse, Fault> {
    touch.call(ProbeRequest::new(ask), long()).await
}

fn as_look(response: ProbeResponse) -> Look {
    match response {
        ProbeResponse::Look(look) => look,
        other => panic!("no look: {other:?}"),
    }
}

/// The answer of the child's code in this very process, through the plain driver.
fn plainly(target: &DebugTarget, ask: ProbeAsk) -> Result<ProbeResponse, Fault> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let selector = plug_in(&format!("virtual{}", NEXT.fetch_add(1, Ordering::Relaxed)), target.clone());
    let job = Job { selector, chip: Some(target.family().chip().into()), ask };
    answer(&job, &mut |_| {})
}

#[test]
fn the_table_names_every_state_once() {
    assert_eq!(TABLE.map(|row| row.0), DebugState::ALL);
}

/// The page for users has the same words; that its verdicts follow is held by a test of the command line.
#[test]
fn the_page_has_the_words_of_the_table() {
    let page = include_str!("../../debug-port.md");
    let rows =
        page.lines().skip_while(|l| !l.starts_with("| virtual state")).skip(2).take_while(|l| l.starts_with('|'));
    let shown: Vec<[&str; 3]> = rows
        .map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            [cells[0], cells[2], cells[4]]
        })
        .collect();
    let word = |word: Option<PortState>| word.map_or("(none)", PortState::word);
    let keys = TABLE.map(|(state, ..)| match serde_json::to_value(state).expect("json") {
        serde_json::Value::String(key) => key,
        other => other.as_object().and_then(|o| o.keys().next()).expect("a key").clone(),
    });
    let held: Vec<[&str; 3]> = keys
        .iter()
        .zip(TABLE)
        .map(|(key, (_, plain, glasgow, _))| [key.as_str(), word(plain), word(glasgow)])
        .collect();
    assert_eq!(shown, held);
}

#[test]
fn every_state_has_its_word_on_the_plain_driver() {
    let check = |(state, plain, _, basis): (DebugState, Option<PortState>, _, &str)| {
        let target = target(family_of(state), state);
        let look = as_look(plainly(&target, ProbeAsk::LockState).expect("an observation"));
        assert_eq!(Some(look.state), plain, "{state:?}: {look:#?}");
        assert!(basis.is_empty() || look.basis == basis, "{state:?}: {look:#?}");
        assert_eq!(target.erase_count(), 0, "{state:?}");
    };
    std::thread::scope(|scope| TABLE.iter().for_each(|row| drop(scope.spawn(move || check(*row)))));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_has_its_word_behind_the_glasgow_driver_in_a_child() {
    let check = |(state, _, word, basis): (DebugState, _, Option<PortState>, &'static str)| async move {
        let target = target(family_of(state), state);
        let server = glasgow(&target).await;
        let touch = touch(server.selector(), target.family());
        // A stalled probe is met by the deadline, and by nothing else.
        let wait = if word.is_some() { 120 } else { 3 };
        let until = Deadline::after(Duration::from_secs(wait));
        match (touch.call(ProbeRequest::new(ProbeAsk::LockState), until).await, word) {
            (Ok(response), Some(word)) => {
                let look = as_look(response);
                assert_eq!(look.state, word, "{state:?}: {look:#?}");
                assert!(basis.is_empty() || look.basis == basis, "{state:?}: {look:#?}");
            }
            (Err(fault), None) => assert_eq!(fault.code, "deadline", "{state:?}: {fault:?}"),
            (seen, expected) => panic!("{state:?}: {seen:?} in place of {expected:?}"),
        }
        assert_eq!(target.erase_count(), 0, "{state:?}");
    };
    let looks: Vec<_> = TABLE.into_iter().map(|row| tokio::spawn(check(row))).collect();
    for look in looks {
        look.await.expect("the row holds");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bit_level_path_reads_the_same_words() {
    for (family, state, word) in [
        (Family::Nrf52840, DebugState::Open, PortState::Open),
        (Family::Nrf52840, DebugState::NrfApprotect, PortState::Locked),
        (Family::Stm32f407, DebugState::ParityErrors, PortState::WiringFault),
    ] {
        let target = target(family, state);
        let listener = DebugListener::loopback().await.expect("binds");
        let server = serve_black_magic(target.clone(), listener).expect("serves");
        let look = as_look(ask(&touch(server.selector(), family), ProbeAsk::LockState).await.expect("an observation"));
        assert_eq!(look.state, word, "{state:?}: {look:#?}");
        assert_eq!(target.erase_count(), 0);
    }
}

#[test]
fn an_open_dut_says_who_it_is() {
    let target = target(Family::Nrf52840, DebugState::Open);
    let Ok(ProbeResponse::Identity(Identity { debug_port, access_ports, core, maker, part, unique_id, .. })) =
        plainly(&target, ProbeAsk::Identify)
    else {
        panic!("no identity")
    };
    assert_eq!(debug_port.as_deref(), Some("0x2ba01477"));
    assert_eq!(access_ports.iter().map(|p| p.kind.as_str()).collect::<Vec<_>>(), ["memory", "nordic-ctrl"]);
    assert_eq!(core.as_deref(), Some("Cortex-M4 r0p1"));
    assert!(maker.expect("a maker").contains("Nordic"));
    assert_eq!((part.as_deref(), unique_id.as_deref()), (Some("0x008"), Some("1badcafe-0ddba115")));
}

#[test]
fn memory_comes_until_the_dut_refuses() {
    let read = |state, address, length| match plainly(
        &target(Family::Stm32f407, state),
        ProbeAsk::ReadMemory { address, length },
    ) {
        Ok(ProbeResponse::Memory { bytes, stopped }) => (bytes.0, stopped),
        other => panic!("no memory: {other:?}"),
    };
    // An odd start and length, so that no piece is aligned.
    let (bytes, stopped) = read(DebugState::Open, 0x0800_0fff, 5001);
    assert_eq!((bytes.len(), stopped), (5001, None));
    assert_eq!(&bytes[1..=SECRET.len()], SECRET);

    let (bytes, stopped) = read(DebugState::StmRdp1, 0x0800_1000, 64);
    let stopped = stopped.expect("flash is protected");
    assert_eq!((bytes.len(), stopped.outcome), (0, StageOutcome::Refused));

    // The last KiB of SRAM, and what lies behind it.
    let (bytes, stopped) = read(DebugState::Open, 0x2001_fc00, 4096);
    assert_eq!(bytes.len(), 1024);
    assert!(stopped.expect("unmapped").text.expect("a text").contains("0x20020000"));
}

#[test]
fn the_rtt_log_is_read_without_moving_its_pointer() {
    let target = target(Family::Nrf52840, DebugState::Open);
    for _ in 0..2 {
        let ask = ProbeAsk::RttLog { within_ms: 0, max_bytes: 4096 };
        let Ok(ProbeResponse::Rtt(RttLog { control_block, channels, stopped, .. })) = plainly(&target, ask) else {
            panic!("no log")
        };
        assert_eq!((control_block, stopped), (Some(0x2000_0100), None));
        assert_eq!((channels[0].name.as_str(), channels[0].bytes.as_slice()), ("Terminal", LOG));
    }
    let locked = self::target(Family::Nrf52840, DebugState::NrfApprotect);
    let Ok(ProbeResponse::Rtt(log)) = plainly(&locked, ProbeAsk::RttLog { within_ms: 0, max_bytes: 64 }) else {
        panic!("no answer")
    };
    assert!(log.channels.is_empty() && log.stopped.is_some());
}

#[test]
fn what_the_first_port_refuses_is_read_through_the_second() {
    let image = Image::blank(Family::Stm32f407).ram_at(0x8000, SECRET).rtt_log(LOG).with_open_second_port();
    let target = DebugTarget::new(Family::Stm32f407, DebugState::ApDisabled, image);
    let length = u32::try_from(SECRET.len()).expect("short");
    match plainly(&target, ProbeAsk::ReadMemory { address: 0x2000_8000, length }) {
        Ok(ProbeResponse::Memory { bytes, stopped }) => assert_eq!((bytes.0.as_slice(), stopped), (SECRET, None)),
        other => panic!("no memory: {other:?}"),
    }
    match plainly(&target, ProbeAsk::RttLog { within_ms: 0, max_bytes: 4096 }) {
        Ok(ProbeResponse::Rtt(log)) => assert_eq!(log.channels[0].bytes.0, LOG),
        other => panic!("no log: {other:?}"),
    }
}

#[test]
fn a_missing_probe_is_a_fault_where_memory_was_asked_for() {
    let missing = target(Family::Generic, DebugState::ProbeMissing);
    let fault = plainly(&missing, ProbeAsk::ReadMemory { address: 0, length: 4 }).expect_err("no probe");
    assert_eq!(fault.code, "probe-missing");
    let too_much = plainly(&missing, ProbeAsk::ReadMemory { address: 0xffff_ff00, length: 0x200 });
    assert_eq!(too_much.expect_err("past the end").code, "bad-range");
}

#[test]
fn a_jtag_chain_is_listed_in_its_order_and_a_probe_without_jtag_says_so() {
    let scan = |selector: String| match answer(&Job { selector, chip: None, ask: ProbeAsk::JtagScan }, &mut |_| {}) {
        Ok(ProbeResponse::JtagScan(scan)) => scan,
        other => panic!("no scan: {other:?}"),
    };
    let (core, boundary) = (Tap::new(Some(0x4ba0_0477), 4), Tap::new(Some(0x0641_3041), 5));
    let found = scan(jtag_wire::plug_in("two", vec![core, boundary]));
    let seen: Vec<_> = found.devices.iter().map(|d| (d.idcode.as_deref().unwrap_or_default(), d.ir_bits)).collect();
    assert!(found.supported && found.stopped.is_none(), "{found:?}");
    assert!(seen[0].0.to_lowercase().contains("4ba00477") && seen[0].1 == 4, "{seen:?}");
    assert!(seen[1].0.to_lowercase().contains("06413041") && seen[1].1 == 5, "{seen:?}");

    let nobody = scan(jtag_wire::plug_in("nobody", Vec::new()));
    assert!(nobody.supported && nobody.devices.is_empty(), "{nobody:?}");

    let swd_only = scan(plug_in("swd-only", target(Family::Generic, DebugState::Open)));
    assert!(!swd_only.supported && swd_only.stopped.is_some());
    let missing = Job { selector: "fffe:5152:nothing".into(), chip: None, ask: ProbeAsk::JtagScan };
    assert_eq!(answer(&missing, &mut |_| {}).expect_err("no probe").code, "probe-missing");
}

#[test]
fn probes_are_listed_with_their_selector() {
    let selector = plug_in("listed", target(Family::Generic, DebugState::Open));
    let job = Job { selector: selector.clone(), chip: None, ask: ProbeAsk::List };
    let Ok(ProbeResponse::Probes { probes }) = answer(&job, &mut |_| {}) else { panic!("no list") };
    let found = probes.iter().find(|p: &&FoundProbe| p.selector == selector).expect("it is listed");
    assert!(found.accessible && found.advice.is_none());
}

/// A child that writes its process id to a file first.
fn child_with_pid(file: &std::path::Path) -> ProbeChild {
    let own = child();
    let mut arguments = vec!["-c".into(), r#"echo $$ > "$0"; exec "$@""#.into(), file.display().to_string()];
    arguments.push(own.program.display().to_string());
    arguments.extend(own.arguments);
    ProbeChild { program: "/bin/sh".into(), arguments, environment: own.environment }
}

fn pid_in(file: &std::path::Path) -> Option<rustix::process::Pid> {
    rustix::process::Pid::from_raw(std::fs::read_to_string(file).ok()?.trim().parse().ok()?)
}

/// Until the process is gone (a zombie counts as gone once it is reaped).
async fn gone(pid: rustix::process::Pid) {
    while rustix::process::test_kill_process(pid).is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_killed_at_any_moment_is_a_fault_and_the_next_question_is_answered() {
    // Before the first command, in the handshake, in the port scan, in the reads.
    for after in [0, 2, 30, 400, 1_100] {
        let target = target(Family::Stm32f407, DebugState::ProbeStalled { after });
        let server = glasgow(&target).await;
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("pid");
        let settings = at(server.selector(), Some(target.family()));
        let touch = std::sync::Arc::new(ProbeTouch::new(settings, child_with_pid(&file)));
        let asking = tokio::spawn({
            let touch = touch.clone();
            async move { ask(&touch, ProbeAsk::LockState).await }
        });
        // The probe stalls for ever, so whenever this strikes, the child is at work.
        let pid = loop {
            match pid_in(&file) {
                Some(pid) if after < 30 || target.transfers() > 0 => break pid,
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("kills");
        let fault = asking.await.expect("no panic").expect_err("a fault");
        assert_eq!(fault.code, "probe-died", "after {after}: {fault:?}");
        assert!(fault.text.contains("signal: 9"), "{fault:?}");

        target.set_state(DebugState::Open);
        let look = as_look(ask(&touch, ProbeAsk::LockState).await.expect("the run goes on"));
        assert_eq!(look.state, PortState::Open, "after {after}");
        assert_eq!(target.erase_count(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_child_is_killed_at_the_deadline_and_names_where_it_stood() {
    let target = target(Family::Stm32f407, DebugState::ProbeStalled { after: 400 });
    let server = glasgow(&target).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pid");
    let settings = at(server.selector(), None);
    let touch = ProbeTouch::new(settings, child_with_pid(&file));
    // A busy machine may need longer to get as far as the port scan.
    let mut wait = 2;
    loop {
        let until = Deadline::after(Duration::from_secs(wait));
        let fault = touch.call(ProbeRequest::new(ProbeAsk::LockState), until).await.expect_err("a fault");
        assert_eq!(fault.code, "deadline");
        if fault.text.contains("`access-ports`") {
            break;
        }
        assert!(wait < 200, "{}", fault.text);
        wait *= 2;
    }
    gone(pid_in(&file).expect("it was started")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_ends_with_its_touch_and_one_that_ended_meanwhile_is_replaced() {
    let target = target(Family::Generic, DebugState::Open);
    let server = glasgow(&target).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pid");
    let settings = at(server.selector(), None);
    let touch = ProbeTouch::new(settings, child_with_pid(&file));
    ask(&touch, ProbeAsk::LockState).await.expect("an observation");
    let first = pid_in(&file).expect("a child");
    ask(&touch, ProbeAsk::LockState).await.expect("by the same child");
    assert_eq!(pid_in(&file), Some(first));

    rustix::process::kill_process(first, rustix::process::Signal::KILL).expect("kills");
    loop {
        match ask(&touch, ProbeAsk::Identify).await {
            Ok(_) => break,
            // The kill had not taken effect when the job was handed over.
            Err(fault) => assert_eq!(fault.code, "probe-died"),
        }
    }
    let second = pid_in(&file).expect("another child");
    assert_ne!(second, first);
    drop(touch);
    gone(second).await;
}

#[tokio::test]
async fn a_program_that_is_no_child_is_a_fault() {
    for (program, arguments) in
        [("/nonexistent/assay", vec![]), ("/bin/true", vec![]), ("/bin/echo", vec!["{}".into()])]
    {
        let child = ProbeChild { program: program.into(), arguments, environment: Vec::new() };
        let settings = at("0483:374b", None);
        let fault = ask(&ProbeTouch::new(settings, child), ProbeAsk::List).await.expect_err("no child");
        assert!(["probe-child", "probe-died"].contains(&fault.code.as_str()), "{fault:?}");
    }
}

/// Stock sessions of probe-rs, which our adapter never opens, find the same virtual chip: the model is not fitted to us.
#[test]
fn a_stock_session_attaches_to_an_open_chip_and_is_refused_by_a_locked_one() {
    use probe_rs::probe::{DebugProbeSelector, list::Lister};
    use probe_rs::{MemoryInterface as _, Permissions};
    for state in [DebugState::Open, DebugState::NrfApprotect] {
        let target = target(Family::Nrf52840, state);
        let selector: DebugProbeSelector = plug_in(&format!("stock-{state:?}"), target.clone()).parse().expect("ours");
        let probe = Lister::new().open(selector).expect("opens");
        match probe.attach("nRF52840_xxAA", Permissions::new()) {
            Ok(mut session) => {
                assert_eq!(state, DebugState::Open);
                let mut core = session.core(0).expect("a core");
                core.halt(Duration::from_millis(500)).expect("halts");
                let mut bytes = vec![0; SECRET.len()];
                core.read(0x1000, &mut bytes).expect("reads");
                assert_eq!(bytes, SECRET);
                core.run().expect("runs");
            }
            Err(error) => {
                assert_eq!(state, DebugState::NrfApprotect);
                assert!(format!("{error:?}").contains("MissingPermissions"), "{error:?}");
            }
        }
        assert_eq!(target.erase_count(), 0);
    }
}

#[test]
fn a_stage_reads_well_in_json() {
    let stage = Stage { name: "flash".into(), outcome: StageOutcome::TimedOut, value: None, text: None };
    assert_eq!(serde_json::to_string(&stage).expect("json"), r#"{"name":"flash","outcome":"timed-out"}"#);
}
