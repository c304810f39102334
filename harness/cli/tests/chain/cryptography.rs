//! Cryptography on the wire: each defect of the camera's TLS and SSH fails the units that ask about it and no other of their
//! sections, dead twins never pass them, and a good camera that is hard to ask fails nothing.

use serde_json::Value;

use super::support::{Lab, Ran};
use super::virtual_camera::{all, each_of, texts};

/// Sections 5.1-3 and 5.5, and the unit on keys that are made on the unit.
const ASKED: &str = r#"unit.startsWith("5.1-3-") || unit.startsWith("5.5-") || unit == "5.4-4-1 b""#;
/// The units that touch TLS or SSH.
const TOUCHING: [&str; 4] = ["5.1-3-2 a", "5.4-4-1 b", "5.5-1-2 a", "5.5-4-2 c"];
/// The defects of this file.
const DEFECTS: [&str; 6] =
    ["tls10-accepted", "tls-weak-suite", "tls-expired-cert", "tls-shared-key", "ssh-weak-kex", "ssh-shared-host-key"];

fn ask(lab: &Lab, select: &str, defect: &str) -> Ran {
    let (bench, out) = (lab.bench().display().to_string(), lab.path().display().to_string());
    let mut args = vec!["run", "test-plans/en303645", "--bench", &bench, "--out", &out, "--select", select];
    args.extend(["--set", "tcp_ports=1024-10000", "--defect", defect]);
    lab.assay(&args)
}

#[test]
fn each_defect_of_tls_and_ssh_fails_its_units_and_no_other() {
    let mut seeded = all("defect", "camera");
    seeded.retain(|d| DEFECTS.contains(&d["name"].as_str().unwrap_or_default()));
    assert_eq!(seeded.len(), DEFECTS.len());
    each_of(
        &seeded,
        140,
        2,
        |lab, name| ask(lab, ASKED, name),
        |defect, ran| {
            let (expected, failed) = (texts(&defect["fails"]), ran.units("FAIL"));
            if expected == failed { Ok(()) } else { Err(format!("was to fail {expected:?} and failed {failed:?}")) }
        },
    );
}

fn touching() -> String {
    format!("unit in {TOUCHING:?}")
}

#[test]
fn a_dead_twin_passes_nothing_that_touches_tls_or_ssh() {
    each_of(
        &all("dead", "camera"),
        148,
        2,
        |lab, name| ask(lab, &touching(), name),
        |_: &Value, ran| {
            let wrong: Vec<String> = [ran.units("PASS"), ran.units("FAIL")].concat();
            if wrong.is_empty() { Ok(()) } else { Err(format!("decided {wrong:?}")) }
        },
    );
}

#[test]
fn a_good_camera_that_is_hard_to_ask_fails_nothing() {
    let manners = all("manner", "camera");
    assert_eq!(manners.len(), 3);
    let select = format!("{} || unit.startsWith(\"5.6-1-\")", touching());
    each_of(
        &manners,
        152,
        1,
        |lab, name| ask(lab, &select, name),
        |_: &Value, ran| {
            let undecided: Vec<String> =
                ["FAIL", "ERROR", "INCONCLUSIVE", "NOT_RUN"].iter().flat_map(|verdict| ran.units(verdict)).collect();
            if undecided.is_empty() { Ok(()) } else { Err(format!("ended {} and left {undecided:?}", ran.code)) }
        },
    );
}
