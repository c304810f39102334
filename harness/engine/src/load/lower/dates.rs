//! ISO dates, which order as their texts do.

use assay_model::Diagnostic;

use super::fields::Fields;

/// A date that must be there, as written; a text that is none is reported.
pub(super) fn require(fields: &Fields<'_>, key: &str) -> Option<String> {
    let text = fields.require_text(key)?;
    if time::Date::parse(&text, time::macros::format_description!("[year]-[month]-[day]")).is_ok() {
        return Some(text);
    }
    let span = fields.get(key).map(|n| n.span.clone());
    let message = format!("`{text}` is no date");
    fields.mistakes().add(Diagnostic::error("file::date", message, span).help("write it as 2026-11-20"));
    None
}

/// A first and a last day. The other way round is reported.
pub(super) fn span(fields: &Fields<'_>, first: &str, last: &str) -> Option<(String, String)> {
    let (from, to) = (require(fields, first), require(fields, last));
    let (from, to) = (from?, to?);
    if from > to {
        let text = format!("it ends ({to}) before it begins ({from})");
        fields.mistakes().add(Diagnostic::error("file::dates", text, Some(fields.key_span(last))));
        return None;
    }
    Some((from, to))
}
