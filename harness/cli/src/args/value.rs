//! Values that are written in words of their own.

use assay_reports::Format;
use assay_reports::pack::{Expected, Role};

pub(super) fn role(text: &str) -> Result<Role, String> {
    let words = || Role::ALL.map(Role::word).join(", ");
    Role::from_word(text).ok_or_else(|| format!("`{text}` is no role; take one of: {}", words()))
}

pub(super) fn expected(text: &str) -> Result<Expected, String> {
    let (word, identity) = text.split_once('=').map_or((text, None), |(word, who)| (word, Some(who.to_owned())));
    Ok(Expected { role: role(word)?, identity, fingerprint: None })
}

pub(super) fn moment(text: &str) -> Result<time::OffsetDateTime, String> {
    time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339)
        .map_err(|_| format!("`{text}` is no moment; write it as 2026-11-22T09:00:00Z"))
}

/// It stands on every page and in style sheets, so it is plain.
pub(super) fn report_number(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if text.is_empty() || text.len() > 60 || !text.chars().all(plain) {
        return Err("a report's number has 1 to 60 letters, digits, `.`, `_`, `-` and `/`".into());
    }
    Ok(text.to_owned())
}

pub(super) fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` is not KEY=VALUE")),
    }
}

pub(super) fn report_format(word: &str) -> Result<Format, String> {
    let words = || Format::ALL.iter().map(|f| f.word()).collect::<Vec<_>>().join(", ");
    Format::from_word(word).ok_or_else(|| format!("there is no format `{word}`; take one of: {}", words()))
}
