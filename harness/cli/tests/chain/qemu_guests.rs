//! Real firmware and a real Linux in QEMU, on the benches as they are shipped: the weak one of each pair fails, the locked one
//! passes, and one that is dead or killed in between passes nothing.

use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use super::debug_port::children;
use super::real_servers::there;
use super::support::{Lab, Ran, root};

/// The firmware's key, which no pack may hold in clear.
const KEY: &str = "correct-horse-battery-4711";

/// What the benches start, built once.
static BUILT: LazyLock<()> = LazyLock::new(|| {
    let build = root().join("lab-config/guests/build");
    let output = Command::new("bash").arg(build).output().expect("bash starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
});

fn firmware() -> bool {
    let peers = there("/usr/bin/qemu-system-arm", "qemu-system-arm")
        && there("/usr/bin/arm-none-eabi-gcc", "gcc-arm-none-eabi");
    peers.then(|| *BUILT).is_some()
}

fn linux() -> bool {
    let kernel = root().join("lab-config/guests/built/vmlinuz").display().to_string();
    let peers = there("/usr/bin/qemu-system-x86_64", "qemu-system-x86")
        && there("/bin/busybox", "busybox")
        && there("/usr/bin/cpio", "cpio")
        && there(&kernel, "the kernel of `lab-config/guests/fetch-kernel`");
    peers.then(|| *BUILT).is_some()
}

fn shipped(bench: &str) -> String {
    root().join("lab-config/benches").join(bench).display().to_string()
}

/// A copy of a shipped bench whose `append` is another.
fn appended(lab: &Lab, append: &str) -> String {
    let text = std::fs::read_to_string(shipped("qemu-linux-locked.yaml")).expect("the bench");
    let guests = root().join("lab-config/guests").display().to_string();
    let text = text.replace("../guests", &guests);
    let lines = text.lines().map(|line| match line.split_once("append: ") {
        Some((indent, _)) => format!("{indent}append: {append}\n"),
        None => format!("{line}\n"),
    });
    std::fs::write(lab.bench(), lines.collect::<String>()).expect("bench written");
    lab.bench().display().to_string()
}

fn debug_look<'a>(bench: &'a str, out: &'a str) -> [&'a str; 6] {
    ["run", "test-plans/debug-look.yaml", "--bench", bench, "--out", out]
}

fn look_at_port(bench: &str) -> (Lab, Ran) {
    let lab = Lab::new(160, 1);
    let (bench, out) = (shipped(bench), lab.path().display().to_string());
    let ran = lab.assay(&debug_look(&bench, &out));
    lab.judged_again(&ran);
    (lab, ran)
}

fn journal(ran: &Ran) -> String {
    std::fs::read_to_string(ran.pack().join("journal/journal.jsonl")).expect("the journal")
}

