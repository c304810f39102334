//! What samples send over their links, in the chain: reports inside TLS pass, reports in clear fail their units and no other,
//! and of a sample that does not live, or sends nothing, nothing is said.

use super::support::{Lab, Ran};
use super::virtual_camera::{all, texts};

/// Units that rest on the capture.
const RESTING: [&str; 3] = ["5.5-5-2 b", "5.5-7-2 a", "5.8-1-2 a"];

/// Those, and neighbours that look at the same links in other ways.
const UNITS: &str =
    "unit in ['5.5-5-2 b', '5.5-6-2 a', '5.5-7-2 a', '5.6-1-2 b', '5.6-2-2 a', '5.8-1-2 a', '5.8-2-2 a']";

fn look(lab: &Lab, more: &[&str]) -> Ran {
    let (bench, out) = (lab.bench().display().to_string(), lab.path().display().to_string());
    let mut args = vec!["run", "test-plans/en303645", "--bench", &bench, "--out", &out, "--select", UNITS];
    args.extend(["--set", "tcp_ports=2200-2300,8000-8500", "--set", "capture_ms=3000"]);
    args.extend(more);
    let ran = lab.assay(&args);
    lab.judged_again(&ran);
    ran
}

fn resting() -> Vec<String> {
    RESTING.map(str::to_owned).to_vec()
}

#[test]
fn reports_inside_tls_pass_and_the_page_tells_the_flows() {
    let lab = Lab::new(122, 2);
    let ran = look(&lab, &[]);
    assert_eq!((ran.code, ran.units("FAIL")), (0, Vec::new()), "{}{}", ran.stdout, ran.stderr);
    let passed = ran.units("PASS");
    assert!(RESTING.iter().all(|unit| passed.contains(&(*unit).to_owned())), "{passed:?}");
    assert_eq!(ran.units("NOT_APPLICABLE"), ["5.8-2-2 a"], "nothing sensitive goes to a service");
    let results = ran.results().to_string();
    assert!(results.contains("capture.pcapng"), "the packets are evidence");
    let page = std::fs::read_to_string(ran.pack().join("report.html")).expect("report.html");
    assert!(page.contains("Packets captured") && page.contains("reports.maker.test:8443"), "the network section");
}

#[test]
fn reports_in_clear_fail_their_units_and_no_other() {
    let rows = all("defect", "camera");
    let row = rows.iter().find(|row| row["name"] == "telemetry-cleartext").expect("in the table");
    let lab = Lab::new(123, 1);
    let ran = look(&lab, &["--defect", "telemetry-cleartext"]);
    assert_eq!((ran.code, ran.units("FAIL")), (1, texts(&row["fails"])), "{}", ran.stderr);
    let undecided: Vec<String> = ["ERROR", "INCONCLUSIVE", "NOT_RUN"].iter().flat_map(|v| ran.units(v)).collect();
    assert_eq!(undecided, [""; 0]);
    let shown = ran.results()["units"].to_string();
    assert!(shown.contains("http reports.maker.test:8080"), "where to");
    assert!(shown.contains("tcp reports.maker.test:8080"), "which nobody declared");
    assert!(shown.contains("canary:serial number"), "and what");
}

/// Sensitive data by the same reports: 5.8-2 is put to them then.
#[test]
fn sensitive_data_in_clear_fails_its_unit_too() {
    let lab = Lab::edited(124, |dossier| {
        let report = "      communication_mechanisms: [ComMech-5]\n      sensitive: false";
        assert!(dossier.contains(report), "the dossier's health report");
        dossier
            .replace(report, "      communication_mechanisms: [ComMech-5]\n      sensitive: true")
            .replace("sensitive_personal_data_to_services: false", "sensitive_personal_data_to_services: true")
    });
    let ran = look(&lab, &["--defect", "telemetry-cleartext"]);
    assert!(ran.units("FAIL").contains(&"5.8-2-2 a".to_owned()), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn of_a_sample_that_does_not_live_or_sends_nothing_nothing_is_said() {
    for (number, more) in [
        (127, ["--defect", "absent"]),
        (128, ["--defect", "flaky"]),
        (129, ["--defect", "silent"]),
        // Nothing is sent in no time.
        (120, ["--set", "capture_ms=1"]),
    ] {
        let lab = Lab::new(number, 1);
        let ran = look(&lab, &more);
        let passed: Vec<String> = ran.units("PASS").into_iter().filter(|unit| resting().contains(unit)).collect();
        assert_eq!((passed, ran.units("FAIL")), (Vec::new(), Vec::new()), "{more:?}: {}", ran.stderr);
    }
}
