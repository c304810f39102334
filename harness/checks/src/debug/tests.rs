//! Each check on a good, a weak and a dead DUT, as the probe's adapter would answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use assay_model::touch::probe::{
    Identity, Look, MAX_READ, PortState, Probe, ProbeAsk, ProbeRequest, ProbeResponse, RttChannel, RttLog, Stage,
    StageOutcome,
};
use assay_model::touch::tcp::{ReadEnd, Tcp, TcpRequest, TcpResponse};
use assay_model::{
    AddressBook, CheckContext, Deadline, Dut, Fault, Limits, Progress, SecretSink, Touch, Touches, erase,
};
use async_trait::async_trait;
use serde_json::{Value, json};

use super::*;

type Answer = dyn Fn(ProbeAsk) -> Result<ProbeResponse, Fault> + Send + Sync;

/// A probe that answers as a test wants, and keeps what it was asked.
struct Scripted {
    answer: Box<Answer>,
    asked: Mutex<Vec<ProbeRequest>>,
}

#[async_trait]
impl Touch<Probe> for Scripted {
    async fn call(&self, request: ProbeRequest, _: Deadline) -> Result<ProbeResponse, Fault> {
        self.asked.lock().expect("unpoisoned").push(request.clone());
        (self.answer)(request.ask)
    }
}

/// A network on which a service answers so often and then no more.
struct Service(Mutex<u32>);

#[async_trait]
impl Touch<Tcp> for Service {
    async fn call(&self, _: TcpRequest, _: Deadline) -> Result<TcpResponse, Fault> {
        let mut left = self.0.lock().expect("unpoisoned");
        if *left == 0 {
            return Ok(TcpResponse::Refused);
        }
        *left -= 1;
        Ok(TcpResponse::Data { bytes: "".into(), end: ReadEnd::Idle })
    }
}

#[derive(Default)]
struct Vault(Mutex<Vec<String>>);

impl SecretSink for Vault {
    fn register(&self, _: &str, value: &str) {
        self.0.lock().expect("unpoisoned").push(value.to_owned());
    }
}

impl Progress for Vault {
    fn step(&self, _: u64, _: u64, _: &str) {}
}

struct Bench {
    cx: CheckContext,
    probe: Arc<Scripted>,
    vault: Arc<Vault>,
}

fn bench(
    service_answers: u32,
    answer: impl Fn(ProbeAsk) -> Result<ProbeResponse, Fault> + Send + Sync + 'static,
) -> Bench {
    let probe = Arc::new(Scripted { answer: Box::new(answer), asked: Mutex::default() });
    let vault = Arc::new(Vault::default());
    let mut addresses = AddressBook::new();
    addresses.own("dut", [127, 0, 0, 1].into());
    let tcp: Arc<dyn Touch<Tcp>> = Arc::new(Service(Mutex::new(service_answers)));
    let touches = Touches { probe: Some(probe.clone()), tcp: Some(tcp), ..Touches::default() };
    let cx = CheckContext {
        dut: Arc::new(Dut::default()),
        touches,
        addresses: Arc::new(addresses),
        limits: Limits::default(),
        deadline: Deadline::after(Duration::from_secs(60)),
        secrets: vault.clone(),
        progress: vault.clone(),
    };
    Bench { cx, probe, vault }
}

fn stage(name: &str, outcome: StageOutcome) -> Stage {
    Stage { name: name.into(), outcome, value: None, text: None }
}

fn look(state: PortState) -> ProbeResponse {
    let stages = vec![stage("probe", StageOutcome::Ok)];
    ProbeResponse::Look(Look { state, basis: "a-basis".into(), stages, target_mv: Some(3300) })
}

async fn lock_state(bench: &Bench, params: Value) -> Result<Value, Fault> {
    erase(DebugLockState).run(&bench.cx, params).await
}

#[tokio::test]
async fn the_state_is_passed_on_in_the_words_that_scripts_rely_on() {
    for (state, word) in [
        (PortState::Locked, "locked"),
        (PortState::Open, "open"),
        (PortState::PartlyOpen, "partly-open"),
        (PortState::Silent, "silent"),
        (PortState::WiringFault, "wiring-fault"),
        (PortState::ProbeMissing, "probe-missing"),
        (PortState::Unknown, "unknown"),
    ] {
        assert_eq!(state.word(), word);
        let bench = bench(0, move |_| Ok(look(state)));
        let seen = lock_state(&bench, json!({"probe": "0483:374b:1", "chip": "STM32F407VG"})).await.expect("observes");
        assert_eq!(seen["state"], word);
        assert_eq!(seen["stages"][0], json!({"name": "probe", "outcome": "ok"}));
        assert_eq!(seen["target_mv"], 3300);
        assert!(seen.get("witness").is_none());
        let asked = bench.probe.asked.lock().expect("unpoisoned");
        assert_eq!((asked[0].probe.as_deref(), asked[0].ask), (Some("0483:374b:1"), ProbeAsk::LockState));
        assert_eq!(asked[0].chip.as_deref(), Some("STM32F407VG"));
    }
}

#[tokio::test]
async fn the_witness_is_asked_before_and_after() {
    let witness = json!({"witness": {"host": "dut", "port": 8443}});
    for (answers, expected) in [(2, [true, true]), (1, [true, false]), (0, [false, false])] {
        let bench = bench(answers, |_| Ok(look(PortState::Silent)));
        let seen = lock_state(&bench, witness.clone()).await.expect("observes");
        assert_eq!(seen["witness"], json!({"before": expected[0], "after": expected[1]}));
    }
    let foreign = json!({"witness": {"host": "192.0.2.1", "port": 1}});
    let bench = bench(2, |_| Ok(look(PortState::Silent)));
    assert_eq!(lock_state(&bench, foreign).await.expect_err("not the bench's").code, "foreign-address");
    assert!(bench.probe.asked.lock().expect("unpoisoned").is_empty());
}

