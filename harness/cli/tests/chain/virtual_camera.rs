//! The whole chain on virtual cameras: plan, devices, judgement, pack. Every seeded defect fails the units that it belongs
//! to and no other; a dead twin never passes a unit that it affects.

use std::sync::Mutex;

use super::support::{Lab, Ran};
use serde_json::Value;

/// Rows of the table of switches.
pub(super) fn all(kind: &str, part: &str) -> Vec<Value> {
    let lab = Lab::new(200, 1);
    let listed = lab.assay(&["virtual", "list", "--json"]);
    let list: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    let camera = list["models"].as_array().expect("models").iter().find(|m| m["name"] == "camera").expect("a camera");
    let all = camera["defects"].as_array().expect("defects").iter();
    all.filter(|d| d["kind"] == kind && d["part"] == part).cloned().collect()
}

pub(super) fn switches(kind: &str, part: &str) -> Vec<Value> {
    // Defects of other surfaces name units of other plans; their own tests run those.
    let here = |d: &Value| {
        d["kind"] == "dead"
            || part == "website"
            || d["fails"].as_array().is_some_and(|f| f.iter().any(|u| PLANNED.contains(&u.as_str().unwrap_or(""))))
    };
    all(kind, part).into_iter().filter(here).collect()
}

/// Units of the password plan that a seeded defect can fail.
const PLANNED: [&str; 14] = [
    "PSTI-1.1",
    "PSTI-1.2",
    "PSTI-1.3a",
    "PSTI-1.3b",
    "PSTI-1.3c",
    "PSTI-1.3d",
    "PSTI-1.X1",
    "5.1-1-2 a",
    "5.1-1-2 b",
    "5.1-1-2 c",
    "5.1-2-2 a",
    "5.1-5-2 b",
    "5.6-1-2 a",
    "5.6-1-2 b",
];

pub(super) fn texts(value: &Value) -> Vec<String> {
    let mut texts: Vec<String> =
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    texts.sort();
    texts
}

/// Runs every switch of a kind on a network of its own, three at a time.
fn each(kind: &str, first_network: u8, judge: impl Fn(&Value, &Ran) -> Result<(), String> + Sync) {
    let run = |lab: &Lab, name: &str| lab.run(&["--defect", name]);
    each_of(&switches(kind, "camera"), first_network, 3, run, judge);
}

