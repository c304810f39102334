//! `external_evidence:` of a dossier: certificates, and reports of other labs, that cover groups of units.

use std::path::PathBuf;

use assay_model::Diagnostic;
use assay_model::assessment::ExternalEvidence;

use super::fields::Fields;
use super::suite::{Seen, unique};
use super::{Mistakes, dates};
use crate::load::files::beside;
use crate::load::source::unreadable;
use crate::plan::External;

pub(crate) const KEYS: [&str; 8] = ["groups", "issuer", "number", "edition", "scope", "issued", "valid_until", "file"];

/// Every entry that is whole. Whether each counts is told by the day, `today`; one that does not is a warning, because the
/// run then tests for itself.
pub(super) fn lower(dossier: &Fields<'_>, today: &str, mistakes: &Mistakes) -> Vec<External> {
    let mut numbers = Seen::new();
    let one = |node| {
        let fields = Fields::open("an entry of `external_evidence`", node, &KEYS, mistakes)?;
        let number = fields.require_text("number");
        if let (Some(number), Some(node)) = (&number, fields.get("number")) {
            unique("product::duplicate-external", "the document", number, &node.span, &mut numbers, mistakes);
        }
        let texts = ["issuer", "edition", "scope"].map(|key| fields.require_text(key));
        let days = dates::span(&fields, "issued", "valid_until");
        let path = file(&fields, mistakes);
        let groups = fields.texts("groups");
        if fields.require("groups").is_some() && groups.is_empty() {
            let text = "a document that covers no group covers nothing";
            mistakes.add(Diagnostic::error("product::external", text, Some(fields.key_span("groups"))));
        }
        let [Some(issuer), Some(edition), Some(scope)] = texts else { return None };
        let ((issued, valid_until), number, path) = (days?, number?, path?);
        let refused = refused(&issued, &valid_until, today);
        if !refused.is_empty() {
            let text = format!("document {number} of {issuer} does not count: {refused}");
            let mistake =
                Diagnostic::warning("product::external-not-valid", text, Some(fields.key_span("valid_until")));
            mistakes.add(mistake.help("its groups are tested here"));
        }
        let accepted = refused.is_empty();
        let evidence = ExternalEvidence {
            groups,
            issuer,
            number,
            edition,
            scope,
            issued,
            valid_until,
            accepted,
            refused,
            evidence: None,
        };
        Some(External { evidence, path })
    };
    dossier.list("external_evidence").iter().filter_map(one).collect()
}

/// Why a document does not count on a day; empty where it does. It counts on its last day.
fn refused(issued: &str, valid_until: &str, today: &str) -> String {
    if today < issued {
        format!("it is issued on {issued}, which is to come")
    } else if today > valid_until {
        format!("it was valid until {valid_until}")
    } else {
        String::new()
    }
}

fn file(fields: &Fields<'_>, mistakes: &Mistakes) -> Option<PathBuf> {
    let name = fields.require_text("file")?;
    let node = fields.get("file")?;
    let path = beside(&node.span, &name);
    match std::fs::metadata(&path) {
        Ok(meta) if meta.is_file() => return Some(path),
        Ok(_) => {
            let text = format!("{} is no file", path.display());
            mistakes.add(Diagnostic::error("file::unreadable", text, Some(node.span.clone())));
        }
        Err(error) => mistakes.add(Diagnostic { span: Some(node.span.clone()), ..unreadable(&path, &error) }),
    }
    None
}

#[cfg(test)]
mod tests {
    use super::refused;

    #[test]
    fn a_document_counts_from_its_first_to_its_last_day() {
        let on = |today| refused("2026-01-10", "2026-12-31", today).is_empty();
        assert_eq!(["2026-01-09", "2026-01-10", "2026-12-31", "2027-01-01"].map(on), [false, true, true, false]);
    }
}
