//! Runs the real binary on virtual cameras, each test on a loopback network of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The repository.
pub(super) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository is there")
}

/// A bench of virtual cameras, and a place for packs and keys.
pub(super) struct Lab {
    folder: tempfile::TempDir,
    bench: PathBuf,
}

/// What a run left behind.
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Ran {
    /// The pack's path: the last line.
    pub(super) fn pack(&self) -> PathBuf {
        PathBuf::from(self.stdout.lines().last().unwrap_or_default())
    }

    /// summary.json.
    pub(super) fn summary(&self) -> Value {
        let path = self.pack().join("summary.json");
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}\n{}", path.display(), self.stderr));
        serde_json::from_str(&text).expect("summary.json is JSON")
    }

    /// results/results.json.
    pub(super) fn results(&self) -> Value {
        let text = std::fs::read_to_string(self.pack().join("results/results.json")).expect("results");
        serde_json::from_str(&text).expect("results.json is JSON")
    }

    /// Units with that verdict, sorted.
    pub(super) fn units(&self, verdict: &str) -> Vec<String> {
        let summary = self.summary();
        let units = summary["units"].as_object().expect("units");
        let mut ids: Vec<String> = units.iter().filter(|(_, v)| *v == verdict).map(|(id, _)| id.clone()).collect();
        ids.sort();
        ids
    }
}

impl Lab {
    /// `number` is the third byte of the lab's network; tests that run at the same time take different ones.
    pub(super) fn new(number: u8, samples: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let products = root().join("lab-config/products");
        let bench = folder.path().join("bench.yaml");
        let text = format!(
            "assay: bench/1\nbench: virtual-camera\nprovider: {{ virtual: camera, samples: {samples}, network: 127.22.{number}.0 }}\n\
             product: {0}/virtual-camera.yaml\nanswers: {0}/virtual-camera-answers.yaml\n\
             permits: [passive, active, disruptive]\nlimits: {{ tries_per_mechanism: 8, pause_ms: 20 }}\n",
            products.display()
        );
        std::fs::write(&bench, text).expect("bench written");
        Self { folder, bench }
    }

    /// The bench file.
    pub(super) fn bench(&self) -> &Path {
        &self.bench
    }

    /// As [`Lab::new`], on a copy of the camera's dossier that `edit` has changed.
    pub(super) fn edited(number: u8, edit: impl Fn(String) -> String) -> Self {
        let lab = Self::new(number, 1);
        let shipped = root().join("lab-config/products/virtual-camera.yaml");
        let dossier = edit(std::fs::read_to_string(&shipped).expect("the dossier"));
        std::fs::write(lab.path().join("product.yaml"), dossier).expect("written");
        let bench = std::fs::read_to_string(&lab.bench).expect("the bench");
        std::fs::write(&lab.bench, bench.replace(&shipped.display().to_string(), "product.yaml")).expect("written");
        lab
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `assay` with a home of its own.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
        command.args(args).env("XDG_CONFIG_HOME", self.path()).current_dir(root()).stdin(Stdio::null());
        command
    }

    /// Any command, to its end.
    pub(super) fn assay(&self, args: &[&str]) -> Ran {
        let output = self.command(args).output().expect("assay starts");
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The arguments of a run of the password plan.
    pub(super) fn run_args<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        let mut args = vec!["run", "test-plans/psti/passwords.yaml", "--bench"];
        args.push(self.bench.to_str().expect("UTF-8"));
        args.push("--out");
        args.push(self.path().to_str().expect("UTF-8"));
        args.extend(more);
        args
    }

    /// All plans of the UK regime on this lab's cameras.
    pub(super) fn run_psti(&self, more: &[&str]) -> Ran {
        let mut args = self.run_args(more);
        args[1] = "test-plans/psti";
        self.assay(&args)
    }

    /// The password plan on this lab's cameras. Whatever pack comes of it is judged again at once.
    pub(super) fn run(&self, more: &[&str]) -> Ran {
        let ran = self.assay(&self.run_args(more));
        self.judged_again(&ran);
        ran
    }

    /// The record gives the same verdicts and the same bytes of results, whatever the run was like.
    pub(super) fn judged_again(&self, ran: &Ran) {
        let pack = ran.pack();
        if !pack.join("SHA256SUMS").exists() {
            return;
        }
        let again = self.assay(&["rejudge", pack.to_str().expect("UTF-8")]);
        assert_eq!((again.code, again.stdout.as_str()), (0, ""), "{}", again.stderr);
    }
}
