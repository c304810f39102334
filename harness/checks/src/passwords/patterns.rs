//! Passwords that a person would guess: runs along a keyboard, repeats, dates, a word with digits behind it.

use super::{shape::bare, wordlists};

const ROWS: [&str; 6] =
    ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz", "qwertzuiop"];

/// The pattern of a password, where it has one: `repeated block`, `keyboard walk`, `date`, `word and digits`.
pub(super) fn of(password: &str) -> Option<&'static str> {
    let text = bare(password).to_lowercase();
    if text.is_empty() {
        return None;
    }
    if repeats(&text) {
        Some("repeated block")
    } else if walks(&text) {
        Some("keyboard walk")
    } else if is_date(&text) {
        Some("date")
    } else if word_and_digits(&text) {
        Some("word and digits")
    } else {
        None
    }
}

/// One block of at most half the length, over and over.
fn repeats(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=bytes.len() / 2).any(|n| bytes.len().is_multiple_of(n) && bytes.chunks(n).all(|c| c == &bytes[..n]))
}

/// Made of pieces of three and more neighbours on one keyboard row or in the alphabet, in either direction.
fn walks(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let step = ROWS.iter().flat_map(|r| [(*r).to_owned(), r.chars().rev().collect()]).map(|r| lead(rest, &r)).max();
        match step {
            Some(n) if n >= 3 => rest = &rest[n..],
            _ => return false,
        }
    }
    true
}

/// How much of `row`, from wherever, `text` begins with.
fn lead(text: &str, row: &str) -> usize {
    let Some(at) = text.chars().next().and_then(|c| row.find(c)) else { return 0 };
    text.bytes().zip(row.bytes().skip(at)).take_while(|(a, b)| a == b).count()
}

fn is_date(text: &str) -> bool {
    let number = |range: std::ops::Range<usize>| text.get(range).and_then(|t| t.parse::<u32>().ok()).unwrap_or(0);
    let plausible =
        |y: u32, m: u32, d: u32| (1950..2050).contains(&y) && (1..=12).contains(&m) && (1..=31).contains(&d);
    text.len() == 8
        && text.bytes().all(|b| b.is_ascii_digit())
        && (plausible(number(0..4), number(4..6), number(6..8))
            || plausible(number(4..8), number(2..4), number(0..2))
            || plausible(number(4..8), number(0..2), number(2..4)))
}

/// A word that is itself a common password, then one to four digits.
fn word_and_digits(text: &str) -> bool {
    let word = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = text.len() - word.len();
    (1..=4).contains(&digits) && word.len() >= 3 && wordlists::common_password(word).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessable_shapes_are_named() {
        for (password, pattern) in [
            ("aaaaaaaa", "repeated block"),
            ("abcabc", "repeated block"),
            ("qwertyuiop", "keyboard walk"),
            ("qwe123", "keyboard walk"),
            ("87654321", "keyboard walk"),
            ("2024-11-22", "date"),
            ("22112024", "date"),
            ("Dragon77", "word and digits"),
        ] {
            assert_eq!(of(password), Some(pattern), "{password}");
        }
    }

    #[test]
    fn others_are_not() {
        for password in ["k7fq2m9xw3", "", "é", "99999998", "x1"] {
            assert_eq!(of(password), None, "{password}");
        }
    }
}
