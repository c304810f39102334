use super::*;
use proptest::prelude::*;

/// As written, and what it must be read as: date, precision, ambiguous, language.
const TABLE: &[(&str, &str, Precision, bool, &str)] = {
    use Precision::{Day, Month, Quarter, Year};
    &[
        ("2031-12-31", "2031-12-31", Day, false, "en"),
        ("2031-1-5", "2031-01-05", Day, false, "en"),
        ("2031-12-31T23:59:59Z", "2031-12-31", Day, false, "en"),
        ("2031/12/31", "2031-12-31", Day, false, "en"),
        ("2031.12.31", "2031-12-31", Day, false, "en"),
        ("20311231", "2031-12-31", Day, false, "en"),
        ("31 December 2031", "2031-12-31", Day, false, "en"),
        ("31 december 2031", "2031-12-31", Day, false, "en"),
        ("31 DECEMBER 2031", "2031-12-31", Day, false, "en"),
        ("31st December 2031", "2031-12-31", Day, false, "en"),
        ("1st May 2030", "2030-05-01", Day, false, "en"),
        ("2nd of June 2030", "2030-06-02", Day, false, "en"),
        ("3rd day of July 2030", "2030-07-03", Day, false, "en"),
        ("the 4th of August, 2030", "2030-08-04", Day, false, "en"),
        ("Wednesday 31 December 2031", "2031-12-31", Day, false, "en"),
        ("31 Dec 2031", "2031-12-31", Day, false, "en"),
        ("31 Dec. 2031", "2031-12-31", Day, false, "en"),
        ("31-Dec-2031", "2031-12-31", Day, false, "en"),
        ("31/Dec/2031", "2031-12-31", Day, false, "en"),
        ("31.Dec.2031", "2031-12-31", Day, false, "en"),
        ("31-Dec-31", "2031-12-31", Day, false, "en"),
        ("31 Dec '31", "2031-12-31", Day, false, "en"),
        ("30 Sept 2030", "2030-09-30", Day, false, "en"),
        ("30 Sep 2030", "2030-09-30", Day, false, "en"),
        ("December 31, 2031", "2031-12-31", Day, false, "en"),
        ("December 31st, 2031", "2031-12-31", Day, false, "en"),
        ("December 31 2031", "2031-12-31", Day, false, "en"),
        ("Dec. 31, 2031", "2031-12-31", Day, false, "en"),
        ("Dec 31, 2031", "2031-12-31", Day, false, "en"),
        ("2031 December 31", "2031-12-31", Day, false, "en"),
        ("2031-Dec-31", "2031-12-31", Day, false, "en"),
        ("31\u{a0}December\u{a0}2031", "2031-12-31", Day, false, "en"),
        ("31/12/2031", "2031-12-31", Day, false, "en"),
        ("31.12.2031", "2031-12-31", Day, false, "en"),
        ("31-12-2031", "2031-12-31", Day, false, "en"),
        ("31/12/31", "2031-12-31", Day, false, "en"),
        ("12/31/2031", "2031-12-31", Day, false, "en"),
        ("05/04/2031", "2031-04-05", Day, true, "en"),
        ("5/4/2031", "2031-04-05", Day, true, "en"),
        ("5/5/2031", "2031-05-05", Day, false, "en"),
        ("29 February 2028", "2028-02-29", Day, false, "en"),
        ("December 2031", "2031-12-31", Month, false, "en"),
        ("Dec 2031", "2031-12-31", Month, false, "en"),
        ("the end of February 2028", "2028-02-29", Month, false, "en"),
        ("December, 2031", "2031-12-31", Month, false, "en"),
        ("June of 2030", "2030-06-30", Month, false, "en"),
        ("12/2031", "2031-12-31", Month, false, "en"),
        ("2031-12", "2031-12-31", Month, false, "en"),
        ("2030/06", "2030-06-30", Month, false, "en"),
        ("Q4 2031", "2031-12-31", Quarter, false, "en"),
        ("q1 2031", "2031-03-31", Quarter, false, "en"),
        ("Q2/2031", "2031-06-30", Quarter, false, "en"),
        ("2031 Q3", "2031-09-30", Quarter, false, "en"),
        ("2031-Q3", "2031-09-30", Quarter, false, "en"),
        ("the last quarter of 2031", "2031-12-31", Quarter, false, "en"),
        ("second quarter 2031", "2031-06-30", Quarter, false, "en"),
        ("H1 2031", "2031-06-30", Year, false, "en"),
        ("the second half of 2031", "2031-12-31", Year, false, "en"),
        ("the end of 2031", "2031-12-31", Year, false, "en"),
        ("until 2031", "2031-12-31", Year, false, "en"),
        ("31 décembre 2031", "2031-12-31", Day, false, "fr"),
        ("1er août 2031", "2031-08-01", Day, false, "fr"),
        ("31. Dezember 2031", "2031-12-31", Day, false, "de"),
        ("1. März 2031", "2031-03-01", Day, false, "de"),
        ("31 de diciembre de 2031", "2031-12-31", Day, false, "es"),
        ("31 dicembre 2031", "2031-12-31", Day, false, "it"),
        ("1 maart 2031", "2031-03-01", Day, false, "nl"),
        ("2031年12月31日", "2031-12-31", Day, false, "ja"),
    ]
};

