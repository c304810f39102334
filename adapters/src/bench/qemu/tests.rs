//! Guests of real U-Boot, started and killed as a bench does it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use assay_model::{
    BenchProvider, BenchRequest, Blame, Deadline, Direction, Effect, Limits, OpenBench, SampleId, Touches,
    touch::console::{ConsoleRequest, ConsoleResponse},
    touch::power::{PowerRequest, PowerResponse},
};
use serde_json::{Value, json};

use super::{
    QemuBench,
    guest::{Guest, GuestCommand},
};
use crate::doubles::MemoryRecorder;

const U_BOOT: &str = "/usr/lib/u-boot/qemu_arm/u-boot.bin";

/// Whether the peers are there; missing ones are an error where CI says that they must be.
fn peers() -> bool {
    let missing = [("/usr/bin/qemu-system-arm", "qemu-system-arm"), (U_BOOT, "u-boot-qemu")];
    let Some((_, package)) = missing.into_iter().find(|(path, _)| !Path::new(path).exists()) else { return true };
    assert!(std::env::var_os("ASSAY_REQUIRE_PEERS").is_none_or(|v| v != "1"), "{package} is not installed");
    #[expect(clippy::print_stderr, reason = "whoever reads the test's output should know")]
    {
        eprintln!("skipped: {package} is not installed");
    }
    false
}

fn request(settings: Value) -> BenchRequest {
    BenchRequest {
        bench: "bench-q".into(),
        provider: "qemu".into(),
        settings,
        duts: Vec::new(),
        samples: Vec::new(),
        defects: Vec::new(),
        sample_count: None,
        folder: ".".into(),
        dossier: None,
        permits: vec![Effect::Passive],
        limits: Limits::default(),
    }
}

