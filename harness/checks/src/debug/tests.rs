//! Each check on a good, a weak and a dead DUT, as the probe's adapter would answer.

use std::sync::{Arc, Mutex};

use assay_model::touch::probe::{
    Identity, JtagDevice, JtagScan, Look, MAX_READ, MemoryMap, MemoryRange, PortState, Probe, ProbeAsk, ProbeRequest,
    ProbeResponse, RttChannel, RttLog, Stage, StageOutcome,
};
use assay_model::{CheckContext, Deadline, Fault, Touch, erase};
use async_trait::async_trait;
use serde_json::{Value, json};

use super::*;
use crate::fake::{Dut, Secrets};

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

struct Bench {
    cx: CheckContext,
    probe: Arc<Scripted>,
    vault: Arc<Secrets>,
}

/// A DUT whose debug port answers as given.
fn of(dut: &Dut, answer: impl Fn(ProbeAsk) -> Result<ProbeResponse, Fault> + Send + Sync + 'static) -> Bench {
    let probe = Arc::new(Scripted { answer: Box::new(answer), asked: Mutex::default() });
    let vault = Arc::new(Secrets::default());
    let mut cx = dut.context(vault.clone());
    cx.touches.probe = Some(probe.clone());
    Bench { cx, probe, vault }
}

