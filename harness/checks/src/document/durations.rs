//! Durations and intervals in running text: `within 3 working days`, `every 14 days`, `24-48 hours`, `weekly`.

use std::sync::LazyLock;

use regex::Regex;

use super::dates::compiled;

/// A duration as found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    /// Byte range in the text.
    pub(crate) at: std::ops::Range<usize>,
    /// As written.
    pub(crate) raw: String,
    /// ISO 8601; of a range its longer end: `P3D`, `PT48H`.
    pub(crate) iso: String,
    /// The same in hours; a working day counts as a day.
    pub(crate) hours: f64,
    /// Counted in working days.
    pub(crate) working: bool,
    /// An interval that comes again: `every 14 days`.
    pub(crate) repeating: bool,
}

const NUMBERS: [(&str, u32); 24] = [
    ("a", 1),
    ("an", 1),
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("eleven", 11),
    ("twelve", 12),
    ("fourteen", 14),
    ("fifteen", 15),
    ("twenty", 20),
    ("twenty-four", 24),
    ("thirty", 30),
    ("forty-eight", 48),
    ("sixty", 60),
    ("ninety", 90),
    ("seventy-two", 72),
    ("couple of", 2),
];

/// Unit, its letter in ISO 8601, hours.
const UNITS: [(&str, &str, f64); 8] = [
    ("minute", "M", 1.0 / 60.0),
    ("hour", "H", 1.0),
    ("day", "D", 24.0),
    ("week", "W", 168.0),
    ("fortnight", "", 336.0),
    ("month", "M", 730.5),
    ("quarter", "", 2_191.5),
    ("year", "Y", 8_766.0),
];

const ADVERBS: [(&str, &str, f64); 7] = [
    ("daily", "P1D", 24.0),
    ("weekly", "P1W", 168.0),
    ("fortnightly", "P2W", 336.0),
    ("biweekly", "P2W", 336.0),
    ("bi-weekly", "P2W", 336.0),
    ("monthly", "P1M", 730.5),
    ("quarterly", "P3M", 2_191.5),
];

static COUNTED: LazyLock<Regex> = LazyLock::new(|| {
    let mut words: Vec<&str> = NUMBERS.iter().map(|(w, _)| *w).collect();
    words.sort_by_key(|w| std::cmp::Reverse(w.len())); // the longest first: `twenty-four` is not `twenty`
    let n = format!(r"(?:\d{{1,4}}|{})", words.join("|").replace(' ', r"\s+"));
    compiled(&format!(
        r"(?i)\b(?P<every>(?:at\s+least\s+|at\s+most\s+)?(?:every|each|once\s+(?:every|per|a|an)|per)\s+)?(?:(?P<low>{n})\s*(?:-|\u{{2013}}|to|or)\s*)?(?P<n>{n})?(?:\s*\(\d+\))?[\s\u{{a0}}-]*(?P<w>(?:working|business|week)[\s-]*)?(?P<c>calendar[\s-]+)?(?P<u>minutes?|mins?|hours?|hrs?|h|days?|weeks?|fortnights?|months?|quarters?|years?|yrs?)\b"
    ))
});

static ADVERB: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"(?i)\b(daily|weekly|fortnightly|bi-?weekly|monthly|quarterly)\b"));
static NEXT_DAY: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"(?i)\b(?:by\s+|on\s+)?the\s+(?:next|same|following)\s+(working|business)?\s*day\b"));

fn count(text: &str) -> Option<u32> {
    let text = text.to_lowercase();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.parse().ok().or_else(|| NUMBERS.iter().find(|(w, _)| *w == text).map(|(_, n)| *n))
}