fn u_boot(more: Value) -> BenchRequest {
    let mut settings = json!({"qemu": "arm", "machine": "virt", "bios": U_BOOT});
    settings.as_object_mut().expect("a mapping").extend(more.as_object().expect("a mapping").clone());
    request(settings)
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

async fn touches(bench: &dyn OpenBench, dut: &str) -> (Touches, Arc<MemoryRecorder>) {
    let (kept, recorder) = MemoryRecorder::new();
    (bench.touches(&SampleId::from(dut), recorder).await.expect("touches"), kept)
}

async fn wait_for(touches: &Touches, pattern: &str) -> bool {
    let asked = ConsoleRequest::Expect { patterns: vec![pattern.into()], within_ms: 60_000 };
    let got = touches.console().expect("console").call(asked, soon()).await.expect("no fault");
    matches!(got, ConsoleResponse::Matched { .. })
}

async fn power(touches: &Touches, request: PowerRequest) -> Option<bool> {
    let PowerResponse::Is { on } = touches.power().expect("power").call(request, soon()).await.expect("no fault");
    on
}

#[tokio::test(flavor = "multi_thread")]
async fn u_boot_is_heard_from_its_first_line_and_again_after_each_power_cut() {
    if !peers() {
        return;
    }
    let bench = QemuBench.open(&u_boot(json!({"samples": 2}))).await.expect("opens");
    let duts = bench.duts();
    assert_eq!(duts.len(), 2);
    assert_eq!(duts[0].dut.provides, ["console", "power", "documents", "operator"]);
    assert_ne!(duts[0].dut.console, duts[1].dut.console);
    let (first, kept) = touches(&*bench, "s1").await;
    assert!(wait_for(&first, "stop autoboot").await);
    assert!(first.ports.is_none(), "no port is forwarded, so there is no network");

    assert_eq!(power(&first, PowerRequest::Off).await, Some(false));
    let typed_in_the_dark = ConsoleRequest::Write { bytes: " ".into() };
    first.console().expect("console").call(typed_in_the_dark, soon()).await.expect("written");
    assert_eq!(power(&first, PowerRequest::On).await, Some(true));
    assert!(wait_for(&first, r"stop autoboot: +2 .*0").await, "the key was typed without power");
    assert_eq!(power(&first, PowerRequest::Cycle { off_ms: 1 }).await, Some(true));
    assert!(wait_for(&first, "stop autoboot").await);
    bench.close().await;
    let heard = String::from_utf8_lossy(&kept.streams()[0].bytes(Direction::In)).into_owned();
    assert_eq!(heard.matches("U-Boot 20").count(), 3, "{heard}");
    assert!(kept.streams()[0].complete);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_environment_is_loaded_and_forwarded_ports_belong_to_the_sample() {
    if !peers() {
        return;
    }
    let environment =
        json!({"bootdelay": -2, "bootcmd": "echo saved environment; mw.l 42000000 eafffffe; go 42000000"});
    let asked = u_boot(json!({"u_boot_env": environment, "network": "127.31.7.0", "forward": {"2222": 22}}));
    let bench = QemuBench.open(&asked).await.expect("opens");
    assert_eq!(bench.duts()[0].dut.host.as_deref(), Some("127.31.7.1"));
    let (ways, _) = touches(&*bench, "s1").await;
    assert!(wait_for(&ways, "saved environment").await);
    assert!(tokio::net::TcpStream::connect("127.31.7.1:2222").await.is_ok(), "QEMU listens for the guest");

    let second = QemuBench.open(&asked).await.expect("opens");
    let (_, recorder) = MemoryRecorder::new();
    let taken = second.touches(&SampleId::from("s1"), recorder).await.err().expect("the port is taken");
    assert!(taken.code == "port-taken" && taken.text.contains("127.31.7.1:2222"), "{taken:?}");
    second.close().await;
    bench.close().await;
    assert!(tokio::net::TcpStream::connect("127.31.7.1:2222").await.is_err(), "killed on close");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_qemu_does_not_take_is_said_in_its_words() {
    if !peers() {
        return;
    }
    let wrong = u_boot(json!({"machine": "no-such-machine"}));
    let bench = QemuBench.open(&wrong).await.expect("opens");
    let (_, recorder) = MemoryRecorder::new();
    let fault = bench.touches(&SampleId::from("s1"), recorder).await.err().expect("refused");
    assert!(fault.code == "qemu-start" && fault.text.contains("unsupported machine type"), "{fault:?}");
    assert!(fault.blame == Blame::Bench && !fault.help.is_empty());
}

#[tokio::test]
async fn a_missing_program_or_file_names_its_package() {
    let command =
        GuestCommand { program: "qemu-system-none".into(), package: "qemu-system-misc", arguments: Vec::new() };
    let missing = Guest::start(&command, soon()).await.expect_err("missing");
    assert_eq!(
        (missing.code.as_str(), missing.help.as_str()),
        ("qemu-missing", "install it: apt install qemu-system-misc")
    );

    let asked = u_boot(json!({"bios": "/usr/lib/u-boot/none/u-boot.bin"}));
    let missing = QemuBench.open(&asked).await.err().expect("missing");
    assert!(missing.code == "qemu-file" && missing.help.ends_with("u-boot-qemu"), "{missing:?}");
}

/// Not a test by itself: the process that is killed in the next one.
#[tokio::test]
async fn a_guest_to_be_orphaned() {
    let Some(tell) = std::env::var_os("ASSAY_TEST_ORPHAN") else { return };
    let arguments = ["-nodefaults", "-display", "none", "-machine", "virt", "-bios", U_BOOT].map(str::to_owned);
    let command =
        GuestCommand { program: "qemu-system-arm".into(), package: "qemu-system-arm", arguments: arguments.into() };
    let guest = Guest::start(&command, soon()).await.expect("starts");
    std::fs::write(tell, guest.group().to_string()).expect("told");
    std::future::pending::<()>().await;
}

#[test]
fn a_guest_dies_with_a_process_that_is_killed() {
    if !peers() {
        return;
    }
    let folder = tempfile::tempdir().expect("folder");
    let told = folder.path().join("group");
    let mut parent = std::process::Command::new(std::env::current_exe().expect("ourselves"))
        .args(["--exact", "bench::qemu::tests::a_guest_to_be_orphaned"])
        .env("ASSAY_TEST_ORPHAN", &told)
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("starts");
    let guest = wait_until(|| std::fs::read_to_string(&told).ok().filter(|t| !t.is_empty()));
    assert!(Path::new("/proc").join(&guest).exists());
    parent.kill().expect("killed");
    parent.wait().expect("reaped");
    // In a container without an init that reaps, it stays as a zombie.
    wait_until(|| match std::fs::read_to_string(Path::new("/proc").join(&guest).join("status")) {
        Ok(status) => status.contains("State:\tZ").then_some(()),
        Err(_) => Some(()),
    });
}

fn wait_until<T>(mut there: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = there() {
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "it did not come to be");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn every_mistake_of_a_qemu_bench_is_said_at_once() {
    let mut wrong = request(json!({
        "qemu": "arn", "machin": "virt", "memory": 0, "serial": "yes", "network": "192.0.2.0", "samples": 99,
        "forward": {"ssh": 22, "70000": 1}, "u_boot_env": {"a=b": []}, "args": ["-serial", "stdio", "-S"],
        "append": "quiet", "image": "a,b", "bios": "",
    }));
    wrong.defects = vec!["telnet-root".into()];
    wrong.duts = vec![json!({})];
    wrong.sample_count = Some(0);
    let said = QemuBench.lint(&wrong);
    assert!(said.iter().all(|d| d.help.as_deref().is_some_and(|h| !h.is_empty())));
    let mut said: Vec<&str> = said.iter().map(|d| d.message.as_str()).collect();
    said.sort_unstable();
    assert_eq!(
        said,
        [
            "0 samples were asked for",
            "`args` has `-S`, which the bench sets itself",
            "`args` has `-serial`, which the bench sets itself",
            "`bios` is \"\"",
            "`forward` has `70000: 1`",
            "`forward` has `ssh: 22`",
            "`image` is \"a,b\"",
            "`initrd` and `append` need `kernel`",
            "`memory` is 0",
            "`network` is \"192.0.2.0\"",
            "`qemu` is \"arn\"",
            "`samples` is 99",
            "`serial` is \"yes\"",
            "`u_boot_env` has `a=b: []`",
            "a QEMU bench fills in its DUTs itself",
            "a QEMU bench has no setting `machin`",
            "a QEMU bench needs `machine`",
            "defects (telnet-root) can only be seeded into virtual DUTs",
        ]
    );
    let messages =
        |settings| -> Vec<String> { QemuBench.lint(&request(settings)).into_iter().map(|d| d.message).collect() };
    assert_eq!(messages(json!({"qemu": "arm", "machine": "virt"})), ["nothing would boot"]);
    let deaf = json!({"qemu": "arm", "machine": "virt", "bios": "x", "serial": false});
    assert_eq!(messages(deaf), ["nothing is wired to the guest"]);
    let no_flash = json!({"qemu": "arm", "machine": "mps2-an385", "kernel": "x", "u_boot_env": {"a": "b"}});
    assert_eq!(messages(no_flash), ["`u_boot_env` is for machine `virt` of arm and aarch64, not `mps2-an385`"]);
    let probe = |probe: Value| messages(json!({"qemu": "arm", "machine": "x", "kernel": "x", "probe": probe}));
    assert_eq!(probe(json!({"selector": "0483:374b"})), ["`probe` of a guest has `selector` or `gdb`"]);
    assert_eq!(
        probe(json!({"virtual": "open", "gdb": "127.0.0.1:1234"})),
        ["`probe` of a guest has `selector` or `gdb`"]
    );
    assert!(probe(json!({"virtual": "opne"}))[0].contains("opne"));
    let two = json!({"qemu": "arm", "machine": "x", "kernel": "x", "probe": {"virtual": "open"}, "args": ["-s"]});
    assert_eq!(messages(two), ["`args` opens a gdb stub, and `probe` needs it"]);
    assert!(QemuBench.lint(&u_boot(json!({}))).is_empty());
}