fn bench(answer: impl Fn(ProbeAsk) -> Result<ProbeResponse, Fault> + Send + Sync + 'static) -> Bench {
    of(&Dut::good(), answer)
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
        let bench = bench(move |_| Ok(look(state)));
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
async fn the_witness_must_answer_in_its_own_protocol() {
    let web = json!([{"proto": "tcp", "port": 8443, "service": "https-json"}]);
    let console = json!([{"service": "console"}]);
    // The dead one accepts connections, and that is not enough.
    for (dut, lives) in [(Dut::good(), true), (Dut::silent(), false)] {
        for endpoints in [&web, &console] {
            let bench = of(&dut, |_| Ok(look(PortState::Silent)));
            let witness = json!({"witness": {"host": "dut", "endpoints": endpoints}});
            let seen = lock_state(&bench, witness).await.expect("observes");
            assert_eq!(seen["witness"], json!({"before": lives, "after": lives}), "{endpoints}");
        }
    }
    let foreign = json!({"witness": {"host": "192.0.2.1", "endpoints": web}});
    let bench = bench(|_| Ok(look(PortState::Silent)));
    assert_eq!(lock_state(&bench, foreign).await.expect_err("not the bench's").code, "foreign-address");
    assert!(bench.probe.asked.lock().expect("unpoisoned").is_empty());
}

#[tokio::test]
async fn the_golden_unit_is_looked_at_before_and_after() {
    let golden = json!({"golden": {"selector": "0483:374b:golden"}, "chip": "STM32F407VG"});
    let bench = bench(|_| Ok(look(PortState::Open)));
    let seen = lock_state(&bench, golden).await.expect("observes");
    assert_eq!(seen["golden"], json!({"before": "open", "after": "open"}));
    let asked = bench.probe.asked.lock().expect("unpoisoned");
    let probes: Vec<_> = asked.iter().map(|r| r.probe.as_deref()).collect();
    assert_eq!(probes, [Some("0483:374b:golden"), None, Some("0483:374b:golden")]);
    assert!(asked.iter().all(|r| r.chip.as_deref() == Some("STM32F407VG")));
}

#[tokio::test]
async fn who_needs_the_port_gets_the_benchs_trouble_as_a_fault() {
    for (state, code) in [(PortState::ProbeMissing, "probe-missing"), (PortState::WiringFault, "debug-wiring")] {
        let bench = bench(move |_| Ok(look(state)));
        let fault = lock_state(&bench, json!({"needs_port": true})).await.expect_err("a fault");
        assert_eq!((fault.code.as_str(), fault.blame), (code, assay_model::Blame::Bench));
        assert!(!fault.help.is_empty());
    }
    let dark = bench(|_| Ok(look(PortState::Silent)));
    let golden = json!({"needs_port": true, "golden": {"selector": "0483:374b:golden"}});
    assert_eq!(lock_state(&dark, golden).await.expect_err("a fault").code, "golden-unit");
    for state in [PortState::Locked, PortState::Open, PortState::Silent, PortState::Unknown] {
        let bench = bench(move |_| Ok(look(state)));
        let seen = lock_state(&bench, json!({"needs_port": true})).await.expect("what the DUT does is an observation");
        assert_eq!(seen["state"], state.word());
    }
}

#[tokio::test]
async fn a_probe_that_hangs_or_a_bench_without_one_is_a_fault() {
    let hung = bench(|_| Err(Fault::timeout("the probe hung")));
    assert_eq!(lock_state(&hung, json!({})).await.expect_err("a fault").code, "deadline");
    let mut without = bench(|_| Ok(look(PortState::Open)));
    without.cx.touches.probe = None;
    assert_eq!(lock_state(&without, json!({})).await.expect_err("a fault").code, "not-provided");
    let confused = bench(|_| Ok(ProbeResponse::Probes { probes: Vec::new() }));
    assert_eq!(lock_state(&confused, json!({})).await.expect_err("a fault").code, "wrong-answer");
}

#[tokio::test]
async fn identify_says_whether_anything_answered() {
    for (debug_port, answered) in [(Some("0x2ba01477".to_owned()), true), (None, false)] {
        let bench = bench(move |_| {
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
    let bench = bench(memory(MAX_READ as usize * 2));
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
    let refused = bench(memory(0));
    let seen = erase(DebugReadMemory).run(&refused.cx, json!({"address": 0, "length": 64})).await.expect("observes");
    assert_eq!(
        (&seen["read_bytes"], &seen["complete"], &seen["stopped"]["outcome"]),
        (&json!(0), &json!(false), &json!("refused"))
    );

    let erased = bench(|_| Ok(ProbeResponse::Memory { bytes: vec![0xff; 64].into(), stopped: None }));
    let seen = erase(DebugReadMemory).run(&erased.cx, json!({"address": 0, "length": 64})).await.expect("observes");
    assert_eq!((&seen["blank"], &seen["complete"]), (&json!(true), &json!(true)));

    for wrong in [
        json!({"address": 0, "length": 0}),
        json!({"address": 0, "length": 1 << 30}),
        json!({"address": 0}),
        json!({}),
        json!({"region": "flash", "address": 0, "length": 4}),
    ] {
        let fault = erase(DebugReadMemory).run(&erased.cx, wrong).await;
        assert_eq!(fault.expect_err("out of bounds").code, "bad-parameter");
    }
}

#[tokio::test]
async fn a_region_is_read_whole_where_the_chip_has_it() {
    let range = |address, length| MemoryRange { address, length };
    let map = MemoryMap { known: true, flash: range(0x0800_0000, 4096), sram: range(0x2000_0000, 64) };
    for (region, address, length) in [("flash", 0x0800_0000u64, 4096usize), ("sram", 0x2000_0000, 64)] {
        let map = map.clone();
        let bench = bench(move |ask| match ask {
            ProbeAsk::MemoryMap => Ok(ProbeResponse::MemoryMap(map.clone())),
            ProbeAsk::ReadMemory { length, .. } => {
                Ok(ProbeResponse::Memory { bytes: vec![7; length as usize].into(), stopped: None })
            }
            other => panic!("asked {other:?}"),
        });
        let seen = erase(DebugReadMemory).run(&bench.cx, json!({"region": region})).await.expect("observes");
        assert_eq!((&seen["address"], &seen["read_bytes"]), (&json!(address), &json!(length)));
        assert_eq!(seen["complete"], true);
    }
}

#[tokio::test]
async fn a_chain_is_listed_and_a_probe_without_jtag_says_so() {
    let arm = || JtagDevice { idcode: Some("0x4BA00477 (ARM Ltd)".into()), ir_bits: 4 };
    for (scan, supported, devices, stopped) in [
        (JtagScan { supported: true, devices: vec![arm()], stopped: None }, true, 1, false),
        (JtagScan { supported: true, ..JtagScan::default() }, true, 0, false),
        (JtagScan { stopped: Some(stage("jtag-chain", StageOutcome::Failed)), ..JtagScan::default() }, false, 0, true),
    ] {
        let bench = bench(move |_| Ok(ProbeResponse::JtagScan(scan.clone())));
        let seen = erase(DebugJtagScan).run(&bench.cx, json!({})).await.expect("observes");
        assert_eq!((&seen["supported"], seen["devices"].as_array().map(Vec::len)), (&json!(supported), Some(devices)));
        assert_eq!(seen.get("stopped").is_some(), stopped);
    }
}

#[tokio::test]
async fn an_rtt_log_is_shown_and_searched() {
    let leaky = bench(|_| {
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

    let locked = bench(|_| {
        Ok(ProbeResponse::Rtt(RttLog { stopped: Some(stage("memory", StageOutcome::Refused)), ..RttLog::default() }))
    });
    let seen = erase(DebugRttLog).run(&locked.cx, json!({})).await.expect("observes");
    assert_eq!((&seen["found"], &seen["searched_bytes"]), (&json!(false), &json!(0)), "nothing was shown about a log");
}
