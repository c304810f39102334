//! Benches as the engine opens them.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use assay_model::{
    BenchProvider, BenchRequest, Deadline, Direction, Effect, Fault, Limits, OpenBench, SampleId, Severity, Touches,
    touch::console::{ConsoleRequest, ConsoleResponse},
    touch::document::{DocumentRequest, DocumentResponse, Wanted},
    touch::power::{PowerRequest, PowerResponse},
    touch::ssh::{SshRequest, SshResponse},
};
use serde_json::{Value, json};

use super::*;
use crate::doubles::{MemoryRecorder, pty};

fn request(provider: &str, settings: Value, duts: Value) -> BenchRequest {
    BenchRequest {
        bench: "bench-a".into(),
        provider: provider.into(),
        settings,
        duts: duts.as_array().cloned().unwrap_or_default(),
        samples: Vec::new(),
        defects: Vec::new(),
        sample_count: None,
        folder: PathBuf::from("."),
        dossier: None,
        permits: vec![Effect::Passive],
        limits: Limits::default(),
    }
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

fn mistakes(provider: &dyn BenchProvider, request: &BenchRequest) -> String {
    let shown = provider.lint(request).into_iter().map(|d| {
        let severity = if d.severity == Severity::Error { "error" } else { "warning" };
        assert!(d.help.as_deref().is_some_and(|h| !h.is_empty()), "{d:?}");
        format!("{severity}: {}\n", d.message)
    });
    shown.collect()
}

async fn virtual_bench(network: &str) -> Box<dyn OpenBench> {
    let settings = json!({"virtual": "camera", "samples": 2, "network": network});
    VirtualBench.open(&request("virtual", settings, json!([]))).await.expect("opens")
}

async fn touches(bench: &dyn OpenBench, dut: &str) -> (Touches, Arc<MemoryRecorder>) {
    let (kept, recorder) = MemoryRecorder::new();
    (bench.touches(&SampleId::from(dut), recorder).await.expect("touches"), kept)
}

async fn hello(bench: &dyn OpenBench, touches: &Touches, host: &str) -> SshResponse {
    let endpoint = bench.addresses().host(host).expect("owned").port(2222);
    touches.ssh().expect("ssh").call(SshRequest::Hello { endpoint }, soon()).await.expect("no fault")
}

#[test]
fn the_list_has_each_kind_once() {
    let names: Vec<_> = providers().iter().map(|p| p.name()).collect();
    assert_eq!(names, ["local", "qemu", "virtual"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_virtual_camera_is_wired_in_every_way_and_heard_from_before_power_on() {
    let bench = virtual_bench("127.77.1.0").await;
    let duts = bench.duts();
    assert_eq!(duts.iter().map(|d| d.dut.id.as_str()).collect::<Vec<_>>(), ["s1", "s2"]);
    let first = &duts[0];
    assert_eq!(first.dut.host.as_deref(), Some("127.77.1.1"));
    for need in ["network", "console", "power", "labels", "documents", "operator"] {
        assert!(first.dut.provides.contains(&need.to_owned()), "{need}");
    }
    assert!(first.label["password"]["secret"]["label"].as_str().is_some_and(|p| p.len() >= 8));
    assert!(!first.dut.label.contains_key("password") && first.dut.label.contains_key("mac"));
    assert_ne!(first.label["password"], duts[1].label["password"]);

    let (touches, kept) = touches(&*bench, "s1").await;
    assert!(matches!(hello(&*bench, &touches, "127.77.1.1").await, SshResponse::Hello(_)), "up on return");
    let console = touches.console().expect("console");
    let asked = ConsoleRequest::Expect { patterns: vec!["ogin: $".into()], within_ms: 10_000 };
    assert!(matches!(console.call(asked, soon()).await.expect("no fault"), ConsoleResponse::Matched { .. }));

    let power = touches.power().expect("power");
    assert_eq!(power.call(PowerRequest::Off, soon()).await, Ok(PowerResponse::Is { on: Some(false) }));
    assert_eq!(hello(&*bench, &touches, "127.77.1.1").await, SshResponse::Refused);
    assert_eq!(power.call(PowerRequest::On, soon()).await, Ok(PowerResponse::Is { on: Some(true) }));
    let asked = ConsoleRequest::Expect { patterns: vec!["ogin: $".into()], within_ms: 10_000 };
    assert!(matches!(console.call(asked, soon()).await.expect("no fault"), ConsoleResponse::Matched { .. }));

    bench.close().await;
    bench.close().await;
    let transcript = kept.streams()[0].clone();
    assert!(transcript.complete);
    let heard = String::from_utf8_lossy(&transcript.bytes(Direction::In)).into_owned();
    assert_eq!(heard.matches("ogin: ").count(), 2, "{heard}");
    let first_line = heard.lines().find(|line| !line.trim().is_empty()).expect("a line");
    assert_eq!(heard.matches(first_line.trim()).count(), 2, "the first boot was heard from its first line on: {heard}");
    assert_eq!(power.call(PowerRequest::On, soon()).await.expect_err("closed").code, "bench-closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_makers_website_is_reached_by_name_and_no_foreign_address_is_owned() {
    let bench = virtual_bench("127.77.2.0").await;
    let (touches, _) = touches(&*bench, "s2").await;
    let asked = DocumentRequest { source: "http://maker.test:8088/".into(), max_bytes: 100_000, wanted: Wanted::Text };
    let got = touches.documents().expect("documents").call(asked, soon()).await.expect("no fault");
    assert!(matches!(&got, DocumentResponse::Document(d) if d.status == 200), "{got:?}");
    assert!(bench.addresses().host("127.77.2.3").is_err());
    assert!(bench.addresses().host("maker.test").is_ok());
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_said_with_help_and_an_unknown_dut_too() {
    let _other = std::net::TcpListener::bind("127.77.3.2:2222").expect("binds");
    let settings = json!({"virtual": "camera", "samples": 2, "network": "127.77.3.0"});
    let opened = VirtualBench.open(&request("virtual", settings, json!([]))).await;
    let fault = opened.err().expect("a port is taken");
    assert!(fault.text.contains("127.77.3.2:2222") && fault.help.contains("network"), "{fault:?}");

    let bench = virtual_bench("127.77.4.0").await;
    let (_, recorder) = MemoryRecorder::new();
    let unknown: Fault = bench.touches(&SampleId::from("s9"), recorder).await.err().expect("unknown");
    assert!(unknown.text.contains("s1, s2"), "{unknown:?}");
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absent_twin_opens_and_is_not_there() {
    let settings = json!({"virtual": "camera", "samples": 1, "network": "127.77.5.0"});
    let twin = BenchRequest { defects: vec!["absent".into()], ..request("virtual", settings, json!([])) };
    let bench = VirtualBench.open(&twin).await.expect("opens");
    assert_eq!(bench.duts()[0].origin.defects, ["absent"]);
    let (touches, _) = touches(&*bench, "s1").await;
    assert_eq!(hello(&*bench, &touches, "127.77.5.1").await, SshResponse::Refused);
    bench.close().await;
}

#[test]
fn every_mistake_of_a_virtual_bench_is_said_at_once() {
    let mut wrong = request(
        "virtual",
        json!({"virtual": "toaster", "samples": 0, "network": "10.0.0.0", "sampels": 3}),
        json!([{"id": "s1"}]),
    );
    assert_eq!(
        mistakes(&VirtualBench, &wrong),
        "error: `network` is \"10.0.0.0\"\n\
         error: a virtual bench has no setting `sampels`\n\
         error: 0 samples were asked for\n\
         error: a virtual bench fills in its DUTs itself\n\
         error: there is no virtual `toaster`\n"
    );
    wrong.settings = json!({"virtual": "camera"});
    wrong.duts.clear();
    wrong.defects = vec!["universal-password".into(), "no-such".into()];
    assert_eq!(mistakes(&VirtualBench, &wrong), "error: a virtual camera has no defect `no-such`\n");
    wrong.defects.clear();
    assert_eq!(mistakes(&VirtualBench, &wrong), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_bench_opens_what_its_file_names() {
    let (mut dut, path): (File, String) = pty();
    let folder = tempfile::tempdir().expect("folder");
    let power = json!({"command": ["sh", "-c", "echo $0 >> turns"], "off_at_end": true});
    let duts = json!([{"id": "s1", "host": "localhost", "console": {"serial": path}, "power": power}, {"id": "s2", "console": {"serial": "/dev/pts/none"}}]);
    let settings = json!({"local": null, "hosts": {"maker.example": "127.77.6.9"}});
    let asked = BenchRequest { folder: folder.path().to_owned(), ..request("local", settings, duts) };
    let bench = LocalBench { reference: true }.open(&asked).await.expect("opens");
    assert_eq!(bench.duts()[0].dut.provides, ["network", "console", "power", "documents", "operator"]);
    assert!(bench.addresses().host("localhost").expect("owned").address().is_loopback());
    assert_eq!(bench.addresses().host("maker.example").expect("owned").address().to_string(), "127.77.6.9");

    let (ways, kept) = touches(&*bench, "s1").await;
    dut.write_all(b"cam login: ").expect("written");
    let asked = ConsoleRequest::Expect { patterns: vec!["login: ".into()], within_ms: 10_000 };
    let got = ways.console().expect("console").call(asked, soon()).await.expect("no fault");
    assert!(matches!(got, ConsoleResponse::Matched { .. }));
    assert!(ways.ports.is_some() && ways.ssh.is_some() && ways.operator.is_some());

    let (_, recorder) = MemoryRecorder::new();
    let missing = bench.touches(&SampleId::from("s2"), recorder).await.err().expect("no such tty");
    assert_eq!(missing.code, "port-missing");
    bench.close().await;
    assert!(kept.streams()[0].complete);
    assert_eq!(std::fs::read_to_string(folder.path().join("turns")).expect("turns"), "off\nstate\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_that_came_back_is_opened_again() {
    let (dut, path) = pty();
    let link = tempfile::tempdir().expect("folder");
    let name = link.path().join("usb-console");
    std::os::unix::fs::symlink(&path, &name).expect("link");
    let duts = json!([{"id": "s1", "console": {"serial": name.display().to_string()}}]);
    let bench =
        LocalBench { reference: true }.open(&request("local", json!({"local": null}), duts)).await.expect("opens");
    let (ways, _) = touches(&*bench, "s1").await;
    assert!(ways.ports.is_none() && ways.documents.is_some(), "a DUT without a host has no network");
    drop(dut);
    let quiet = ConsoleRequest::Expect { patterns: vec!["x".into()], within_ms: 10_000 };
    assert_eq!(ways.console().expect("console").call(quiet, soon()).await.expect_err("gone").code, "port-gone");

    let (mut again, path) = pty();
    std::fs::remove_file(&name).expect("removed");
    std::os::unix::fs::symlink(&path, &name).expect("link");
    let (ways, _) = touches(&*bench, "s1").await;
    again.write_all(b"back").expect("written");
    let back = ConsoleRequest::Expect { patterns: vec!["back".into()], within_ms: 10_000 };
    assert!(ways.console().expect("console").call(back, soon()).await.is_ok());
    bench.close().await;
}

#[test]
fn every_mistake_of_a_local_bench_is_said_at_once() {
    let duts = json!([
        {"host": "192.0.2.1"},
        {"id": "s2", "host": "two words", "consol": {}},
        {"id": "s3", "console": {"serial": "ttyUSB0"}, "power": {"command": []}, "probe": {}},
        {"id": "s4"},
        {"id": "s5", "host": "192.0.2.5", "probe": {"selector": "0483:374b:1"}},
        {"id": "s5", "host": "192.0.2.5", "console": {"tcp": "127.0.0.1:4001"}},
        {"id": "s6", "console": {"tcp": "127.0.0.1:4001"}, "probe": {"selector": "0483:374b:1"}},
        "s7",
    ]);
    let mut wrong = request("local", json!({"local": null, "host": {}}), duts);
    wrong.defects = vec!["telnet-root".into()];
    wrong.sample_count = Some(9);
    wrong.samples = vec![json!({"id": "s5"}), json!({"id": "s6"})];
    assert_eq!(
        mistakes(&LocalBench { reference: true }, &wrong),
        "error: a local bench has no setting `host`\n\
         error: entry 1 of `duts` has no `id`\n\
         error: DUT `s2` has no setting `consol`\n\
         error: `host` of DUT `s2` is \"two words\"\n\
         error: `console` of DUT `s3`: `serial: ttyUSB0` is neither an absolute path nor usb:SERIAL\n\
         error: `power` of DUT `s3`: it needs one of `command`, `operator`, `tasmota`, `shelly`, `pdudaemon`, `snmp`, `usb_hub`, `gpio`, `usb_relay`, and not empty\n\
         error: `probe` of DUT `s3`: it needs `selector`, and has none\n\
         error: nothing is wired to DUT `s4`\n\
         error: entry 8 of `duts` is no mapping\n\
         error: defects (telnet-root) can only be seeded into virtual DUTs\n\
         error: 9 samples were asked for, and the bench has 8\n\
         error: two DUTs have the id `s5`\n\
         error: DUTs `s5` and `s5` have the same `host`\n\
         error: DUTs `s5` and `s6` have the same debug probe 0483:374b:1\n\
         error: DUTs `s5` and `s6` have the same console tcp:127.0.0.1:4001\n"
    );
    assert_eq!(
        mistakes(&LocalBench { reference: true }, &one_host("192.0.2.10", vec![Effect::Active], Limits::default())),
        ""
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bench_of_one_host_owns_that_host_alone_and_a_name_must_resolve() {
    let bench =
        LocalBench { reference: true }.open(&one_host("127.77.7.1", vec![], Limits::default())).await.expect("opens");
    assert_eq!(bench.duts()[0].dut.provides, ["network", "documents", "operator"]);
    assert!(bench.addresses().host("127.77.7.1").is_ok() && bench.addresses().host("127.77.7.2").is_err());
    bench.close().await;
    let unknown =
        LocalBench { reference: true }.open(&one_host("no-such-host.invalid", vec![], Limits::default())).await;
    let fault = unknown.err().expect("no such name");
    assert!(fault.code == "host-unknown" && !fault.help.is_empty(), "{fault:?}");
}
