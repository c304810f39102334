//! Runs the real binary over a list of products.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

pub(super) const HEAD: &str = "maker,product,model,policy_url,support_url,statement_url,sales_urls\n";

/// The repository.
pub(super) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository is there")
}

/// A place for lists, packs and keys.
pub(super) struct Desk(tempfile::TempDir);

/// What a survey left behind.
pub(super) struct Surveyed {
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Surveyed {
    pub(super) fn pack(&self) -> PathBuf {
        PathBuf::from(self.stdout.lines().last().unwrap_or_default())
    }

    pub(super) fn results(&self) -> Value {
        let path = self.pack().join("results/results.json");
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}\n{}", path.display(), self.stderr));
        serde_json::from_str(&text).expect("JSON")
    }

    /// Verdict and first reason of each item of a product.
    pub(super) fn product(&self, id: &str) -> BTreeMap<String, (String, String)> {
        let results = self.results();
        let units = results["units"].as_object().expect("units");
        let of = |unit: &Value| {
            let one = &unit["samples"][id];
            let word = one["verdict"].as_str().unwrap_or_else(|| panic!("no product {id}")).to_owned();
            (word, one["reasons"][0]["text"].as_str().unwrap_or_default().to_owned())
        };
        units.iter().map(|(item, unit)| (item.clone(), of(unit))).collect()
    }

    /// Items of a product with that verdict, sorted.
    pub(super) fn items(&self, id: &str, verdict: &str) -> Vec<String> {
        self.product(id).into_iter().filter(|(_, (word, _))| word == verdict).map(|(item, _)| item).collect()
    }

    /// The first reason of an item.
    pub(super) fn reason(&self, id: &str, item: &str) -> String {
        self.product(id).remove(item).expect("the item").1
    }
}

impl Desk {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn list(&self, text: &str) -> PathBuf {
        let path = self.path().join("products.csv");
        std::fs::write(&path, text).expect("list written");
        path
    }

    pub(super) fn command(&self, list: &Path, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
        command.args(["run", "test-plans/psti/desk-survey.yaml", "--out"]).arg(self.path());
        command.args(["--set", &format!("products={}", list.display())]).args(more);
        command.env("XDG_CONFIG_HOME", self.path()).current_dir(root()).stdin(Stdio::null());
        command
    }

    /// A survey without pauses over addresses of this host.
    pub(super) fn survey(&self, list: &str, more: &[&str]) -> Surveyed {
        let mut set = vec!["--set", "allow_private=true", "--set", "pause=0"];
        set.extend(more);
        self.bare(list, &set)
    }

    /// A survey with nothing set but the list.
    pub(super) fn bare(&self, list: &str, more: &[&str]) -> Surveyed {
        let output = self.command(&self.list(list), more).output().expect("assay starts");
        Surveyed {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub(super) fn assay(&self, args: &[&str]) -> Surveyed {
        let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
        command.args(args).env("XDG_CONFIG_HOME", self.path()).current_dir(root()).stdin(Stdio::null());
        let output = command.output().expect("assay starts");
        Surveyed {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// A row whose pages are those of a variant.
pub(super) fn row(root: &str, variant: &str, model: &str) -> String {
    format!(
        "Acme,{variant},{model},{root}/{variant}/{model}/security,{root}/{variant}/{model}/support,{root}/{variant}/{model}/statement,{root}/{variant}/{model}/product\n"
    )
}
