//! The Code of Practice on one page, from the verdicts of the run.

use askama::Template;

use super::{Built, Section, Source};
use crate::law::{Guideline, Said, Says, scorecard};

#[derive(Template)]
#[template(path = "section/scorecard.html")]
struct Body {
    edition: String,
    guidelines: Vec<Guideline>,
    tally: Vec<(Said, usize)>,
}

/// None where the record has no Code of Practice, or no verdict that it could be told from.
pub(super) fn section(source: &Source<'_>) -> Built {
    let Some(says) = Says::of(source.results) else { return Ok(None) };
    let guidelines = scorecard(&says);
    if guidelines.iter().all(|g| g.said == Said::Silent) {
        return Ok(None);
    }
    let order = [Said::Holds, Said::DoesNotHold, Said::Open, Said::Silent, Said::DoesNotApply];
    let count = |said: Said| guidelines.iter().filter(|g| g.said == said).count();
    let tally = order.into_iter().map(|said| (said, count(said))).filter(|(_, n)| *n > 0).collect();
    let code = &source.results.catalogues["uk-code-of-practice-2018"];
    let edition = code["edition"].as_str().unwrap_or_default().to_owned();
    Section::of("code-of-practice", "Code of Practice: 13 guidelines", &Body { edition, guidelines, tally })
}
