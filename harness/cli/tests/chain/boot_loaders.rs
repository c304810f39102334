//! Real U-Boot in QEMU, on the benches as they are shipped: the stock one fails the question of its boot loader and no other
//! of these, the locked one passes it.

use std::path::Path;

use super::real_servers::there;
use super::support::{Lab, Ran};

fn look(lab: &Lab, bench: &str, up: &str, more: &[&str]) -> Ran {
    let out = lab.path().display().to_string();
    let up = format!("up={up}");
    let mut args = vec!["run", "test-plans/console-look.yaml", "--bench", bench, "--out", &out];
    args.extend(["--select", "unit in ['console.log', 'console.loader', 'console.power-cuts']", "--set", &up]);
    args.extend(["--set", "countdown_ms=6000", "--set", "boot_ms=30000", "--set", "power_cuts=2"]);
    args.extend(more);
    lab.assay(&args)
}

fn peers() -> bool {
    let u_boot = "/usr/lib/u-boot/qemu_arm/u-boot.bin";
    there("/usr/bin/qemu-system-arm", "qemu-system-arm") && Path::new(u_boot).exists() && there(u_boot, "u-boot-qemu")
}

#[test]
fn stock_u_boot_fails_the_question_of_its_boot_loader_and_no_other() {
    if !peers() {
        return;
    }
    let lab = Lab::new(230, 1);
    let ran = look(&lab, "lab-config/benches/qemu-u-boot.yaml", "stop autoboot", &[]);
    assert_eq!((ran.code, ran.units("FAIL")), (1, vec!["console.loader".to_owned()]), "{}", ran.stderr);
    assert_eq!(ran.units("PASS"), ["console.log", "console.power-cuts"], "{}", ran.stderr);
    let seen = ran.results()["units"]["console.loader"].to_string();
    assert!(
        seen.contains("U-Boot 20") && seen.contains("\\\"prompt\\\":\\\"=>\\\"") || seen.contains("\"prompt\":\"=>\""),
        "{seen}"
    );
}

#[test]
fn locked_u_boot_passes_all_of_them_where_the_stock_one_showed_that_keys_reach_it() {
    if !peers() {
        return;
    }
    let lab = Lab::new(231, 1);
    let bench = "lab-config/benches/qemu-u-boot-locked.yaml";
    let ran = look(&lab, bench, "Starting application", &["--set", "keys_reach=true"]);
    assert_eq!(ran.units("PASS"), ["console.loader", "console.log", "console.power-cuts"], "{}", ran.stderr);
    assert_eq!(ran.code, 0);
    // By itself it cannot be told from one whose keys are lost on the way.
    let alone = look(&lab, bench, "Starting application", &[]);
    assert_eq!(alone.units("INCONCLUSIVE"), ["console.loader"], "{}", alone.stderr);
}
