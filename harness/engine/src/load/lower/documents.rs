//! What a dossier says of the maker's documents: where they are published, what they once said, the fields of the statement
//! of compliance, and by which route each requirement is met.

use assay_model::Diagnostic;

use super::Mistakes;
use super::fields::Fields;
use super::statement::{PERIOD, STANDARD};
use crate::load::tree::{Node, Yaml};

pub(crate) const DOCUMENTS: [&str; 10] = [
    "home",
    "security_txt",
    "sales",
    "statement",
    "label",
    "disclosure_process",
    "support_history",
    "support_extensions",
    "snapshots",
    "firmware",
];
pub(crate) const HISTORY: [&str; 3] = ["seen", "end", "copy"];
pub(crate) const EXTENSION: [&str; 2] = ["decided", "end"];
pub(crate) const STATEMENT: [&str; 14] = [
    "batch",
    "manufacturers",
    "authorised_representatives",
    "prepared_by_declaration",
    "compliance_declaration",
    "standards_relied_on",
    "defined_support_period",
    "signature",
    "signatory_name",
    "signatory_function",
    "place_of_issue",
    "date_of_issue",
    "supersedes",
    "label",
];
pub(crate) const PARTY: [&str; 2] = ["name", "address"];
pub(crate) const DECLARATIONS: [&str; 2] = ["complied_with_schedule_1", "deemed_compliance_conditions_met"];
pub(crate) const ROUTES: [&str; 3] = ["passwords", "issue_reporting", "support_period"];
/// Ways to meet a requirement: its own items, EN 303 645, ISO/IEC 29147, a label of Japan or Singapore.
pub(crate) const ROUTE_WORDS: [&str; 4] = ["own", "etsi", "iso29147", "label"];

/// Looks at `product.documents`, `product.statement` and `product.routes`, where they are.
pub(super) fn look(product: &Node, mistakes: &Mistakes) {
    if let Some(node) = product.get("documents") {
        documents(node, mistakes);
    }
    if let Some(node) = product.get("statement") {
        statement(node, mistakes);
    }
    if let Some(fields) = product.get("routes").and_then(|n| Fields::open("`routes`", n, &ROUTES, mistakes)) {
        for requirement in ROUTES {
            // ISO/IEC 29147 stands beside the requirement on reports alone.
            let words: Vec<&str> = ROUTE_WORDS
                .into_iter()
                .filter(|word| *word != "iso29147" || requirement == "issue_reporting")
                .collect();
            fields.word(requirement, &words);
        }
    }
}

fn documents(node: &Node, mistakes: &Mistakes) {
    let Some(fields) = Fields::open("`documents`", node, &DOCUMENTS, mistakes) else { return };
    fields.require("home");
    for key in ["home", "security_txt", "statement", "label", "disclosure_process"] {
        if let (Some(text), Some(node)) = (fields.require_text_if_there(key), fields.get(key)) {
            address(&text, node, mistakes);
        }
    }
    for node in fields.list("sales") {
        if let Some(text) = fields.as_text("sales", node) {
            address(&text, node, mistakes);
        }
    }
    for node in fields.list("support_history") {
        let Some(entry) = Fields::open("an entry of `support_history`", node, &HISTORY, mistakes) else { continue };
        ["seen", "end"].iter().for_each(|key| date(&entry, key, true));
        entry.text("copy");
    }
    for node in fields.list("support_extensions") {
        let Some(entry) = Fields::open("an entry of `support_extensions`", node, &EXTENSION, mistakes) else {
            continue;
        };
        EXTENSION.iter().for_each(|key| date(&entry, key, true));
    }
    fields.require_text_if_there("snapshots");
    fields.require_text_if_there("firmware");
}

fn statement(node: &Node, mistakes: &Mistakes) {
    let Some(fields) = Fields::open("`statement`", node, &STATEMENT, mistakes) else { return };
    for key in [
        "batch",
        "prepared_by_declaration",
        "signature",
        "signatory_name",
        "signatory_function",
        "place_of_issue",
        "supersedes",
        "label",
    ] {
        fields.text(key);
    }
    fields.word("compliance_declaration", &DECLARATIONS);
    date(&fields, "date_of_issue", false);
    for key in ["manufacturers", "authorised_representatives"] {
        for node in fields.list(key) {
            if let Some(party) = Fields::open("a name with its address", node, &PARTY, mistakes) {
                PARTY.iter().for_each(|key| drop(party.require_text(key)));
            }
        }
    }
    for node in fields.list("standards_relied_on") {
        if let Some(standard) = Fields::open("a standard relied on", node, &STANDARD, mistakes) {
            ["identifier", "version"].iter().for_each(|key| drop(standard.require_text(key)));
            date(&standard, "date", true);
        }
    }
    if let Some(period) =
        fields.get("defined_support_period").and_then(|n| Fields::open("a support period", n, &PERIOD, mistakes))
    {
        date(&period, "start", false);
        date(&period, "end", true);
    }
}