#[tokio::test]
async fn a_probe_that_hangs_or_a_bench_without_one_is_a_fault() {
    let hung = bench(0, |_| Err(Fault::timeout("the probe hung")));
    assert_eq!(lock_state(&hung, json!({})).await.expect_err("a fault").code, "deadline");
    let mut without = bench(0, |_| Ok(look(PortState::Open)));
    without.cx.touches.probe = None;
    assert_eq!(lock_state(&without, json!({})).await.expect_err("a fault").code, "not-provided");
    let confused = bench(0, |_| Ok(ProbeResponse::Probes { probes: Vec::new() }));
    assert_eq!(lock_state(&confused, json!({})).await.expect_err("a fault").code, "wrong-answer");
}

#[tokio::test]
async fn identify_says_whether_anything_answered() {
    for (debug_port, answered) in [(Some("0x2ba01477".to_owned()), true), (None, false)] {
        let bench = bench(0, move |_| {
            Ok(ProbeResponse::Identity(Identity { debug_port: debug_port.clone(), ..Identity::default() }))
        });
        let seen = erase(DebugIdentify).run(&bench.cx, json!({})).await.expect("observes");
        assert_eq!(seen["answered"], answered);
    }
}

/// Memory of so many bytes from address 0, with a passphrase across the border of the first request; refused behind it.
fn memory(len: usize) -> impl Fn(ProbeAsk) -> Result<ProbeResponse, Fault> + Send + Sync + 'static {
    let mut bytes = vec![0xff; len];
    let secret = b"\0wifi_psk=blue-horse-42\0";
    let at = (MAX_READ as usize - 12).min(len.saturating_sub(secret.len()));
    if len > secret.len() {
        bytes[at..at + secret.len()].copy_from_slice(secret);
    }
    move |ask| {
        let ProbeAsk::ReadMemory { address, length } = ask else { panic!("asked {ask:?}") };
        assert!(length <= MAX_READ);
        let start = (address as usize).min(bytes.len());
        let end = (start + length as usize).min(bytes.len());
        let stopped = (end - start < length as usize).then(|| stage("memory", StageOutcome::Refused));
        Ok(ProbeResponse::Memory { bytes: bytes[start..end].into(), stopped })
    }
}

#[tokio::test]
async fn readable_flash_is_searched_across_the_borders_of_its_requests() {
    let bench = bench(0, memory(MAX_READ as usize * 2));
    let seen = erase(DebugReadMemory)
        .run(&bench.cx, json!({"address": 0, "length": MAX_READ + 4096, "canaries": {"label": "horse-42"}}))
        .await
        .expect("observes");
    assert_eq!((seen["complete"].clone(), seen["blank"].clone()), (json!(true), json!(false)));
    let rules: Vec<_> = seen["findings"].as_array().expect("a list").iter().map(|f| f["rule"].clone()).collect();
    assert_eq!(rules, ["wifi-psk", "canary:label"]);
    assert!(!seen.to_string().contains("blue-horse"), "{seen}");
    assert!(bench.vault.0.lock().expect("unpoisoned").contains(&"blue-horse-42".to_owned()));
    assert_eq!(bench.probe.asked.lock().expect("unpoisoned").len(), 2);
}

#[tokio::test]
async fn protected_flash_gives_nothing_and_erased_flash_is_called_blank() {
    let refused = bench(0, memory(0));
    let seen = erase(DebugReadMemory).run(&refused.cx, json!({"address": 0, "length": 64})).await.expect("observes");
    assert_eq!(
        (&seen["read_bytes"], &seen["complete"], &seen["stopped"]["outcome"]),
        (&json!(0), &json!(false), &json!("refused"))
    );

    let erased = bench(0, |_| Ok(ProbeResponse::Memory { bytes: vec![0xff; 64].into(), stopped: None }));
    let seen = erase(DebugReadMemory).run(&erased.cx, json!({"address": 0, "length": 64})).await.expect("observes");
    assert_eq!((&seen["blank"], &seen["complete"]), (&json!(true), &json!(true)));

    for length in [0u64, 1 << 30] {
        let fault = erase(DebugReadMemory).run(&erased.cx, json!({"address": 0, "length": length})).await;
        assert_eq!(fault.expect_err("out of bounds").code, "bad-parameter");
    }
}

#[tokio::test]
async fn an_rtt_log_is_shown_and_searched() {
    let leaky = bench(0, |_| {
        let channel = RttChannel { name: "Terminal".into(), bytes: "boot\r\nwifi_psk=blue-horse-42\r\n".into() };
        Ok(ProbeResponse::Rtt(RttLog {
            control_block: Some(0x2000_0100),
            channels: vec![channel],
            searched: 4096,
            stopped: None,
        }))
    });
    let seen = erase(DebugRttLog).run(&leaky.cx, json!({})).await.expect("observes");
    assert_eq!((&seen["found"], &seen["findings"][0]["rule"]), (&json!(true), &json!("wifi-psk")));
    assert!(leaky.vault.0.lock().expect("unpoisoned").contains(&"blue-horse-42".to_owned()), "the vault can redact it");

    let locked = bench(0, |_| {
        Ok(ProbeResponse::Rtt(RttLog { stopped: Some(stage("memory", StageOutcome::Refused)), ..RttLog::default() }))
    });
    let seen = erase(DebugRttLog).run(&locked.cx, json!({})).await.expect("observes");
    assert_eq!((&seen["found"], &seen["searched_bytes"]), (&json!(false), &json!(0)), "nothing was shown about a log");
}
