//! Boot checks against real U-Boot in QEMU, and against the virtual camera, through the adapters.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use assay_model::{
    BenchRequest, CheckContext, Deadline, Direction, Effect, EvidenceId, EvidenceStream, Exchange, Limits, OpenBench,
    Progress, Recorder, SampleId, SecretSink, StreamMeta,
};
use serde_json::{Value, json};

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

struct Forgetful;

impl Recorder for Forgetful {
    fn exchange(&self, _: Exchange) {}
    fn stream(&self, _: StreamMeta) -> Box<dyn EvidenceStream> {
        Box::new(Self)
    }
    fn now_ns(&self) -> u64 {
        0
    }
}

impl EvidenceStream for Forgetful {
    fn id(&self) -> EvidenceId {
        EvidenceId(1)
    }
    fn append(&mut self, _: Direction, _: &[u8]) {}
    fn dropped(&mut self, _: u64, _: &str) {}
}

impl Progress for Forgetful {
    fn step(&self, _: u64, _: u64, _: &str) {}
}

#[derive(Default)]
struct Secrets(Mutex<Vec<String>>);

impl SecretSink for Secrets {
    fn register(&self, _: &str, value: &str) {
        self.0.lock().expect("lock").push(value.to_owned());
    }
}

/// A bench with one DUT.
struct Lab {
    bench: Box<dyn OpenBench>,
    cx: CheckContext,
    secrets: Arc<Secrets>,
}

impl Lab {
    async fn open(settings: Value, defects: &[&str]) -> Self {
        let provider = if settings.get("qemu").is_some() { "qemu" } else { "virtual" };
        let request = BenchRequest {
            bench: "bench-q".into(),
            provider: provider.into(),
            settings,
            duts: Vec::new(),
            samples: Vec::new(),
            defects: defects.iter().map(|d| (*d).to_owned()).collect(),
            sample_count: None,
            folder: PathBuf::from("."),
            dossier: None,
            permits: vec![Effect::Disruptive],
            limits: Limits { pause_ms: 0, ..Limits::default() },
        };
        let providers = assay_adapters::bench::providers();
        let provider = providers.iter().find(|p| p.name() == request.provider).expect("there");
        let bench = provider.open(&request).await.expect("opens");
        let dut = bench.duts().remove(0).dut;
        let touches = bench.touches(&SampleId::from(dut.id.as_str()), Arc::new(Forgetful)).await.expect("touches");
        let secrets = Arc::<Secrets>::default();
        let cx = CheckContext {
            dut,
            touches,
            addresses: bench.addresses(),
            limits: request.limits,
            deadline: Deadline::after(Duration::from_secs(120)),
            secrets: Arc::clone(&secrets) as _,
            progress: Arc::new(Forgetful),
        };
        Self { bench, cx, secrets }
    }

    /// U-Boot, with a saved environment where one is given.
    async fn u_boot(environment: Value) -> Self {
        let mut settings = json!({"qemu": "arm", "machine": "virt", "bios": U_BOOT});
        if !environment.is_null() {
            settings["u_boot_env"] = environment;
        }
        Self::open(settings, &[]).await
    }

    async fn check(&self, name: &str, params: Value) -> Value {
        let checks = assay_checks::all();
        let check = checks.iter().find(|c| c.info().name == name).expect("a check");
        check.run(&self.cx, params).await.expect("no fault")
    }
}

/// Starts something that does not come back, as a product does.
const PRODUCT: &str = "echo Starting kernel ...; mw.l 42000000 eafffffe; go 42000000";

