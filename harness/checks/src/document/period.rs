//! Ends of update periods on a page: which dates end one, and what stands around them.

use super::dates::{self, Found, Precision};
use super::durations;
use super::page::{Block, Page};
use super::words::{phrase_in, sentences};

/// Ends and promises that are kept, at most, each.
const MOST: usize = 1_000;
/// Words of a model's name that are compared at once.
const NAME_WORDS: usize = 5;

/// What a page says on periods.
#[derive(Debug, Default)]
pub(crate) struct Periods {
    pub(crate) ends: Vec<End>,
    /// Sentences that promise updates without an end.
    pub(crate) open: Vec<String>,
}

/// A date that ends a period of updates.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) date: Result<time::Date, String>,
    pub(crate) precision: Precision,
    pub(crate) raw: String,
    pub(crate) ambiguous: bool,
    pub(crate) language: &'static str,
    /// Where the period starts, if that stands beside it.
    pub(crate) start: Option<time::Date>,
    /// Texts that may name its model: sentence, row, label, section.
    pub(crate) near: Vec<String>,
    /// In a table row: it belongs to the models of that row alone.
    pub(crate) in_row: bool,
    /// Said of all products.
    pub(crate) for_all: bool,
    pub(crate) excerpt: String,
}

const SUBJECT: [&str; 22] = [
    "security update",
    "security updates",
    "updates",
    "update",
    "support",
    "supported",
    "support period",
    "security support",
    "patches",
    "security patches",
    "eoss",
    "end of support",
    "end-of-support",
    "security maintenance",
    "mises à jour",
    "mise à jour",
    "sicherheitsupdates",
    "updates bis",
    "actualizaciones",
    "aggiornamenti",
    "beveiligingsupdates",
    "guaranteed until",
];
const ENDS: [&str; 26] = [
    "until",
    "till",
    "through",
    "up to",
    "end",
    "ends",
    "ended",
    "ending",
    "end date",
    "expires",
    "expiry",
    "to",
    "by",
    "before",
    "at least until",
    "guaranteed",
    "eoss",
    "end of support",
    "end-of-support",
    "minimum",
    "jusqu'au",
    "jusqu'à",
    "bis",
    "hasta",
    "fino",
    "tot",
];
const STARTS: [&str; 24] = [
    "from",
    "since",
    "sold",
    "launched",
    "launch",
    "released",
    "release",
    "published",
    "updated",
    "issued",
    "effective",
    "as of",
    "purchased",
    "copyright",
    "on sale",
    "start",
    "starts",
    "starting",
    "ga",
    "available",
    "introduced",
    "changed",
    "reviewed",
    "à partir du",
];
const ALL: [&str; 8] = [
    "all our products",
    "all products",
    "every product",
    "each product",
    "all models",
    "all of our products",
    "all our devices",
    "all devices",
];
const OPEN: [&str; 14] = [
    "lifetime",
    "life of the product",
    "lifespan",
    "as long as",
    "ongoing",
    "indefinitely",
    "forever",
    "no end date",
    "without limit",
    "unlimited",
    "until further notice",
    "at our discretion",
    "for the foreseeable future",
    "while stocks",
];

/// Every end and every open promise of a page.
pub(crate) fn of(page: &Page) -> Periods {
    let mut periods = Periods::default();
    for (at, block) in page.blocks.iter().enumerate() {
        let title = if block.column.is_empty() { &block.label } else { &block.column };
        let about = [block.text.as_str(), title, &block.section].iter().any(|t| phrase_in(t, &SUBJECT).is_some());
        if !about {
            continue;
        }
        for sentence in sentences(&block.text) {
            let found = dates::find(sentence);
            let before = periods.ends.len();
            for (n, date) in found.iter().enumerate() {
                let earlier = n.checked_sub(1).and_then(|n| found.get(n));
                if periods.ends.len() < MOST && ends(sentence, title, date, earlier) {
                    periods.ends.push(end(page, at, sentence, date, earlier));
                }
            }
            let promised = periods.ends.len() == before && is_open(sentence, title, &block.section);
            if promised && periods.open.len() < MOST {
                periods.open.push(sentence.to_owned());
            }
        }
    }
    periods
}

/// Whether a date ends a period: by the last word before it that says so or the opposite, else by its column or label.
fn ends(sentence: &str, title: &str, date: &Found, earlier: Option<&Found>) -> bool {
    if let Some(earlier) = earlier {
        let between = sentence[earlier.at.end..date.at.start].trim().to_lowercase();
        if matches!(between.as_str(), "-" | "\u{2013}" | "\u{2014}" | "to" | "until" | "till" | "through") {
            return true;
        }
    }
    let from = earlier.map_or(0, |e| e.at.end);
    let before = format!("{} ", sentence[from..date.at.start].to_lowercase().replace('\u{2019}', "'"));
    let before =
        if date.precision == Precision::Year { format!("{before}{} ", date.raw.to_lowercase()) } else { before };
    let last = |words: &[&str]| words.iter().filter_map(|w| last_of(&before, w)).max();
    match (last(&ENDS), last(&STARTS)) {
        (None, None) => {
            let title = format!("{} ", title.to_lowercase().replace('\u{2019}', "'"));
            ENDS.iter().chain(&SUBJECT).any(|w| last_of(&title, w).is_some())
                && !STARTS.iter().any(|w| last_of(&title, w).is_some())
        }
        (end, start) => end > start,
    }
}

