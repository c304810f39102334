//! README.txt: how to check the pack without Assay.

use assay_model::results::Results;

use super::seal::SealOptions;
use crate::visible::visible_line;

pub(super) fn render(results: &Results, options: &SealOptions, fingerprint: &str) -> String {
    let contact = options.contact.as_deref().unwrap_or("not stated; ask whoever gave you this pack");
    let product = results.product.get("name").and_then(|v| v.as_str()).unwrap_or("not stated");
    format!(
        include_str!("readme.txt"),
        run = visible_line(&results.run_id),
        product = visible_line(product),
        verdict = results.conformance().word(),
        tool = visible_line(&format!("{} {}", results.tool.name, results.tool.version)),
        principal = visible_line(&options.principal),
        fingerprint = fingerprint,
        namespace = super::NAMESPACE,
        contact = visible_line(contact),
        attempts = attempts(results),
        head = visible_line(&results.journal_head),
    )
}

/// What the ledger said when the run began.
fn attempts(results: &Results) -> String {
    let Some(position) = &results.ledger else { return "No ledger was kept for this run.\n".into() };
    position.sentences().iter().map(|s| visible_line(s) + "\n").collect()
}