/// Every duration in `text`, in order.
pub(crate) fn find(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for c in COUNTED.captures_iter(text) {
        let (Some(whole), Some(unit)) = (c.get(0), c.name("u")) else { continue };
        let repeating = c.name("every").is_some();
        let n = match c.name("n").or_else(|| c.name("low")) {
            Some(n) => count(n.as_str()),
            None if repeating => Some(1), // `every week`
            None => None,                 // `days` alone
        };
        let Some((iso, hours)) = n.and_then(|n| measure(n, unit.as_str())) else { continue };
        let raw = whole.as_str().trim().to_owned();
        let working = c.name("w").is_some();
        found.push(Found { at: whole.range(), raw, iso, hours, working, repeating });
    }
    let free = |found: &[Found], at: &std::ops::Range<usize>| {
        !found.iter().any(|f| f.at.start < at.end && at.start < f.at.end)
    };
    for m in ADVERB.find_iter(text) {
        let word = m.as_str().to_lowercase();
        if let Some((_, iso, hours)) = ADVERBS.iter().find(|(w, ..)| *w == word).filter(|_| free(&found, &m.range())) {
            let iso = (*iso).to_owned();
            found.push(Found {
                at: m.range(),
                raw: m.as_str().into(),
                iso,
                hours: *hours,
                working: false,
                repeating: true,
            });
        }
    }
    for c in NEXT_DAY.captures_iter(text) {
        let Some(m) = c.get(0).filter(|m| free(&found, &m.range())) else { continue };
        let working = c.get(1).is_some();
        found.push(Found {
            at: m.range(),
            raw: m.as_str().into(),
            iso: "P1D".into(),
            hours: 24.0,
            working,
            repeating: false,
        });
    }
    found.sort_by_key(|f| f.at.start);
    found
}

/// ISO 8601 form and hours.
fn measure(n: u32, unit: &str) -> Option<(String, f64)> {
    let unit = match unit.to_lowercase().trim_end_matches('s') {
        "min" => "minute".to_owned(),
        "hr" | "h" => "hour".to_owned(),
        "yr" => "year".to_owned(),
        other => other.to_owned(),
    };
    let (name, letter, hours) = UNITS.iter().find(|(name, ..)| *name == unit)?;
    let iso = match *name {
        "minute" | "hour" => format!("PT{n}{letter}"),
        "fortnight" => format!("P{}W", n * 2),
        "quarter" => format!("P{}M", n * 3),
        _ => format!("P{n}{letter}"),
    };
    Some((iso, f64::from(n) * hours))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_read_as_policies_write_them() {
        for (text, iso, working, repeating) in [
            ("within 3 working days", "P3D", true, false),
            ("within three business days", "P3D", true, false),
            ("in 5 days", "P5D", false, false),
            ("within 24 hours", "PT24H", false, false),
            ("within 24-48 hours", "PT48H", false, false),
            ("3 to 5 working days", "P5D", true, false),
            ("within 48h", "PT48H", false, false),
            ("within one (1) week", "P1W", false, false),
            ("a 90-day period", "P90D", false, false),
            ("every 14 days", "P14D", false, true),
            ("at least every two weeks", "P2W", false, true),
            ("once a week", "P1W", false, true),
            ("every week", "P1W", false, true),
            ("once every 30 calendar days", "P30D", false, true),
            ("weekly", "P1W", false, true),
            ("fortnightly", "P2W", false, true),
            ("each month", "P1M", false, true),
            ("by the next working day", "P1D", true, false),
            ("forty-eight hours", "PT48H", false, false),
            ("every fortnight", "P2W", false, true),
        ] {
            let found = find(text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert_eq!(
                (found[0].iso.as_str(), found[0].working, found[0].repeating),
                (iso, working, repeating),
                "{text}"
            );
        }
    }

    #[test]
    fn words_without_a_number_are_no_durations() {
        for text in [
            "promptly",
            "in the coming days",
            "some days later",
            "as soon as possible",
            "working days",
            "2031",
            "C1 h2",
        ] {
            assert_eq!(find(text), [], "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in r"([0-9]{1,6}|every |to |days|hours|-| |weekly|forty-eight |\u{2013}){0,14}") {
            for f in find(&text) {
                prop_assert!(f.hours >= 0.0);
                prop_assert_eq!(text[f.at].trim(), f.raw.trim());
            }
        }
    }
}
