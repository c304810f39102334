//! The debug port through the whole chain: locked, open in several ways, silent, badly wired; and the probe's child, killed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use assay_engine::expr::Scope;
use assay_engine::load;
use assay_engine::plan::{Level, Registry};
use assay_virtual::debug::{DebugListener, DebugServer, DebugState, DebugTarget, Family, Image, serve_glasgow};
use serde_json::{Value, json};

use super::support::{Lab, Ran, root};
use super::virtual_camera::{all, each_of, texts};

/// Units that look through the probe, and their neighbours that do not.
const UNITS: &str = r#"provision in ["5.4-1", "5.6-3", "5.6-4"]"#;
/// Those that look through it.
const LOOKING: [&str; 2] = ["5.4-1-2 a", "5.6-4-2 a"];

/// Benches of this file's own opening have no virtual network: any number serves.
const LOCAL: u8 = 216;

fn run(lab: &Lab, more: &[&str]) -> Ran {
    let (bench, out) = (lab.bench().display().to_string(), lab.path().display().to_string());
    let mut args = vec!["run", "test-plans/en303645", "--bench", &bench, "--out", &out];
    args.extend(["--set", "boot_ms=3000", "--set", "countdown_ms=2000"]);
    args.extend(more);
    let ran = lab.assay(&args);
    lab.judged_again(&ran);
    ran
}

fn undecided(ran: &Ran) -> Vec<String> {
    let mut units: Vec<String> = ["ERROR", "INCONCLUSIVE", "NOT_RUN"].iter().flat_map(|v| ran.units(v)).collect();
    units.sort();
    units
}

/// Defects that the port has, and nothing else of the camera.
fn of_the_port() -> Vec<Value> {
    let names = ["debug-open", "debug-memory-readable", "secrets-in-flash", "rtt-log-leaks-key"];
    let rows: Vec<Value> =
        all("defect", "camera").into_iter().filter(|d| names.iter().any(|n| d["name"] == *n)).collect();
    assert_eq!(rows.len(), names.len());
    rows
}