/// Runs each of these switches by `run` on a network of its own, three at a time.
pub(super) fn each_of(
    switches: &[Value],
    first_network: u8,
    samples: u32,
    run: impl Fn(&Lab, &str) -> Ran + Sync,
    judge: impl Fn(&Value, &Ran) -> Result<(), String> + Sync,
) {
    assert!(!switches.is_empty());
    let queue = Mutex::new(switches.iter().zip(first_network..).collect::<Vec<_>>());
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some((switch, network)) = { queue.lock().expect("queue").pop() } {
                    let name = switch["name"].as_str().expect("a name");
                    let lab = Lab::new(network, samples);
                    let ran = run(&lab, name);
                    if let Err(text) = judge(switch, &ran) {
                        wrong.lock().expect("list").push(format!("{name}: {text}\n{}", ran.stderr));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("list");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn three_good_cameras_pass_and_leave_a_pack_that_verifies() {
    let lab = Lab::new(1, 3);
    let ran = lab.run_psti(&[]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.units("NOT_APPLICABLE"), ["psti-iso29147"], "the dossier does not open that way");
    assert_eq!(ran.units("PASS").len() + 1, ran.summary()["units"].as_object().expect("units").len());
    assert_eq!(ran.summary()["product"], "CONFORMS");
    whole_regime(&ran);
    let pack = ran.pack();
    let pack = pack.to_str().expect("UTF-8");
    let signers = lab.path().join("assay/keys/allowed_signers");
    let verified = lab.assay(&["verify", pack, "--allowed-signers", signers.to_str().expect("UTF-8")]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    assert!(verified.stdout.contains("Attempt 1 of 1 for sample s1"), "{}", verified.stdout);
    let standing = lab.assay(&["ledger", "verify", pack]);
    assert_eq!(standing.code, 0, "{}{}", standing.stdout, standing.stderr);
    let key = lab.path().join("assay/keys/bench_ed25519");
    let own = lab.assay(&["sign", pack, "--role", "reviewer", "--key", key.to_str().expect("UTF-8")]);
    assert_eq!(own.code, 2, "the bench reviews nothing: {}", own.stderr);
    let attested = lab.assay(&["attest", pack, "--key", key.to_str().expect("UTF-8")]);
    assert!(attested.code == 0 && attested.stdout.contains("application/vnd.in-toto+json"), "{}", attested.stderr);
    let zipped = lab.assay(&["zip", pack]);
    let verified = lab.assay(&["verify", zipped.stdout.trim(), "--allowed-signers", signers.to_str().expect("UTF-8")]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    let again = lab.assay(&["rejudge", pack]);
    assert_eq!((again.code, again.stdout.as_str()), (0, ""), "{}", again.stderr);

    // Rendering again from the record gives the bytes of the pack.
    for (format, file) in [("junit", "junit.xml"), ("html", "report.html"), ("json", "results/results.json")] {
        let rendered = lab.assay(&["report", pack, "--format", format]);
        let kept = std::fs::read_to_string(ran.pack().join(file)).expect(file);
        assert_eq!(rendered.stdout, kept, "{file}");
    }
    no_secret_is_left_in(&lab, &ran);
    an_edition_for_others_verifies(&lab, pack);

    std::fs::write(ran.pack().join("summary.json"), "{}").expect("edited");
    let broken = lab.assay(&["verify", pack]);
    assert_eq!(broken.code, 5);
    assert!(broken.stdout.contains("summary.json"), "{}", broken.stdout);
}

/// What a run of the whole regime says beside its verdicts.
fn whole_regime(ran: &Ran) {
    let results = ran.results();
    for (requirement, routes) in [
        ("PSTI-1", &["own", "etsi", "label"][..]),
        ("PSTI-2", &["own", "etsi", "iso29147", "label"]),
        ("PSTI-3", &["own", "etsi", "label"]),
    ] {
        let found = &results["requirements"][requirement];
        assert_eq!((&found["taken"], &found["verdict"]), (&"own".into(), &"PASS".into()), "{found}");
        let ways = found["ways"].as_array().expect("ways");
        assert_eq!(ways.iter().map(|w| w["route"].as_str().expect("text")).collect::<Vec<_>>(), routes);
        // ISO/IEC 29147 is fulfilled by what is published, and nothing says how the maker works by it.
        let met = ways.iter().filter(|w| w["route"] != "iso29147").all(|w| w["verdict"] == "PASS");
        assert!(met, "{found}");
    }
    for unit in ["PSTI-1.2", "5.1-1-2 c"] {
        let remarks = results["units"][unit]["cross_sample"]["remarks"].to_string();
        assert!(remarks.contains("3 unit(s)") && remarks.contains("10: 28 %"), "{unit}: {remarks}");
    }
    let policy = &results["plans"][0]["policy"];
    assert!(
        results["plans"].as_array().expect("plans").iter().any(|p| p["policy"]["english_share"] == 0.8),
        "{policy}"
    );
}

/// The disclosure edition: signed like the full one, without what was left out, and nothing else may be missing.
fn an_edition_for_others_verifies(lab: &Lab, pack: &str) {
    let unknown = lab.assay(&["disclose", pack, "--leave-out", "hologram"]);
    assert_eq!(unknown.code, 5);
    assert!(
        unknown.stderr.contains("no kind of evidence") && unknown.stderr.contains("`serial`"),
        "{}",
        unknown.stderr
    );
    let made = lab.assay(&["disclose", pack, "--leave-out", "serial"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let edition = made.pack();
    let signers = lab.path().join("assay/keys/allowed_signers");
    let verify = || {
        lab.assay(&["verify", edition.to_str().expect("UTF-8"), "--allowed-signers", signers.to_str().expect("UTF-8")])
    };
    let good = verify();
    assert_eq!(good.code, 0, "{}", good.stdout);
    assert!(good.stdout.contains("disclosure edition"), "{}", good.stdout);
    let kept = |ending: &str| {
        let mut stack = vec![edition.join("evidence")];
        let mut found = Vec::new();
        while let Some(path) = stack.pop() {
            match std::fs::read_dir(&path) {
                Ok(entries) => stack.extend(entries.map(|e| e.expect("entry").path())),
                Err(_) if path.to_string_lossy().ends_with(ending) => found.push(path),
                Err(_) => {}
            }
        }
        found
    };
    assert_eq!(kept("console.bin"), Vec::<std::path::PathBuf>::new(), "left out");
    let manifest = std::fs::read_to_string(edition.join("pack.json")).expect("manifest");
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    assert_eq!(manifest["redaction"]["edition"], "disclosure");
    assert!(manifest["redaction"]["withheld"].as_array().expect("list").len() >= 3, "{}", manifest["redaction"]);
    std::fs::remove_file(kept("exchanges.jsonl").first().expect("some exchanges")).expect("removed");
    let less = verify();
    assert_eq!(less.code, 5, "nothing else may be left out: {}", less.stdout);
}

/// Label passwords are secrets of the dossier: no file of a pack holds one in clear.
fn no_secret_is_left_in(lab: &Lab, ran: &Ran) {
    let mut started =
        lab.command(&["virtual", "start", "camera", "--samples", "3", "--network", "127.22.99.0", "--json"]);
    let mut child = started.stdout(std::process::Stdio::piped()).spawn().expect("starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("stdout");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).expect("one line");
    child.kill().expect("killed");
    child.wait().expect("waited");
    let shown: Value = serde_json::from_str(&line).expect("JSON");
    let secrets: Vec<String> = shown["samples"]
        .as_array()
        .expect("samples")
        .iter()
        .map(|s| s["label"]["password"].as_str().expect("a label password").to_owned())
        .collect();
    assert_eq!(secrets.len(), 3);
    let mut stack = vec![ran.pack()];
    while let Some(path) = stack.pop() {
        if path.is_dir() {
            stack.extend(std::fs::read_dir(&path).expect("readable").map(|e| e.expect("entry").path()));
            continue;
        }
        let bytes = std::fs::read(&path).expect("readable");
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!found, "{} holds a label password", path.display());
        }
    }

    // The tool finds what was planted, in the forms that servers and encoders make of it, and nothing before.
    let pack = ran.pack();
    let leakcheck = || lab.assay(&["leakcheck", pack.to_str().expect("UTF-8")]);
    let clean = leakcheck();
    assert_eq!(clean.code, 0, "{}{}", clean.stdout, clean.stderr);
    let secret = &secrets[1];
    let wide: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let hex: String = secret.bytes().map(|b| format!("{b:02x}")).collect();
    let planted = pack.join("evidence/planted.bin");
    for form in [secret.clone().into_bytes(), wide, hex.into_bytes()] {
        std::fs::write(&planted, [b"..", &form[..], b"."].concat()).expect("planted");
        let found = leakcheck();
        assert_eq!(found.code, 5, "{}", found.stdout);
        assert!(found.stdout.contains("evidence/planted.bin at byte 2"), "{}", found.stdout);
        assert!(!found.stdout.contains(secret.as_str()), "the check itself tells no secret");
    }
    std::fs::remove_file(&planted).expect("removed");
}

#[test]
fn each_defect_fails_its_units_and_no_other() {
    each("defect", 10, |defect, ran| {
        // The row speaks of all shipped plans; this run has the units of one.
        let planned = &ran.summary()["units"];
        let mut expected = texts(&defect["fails"]);
        expected.retain(|unit| planned.get(unit).is_some());
        let failed = ran.units("FAIL");
        if ran.code != 1 {
            return Err(format!("ended {} and not 1", ran.code));
        }
        if expected != failed {
            return Err(format!("was to fail {expected:?} and failed {failed:?}"));
        }
        let undecided: Vec<String> = ["ERROR", "INCONCLUSIVE", "NOT_RUN"].iter().flat_map(|v| ran.units(v)).collect();
        if undecided.is_empty() { Ok(()) } else { Err(format!("left {undecided:?} undecided")) }
    });
}

#[test]
fn a_dead_twin_neither_passes_nor_fails_what_it_affects() {
    each("dead", 40, |twin, ran| {
        // The row speaks of all shipped plans; this run has the units of one.
        let planned = &ran.summary()["units"];
        let mut affected = texts(&twin["affects"]);
        affected.retain(|unit| planned.get(unit).is_some());
        let mut undecided: Vec<String> =
            ["ERROR", "INCONCLUSIVE", "NOT_RUN"].iter().flat_map(|v| ran.units(v)).collect();
        undecided.sort();
        if !ran.units("FAIL").is_empty() {
            return Err(format!("failed {:?}", ran.units("FAIL")));
        }
        if affected == undecided {
            Ok(())
        } else {
            Err(format!("was to affect {affected:?} and affected {undecided:?}"))
        }
    });
}

#[test]
fn one_sample_says_nothing_about_what_differs_between_units() {
    let lab = Lab::new(2, 1);
    let ran = lab.run(&["--select", "unit in ['PSTI-1.2', '5.1-1-2 c']"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert_eq!(ran.units("INCONCLUSIVE"), ["5.1-1-2 c", "PSTI-1.2"]);
}

#[test]
fn without_answers_and_terminal_an_operator_step_is_not_run() {
    let lab = Lab::new(3, 1);
    let nobody = lab.path().join("nobody.yaml");
    std::fs::write(&nobody, "assay: answers/1\noperator: { id: op-1, name: Nobody }\nanswers: []\n").expect("written");
    let ran = lab.run(&["--select", "unit == 'PSTI-1.4'", "--answers", nobody.to_str().expect("UTF-8")]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert_eq!(ran.units("NOT_RUN"), ["PSTI-1.4"]);
}
