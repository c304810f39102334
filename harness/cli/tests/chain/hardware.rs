//! What a console and a power switch decide in the assessment: each defect of the camera's console and power fails its own
//! units and no other, the good camera passes them, and a dead one decides nothing.

use super::support::{Lab, Ran};
use super::virtual_camera::{each_of, switches, texts};
use serde_json::Value;

/// Units that rest on console and power.
const UNITS: [&str; 4] = ["5.4-1-2 a", "5.6-4-2 b", "5.9-1-2 b", "5.9-2-2 b"];

fn look(lab: &Lab, more: &[&str]) -> Ran {
    look_at(lab, &UNITS, more)
}

fn look_at(lab: &Lab, units: &[&str], more: &[&str]) -> Ran {
    let (bench, out) = (lab.bench().display().to_string(), lab.path().display().to_string());
    let select = format!("unit in [{}]", units.iter().map(|u| format!("'{u}'")).collect::<Vec<_>>().join(", "));
    let mut args = vec!["run", "test-plans/en303645", "--bench", &bench, "--out", &out, "--select", &select];
    args.extend(["--set", "boot_ms=3000", "--set", "countdown_ms=2000", "--set", "power_cuts=4"]);
    args.extend(more);
    lab.assay(&args)
}

fn undecided(ran: &Ran) -> Vec<String> {
    let mut units: Vec<String> = ["ERROR", "INCONCLUSIVE", "NOT_RUN"].iter().flat_map(|v| ran.units(v)).collect();
    units.sort();
    units
}

/// Rows of the defects that fail one of the units.
fn defects() -> Vec<Value> {
    let ours = |row: &Value| texts(&row["fails"]).iter().any(|unit| UNITS.contains(&unit.as_str()));
    let all = super::virtual_camera::all("defect", "camera");
    all.into_iter().filter(ours).collect()
}

#[test]
fn each_defect_of_console_and_power_fails_its_units_and_no_other() {
    let rows = defects();
    let names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    for known in ["console-root-shell", "bootloader-shell", "boot-log-leaks-key", "settings-lost-on-power-cut"] {
        assert!(names.contains(&known), "{known} is no longer in the table");
    }
    each_of(
        &rows,
        210,
        1,
        |lab, name| look(lab, &["--defect", name]),
        |row, ran| {
            // The row speaks of all shipped plans; this run has the units of one.
            let mut expected = texts(&row["fails"]);
            expected.retain(|unit| UNITS.contains(&unit.as_str()));
            match (ran.units("FAIL") == expected, undecided(ran)) {
                (true, rest) if rest.is_empty() => Ok(()),
                (_, rest) => {
                    Err(format!("was to fail {expected:?}, failed {:?}, left {rest:?} undecided", ran.units("FAIL")))
                }
            }
        },
    );
}

#[test]
fn a_good_camera_passes_with_and_without_the_deeper_look() {
    let lab = Lab::new(220, 2);
    let ran = look(&lab, &[]);
    assert_eq!((ran.code, ran.units("PASS")), (0, UNITS.map(str::to_owned).to_vec()), "{}", ran.stderr);
    let seen = ran.results()["units"]["5.9-2-2 b"].to_string();
    assert!(seen.contains("power_cuts"), "the cuts are what was judged: {seen}");
    let basic = look(&lab, &["--set", "deeper=false"]);
    assert_eq!(basic.units("PASS"), UNITS, "a person decides: {}", basic.stderr);
}

#[test]
fn a_dead_camera_decides_nothing_of_console_and_power() {
    let dead: Vec<Value> = switches("dead", "camera").into_iter().filter(|row| row["name"] != "silent").collect();
    each_of(
        &dead,
        222,
        1,
        |lab, name| look(lab, &["--defect", name]),
        |_, ran| {
            if undecided(ran) == UNITS { Ok(()) } else { Err(format!("decided something: {}", ran.summary())) }
        },
    );
    // Each question to the silent one waits until it gives up: one unit is enough.
    let lab = Lab::new(221, 1);
    let ran = look_at(&lab, &["5.9-1-2 b"], &["--defect", "silent"]);
    assert_eq!(undecided(&ran), ["5.9-1-2 b"], "{}", ran.stderr);
}