/// Where `word` stands last in `text`, as a whole word: the place of its end.
fn last_of(text: &str, word: &str) -> Option<usize> {
    let whole = |at: usize| {
        let open = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        open(text[..at].chars().next_back()) && open(text[at + word.len()..].chars().next())
    };
    text.rmatch_indices(word).map(|(at, _)| at).find(|at| whole(*at)).map(|at| at + word.len())
}

fn end(page: &Page, at: usize, sentence: &str, date: &Found, earlier: Option<&Found>) -> End {
    let block = &page.blocks[at];
    let in_row = block.row > 0;
    let mut near: Vec<String> = if in_row { row(page, at).map(|b| b.text.clone()).collect() } else { Vec::new() };
    // The heading over a table of many models names none of them in particular.
    let mut around = vec![sentence, &block.label];
    if !in_row || !block.label.is_empty() && block.column.is_empty() {
        around.push(&block.section);
    }
    near.extend(around.into_iter().filter(|t| !t.is_empty()).map(str::to_owned));
    End {
        date: date.date.clone(),
        precision: date.precision,
        raw: date.raw.clone(),
        ambiguous: date.ambiguous,
        language: date.language,
        start: earlier.and_then(|e| e.date.clone().ok()),
        for_all: phrase_in(sentence, &ALL).is_some() || near.iter().any(|t| phrase_in(t, &ALL).is_some()),
        near,
        // A table of one product's properties is about the page's product.
        in_row: in_row && !block.column.is_empty(),
        excerpt: if in_row {
            row(page, at).map(|b| b.text.as_str()).collect::<Vec<_>>().join(" | ")
        } else {
            sentence.to_owned()
        },
    }
}

/// The cells of a block's row: its neighbours on both sides.
fn row(page: &Page, at: usize) -> impl Iterator<Item = &Block> {
    let number = page.blocks[at].row;
    let first = page.blocks[..at].iter().rposition(|b| b.row != number).map_or(0, |n| n + 1);
    page.blocks[first..].iter().take_while(move |b| b.row == number)
}

fn is_open(sentence: &str, title: &str, section: &str) -> bool {
    let about = [sentence, title].iter().any(|t| phrase_in(t, &SUBJECT).is_some());
    let long = durations::find(sentence).iter().any(|d| d.hours >= 24.0 * 28.0 && !d.repeating);
    let open = phrase_in(sentence, &OPEN).is_some();
    (about || phrase_in(section, &SUBJECT).is_some() && sentence.len() < 80) && (long || open)
}

/// A model's name, ready to be compared.
pub(crate) struct ModelName {
    lower: String,
    bare: String,
}

impl ModelName {
    pub(crate) fn new(name: &str) -> Self {
        let lower = name.trim().to_lowercase();
        Self { bare: bare(&lower), lower }
    }

    /// As written, up to case.
    pub(crate) fn exactly_in(&self, text: &str) -> bool {
        !self.lower.is_empty() && super::words::holds(&text.to_lowercase(), &self.lower)
    }

    /// Up to spaces and hyphens too: `C-1` and `c 1` are C1; `C10` is not.
    pub(crate) fn in_text(&self, text: &str) -> bool {
        if self.bare.is_empty() {
            return false;
        }
        if self.exactly_in(text) {
            return true;
        }
        let text = text.to_lowercase();
        let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
        (0..words.len()).any(|first| {
            let mut joined = String::new();
            words[first..].iter().take(NAME_WORDS).any(|word| {
                joined.push_str(word);
                joined == self.bare
            })
        })
    }
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_found_up_to_its_separators_and_not_inside_another() {
        let name = ModelName::new("C1");
        assert!(name.exactly_in("The C1, our camera") && name.in_text("the c-1 camera") && name.in_text("C 1"));
        assert!(!name.in_text("C10") && !name.in_text("AC1") && !name.exactly_in("c-1"));
        assert!(!ModelName::new("").in_text("anything"));
    }

    proptest! {
        #[test]
        fn no_page_makes_it_panic(text in r"(<t[dhr]>|until |from |to |31 May 2031|security updates |é|-|\. |lifetime |5 years ){0,20}") {
            let _ = of(&Page::of_html(&text));
            let _ = of(&Page::of_text(&text));
        }
    }
}
