//! What services and web servers give to strangers, in the chain: each surface that is wrong fails its own units, the good
//! camera passes them all, and of a dead one nothing is said.

use super::support::{Lab, Ran};
use super::virtual_camera::{each_of, switches, texts};

const DEFECTS: [&str; 7] = [
    "mqtt-anonymous",
    "snmp-public",
    "upnp-igd-open",
    "ftp-anonymous",
    "http-cleartext-login",
    "http-settings-without-auth",
    "http-leaks-serial",
];

/// Units that ask the network of its services.
const UNITS: &str = "provision in ['5.1-1', '5.1-5', '5.5-4', '5.5-5', '5.5-6', '5.6-1', '5.6-2', '5.8-1'] || unit.startsWith('PSTI-1.')";

/// Both plans, with a scan that is no longer than it must be.
fn ask(lab: &Lab, more: &[&str]) -> Ran {
    let (bench, out) = (lab.bench().display().to_string(), lab.path().display().to_string());
    let mut args =
        vec!["run", "test-plans/psti/passwords.yaml", "test-plans/en303645", "--bench", &bench, "--out", &out];
    args.extend(["--set", "tcp_ports=1024-10000", "--select", UNITS]);
    args.extend(more);
    lab.assay(&args)
}

/// Units that rest on what services give.
const RESTING: [&str; 6] = ["5.5-4-2 a", "5.5-5-2 a", "5.5-5-2 b", "5.5-6-2 a", "5.6-1-2 b", "5.6-2-2 a"];

#[test]
fn each_open_surface_fails_its_units_and_no_other() {
    let mut mine = switches_of_cameras("defect");
    mine.retain(|d| d["name"].as_str().is_some_and(|n| DEFECTS.contains(&n)));
    assert_eq!(mine.len(), DEFECTS.len());
    each_of(
        &mine,
        100,
        2,
        |lab, name| ask(lab, &["--defect", name]),
        |defect, ran| {
            let (expected, failed) = (texts(&defect["fails"]), ran.units("FAIL"));
            if expected != failed {
                return Err(format!("was to fail {expected:?} and failed {failed:?}"));
            }
            let undecided: Vec<String> =
                ["ERROR", "INCONCLUSIVE", "NOT_RUN"].iter().flat_map(|v| ran.units(v)).collect();
            if undecided.is_empty() { Ok(()) } else { Err(format!("left {undecided:?} undecided")) }
        },
    );
}

#[test]
fn the_good_camera_gives_nothing_to_strangers_and_a_dead_one_passes_nothing() {
    let lab = Lab::new(107, 2);
    let ran = ask(&lab, &[]);
    assert_eq!(ran.units("FAIL"), Vec::<String>::new(), "{}", ran.stderr);
    let passed = ran.units("PASS");
    assert!(RESTING.iter().all(|unit| passed.contains(&(*unit).to_owned())), "{passed:?}\n{}", ran.stderr);
    lab.judged_again(&ran);

    each_of(
        &switches("dead", "camera"),
        108,
        1,
        |lab, name| ask(lab, &["--defect", name]),
        |_, ran| {
            if !ran.units("FAIL").is_empty() {
                return Err(format!("failed {:?}", ran.units("FAIL")));
            }
            let passed: Vec<String> = ran.units("PASS").into_iter().filter(|u| RESTING.contains(&u.as_str())).collect();
            if passed.is_empty() { Ok(()) } else { Err(format!("passed {passed:?}")) }
        },
    );
}

/// Every switch of the cameras, whichever plan its units are of.
fn switches_of_cameras(kind: &str) -> Vec<serde_json::Value> {
    let lab = Lab::new(112, 1);
    let listed = lab.assay(&["virtual", "list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&listed.stdout).expect("JSON");
    let all = list["models"][0]["defects"].as_array().expect("defects").iter();
    all.filter(|d| d["kind"] == kind && d["part"] == "camera").cloned().collect()
}