#[test]
fn dates_are_read_in_the_forms_that_makers_use() {
    assert!(TABLE.len() >= 60, "{}", TABLE.len());
    let mut wrong = Vec::new();
    for (text, date, precision, ambiguous, language) in TABLE {
        for sentence in [(*text).to_owned(), format!("Updates come until {text}.")] {
            let found = find(&sentence);
            let seen: Vec<_> = found
                .iter()
                .map(|f| (f.date.clone().map(iso).unwrap_or_else(|e| e), f.precision, f.ambiguous, f.language))
                .collect();
            if seen != [((*date).to_owned(), *precision, *ambiguous, *language)] {
                wrong.push(format!("{sentence}: {seen:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn days_that_do_not_exist_are_errors_in_words() {
    for (text, error) in [
        ("31 February 2031", "31 February 2031 does not exist"),
        ("2031-02-30", "30 February 2031 does not exist"),
        ("2030-13-01", "there is no month 13"),
        ("29 February 2031", "29 February 2031 does not exist"),
        ("June 31, 2031", "31 June 2031 does not exist"),
        ("31/04/2031", "31 April 2031 does not exist"),
        ("45 May 2031", "45 May 2031 does not exist"),
        ("0 May 2031", "0 May 2031 does not exist"),
        ("13/13/2031", "there is no month 13"),
    ] {
        let found = find(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!(found[0].date, Err(error.to_owned()), "{text}");
    }
}

#[test]
fn what_is_no_date_is_not_read_as_one() {
    for text in [
        "five years from purchase",
        "version 1.4.2",
        "call +44 20 7946 0000",
        "192.0.2.10",
        "EN 303 645 V2.1.1",
        "you may 10 times",
        "2 in 1",
        "31 pounds 2 pence",
        "SI 2023/1007",
        "1/2 cup",
        "model C1-2031",
        "in March we met",
        "10:30 on Monday",
        "serial 123456789",
        "lifetime support",
        "3-5 days",
        "ISO/IEC 29147:2018",
    ] {
        assert_eq!(find(text), [], "{text}");
    }
}

#[test]
fn several_dates_keep_their_order() {
    let found = find("sold from 1 May 2026, supported until 31 December 2031 (was 2030-12-31)");
    let dates: Vec<_> = found.iter().map(|f| iso(f.date.clone().unwrap())).collect();
    assert_eq!(dates, ["2026-05-01", "2031-12-31", "2030-12-31"]);
}

#[test]
fn a_field_holds_one_date() {
    assert_eq!(iso(only(" 1 March 2026 ").unwrap().date.unwrap()), "2026-03-01");
    assert!(only("soon").unwrap_err().contains("no date"));
    assert!(only("1 May 2026 or 2 May 2026").unwrap_err().contains("2 dates"));
    assert!(only("31 June 2031").unwrap_err().contains("does not exist"));
}

#[test]
fn every_form_compiles() {
    assert_eq!(FORMS.len(), 21);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in r"([0-9]{1,4}[-/. ]?|[a-zé年月日' ]{0,4}|december |May |Q[0-9] ){0,12}") {
        let found = find(&text);
        prop_assert!(found.windows(2).all(|w| w[0].at.end <= w[1].at.start));
        for f in found {
            prop_assert_eq!(&text[f.at], f.raw.as_str());
        }
    }

    #[test]
    fn any_day_survives_being_written(ordinal in 1u16..=365, year in 2000i32..2100) {
        let date = Date::from_ordinal_date(year, ordinal).unwrap();
        let month = date.month();
        for text in [iso(date), format!("{} {month} {year}", date.day()), format!("{month} {}, {year}", date.day())] {
            let found = find(&text);
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!(found[0].date.clone(), Ok(date));
        }
    }
}