#[track_caller]
fn shows(seen: &Value, wanted: &Value) {
    for (key, value) in wanted.as_object().expect("a mapping") {
        assert_eq!(&seen[key], value, "{key} of {seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_u_boot_is_stopped_by_a_key_and_gives_its_prompt() {
    if !peers() {
        return;
    }
    let lab = Lab::u_boot(Value::Null).await;
    let seen = lab.check("console.interrupt_boot", json!({"off_ms": 50, "within_ms": 60_000, "boot_ms": 3_000})).await;
    shows(&seen, &json!({"seen": true, "shell": true, "prompt": "=>", "countdown_seen": true, "boot_went_on": false}));
    assert!(seen["bootloader"].as_str().is_some_and(|b| b.starts_with("U-Boot 20")), "{seen}");
    assert!(seen["sent"].as_array().is_some_and(|s| s.contains(&json!("space"))), "{seen}");
    lab.bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_countdown_of_zero_is_stopped_by_a_key_that_waits_for_it() {
    if !peers() {
        return;
    }
    let lab = Lab::u_boot(json!({"bootdelay": "0", "bootcmd": PRODUCT})).await;
    let seen = lab.check("console.interrupt_boot", json!({"off_ms": 50, "within_ms": 60_000, "boot_ms": 3_000})).await;
    shows(&seen, &json!({"shell": true, "prompt": "=>"}));
    lab.bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn u_boot_without_a_countdown_hands_over_whatever_is_pressed() {
    if !peers() {
        return;
    }
    let lab = Lab::u_boot(json!({"bootdelay": "-2", "bootcmd": PRODUCT})).await;
    let seen = lab
        .check(
            "console.interrupt_boot",
            json!({"off_ms": 50, "keys": ["enter", "ctrl-c"], "within_ms": 60_000, "boot_ms": 3_000}),
        )
        .await;
    shows(&seen, &json!({"seen": true, "shell": false, "countdown_seen": false, "boot_went_on": true}));
    assert!(seen.get("prompt").is_none() && seen["keys_sent"].as_u64() > Some(0), "{seen}");
    lab.bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_says_nothing_is_not_taken_for_a_locked_one() {
    if !peers() {
        return;
    }
    let folder = tempfile::tempdir().expect("folder");
    let silent = folder.path().join("silent.bin");
    std::fs::write(&silent, 0xeaff_fffe_u32.to_le_bytes()).expect("written");
    let lab = Lab::open(json!({"qemu": "arm", "machine": "virt", "bios": silent}), &[]).await;
    let seen = lab.check("console.interrupt_boot", json!({"off_ms": 50, "within_ms": 1_500})).await;
    shows(&seen, &json!({"seen": false, "shell": false, "boot_went_on": false, "text_bytes": 0}));
    let seen = lab.check("console.boot_log", json!({"off_ms": 50, "within_ms": 1_500})).await;
    shows(&seen, &json!({"seen": false, "complete": false}));
    lab.bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_boot_log_of_u_boot_is_read_and_its_secrets_stay_out_of_the_observation() {
    if !peers() {
        return;
    }
    let leak = format!("echo wpa_psk=correcthorse7; {PRODUCT}");
    let lab = Lab::u_boot(json!({"bootdelay": "0", "bootcmd": leak})).await;
    let seen = lab.check("console.boot_log", json!({"off_ms": 50, "until": "Starting application"})).await;
    shows(&seen, &json!({"seen": true, "complete": true, "login_prompt": false, "shell_prompt": false}));
    assert_eq!(seen["versions"][0]["component"], "U-Boot");
    assert_eq!(seen["secrets_like"].as_array().map(Vec::len), Some(1), "{seen}");
    shows(&seen["secrets_like"][0], &json!({"kind": "wifi-psk", "length": 13}));
    assert!(!seen.to_string().contains("correcthorse7"));
    assert_eq!(*lab.secrets.0.lock().expect("lock"), ["correcthorse7"]);
    lab.bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn power_cuts_at_drawn_points_are_survived_by_u_boot_and_a_boot_that_never_ends_is_told() {
    if !peers() {
        return;
    }
    let lab = Lab::u_boot(Value::Null).await;
    let by = json!({"console": "stop autoboot"});
    let seen =
        lab.check("power.cycle_resilience", json!({"recovered_by": by, "cuts": 3, "seed": 7, "off_ms": 20})).await;
    shows(&seen, &json!({"baseline_recovered": true, "asked": 3, "all_recovered": true}));
    assert_eq!(seen["cuts"].as_array().map(Vec::len), Some(3));

    let seen = lab.check("power.boot_time", json!({"recovered_by": by, "boots": 2, "off_ms": 20})).await;
    shows(&seen, &json!({"all_up": true}));
    let never = json!({"recovered_by": {"console": "login: "}, "within_ms": 800, "off_ms": 20});
    shows(&lab.check("power.boot_time", never.clone()).await, &json!({"all_up": false, "boots_ms": []}));
    let seen = lab.check("power.cycle_resilience", never).await;
    shows(&seen, &json!({"baseline_recovered": false, "cuts": [], "all_recovered": false}));
    lab.bench.close().await;
}

async fn camera(network: &str, defects: &[&str]) -> Lab {
    Lab::open(json!({"virtual": "camera", "samples": 1, "network": network}), defects).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_camera_shows_no_way_in_and_no_secret() {
    let lab = camera("127.78.1.0", &[]).await;
    let seen = lab.check("console.interrupt_boot", json!({"off_ms": 20})).await;
    shows(&seen, &json!({"seen": true, "shell": false, "countdown_seen": true, "boot_went_on": true}));
    assert_eq!(seen["bootloader"], "C1 Boot 2026.04");
    let seen = lab.check("console.boot_log", json!({"off_ms": 20})).await;
    shows(&seen, &json!({"kernel": "Linux 6.6.32", "login_prompt": true, "verbose_debug": false, "secrets_like": []}));
    let list = json!({"credentials": {"wordlist": ["service:service", "root:root"]}});
    let seen = lab.check("console.shell_access", list).await;
    shows(&seen, &json!({"asks": true, "shell_without_logon": false, "accepted": [], "tried": 2, "exhausted": true}));
    let by = json!({"host": lab.cx.dut.host, "port": 8443});
    let seen =
        lab.check("power.cycle_resilience", json!({"recovered_by": by, "cuts": 4, "seed": 1, "off_ms": 10})).await;
    shows(&seen, &json!({"all_recovered": true}));
    lab.bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_console_defect_of_the_camera_is_seen_by_its_check() {
    let lab = camera("127.78.2.0", &["bootloader-shell"]).await;
    let seen = lab.check("console.interrupt_boot", json!({"off_ms": 20})).await;
    shows(&seen, &json!({"shell": true, "prompt": "=>", "countdown_seen": true, "up": true}));
    let seen = lab.check("console.shell_access", json!({})).await;
    shows(&seen, &json!({"asks": true, "shell_without_logon": false}));
    let seen = lab.check("console.single_user", json!({"off_ms": 20})).await;
    shows(&seen, &json!({"loader_open": true, "shell": true, "up": true}));
    shows(&seen["tricks"][0], &json!({"argument": "init=/bin/sh", "shell": true, "user": "root", "root": true}));
    shows(&seen["tricks"][1], &json!({"argument": "single", "shell": false}));
    let seen = lab.check("console.shell_access", json!({})).await;
    shows(&seen, &json!({"asks": true, "shell_without_logon": false}));
    lab.bench.close().await;

    let lab = camera("127.78.3.0", &["console-root-shell"]).await;
    let seen = lab.check("console.boot_log", json!({"off_ms": 20})).await;
    shows(&seen, &json!({"shell_prompt": true, "login_prompt": false}));
    let seen = lab.check("console.shell_access", json!({})).await;
    shows(&seen, &json!({"shell_without_logon": true, "confirmed": true, "user": "root", "root": true}));
    lab.bench.close().await;

    let lab = camera("127.78.4.0", &["boot-log-leaks-key"]).await;
    let seen = lab.check("console.boot_log", json!({"off_ms": 20})).await;
    shows(&seen["secrets_like"][0], &json!({"kind": "wifi-psk", "length": 12}));
    lab.bench.close().await;

    for twin in ["silent", "absent"] {
        let lab = camera(if twin == "silent" { "127.78.5.0" } else { "127.78.6.0" }, &[twin]).await;
        let quick = json!({"off_ms": 20, "within_ms": 500});
        shows(&lab.check("console.interrupt_boot", quick.clone()).await, &json!({"seen": false, "shell": false}));
        shows(&lab.check("console.boot_log", quick).await, &json!({"seen": false, "complete": false}));
        shows(&lab.check("console.shell_access", json!({})).await, &json!({"answered": false, "stopped": "gone"}));
        lab.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_ctrl_c_breaks_is_found_behind_a_missing_countdown() {
    if !peers() {
        return;
    }
    let lab = Lab::u_boot(json!({"bootdelay": "-2", "bootcmd": "while true; do echo waiting; sleep 1; done"})).await;
    let seen = lab.check("console.interrupt_boot", json!({"off_ms": 50, "within_ms": 60_000, "boot_ms": 3_000})).await;
    shows(&seen, &json!({"shell": true, "prompt": "=>", "countdown_seen": false}));
    assert!(seen["sent"].as_array().is_some_and(|s| s.contains(&json!("ctrl-c"))), "{seen}");
    lab.bench.close().await;
}

/// A legacy image of U-Boot's with a program that does not come back: header and data, each with its checksum.
fn image() -> Vec<u8> {
    let data = 0xeaff_fffe_u32.to_le_bytes().repeat(64);
    let (load, arm, u_boot, standalone) = (0x4200_0000_u32, 2, 17, 1);
    let mut header = Vec::new();
    for word in [0x2705_1956, 0, 0, data.len() as u32, load, load, crc32(&data)] {
        header.extend(word.to_be_bytes());
    }
    header.extend([u_boot, arm, standalone, 0]);
    header.extend(b"product\0".iter().chain(&[0; 24]));
    let sum = crc32(&header).to_be_bytes();
    header[4..8].copy_from_slice(&sum);
    [header, data].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_image_is_refused_by_u_boot_unless_it_does_not_look() {
    if !peers() {
        return;
    }
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("image.bin");
    std::fs::write(&file, image()).expect("written");
    let params = json!({
        "load": ["iminfo 41000000"], "alter": ["mw.b 41000080 55 4"], "boot": "bootm 41000000",
        "runs": "Loading Standalone Program", "off_ms": 50, "boot_ms": 6_000,
    });
    for (verify, ran) in [("yes", false), ("no", true)] {
        let loader = format!("loader,file={},addr=0x41000000,force-raw=on", file.display());
        let settings = json!({
            "qemu": "arm", "machine": "virt", "bios": U_BOOT, "args": ["-device", loader],
            "u_boot_env": {"bootdelay": "1", "verify": verify},
        });
        let lab = Lab::open(settings, &[]).await;
        let seen = lab.check("boot.secure", params.clone()).await;
        shows(&seen, &json!({"loader_open": true, "untouched_ran": true, "altered_ran": ran, "refused": !ran}));
        if !ran {
            assert_eq!(seen["refusal"], "Bad Data CRC");
        }
        lab.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_boot_that_comes_back_to_u_boots_prompt_is_no_shell_of_the_product() {
    if !peers() {
        return;
    }
    let lab = Lab::u_boot(json!({"bootdelay": "1", "bootcmd": "echo Kernel command line: ${bootargs}"})).await;
    let params = json!({"arguments": ["init=/bin/sh"], "off_ms": 50, "boot_ms": 6_000});
    let seen = lab.check("console.single_user", params).await;
    shows(&seen, &json!({"seen": true, "loader_open": true, "shell": false, "up": true}));
    assert_eq!(seen["tricks"], json!([{"argument": "init=/bin/sh", "shell": false, "ended": true}]));
    lab.bench.close().await;
}
