//! One file per mistake: the exact message, and no other mistake reported beside it.

mod common;

use std::path::{Path, PathBuf};

use assay_engine::diagnostics::render;
use assay_engine::load::{LoadRequest, lint, load};
use assay_model::Diagnostic;

/// Lint, or load where the first line gives flags: `# flags: bench=... set=name=value`.
fn found(path: &Path) -> Vec<Diagnostic> {
    let text = std::fs::read_to_string(path).expect("reads");
    let Some(flags) = text.lines().next().and_then(|l| l.strip_prefix("# flags: ")) else {
        return lint(&[path.to_owned()], &common::registry());
    };
    let mut request = LoadRequest { plans: vec![path.to_owned()], ..LoadRequest::default() };
    for flag in flags.split(' ') {
        let (name, value) = flag.split_once('=').expect("name=value");
        match name {
            "bench" => request.bench = Some(value.into()),
            "product" => request.product = Some(value.into()),
            "answers" => request.answers = Some(value.into()),
            "select" => request.select = Some(value.to_owned()),
            "defect" => request.defects.push(value.to_owned()),
            "set" => {
                let (key, value) = value.split_once('=').expect("key=value");
                request.set.push((key.to_owned(), value.to_owned()));
            }
            other => panic!("no flag `{other}`"),
        }
    }
    match load(&request, &common::registry()) {
        Ok(run) => run.warnings,
        Err(found) => found,
    }
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("tests/bad").expect("a folder").map(|e| e.expect("an entry").path());
    let mut files: Vec<PathBuf> = entries.filter(|p| p.is_file()).collect();
    files.sort();
    files
}

#[test]
fn every_mistake_has_its_message_and_no_other() {
    let files = files();
    assert!(files.len() >= 100, "{} files", files.len());
    let mut wrong = Vec::new();
    for path in &files {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let code = name.split('.').next().expect("a code").replace("--", "::");
        let found = found(path);
        if found.is_empty() || found.iter().any(|d| d.code != code) {
            let text: Vec<String> = found.iter().map(|d| render(d, false)).collect();
            wrong.push(format!("{name}: expected {code} alone\n{}", text.join("\n")));
        }
        let text: Vec<String> = found.iter().map(|d| render(d, false)).collect();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("bad/snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, text.join("\n\n")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn rendering_is_the_same_every_time_and_colour_adds_only_escapes() {
    for path in files() {
        for diagnostic in found(&path) {
            let plain = render(&diagnostic, false);
            assert_eq!(plain, render(&diagnostic, false));
            assert!(!plain.contains('\u{1b}'), "{plain}");
            let mut coloured = render(&diagnostic, true);
            assert!(coloured.contains('\u{1b}'));
            while let Some(at) = coloured.find('\u{1b}') {
                let end = coloured[at..].find('m').expect("ends") + at;
                coloured.replace_range(at..=end, "");
            }
            assert_eq!(coloured, plain);
        }
    }
}