/// A URL that is fetched, or a path from the dossier's folder.
fn address(text: &str, node: &Node, mistakes: &Mistakes) {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let wrong = match scheme.as_deref() {
        Some("http" | "https") => None,
        Some(other) => Some(format!("the scheme `{other}` is not fetched, only http and https are")),
        None if text.starts_with('/') || text.split('/').any(|part| part == "..") => {
            Some(format!("`{text}` leads out of the dossier's folder"))
        }
        None => None,
    };
    if let Some(text) = wrong {
        mistakes.add(
            Diagnostic::error("product::address", text, Some(node.span.clone()))
                .help("give a URL, or a path from the dossier's folder"),
        );
    }
}

/// An ISO date.
pub(crate) fn date(fields: &Fields<'_>, key: &str, required: bool) {
    let text = if required { fields.require_text(key) } else { fields.text(key) };
    let Some(text) = text else { return };
    if time::Date::parse(&text, time::macros::format_description!("[year]-[month]-[day]")).is_err() {
        let span = fields.get(key).map(|n| n.span.clone());
        let message = format!("`{key}` is `{text}`, which is no date");
        fields
            .mistakes()
            .add(Diagnostic::error("product::date", message, span).help("write a day that exists, as 2026-11-20"));
    }
}

impl Fields<'_> {
    /// A text that may be left out, and is not empty.
    fn require_text_if_there(&self, key: &str) -> Option<String> {
        let there = self.node().get(key).is_some_and(|n| n.value != Yaml::Null);
        if there { self.require_text(key) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use crate::load::lint;
    use crate::plan::Registry;

    /// What lint says of a dossier with these lines under `product`.
    fn said(lines: &str) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("product.yaml");
        std::fs::write(&path, format!("assay: product/1\nproduct:\n  name: C1\n{lines}")).expect("written");
        lint(&[path], &Registry::default())
            .into_iter()
            .map(|d| format!("{} at {}", d.message, d.span.map(|s| s.place()).unwrap_or_default()))
            .collect()
    }

    #[test]
    fn a_whole_dossier_has_nothing_to_be_said_of() {
        let lines = "  documents: { home: \"https://maker.test/\", sales: [], statement: docs/statement.html, snapshots: kept }\n  \
                     routes: { passwords: etsi, issue_reporting: iso29147 }\n  \
                     statement: { batch: b, defined_support_period: { end: 2035-12-31 }, date_of_issue: 2026-04-20 }\n";
        assert_eq!(said(lines), Vec::<String>::new());
    }

    #[test]
    fn each_mistake_is_said_at_its_place() {
        for (lines, text, place) in [
            ("  documents: { sales: [] }\n", "needs `home`", ":4:"),
            ("  documents: { home: \"https://m.test/\", statment: x }\n", "no key `statment`", ":4:"),
            ("  documents:\n    home: \"ftp://m.test/\"\n", "the scheme `ftp` is not fetched", ":5:"),
            ("  documents:\n    home: \"https://m.test/\"\n    label: ../label.html\n", "leads out of", ":6:"),
            (
                "  documents:\n    home: \"https://m.test/\"\n    support_history: [{ seen: 2026-02-30, end: 2035-12-31 }]\n",
                "`seen` is `2026-02-30`, which is no date",
                ":6:",
            ),
            (
                "  documents:\n    home: \"https://m.test/\"\n    support_extensions: [{ end: 2035-12-31 }]\n",
                "needs `decided`",
                ":6:",
            ),
            ("  routes: { passwords: iso29147 }\n", "`passwords` cannot be `iso29147`", ":4:"),
            ("  statement: { compliance_declaration: yes-it-does }\n", "cannot be `yes-it-does`", ":4:"),
            ("  statement: { manufacturers: [{ name: Example Ltd }] }\n", "needs `address`", ":4:"),
            ("  statement: { defined_support_period: { end: soon } }\n", "`end` is `soon`, which is no date", ":4:"),
        ] {
            let found = said(lines);
            assert!(found.iter().any(|f| f.contains(text) && f.contains(place)), "{lines}: {found:?}");
        }
    }
}
