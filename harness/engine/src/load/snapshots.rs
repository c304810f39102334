//! The store of dated snapshots: what the maker's page once said of the end of support, a file for each day on which that
//! was seen. The folder is named by `product.documents.snapshots`; files are only ever added to it.

use std::path::PathBuf;

use assay_model::Diagnostic;
use serde_json::{Value, json};

use super::files::{Files, beside};
use super::lower::Mistakes;
use super::lower::documents::date;
use super::lower::fields::{Fields, header};
use super::tree::Node;
use crate::plan::Product;

/// The keys of a snapshot file.
pub(crate) const KEYS: [&str; 8] = ["assay", "model", "seen", "end", "precision", "url", "sha256", "run"];
/// The most files that are read.
const MOST: usize = 10_000;

/// Adds what the store has of the dossier's model to `product.documents.support_history`, each with its file as `copy`.
pub(crate) fn read(node: &Node, product: &mut Product, files: &Files, mistakes: &Mistakes) {
    let named = node.get("product").and_then(|p| p.get("documents")).and_then(|d| d.get("snapshots"));
    let Some((named, name)) = named.and_then(|node| Some((node, node.text()?))) else { return };
    let folder = beside(&named.span, name);
    // A store that nothing has been kept in yet is not there yet.
    if !folder.exists() {
        return;
    }
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) => {
            let text = format!("the store of snapshots {} cannot be read: {error}", folder.display());
            let help = "`snapshots` names a folder beside the dossier; it is made on first use";
            mistakes.add(Diagnostic::error("product::snapshots", text, Some(named.span.clone())).help(help));
            return;
        }
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "yaml"));
    paths.sort();
    if paths.len() > MOST {
        let text = format!("the store of snapshots {} holds more than {MOST} files", folder.display());
        mistakes.add(Diagnostic::error("product::snapshots", text, Some(named.span.clone())));
        return;
    }
    let model = product.product.get("model").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut kept = Vec::new();
    for path in paths {
        let Some(node) = files.read(&path, "snapshot", Some(&named.span), mistakes) else { continue };
        if let Some((of, entry)) = lower(&node, mistakes)
            && of == model
        {
            kept.push(entry);
        }
    }
    let documents = product.product.get_mut("documents").and_then(Value::as_object_mut);
    let history = documents.map(|d| d.entry("support_history").or_insert_with(|| json!([])));
    if let Some(history) = history.and_then(Value::as_array_mut) {
        history.extend(kept);
    }
}

/// The model of a snapshot, and its entry of the history.
pub(crate) fn lower(node: &Node, mistakes: &Mistakes) -> Option<(String, Value)> {
    let fields = Fields::open("a snapshot", node, &KEYS, mistakes)?;
    header(&fields, "snapshot/1");
    ["seen", "end"].iter().for_each(|key| date(&fields, key, true));
    ["precision", "url", "sha256", "run"].iter().for_each(|key| drop(fields.text(key)));
    let model = fields.require_text("model")?;
    let copy = node.span.file.path.file_name().map(|n| n.to_string_lossy().into_owned());
    Some((model, json!({ "seen": fields.text("seen")?, "end": fields.text("end")?, "copy": copy })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{LoadRequest, lint, load};
    use crate::plan::Registry;

    const DOSSIER: &str = "assay: product/1\nproduct:\n  name: C1\n  model: C1\n  documents:\n    home: http://maker.test/\n    snapshots: kept\n    support_history: [{ seen: 2026-05-01, end: 2035-12-31 }]\n";

    fn snapshot(model: &str, seen: &str) -> String {
        format!("assay: snapshot/1\nmodel: {model}\nseen: {seen}\nend: 2035-12-31\n")
    }

    fn history(folder: &std::path::Path) -> Result<Vec<Value>, Vec<Diagnostic>> {
        std::fs::write(folder.join("product.yaml"), DOSSIER).expect("works");
        std::fs::write(folder.join("plan.yaml"), "assay: plan/1\nplan: p\nunits:\n  - { unit: u, question: \"Q?\", steps: [{ ask: { text: T, answers: [pass] }, as: a }] }\n").expect("works");
        let request = LoadRequest {
            plans: vec![folder.join("plan.yaml")],
            product: Some(folder.join("product.yaml")),
            ..LoadRequest::default()
        };
        let product = load(&request, &Registry::default())?.product.expect("works");
        Ok(product.product["documents"]["support_history"].as_array().expect("works").clone())
    }

    #[test]
    fn a_store_that_is_not_there_yet_is_empty_and_its_files_join_the_history() {
        let folder = tempfile::tempdir().expect("works");
        assert_eq!(history(folder.path()).expect("works").len(), 1);
        let store = folder.path().join("kept");
        std::fs::create_dir(&store).expect("works");
        std::fs::write(store.join("2026-11-22-c1.yaml"), snapshot("C1", "2026-11-22")).expect("works");
        std::fs::write(store.join("2026-11-22-d4.yaml"), snapshot("D4", "2026-11-22")).expect("works");
        std::fs::write(store.join("notes.txt"), "no snapshot").expect("works");
        let history = history(folder.path()).expect("works");
        assert_eq!(history.len(), 2, "another model's snapshots are not this one's");
        assert_eq!(history[1]["copy"], "2026-11-22-c1.yaml");
    }

    #[test]
    fn a_file_that_is_no_snapshot_stops_the_run_with_its_place() {
        let folder = tempfile::tempdir().expect("works");
        let store = folder.path().join("kept");
        std::fs::create_dir(&store).expect("works");
        std::fs::write(store.join("a.yaml"), snapshot("C1", "2026-02-30")).expect("works");
        let found = history(folder.path()).expect_err("a mistake");
        assert!(found.iter().any(|d| d.code == "product::date" && d.message.contains("2026-02-30")), "{found:#?}");
        assert!(!lint(&[store.join("a.yaml")], &Registry::default()).is_empty());
        std::fs::remove_dir_all(&store).expect("works");
        std::fs::write(&store, "a file").expect("works");
        let found = history(folder.path()).expect_err("a mistake");
        assert!(found.iter().any(|d| d.code == "product::snapshots"), "{found:#?}");
    }
}
