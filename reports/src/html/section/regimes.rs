//! What the run also says: other regimes, as an indication.

use askama::Template;

use super::{Built, Section, Source};
use crate::law::{Regime, Said, Says, recognition, regimes};

#[derive(Template)]
#[template(path = "section/regimes.html")]
struct Body {
    edition: String,
    regimes: Vec<View>,
    recognition: Vec<[String; 5]>,
}

struct View {
    regime: Regime,
    /// Marks and how many clauses have each, without those that nothing was said of.
    tally: Vec<(Said, usize)>,
    silent: usize,
}

/// None where the record has no crosswalk, or no verdict that it leads on from.
pub(super) fn section(source: &Source<'_>) -> Built {
    let Some(says) = Says::of(source.results) else { return Ok(None) };
    let regimes: Vec<View> = regimes(&says).into_iter().map(view).collect();
    if regimes.is_empty() {
        return Ok(None);
    }
    let edition = says.walk()["edition"].as_str().unwrap_or_default().to_owned();
    Section::of("also", "What this run also says", &Body { edition, regimes, recognition: recognition(&says) })
}

fn view(mut regime: Regime) -> View {
    let count = |said: Said| regime.clauses.iter().filter(|c| c.said == said).count();
    let order = [Said::Holds, Said::DoesNotHold, Said::Open, Said::DoesNotApply];
    let tally = order.into_iter().map(|said| (said, count(said))).filter(|(_, n)| *n > 0).collect();
    let silent = count(Said::Silent);
    regime.clauses.retain(|c| c.said != Said::Silent);
    View { regime, tally, silent }
}
