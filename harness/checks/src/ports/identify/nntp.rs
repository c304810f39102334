//! NNTP (RFC 3977, 5.1): 200 or 201, and a word that says what for.

use super::probe::Identified;

pub(super) fn read(text: &str) -> Option<Identified> {
    let line = text.lines().next()?;
    let said = line.strip_prefix("200 ").or_else(|| line.strip_prefix("201 "))?.to_uppercase();
    ["NNTP", "NNRP", "NEWS"].iter().any(|word| said.contains(word)).then(|| Identified::service("nntp"))
}
