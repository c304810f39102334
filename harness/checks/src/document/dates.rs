//! Dates in running text, in the forms that makers use.
//!
//! A form that is recognised and names no day of the calendar (31 February) is found with an error, never silently left
//! out or moved to a neighbour. Day before month where digits leave it open, as in the United Kingdom; marked ambiguous.

use std::sync::LazyLock;

use assay_model::Fault;
use regex::{Captures, Regex};
use schemars::JsonSchema;
use serde::Serialize;
use time::{Date, Month};

/// How exactly a date is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, Default)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Precision {
    /// A day of the calendar.
    #[default]
    Day,
    /// A month; its last day stands for it.
    Month,
    /// A quarter; its last day stands for it.
    Quarter,
    /// A year or half of one; its last day stands for it.
    Year,
}

/// A date as found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Byte range in the text.
    pub(crate) at: std::ops::Range<usize>,
    /// As written.
    pub(crate) raw: String,
    /// The day, or the last day of the month, quarter or year; or why there is no such day.
    pub(crate) date: Result<Date, String>,
    pub(crate) precision: Precision,
    /// Day and month could be the other way round, and the date would be another.
    pub(crate) ambiguous: bool,
    /// Language of the month's name; `en` for digits.
    pub(crate) language: &'static str,
}

/// Month names by language. Stems match whole words only.
const MONTHS: [(&str, [&str; 12]); 6] = [
    (
        "en",
        [
            "january|jan",
            "february|feb",
            "march|mar",
            "april|apr",
            "may",
            "june|jun",
            "july|jul",
            "august|aug",
            "september|sept|sep",
            "october|oct",
            "november|nov",
            "december|dec",
        ],
    ),
    (
        "fr",
        [
            "janvier|janv",
            "février|fevrier|févr|fevr",
            "mars",
            "avril|avr",
            "mai",
            "juin",
            "juillet|juil",
            "août|aout",
            "septembre",
            "octobre",
            "novembre",
            "décembre|decembre|déc",
        ],
    ),
    (
        "de",
        [
            "januar|jänner",
            "februar",
            "märz|maerz",
            "april",
            "mai",
            "juni",
            "juli",
            "august",
            "september",
            "oktober|okt",
            "november",
            "dezember|dez",
        ],
    ),
    (
        "es",
        [
            "enero",
            "febrero",
            "marzo",
            "abril",
            "mayo",
            "junio",
            "julio",
            "agosto",
            "septiembre|setiembre",
            "octubre",
            "noviembre",
            "diciembre|dic",
        ],
    ),
    (
        "it",
        [
            "gennaio",
            "febbraio",
            "marzo",
            "aprile",
            "maggio",
            "giugno",
            "luglio",
            "agosto",
            "settembre",
            "ottobre",
            "novembre",
            "dicembre",
        ],
    ),
    (
        "nl",
        [
            "januari",
            "februari",
            "maart",
            "april",
            "mei",
            "juni",
            "juli",
            "augustus",
            "september",
            "oktober",
            "november",
            "december",
        ],
    ),
];

/// The month of a name, and the first language of the table that has it.
fn month(word: &str) -> Option<(Month, &'static str)> {
    let word = word.trim_end_matches('.').to_lowercase();
    MONTHS.iter().find_map(|(language, names)| {
        let at = names.iter().position(|forms| forms.split('|').any(|form| form == word))?;
        Some((Month::try_from(u8::try_from(at).ok()? + 1).ok()?, *language))
    })
}