#[test]
fn real_firmware_gives_its_key_away_through_an_open_port_and_goes_on_running() {
    if !firmware() {
        return;
    }
    let (lab, ran) = look_at_port("qemu-firmware.yaml");
    assert_eq!((ran.code, ran.units("FAIL")), (1, vec!["debug.lock".into(), "debug.memory".into()]), "{}", ran.stderr);
    // Read by the stock driver: the settings where the compiler put them, and the copy that the firmware made.
    let found = ran.results()["units"]["debug.memory"].to_string();
    assert!(found.contains("wifi-psk") && found.contains("65554"), "{found}");
    let journal = journal(&ran);
    assert!(ran.stderr.contains("flash holds") && found.contains("memory holds"), "the copy in use, too: {found}");
    assert!(journal.contains(r#""witness":{"after":true,"before":true}"#), "the heartbeat was heard before and after");
    let checked = lab.assay(&["leakcheck", ran.pack().to_str().expect("UTF-8")]);
    assert_eq!(checked.code, 0, "{}{}", checked.stdout, checked.stderr);
    let clear = Command::new("grep").args(["-rlF", KEY]).arg(ran.pack()).output().expect("grep starts");
    assert_eq!(String::from_utf8_lossy(&clear.stdout), "", "the key stands in clear");
}

#[test]
fn the_same_firmware_behind_a_lock_passes() {
    if !firmware() {
        return;
    }
    let (_lab, ran) = look_at_port("qemu-firmware-locked.yaml");
    assert_eq!((ran.code, ran.units("PASS")), (0, vec!["debug.lock".into(), "debug.memory".into()]), "{}", ran.stderr);
    let journal = journal(&ran);
    assert!(journal.contains(r#""basis":"access-port-disabled""#));
    assert!(journal.contains(r#""witness":{"after":true,"before":true}"#), "the heartbeat was heard before and after");
}

/// Runs a look and kills the guest as soon as this word turns up among the arguments of a child of the run. How many units
/// passed, failed, were inconclusive, and ended in error.
fn killed_at(word: &str) -> [usize; 4] {
    let lab = Lab::new(160, 1);
    let (bench, out) = (shipped("qemu-firmware-locked.yaml"), lab.path().display().to_string());
    let mut running = lab
        .command(&debug_look(&bench, &out))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("assay starts");
    let waited = Instant::now();
    let guest = loop {
        let guests = children(running.id(), "netduinoplus2");
        if let Some(guest) = guests.first().filter(|_| !children(running.id(), word).is_empty()) {
            break *guest;
        }
        assert!(running.try_wait().expect("waits").is_none(), "the run ended before its guest was killed");
        assert!(waited.elapsed() < Duration::from_secs(120), "no guest came up");
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(Command::new("kill").args(["-KILL", &guest.to_string()]).status().is_ok_and(|s| s.success()));
    let output = running.wait_with_output().expect("ended");
    let ran = Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    // Read while the folder is there.
    let verdicts = ["PASS", "FAIL", "INCONCLUSIVE", "ERROR"].map(|verdict| ran.units(verdict).len());
    assert_eq!(verdicts[..2], [0, 0], "killed at {word}: {}", ran.stderr);
    verdicts
}

#[test]
fn firmware_that_is_killed_before_the_look_or_in_it_decides_nothing() {
    if !firmware() {
        return;
    }
    // Before QEMU has said that the guest stands ready, that is the bench's fault.
    let [.., inconclusive, error] = killed_at("netduinoplus2");
    assert_eq!(inconclusive + error, 2);
    assert_eq!(killed_at("__probe"), [0, 0, 2, 0]);
}

/// Units of the console plan, but for that of the boot loader: these guests have none.
const CONSOLE: [&str; 4] = ["console.log", "console.power-cuts", "console.shell", "console.sysrq"];

fn look_at_console(lab: &Lab, bench: &str, units: &[&str], more: &[&str]) -> Ran {
    let out = lab.path().display().to_string();
    let select = format!("unit in [{}]", units.iter().map(|u| format!("'{u}'")).collect::<Vec<_>>().join(", "));
    let mut args = vec!["run", "test-plans/console-look.yaml", "--bench", bench, "--out", &out, "--select", &select];
    args.extend(["--set", "countdown_ms=2000", "--set", "power_cuts=1", "--set", "tries=2"]);
    args.extend(more);
    lab.assay(&args)
}

#[test]
fn a_linux_with_an_open_console_fails_for_its_shell_and_its_system_requests() {
    if !linux() {
        return;
    }
    let lab = Lab::new(161, 1);
    let ran = look_at_console(&lab, &shipped("qemu-linux.yaml"), &CONSOLE, &["--set", "up=/ # *"]);
    assert_eq!(
        (ran.code, ran.units("FAIL")),
        (1, vec!["console.shell".into(), "console.sysrq".into()]),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.units("PASS"), ["console.log", "console.power-cuts"], "{}", ran.stderr);
    let units = &ran.results()["units"];
    assert!(units["console.shell"].to_string().contains("shell_without_logon"), "{units}");
    assert!(units["console.sysrq"].to_string().contains("crash"), "{units}");
    assert!(journal(&ran).contains(r#""confirmed":true"#), "the shell did as it was told");
}

#[test]
fn a_linux_with_a_logon_and_no_system_requests_passes() {
    if !linux() {
        return;
    }
    let lab = Lab::new(162, 1);
    let ran = look_at_console(&lab, &shipped("qemu-linux-locked.yaml"), &CONSOLE, &[]);
    assert_eq!((ran.code, ran.units("PASS")), (0, CONSOLE.map(str::to_owned).to_vec()), "{}", ran.stderr);
    assert!(journal(&ran).contains(r#""break_sent":true"#), "the kernel was asked");
}

#[test]
fn a_linux_with_a_public_default_fails_for_that() {
    if !linux() {
        return;
    }
    let lab = Lab::new(163, 1);
    let bench = appended(&lab, "console=ttyS0 no_timer_check quiet sysctl.kernel.sysrq=0 assay.console=default");
    let ran = look_at_console(&lab, &bench, &["console.shell", "console.sysrq"], &[]);
    assert_eq!((ran.units("FAIL"), ran.units("PASS")), (vec!["console.shell".into()], vec!["console.sysrq".into()]));
    let judged = ran.results()["units"]["console.shell"].to_string();
    assert!(judged.contains("public default"), "{judged}");
}

#[test]
fn a_linux_that_turns_itself_off_or_has_no_console_passes_nothing() {
    if !linux() {
        return;
    }
    for append in ["console=ttyS0 no_timer_check quiet assay.console=off", "no_timer_check quiet assay.console=none"] {
        let lab = Lab::new(164, 1);
        let bench = appended(&lab, append);
        let ran = look_at_console(&lab, &bench, &CONSOLE, &["--set", "boot_ms=8000"]);
        assert_eq!(ran.units("PASS"), Vec::<String>::new(), "{append}: {}", ran.stderr);
    }
}
