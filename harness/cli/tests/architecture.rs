//! The rooms and the doors between them: reads the manifests and names any edge that must not be.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Crate → the crates of ours that it may know. Anything else is a forbidden edge.
const ALLOWED: [(&str, &[&str]); 8] = [
    ("assay-model", &[]),
    ("assay-engine", &["assay-model"]),
    ("assay-checks", &["assay-model"]),
    ("assay-dossier", &[]),
    ("assay-virtual", &[]),
    ("assay-adapters", &["assay-model", "assay-virtual"]),
    ("assay-reports", &["assay-model"]),
    (
        "assay",
        &[
            "assay-model",
            "assay-engine",
            "assay-checks",
            "assay-dossier",
            "assay-virtual",
            "assay-adapters",
            "assay-reports",
        ],
    ),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Name → names of our crates under `[dependencies]` and `[build-dependencies]`; tests may reach further.
fn manifests() -> BTreeMap<String, Vec<String>> {
    let folders = [
        "harness/model",
        "harness/engine",
        "harness/checks",
        "harness/dossier",
        "harness/virtual",
        "harness/cli",
        "adapters",
        "reports",
    ];
    folders
        .iter()
        .map(|folder| {
            let text = std::fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("manifest is readable");
            let mut section = "";
            let mut name = String::new();
            let mut edges = Vec::new();
            for line in text.lines().map(str::trim) {
                if line.starts_with('[') {
                    section = line;
                } else if section == "[package]" && line.starts_with("name") {
                    name = line.split('"').nth(1).expect("a quoted name").to_owned();
                } else if matches!(section, "[dependencies]" | "[build-dependencies]") && line.starts_with("assay") {
                    edges.push(line.split(['.', ' ', '=']).next().expect("a key").to_owned());
                }
            }
            (name, edges)
        })
        .collect()
}

#[test]
fn no_crate_knows_what_it_must_not() {
    let allowed: BTreeMap<_, _> = ALLOWED.into_iter().collect();
    let manifests = manifests();
    assert_eq!(
        manifests.keys().map(String::as_str).collect::<Vec<_>>(),
        allowed.keys().copied().collect::<Vec<_>>(),
        "a crate came or went: say here what it may know"
    );
    let forbidden: Vec<String> = manifests
        .iter()
        .flat_map(|(from, edges)| edges.iter().map(move |to| (from, to)))
        .filter(|(from, to)| !allowed[from.as_str()].contains(&to.as_str()))
        .map(|(from, to)| format!("{from} -> {to}"))
        .collect();
    assert!(forbidden.is_empty(), "forbidden edges: {}", forbidden.join(", "));
}

#[test]
fn every_member_of_the_workspace_is_under_this_rule() {
    let text = std::fs::read_to_string(root().join("Cargo.toml")).expect("manifest is readable");
    let members = text.split("members = [").nth(1).and_then(|t| t.split(']').next()).expect("a members list");
    assert_eq!(members.matches('"').count() / 2, ALLOWED.len());
}

#[test]
fn the_engine_names_no_standard_and_no_protocol() {
    let mut stack = vec![root().join("harness/engine/src")];
    let mut offences = Vec::new();
    while let Some(path) = stack.pop() {
        if path.is_dir() {
            stack.extend(std::fs::read_dir(&path).expect("readable").map(|e| e.expect("entry").path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("source is UTF-8");
        let code = text.split("#[cfg(test)]").next().expect("a first part");
        for (number, line) in code.lines().enumerate() {
            let line = line.split("//").next().unwrap_or_default();
            for word in ["303645", "303 645", "PSTI", "ssh2", "rustls", "junit", "openssl"] {
                if line.contains(word) {
                    offences.push(format!("{}:{}: {word}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(offences.is_empty(), "the engine knows what it must not:\n{}", offences.join("\n"));
}
