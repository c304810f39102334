//! Starter dossiers, benches and plans of further kinds of product: they lint clean, and they run.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

const KINDS: [(&str, &str); 3] = [("baby-monitor", "B1"), ("doorbell", "D1"), ("speaker", "S1")];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository is there")
}

fn assay(home: &tempfile::TempDir, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    command.args(args).env("XDG_CONFIG_HOME", home.path()).current_dir(root()).stdin(Stdio::null());
    command.output().expect("assay starts")
}

#[test]
fn each_kind_lints_clean_and_says_what_to_fill_in() {
    let home = tempfile::tempdir().expect("a folder");
    for (kind, model) in KINDS {
        let dossier = format!("lab-config/products/{kind}.yaml");
        let plan = format!("test-plans/kinds/{kind}.yaml");
        let bench = format!("lab-config/benches/{kind}.yaml");
        let linted =
            assay(&home, &["lint", &plan, &bench, &dossier, &format!("lab-config/benches/{kind}-virtual.yaml")]);
        let text = String::from_utf8_lossy(&linted.stdout).into_owned() + &String::from_utf8_lossy(&linted.stderr);
        assert!(linted.status.success() && text.contains("no mistakes"), "{kind}: {text}");
        let text = std::fs::read_to_string(root().join(&dossier)).expect("the dossier");
        assert!(text.contains(&format!("model: {model} # fill in")), "{kind}");
        assert!(text.matches("# fill in").count() > 10, "{kind}");
        assert!(!text.to_lowercase().contains(" camera ") || kind != "speaker", "a speaker has no camera");
    }
}

#[test]
fn the_plans_of_the_regimes_resolve_for_each_kind() {
    let home = tempfile::tempdir().expect("a folder");
    for (kind, _) in KINDS {
        let bench = format!("lab-config/benches/{kind}-virtual.yaml");
        let explained = assay(&home, &["explain", "test-plans/en303645", "--bench", &bench, "--json"]);
        assert!(explained.status.success(), "{kind}: {}", String::from_utf8_lossy(&explained.stderr));
    }
}

/// The virtual camera's engine under another dossier: what its ports and logons are is declared alike.
#[test]
fn each_kind_runs_on_virtual_devices() {
    let home = tempfile::tempdir().expect("a folder");
    for (kind, _) in KINDS {
        let bench = format!("lab-config/benches/{kind}-virtual.yaml");
        let plan = format!("test-plans/kinds/{kind}.yaml");
        let out = home.path().to_str().expect("UTF-8");
        let args = ["run", &plan, "--bench", &bench, "--samples", "1", "--out", out, "--select"];
        let good = assay(&home, &[&args[..], &["class == \"automated\""]].concat());
        assert_eq!(good.status.code(), Some(0), "{kind}: {}", String::from_utf8_lossy(&good.stderr));
        let asks = assay(&home, &[&args[..], &["class == \"assessor\""]].concat());
        assert_eq!(asks.status.code(), Some(3), "{kind}: nobody answered, so nothing passes");
    }
}