#[test]
fn a_locked_port_passes_and_nothing_is_erased() {
    let lab = Lab::new(62, 2);
    let ran = run(&lab, &["--select", UNITS]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    for unit in LOOKING {
        assert!(ran.units("PASS").contains(&unit.to_owned()), "{unit}");
    }
    // Control and look of each sample stand in the record, with what the word rests on.
    let journal = std::fs::read_to_string(ran.pack().join("journal/journal.jsonl")).expect("journal");
    assert_eq!(journal.matches(r#""basis":"ctrl-ap""#).count(), 2, "each sample says itself that it is locked");
    assert!(journal.matches(r#""basis":"flash-read""#).count() >= 4, "the reference was open before and after");
}

#[test]
fn each_defect_of_the_port_fails_its_units_and_no_other_and_leaves_no_secret_in_the_pack() {
    let run = |lab: &Lab, name: &str| {
        let ran = run(lab, &["--select", UNITS, "--defect", name]);
        let checked = lab.assay(&["leakcheck", ran.pack().to_str().expect("UTF-8")]);
        assert_eq!(checked.code, 0, "{}{}", checked.stdout, checked.stderr);
        ran
    };
    each_of(&of_the_port(), 63, 1, run, |defect, ran| {
        let (expected, failed, left) = (texts(&defect["fails"]), ran.units("FAIL"), undecided(ran));
        if ran.code != 1 || expected != failed || !left.is_empty() {
            return Err(format!("ended {}, failed {failed:?} and not {expected:?}, left {left:?}", ran.code));
        }
        let found = ran.results()["units"]["5.4-1-2 a"].to_string();
        let rules: &[&str] = match defect["name"].as_str() {
            Some("secrets-in-flash") => &["wifi-psk", "private-key-pem", "canary:label password"],
            Some("rtt-log-leaks-key") => &["wifi-psk"],
            _ => &[],
        };
        let missing: Vec<_> = rules.iter().filter(|rule| !found.contains(**rule)).collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("did not find {missing:?}: {found}")) }
    });
}

#[test]
fn a_dead_device_cable_or_probe_neither_passes_nor_fails() {
    let mut dead = all("dead", "probe");
    assert_eq!(dead.len(), 3, "{dead:?}");
    dead.extend(all("dead", "camera"));
    let run = |lab: &Lab, name: &str| {
        // Each question to the silent one waits until it gives up: one unit is enough.
        let units = if name == "silent" { "unit == '5.6-4-2 a'" } else { r#"unit in ["5.4-1-2 a", "5.6-4-2 a"]"# };
        run(lab, &["--select", units, "--defect", name])
    };
    each_of(&dead, 226, 1, run, |twin, ran| {
        let left = undecided(ran);
        let asked = if twin["name"] == "silent" { &LOOKING[1..] } else { &LOOKING[..] };
        if ![3, 4].contains(&ran.code) || left != asked {
            return Err(format!("ended {} and left {left:?}", ran.code));
        }
        Ok(())
    });
}

/// A local bench whose one DUT has that probe.
fn wired(lab: &Lab, host: Option<&str>, probe: &Value) {
    let products = root().join("lab-config/products");
    let dut = match host {
        Some(host) => json!({"id": "s1", "host": host, "probe": probe}),
        None => json!({"id": "s1", "probe": probe}),
    };
    let text = format!(
        "assay: bench/1\nbench: wired\nprovider: {{ local: null }}\nproduct: {0}/virtual-camera.yaml\nanswers: \
         {0}/virtual-camera-answers.yaml\npermits: [passive, active, disruptive]\nduts: [{dut}]\n",
        products.display()
    );
    std::fs::write(lab.bench(), text).expect("bench written");
}

/// A row of the table in `adapters/debug-port.md`: state, then word and verdict of each driver.
fn table() -> Vec<[String; 5]> {
    let page = std::fs::read_to_string(root().join("adapters/debug-port.md")).expect("the page");
    let rows =
        page.lines().skip_while(|l| !l.starts_with("| virtual state")).skip(2).take_while(|l| l.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        [0, 2, 3, 4, 5].map(|at| cells[at].to_owned())
    })
    .collect()
}

/// The state's key in the table.
fn key(state: DebugState) -> String {
    let json = serde_json::to_value(state).expect("JSON");
    json.as_str().map_or_else(|| json.as_object().and_then(|o| o.keys().next()).expect("a key").clone(), str::to_owned)
}

fn family_of(state: DebugState) -> &'static str {
    if state == DebugState::NrfApprotect { "nrf52840" } else { "stm32f407" }
}

#[test]
fn each_row_of_the_table_ends_a_run_with_its_verdict() {
    let rows = table();
    let states: BTreeMap<String, DebugState> = DebugState::ALL.into_iter().map(|s| (key(s), s)).collect();
    assert_eq!(rows.len(), states.len());
    let cases: Vec<Value> = rows.iter().map(|row| json!({"name": row[0], "word": row[3], "verdict": row[4]})).collect();
    let run = |lab: &Lab, name: &str| {
        let state = states[name];
        wired(lab, None, &json!({"virtual": state, "family": family_of(state)}));
        run(lab, &["--select", "unit == '5.6-4-2 a'"])
    };
    each_of(&cases, LOCAL, 1, run, |case, ran| {
        let (verdict, word) = (case["verdict"].as_str().unwrap_or_default(), case["word"].as_str().unwrap_or_default());
        let journal = std::fs::read_to_string(ran.pack().join("journal/journal.jsonl")).unwrap_or_default();
        let seen = journal.lines().filter(|l| l.contains(r#""name":"debug_ports""#));
        let said = match verdict {
            // Where the bench is to blame, the fault names it.
            "ERROR" => seen.clone().any(|l| l.contains(r#""type":"infra.fault""#)),
            _ => seen.clone().any(|l| l.contains(&format!(r#""state":"{word}""#))),
        };
        if ran.units(verdict) != ["5.6-4-2 a"] || !said {
            return Err(format!("{:?}, word {word} said: {said}", ran.summary()["units"]));
        }
        Ok(())
    });
}

#[test]
fn each_word_comes_to_the_verdict_of_its_row_whatever_the_driver() {
    let registry = Registry {
        checks: assay_checks::all(),
        providers: assay_adapters::bench::providers(),
        catalogue: load::catalogue_of(&[]).expect("none"),
    };
    let plans = load::load_plans(&[root().join("test-plans/en303645")], &registry).unwrap_or_else(|e| panic!("{e:#?}"));
    let unit = plans.plans[0].units.iter().find(|u| u.id == "5.6-4-2 a").expect("the unit");
    let looks: Vec<_> = unit.expect.iter().filter(|e| e.that.names().iter().any(|n| n == "debug_ports")).collect();
    assert_eq!(looks.len(), 2);
    let judged = |port: Value| {
        let mut scope = Scope::new();
        scope.insert("debug_ports".into(), json!([port]));
        let broken = looks.iter().filter(|e| e.that.eval(&scope) != Ok(Value::Bool(true)));
        // The worst of what does not hold, as a run has it.
        broken.map(|e| if e.level == Level::Must { "FAIL" } else { "INCONCLUSIVE" }).min().unwrap_or("PASS")
    };
    for [state, plain, verdict, ..] in table() {
        let port = json!({"state": plain, "basis": "-", "stages": []});
        // What is the bench's to mend comes back as a fault, and no observation is left to be judged.
        let expected =
            if ["wiring-fault", "probe-missing"].contains(&plain.as_str()) { "INCONCLUSIVE" } else { &verdict };
        assert_eq!(judged(port), expected, "{state}");
    }
    let silent = |witness: Value, golden: Value| {
        judged(json!({"state": "silent", "basis": "-", "stages": [], "witness": witness, "golden": golden}))
    };
    let (lives, open) = (json!({"before": true, "after": true}), json!({"before": "open", "after": "open"}));
    assert_eq!(silent(lives.clone(), open.clone()), "PASS");
    assert_eq!(silent(json!({"before": true, "after": false}), open), "INCONCLUSIVE", "it died meanwhile");
    assert_eq!(silent(lives, json!({"before": "open", "after": "silent"})), "INCONCLUSIVE", "so did the fixture");
}

async fn port(state: DebugState) -> DebugServer {
    let target = DebugTarget::new(Family::Stm32f407, state, Image::blank(Family::Stm32f407));
    serve_glasgow(target, DebugListener::loopback().await.expect("binds")).expect("serves")
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_passes_only_of_a_unit_that_lives_on_a_fixture_that_reads() {
    let network = [127, 22, 68, 0].into();
    let spec = assay_virtual::StartSpec { samples: 1, network, ..assay_virtual::StartSpec::default() };
    let camera = assay_virtual::start(spec).await.expect("a camera");
    let (open, dead) = (port(DebugState::Open).await, port(DebugState::WireOpen).await);
    let golden = |server: &DebugServer| json!({"selector": server.selector()});
    let probe = |golden: Option<Value>| json!({"virtual": "pins-dead", "family": "stm32f407", "golden": golden});
    for (host, golden, verdict) in [
        (Some("127.22.68.1"), Some(golden(&open)), "PASS"),
        (Some("127.22.68.1"), None, "INCONCLUSIVE"),
        (None, Some(golden(&open)), "INCONCLUSIVE"),
        (Some("127.22.68.1"), Some(golden(&dead)), "ERROR"),
    ] {
        let lab = Lab::new(LOCAL, 1);
        wired(&lab, host, &probe(golden.clone()));
        let ran = tokio::task::spawn_blocking(move || run(&lab, &["--select", "unit == '5.6-4-2 a'"]));
        // The folder of the pack is gone with the lab, so what it says must be at hand.
        let said = ran.await.expect("ran").stderr;
        assert!(said.contains(&format!("{verdict} ")), "{host:?} {golden:?} is to be {verdict}: {said}");
    }
    camera.stop().await;
}

/// Children of a process that have this word among their arguments.
pub(super) fn children(of: u32, word: &str) -> Vec<i32> {
    let mut found = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{of}/task")).into_iter().flatten().flatten() {
        let listed = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        let is_it = |pid: &&str| {
            let arguments = std::fs::read_to_string(Path::new("/proc").join(pid).join("cmdline")).unwrap_or_default();
            arguments.split('\0').any(|argument| argument == word)
        };
        found.extend(listed.split_whitespace().filter(is_it).filter_map(|pid| pid.parse::<i32>().ok()));
    }
    found
}

#[test]
fn killing_the_probes_child_at_any_moment_ends_the_unit_in_error_and_the_run_goes_on() {
    // It stalls before its first command, in the handshake, in the scan of ports, in the reads: there it is killed.
    for after in [0, 2, 30, 400] {
        let lab = Lab::new(LOCAL, 1);
        wired(&lab, None, &json!({"virtual": {"probe-stalled": {"after": after}}, "family": "stm32f407"}));
        let (bench, out) = (lab.bench().display().to_string(), lab.path().display().to_string());
        let select = r#"unit in ["5.6-4-1 a", "5.6-4-2 a", "5.8-1-1 a"]"#;
        let args = ["run", "test-plans/en303645", "--bench", &bench, "--out", &out, "--select", select];
        let mut running =
            lab.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("assay starts");
        let mut killed = 0;
        while running.try_wait().expect("waits").is_none() {
            for pid in children(running.id(), "__probe") {
                // The control's look at the reference is left alone: what is killed is a look at the DUT that hangs.
                std::thread::sleep(Duration::from_millis(300));
                killed += usize::from(
                    Command::new("kill").args(["-KILL", &pid.to_string()]).status().is_ok_and(|s| s.success()),
                );
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let output = running.wait_with_output().expect("ended");
        let ran = Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        assert!(killed > 0, "{}", ran.stderr);
        assert_eq!(ran.code, 4, "after {after}: {}", ran.stderr);
        assert_eq!(ran.units("ERROR"), ["5.6-4-2 a"], "after {after}");
        assert!(ran.stderr.contains("the probe's child failed"), "{}", ran.stderr);
        assert_eq!(ran.units("PASS"), ["5.6-4-1 a", "5.8-1-1 a"], "the run goes on: {}", ran.stderr);
    }
}