/// How a form's captures become parts.
type Read = fn(&Captures<'_>) -> Option<Parts>;

struct Form {
    pattern: Regex,
    read: Read,
}

/// What a form says, before the calendar is asked.
struct Parts {
    year: i32,
    month: u8,
    day: Option<u8>,
    precision: Precision,
    ambiguous: bool,
    language: &'static str,
}

impl Parts {
    const fn day(year: i32, month: u8, day: u8) -> Self {
        Self { year, month, day: Some(day), precision: Precision::Day, ambiguous: false, language: "en" }
    }
    const fn last_of(year: i32, month: u8, precision: Precision) -> Self {
        Self { year, month, day: None, precision, ambiguous: false, language: "en" }
    }
    const fn in_language(self, language: &'static str) -> Self {
        Self { language, ..self }
    }
}

fn number<T: std::str::FromStr>(c: &Captures<'_>, name: &str) -> Option<T> {
    c.name(name)?.as_str().parse().ok()
}

/// Two digits mean this century: support periods end after the year 2000.
fn year(c: &Captures<'_>) -> Option<i32> {
    let text = c.name("y")?.as_str().trim_start_matches(['\'', '\u{2019}']);
    let year: i32 = text.parse().ok()?;
    Some(if text.len() == 2 { 2000 + year } else { year })
}

fn named(c: &Captures<'_>) -> Option<Parts> {
    let (month, language) = month(c.name("m")?.as_str())?;
    let year = year(c)?;
    Some(
        match c.name("d") {
            Some(_) => Parts::day(year, month.into(), number(c, "d")?),
            None => Parts::last_of(year, month.into(), Precision::Month),
        }
        .in_language(language),
    )
}

fn year_first(c: &Captures<'_>) -> Option<Parts> {
    Some(Parts::day(number(c, "y")?, number(c, "m")?, number(c, "d")?))
}

/// `31/12/2031`, `12/31/2031`, `05/04/2031`.
fn digits(c: &Captures<'_>) -> Option<Parts> {
    let (first, second): (u8, u8) = (number(c, "a")?, number(c, "b")?);
    let year = year(c)?;
    Some(if second > 12 && first <= 12 {
        Parts::day(year, first, second)
    } else {
        Parts { ambiguous: first <= 12 && second <= 12 && first != second, ..Parts::day(year, second, first) }
    })
}

fn quarter(c: &Captures<'_>) -> Option<Parts> {
    let word = c.name("q")?.as_str().to_lowercase();
    let quarter = match word.as_str() {
        "1" | "first" | "1st" => 1,
        "2" | "second" | "2nd" => 2,
        "3" | "third" | "3rd" => 3,
        "4" | "fourth" | "4th" | "last" | "final" => 4,
        _ => return None,
    };
    Some(Parts::last_of(year(c)?, quarter * 3, Precision::Quarter))
}

fn half(c: &Captures<'_>) -> Option<Parts> {
    let month = if matches!(c.name("h")?.as_str().to_lowercase().as_str(), "1" | "first") { 6 } else { 12 };
    Some(Parts::last_of(year(c)?, month, Precision::Year))
}

fn whole_year(c: &Captures<'_>) -> Option<Parts> {
    Some(Parts::last_of(year(c)?, 12, Precision::Year))
}

fn year_month(c: &Captures<'_>) -> Option<Parts> {
    Some(Parts::last_of(year(c)?, number(c, "m")?, Precision::Month))
}

/// Most exact first: a span that one form has read is not read again.
static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let names: String = MONTHS.iter().flat_map(|(_, names)| names.iter()).copied().collect::<Vec<_>>().join("|");
    let m = format!(r"(?P<m>{names})\.?");
    let d = r"(?P<d>\d{1,2})(?:st|nd|rd|th|er|\.|º)?";
    let y = r"(?P<y>[12]\d{3})\b";
    let short = r"(?P<y>['\u{2019}]?\d{2})\b";
    let of = r"(?:day\s+of\s+|of\s+|de\s+|del\s+)?";
    let forms: [(String, Read); 18] = [
        (r"\b(?P<y>[12]\d{3})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?:T\d\d:[\d:.]+Z?|\b)".into(), year_first),
        (r"\b(?P<y>[12]\d{3})/(?P<m>\d{1,2})/(?P<d>\d{1,2})\b".into(), year_first),
        (r"\b(?P<y>[12]\d{3})\.(?P<m>\d{1,2})\.(?P<d>\d{1,2})\b".into(), year_first),
        (r"(?P<y>[12]\d{3})\s?年\s?(?P<m>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?日".into(), |c| {
            Some(year_first(c)?.in_language("ja"))
        }),
        (format!(r"\b{d}[\s\u{{a0}}/.-]*{of}{m}\b[\s,/.-]*(?:de\s+|del\s+)?{y}"), named),
        (format!(r"\b{m}[\s\u{{a0}}-]*(?:the\s+)?{d}[\s,-]+{y}"), named),
        (format!(r"\b(?P<y>[12]\d{{3}})[\s-]{m}[\s-](?P<d>\d{{1,2}})\b"), named),
        (format!(r"\b{d}[\s/.-]{m}[\s/.-]{short}"), named),
        (r"\b(?P<a>\d{1,2})\s?[/.-]\s?(?P<b>\d{1,2})\s?[/.-]\s?(?P<y>[12]\d{3})\b".into(), digits),
        (r"\b(?P<a>\d{1,2})[/.](?P<b>\d{1,2})[/.](?P<y>\d{2})\b".into(), digits),
        (r"\b(?P<y>20\d{2})(?P<m>0[1-9]|1[0-2])(?P<d>[0-3]\d)\b".into(), year_first),
        (format!(r"\b{m}[\s,/-]*(?:of\s+|de\s+|del\s+)?{y}"), named),
        (r"\b(?P<y>20\d{2})[-/](?P<m>0[1-9]|1[0-2])\b".into(), year_month),
        (r"\b(?P<m>0?[1-9]|1[0-2])/(?P<y>20\d{2})\b".into(), year_month),
        (format!(r"\bQ(?P<q>[1-4])[\s,/-]*(?:of\s+)?{y}"), quarter),
        (format!(r"\b(?P<q>first|second|third|fourth|last|final|1st|2nd|3rd|4th)\s+quarter\s+(?:of\s+)?{y}"), quarter),
        (r"\b(?P<y>20\d{2})[\s-]?Q(?P<q>[1-4])\b".into(), quarter),
        (r"\bH(?P<h>[12])[\s/-]*(?P<y>20\d{2})\b".into(), half),
    ];
    let years = [
        (r"\b(?P<h>first|second)\s+half\s+(?:of\s+)?(?P<y>20\d{2})\b", half as Read),
        (r"\b(?:end|close)\s+(?:of\s+)?(?:the\s+)?(?:year\s+|calendar\s+year\s+)?(?P<y>20\d{2})\b", whole_year),
        (r"\b(?:until|till|through|to|up\s+to|by|before)\s+(?:the\s+)?(?:year\s+)?(?P<y>20\d{2})\b", whole_year),
    ];
    let years = years.map(|(pattern, read)| (pattern.to_owned(), read));
    forms
        .into_iter()
        .chain(years)
        .filter_map(|(pattern, read)| Some(Form { pattern: Regex::new(&format!("(?i){pattern}")).ok()?, read }))
        .collect()
});

