//! Calendar days as the record writes them.

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, Month};

const ISO: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// The day of an ISO date, where there is such a day.
pub(crate) fn parse_day(text: &str) -> Option<Date> {
    Date::parse(text, ISO).ok()
}

/// `2026-11-22` of `2026-11-22T09:00:00Z`; empty where the text is no time.
pub(crate) fn day_of(moment: &str) -> String {
    let day = moment.get(..10).unwrap_or_default();
    parse_day(day).map(|_| day.to_owned()).unwrap_or_default()
}

/// The same day, `years` later; 28 February for a leap day in a year without one.
pub(crate) fn years_later(date: Date, years: u16) -> Date {
    let year = date.year().saturating_add(i32::from(years));
    date.replace_year(year).or_else(|_| Date::from_calendar_date(year, Month::February, 28)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_do_not_exist_are_none() {
        assert!(parse_day("2026-02-29").is_none() && parse_day("2028-02-29").is_some());
        assert!(parse_day("29 February 2028").is_none() && parse_day("").is_none());
        assert_eq!(day_of("2026-11-22T09:00:00Z"), "2026-11-22");
        assert_eq!((day_of("yesterday"), day_of("2026-13-22T09")), (String::new(), String::new()));
        assert_eq!(day_of("日本日本日本"), "");
    }

    #[test]
    fn ten_years_after_a_leap_day() {
        let later = |day| parse_day(day).map(|d| years_later(d, 10).to_string()).unwrap_or_default();
        assert_eq!((later("2028-02-29"), later("2026-04-20")), ("2038-02-28".into(), "2036-04-20".into()));
    }
}
