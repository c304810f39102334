//! SMTP (RFC 5321, 4.2): a 220 that says so.

use super::probe::Identified;

pub(super) fn read(text: &str) -> Option<Identified> {
    let line = text.lines().next()?.strip_prefix("220")?;
    let at = line.to_ascii_uppercase().find("SMTP")?;
    // What follows the word is the product, where the server names one.
    let product = line.get(at + 4..).unwrap_or_default().split(['(', ';']).next().unwrap_or_default();
    Some(Identified::versioned("smtp", product))
}