/// A pattern of this program.
pub(crate) fn compiled(pattern: &str) -> Regex {
    #[expect(clippy::expect_used, reason = "a literal of this crate; a test compiles every one")]
    Regex::new(pattern).expect("a pattern of this crate")
}

/// Every date in `text`, in order.
pub(crate) fn find(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for form in FORMS.iter() {
        for captures in form.pattern.captures_iter(text) {
            let Some(whole) = captures.get(0) else { continue };
            let taken = found.iter().any(|f| f.at.start < whole.end() && whole.start() < f.at.end);
            if taken || part_of_longer(text, whole.range()) {
                continue;
            }
            let Some(parts) = (form.read)(&captures) else { continue };
            found.push(Found {
                at: whole.range(),
                raw: whole.as_str().to_owned(),
                date: calendar(&parts),
                precision: parts.precision,
                ambiguous: parts.ambiguous,
                language: parts.language,
            });
        }
    }
    found.sort_by_key(|f| f.at.start);
    found
}

/// Digits that go on beyond the match: an address, a version, a serial number.
fn part_of_longer(text: &str, at: std::ops::Range<usize>) -> bool {
    let goes_on = |mark: Option<char>, beyond: Option<char>| {
        matches!(mark, Some('.' | '/' | '-')) && beyond.is_some_and(|c| c.is_ascii_digit())
    };
    let mut before = text[..at.start].chars().rev();
    let mut after = text[at.end..].chars();
    goes_on(before.next(), before.next()) || goes_on(after.next(), after.next())
}

fn calendar(parts: &Parts) -> Result<Date, String> {
    let no_month = |_| format!("there is no month {}", parts.month);
    let month = Month::try_from(parts.month).map_err(no_month)?;
    let day = parts.day.unwrap_or_else(|| month.length(parts.year));
    Date::from_calendar_date(parts.year, month, day).map_err(|_| format!("{day} {month} {} does not exist", parts.year))
}

/// `2031-12-31`.
pub(crate) fn iso(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

/// The date that "past" and "expired" are held against: the one given, or today's in UTC.
///
/// # Errors
/// The one given is no ISO date: the plan's fault.
pub(crate) fn today(given: Option<&str>) -> Result<Date, Fault> {
    match given {
        None => Ok(time::OffsetDateTime::now_utc().date()),
        Some(text) => only(text).and_then(|f| f.date).map_err(|e| Fault::plan("bad-date", format!("`today`: {e}"))),
    }
}

/// The one date that a whole text is, as in a field of a record.
pub(crate) fn only(text: &str) -> Result<Found, String> {
    let found = find(text);
    match &found[..] {
        [] => Err(format!("`{}` is no date", text.chars().take(60).collect::<String>())),
        [one] => one.date.clone().map(|_| one.clone()),
        _ => Err(format!("`{}` has {} dates", text.chars().take(60).collect::<String>(), found.len())),
    }
}

#[cfg(test)]
mod tests;
