//! Editions of the standards, dates of the law, and that nothing is legal advice.

use askama::Template;

use super::{Built, Section, Source};
use crate::law::{Change, Law, NO_ADVICE, editions};

#[derive(Template)]
#[template(path = "section/editions.html")]
struct Body {
    editions: Vec<(String, (String, String))>,
    law: Option<Dates>,
    advice: &'static str,
}

struct Dates {
    version: String,
    in_force: String,
    version_in_force: String,
    checked: String,
    fixed: String,
    confidence: String,
    changes: Vec<Change>,
}

/// Always there: every report says once that it is no legal advice.
pub(super) fn section(source: &Source<'_>) -> Built {
    let editions = editions(source.results);
    let law = Law::of(source.results).filter(|_| editions.contains_key(crate::law::LAW)).map(dates);
    let body = Body { editions: editions.into_iter().collect(), law, advice: NO_ADVICE };
    Section::of("editions", "Editions and dates in force", &body)
}

fn dates(law: Law) -> Dates {
    let fixed: Vec<String> =
        law.text.fixed_editions.iter().map(|(name, edition)| format!("{name} {edition}")).collect();
    Dates {
        version: law.text.version,
        in_force: law.text.in_force_from,
        version_in_force: law.text.version_in_force_from,
        checked: law.text.checked_as_of,
        fixed: fixed.join(", "),
        confidence: law.text.confidence,
        changes: law.change_log,
    }
}
