//! Sentences, words and excerpts of a text.

use std::sync::LazyLock;

use regex::Regex;

use super::dates::compiled;

/// Characters of an excerpt, at most.
const EXCERPT: usize = 240;

/// Words that end in a full stop without ending a sentence.
const SHORT: [&str; 22] = [
    "e.g", "i.e", "etc", "no", "nr", "ltd", "inc", "mr", "ms", "dr", "st", "approx", "jan", "feb", "mar", "apr", "jun",
    "aug", "sept", "sep", "oct", "dec",
];

/// The sentences of a text; a line ends one too.
pub(crate) fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut start = 0;
        for (at, mark) in line.char_indices().filter(|(_, c)| matches!(c, '.' | '!' | '?')) {
            let end = at + mark.len_utf8();
            let mut after = line[end..].chars();
            let breaks = match (after.next(), after.next()) {
                (None, _) => true,
                (Some(' '), next) => next.is_none_or(|c| !c.is_lowercase()),
                _ => false,
            };
            let word = line[start..at].rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
            if breaks && !SHORT.contains(&word.to_lowercase().as_str()) {
                found.push(line[start..end].trim());
                start = end;
            }
        }
        found.push(line[start..].trim());
    }
    found.retain(|s| !s.is_empty());
    found
}

static WORD: LazyLock<Regex> = LazyLock::new(|| compiled(r"[\p{L}][\p{L}'\u{2019}-]*"));

/// The words of a text, without numbers and punctuation.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    WORD.find_iter(text).map(|m| m.as_str())
}

/// Syllables of an English word, by its groups of vowels: right for most words, and off by one for some.
pub(crate) fn syllables(word: &str) -> usize {
    let word = word.to_lowercase();
    let vowel = |c: char| "aeiouy\u{e9}\u{e8}".contains(c);
    let mut groups = 0;
    let mut inside = false;
    for c in word.chars() {
        groups += usize::from(vowel(c) && !inside);
        inside = vowel(c);
    }
    let silent = word.ends_with('e') && !word.ends_with("le")
        || word.ends_with("ed") && !word.ends_with("ted") && !word.ends_with("ded");
    if silent && groups > 1 { groups - 1 } else { groups.max(1) }
}

/// The start of a text, for a report.
pub(crate) fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(EXCERPT).collect();
    if short.len() < text.len() {
        short.push('\u{2026}');
    }
    short
}

/// Whether `text` holds one of `phrases`, whole words, in lower case.
pub(crate) fn phrase_in<'p>(text: &str, phrases: &[&'p str]) -> Option<&'p str> {
    let text = text.to_lowercase().replace('\u{2019}', "'");
    phrases.iter().find(|phrase| holds(&text, phrase)).copied()
}

/// Whether lower-case `text` holds `phrase` between characters that are no letters or digits.
pub(crate) fn holds(text: &str, phrase: &str) -> bool {
    text.match_indices(phrase).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        let open = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        open(before) && open(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sentences_end_where_a_reader_stops() {
        assert_eq!(
            sentences("Write to a@b.test. Use e.g. mail until 31 Dec. 2031! We answer (Ltd. too)\nin 3 days"),
            ["Write to a@b.test.", "Use e.g. mail until 31 Dec. 2031!", "We answer (Ltd. too)", "in 3 days"]
        );
        assert_eq!(sentences("v1.4.2 is out? Yes."), ["v1.4.2 is out?", "Yes."]);
    }

    #[test]
    fn syllables_are_counted_as_spoken() {
        for (word, n) in
            [("cat", 1), ("update", 2), ("security", 4), ("table", 2), ("fixed", 1), ("acknowledgement", 5), ("the", 1)]
        {
            assert_eq!(syllables(word), n, "{word}");
        }
    }

    #[test]
    fn phrases_are_whole_words() {
        assert_eq!(phrase_in("As Soon As Possible.", &["soon", "as soon as possible"]), Some("soon"));
        assert_eq!(phrase_in("sooner or later", &["soon"]), None);
    }

    proptest! {
        #[test]
        fn sentences_lose_no_words(text in r"[a-zA-Zé.!? \n]{0,80}") {
            let joined: String = sentences(&text).concat();
            let plain = |t: &str| t.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(plain(&joined), plain(&text));
        }
    }
}
