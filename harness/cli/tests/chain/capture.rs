//! What samples send over their links, in the chain: reports inside TLS pass, reports in clear fail their units and no other,
//! and of a sample that does not live, or sends nothing, nothing is said.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::support::{Lab, Ran};
use super::virtual_camera::{all, texts};

/// Units that rest on the capture.
const RESTING: [&str; 3] = ["5.5-5-2 b", "5.5-7-2 a", "5.8-1-2 a"];

/// Those, and neighbours that look at the same links in other ways.
const UNITS: &str =
    "unit in ['5.5-5-2 b', '5.5-6-2 a', '5.5-7-2 a', '5.6-1-2 b', '5.6-2-2 a', '5.8-1-2 a', '5.8-2-2 a']";

fn look(lab: &Lab, more: &[&str]) -> Ran {
    let (bench, out) = (lab.bench().display().to_string(), lab.path().display().to_string());
    let mut args = vec!["run", "test-plans/en303645", "--bench", &bench, "--out", &out];
    if !more.contains(&"--select") {
        args.extend(["--select", UNITS]);
    }
    args.extend(["--set", "tcp_ports=2200-2300,8000-8500", "--set", "capture_ms=3000"]);
    args.extend(more);
    let ran = lab.assay(&args);
    lab.judged_again(&ran);
    ran
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

/// Nothing may pass, and nothing fail.
fn says_nothing(ran: &Ran, of: &str) {
    let passed: Vec<String> = ran.units("PASS").into_iter().filter(|unit| RESTING.contains(&unit.as_str())).collect();
    assert_eq!((passed, ran.units("FAIL")), (Vec::new(), Vec::new()), "{of}: {}", ran.stderr);
}

#[test]
fn of_a_sample_that_does_not_live_nothing_is_said() {
    for (number, twin) in [(127, "absent"), (128, "flaky"), (129, "silent")] {
        let mut more = vec!["--defect", twin];
        if twin == "silent" {
            // Each question to it waits until it gives up: one unit is enough.
            more.extend(["--select", "unit == '5.5-7-2 a'"]);
        }
        says_nothing(&look(&Lab::new(number, 1), &more), twin);
    }
}

/// It reports once it is set up, and nobody can.
#[test]
fn of_a_sample_that_sends_nothing_nothing_is_said() {
    let lab = Lab::edited(120, |dossier| dossier.replace("path: /api/setup", "path: /api/none"));
    let ran = look(&lab, &[]);
    says_nothing(&ran, "not set up");
    assert!(ran.results().to_string().contains("a sample sent nothing of its own"), "which is the reason");
}

/// A device of one address: it answers who asks, and sends a reading in clear every tenth of a second, until it is dropped.
struct Thing(Arc<AtomicBool>);

impl Drop for Thing {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn thing(door: TcpListener, to: SocketAddr) -> Thing {
    let stop = Arc::new(AtomicBool::new(false));
    let from = SocketAddr::new(door.local_addr().expect("bound").ip(), 0);
    let stopped = Arc::clone(&stop);
    std::thread::spawn(move || {
        for mut stream in door.incoming().flatten() {
            let mut request = [0; 1024];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        }
    });
    std::thread::spawn(move || {
        let socket = UdpSocket::bind(from).expect("bound");
        while !stopped.load(Ordering::Relaxed) {
            let _ = socket.send_to(b"temperature=21.5;unit=C1-000042;battery=97", to);
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    Thing(stop)
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn packets_of_an_interface_are_read_and_without_the_privilege_it_is_named() {
    let lab = Lab::new(121, 1);
    let door = TcpListener::bind("127.22.121.10:0").expect("free");
    let taker = UdpSocket::bind("127.22.121.11:0").expect("free");
    let (port, to) = (door.local_addr().expect("bound").port(), taker.local_addr().expect("bound"));
    let _thing = thing(door, to);
    let bench = lab.path().join("local.yaml");
    let text = "assay: bench/1\nbench: link\nprovider: { local: null }\npermits: [passive, active]\n\
                duts: [{ id: s1, host: 127.22.121.10, interface: lo }]\n";
    std::fs::write(&bench, text).expect("written");
    let bench = bench.to_str().expect("UTF-8");
    let (witness, canaries) = (
        format!("witness=[{{\"proto\":\"tcp\",\"port\":{port},\"service\":\"http\"}}]"),
        "canaries={\"unit\":\"C1-000042\"}",
    );
    let look = ["check", "capture.traffic", "--bench", bench, "--with", "within_ms=3000", "--with", &witness];
    let ran = lab.assay(&[&look[..], &["--with", canaries]].concat());
    if ran.code != 0 {
        assert!(ran.code == 4 && ran.stderr.contains("CAP_NET_RAW"), "{}", ran.stderr);
        let looked = lab.assay(&["doctor", "--bench", bench]);
        assert!(looked.code == 4 && looked.stdout.contains("CAP_NET_RAW"), "{}", looked.stdout);
        eprintln!("skipped: capturing needs CAP_NET_RAW");
        return;
    }
    let seen: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    for field in ["found", "complete", "lives", "witnessed"] {
        assert_eq!(seen[field], true, "{field}: {seen:#}");
    }
    let place = format!("udp {to}");
    assert_eq!((&seen["clear"], &seen["undeclared"]), (&json!([place]), &json!([place])), "{seen:#}");
    assert_eq!((&seen["findings"][0]["rule"], &seen["dropped"]), (&json!("canary:unit"), &json!(0)));
}
