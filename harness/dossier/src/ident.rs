//! Names as people type them: odd spaces, odd dashes, bold letters.

/// Every kind of blank, the invisible ones included.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{00ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Whether `c` is one of the many dashes.
fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

/// A text without the marks of emphasis around it, and without blanks at its ends.
pub(crate) fn bare(text: &str) -> &str {
    let mut text = text.trim_matches(is_blank);
    for mark in ["**", "__", "`", "*", "_"] {
        if let Some(inner) = text.strip_prefix(mark).and_then(|t| t.strip_suffix(mark)) {
            text = inner.trim_matches(is_blank);
        }
    }
    text
}

/// An id without blanks around its dashes, with plain dashes: `5.1–1` and `5.1 - 1` are `5.1-1`. A blank elsewhere
/// stays, because it may have been meant.
pub(crate) fn id(text: &str) -> String {
    let plain: String = bare(text).chars().map(|c| if is_dash(c) { '-' } else { c }).collect();
    let visible = plain.chars().map(|c| if is_blank(c) { ' ' } else { c }).collect::<String>();
    let parts: Vec<&str> = visible.split('-').map(str::trim).collect();
    parts.join("-")
}

/// The number of a provision: without the word before it, and without any blank.
pub(crate) fn provision(text: &str) -> String {
    let id = id(text);
    let id = ["Provision", "provision", "PROVISION"].iter().find_map(|w| id.strip_prefix(w)).unwrap_or(&id);
    id.trim().split(' ').next().unwrap_or_default().trim_end_matches([':', '.']).to_owned()
}

/// Letters and digits alone, in lower case: `Review/Evaluation Method` is `reviewevaluationmethod`.
pub(crate) fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// `Y`, `N` or `N/A`, where the text is one of the ways to write them.
pub(crate) fn support(text: &str) -> Option<&'static str> {
    match letters(bare(text)).as_str() {
        "y" | "yes" => Some("Y"),
        "n" | "no" => Some("N"),
        "na" | "notapplicable" => Some("N/A"),
        _ => None,
    }
}

/// Whether references can name it.
pub(crate) fn is_row_id(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

/// A row's id with a number or a name after its dash, as lists of references have them: `UpdMech-1`.
pub(crate) fn is_reference(text: &str) -> bool {
    is_row_id(text)
        && text
            .split_once('-')
            .is_some_and(|(table, row)| table.starts_with(|c: char| c.is_ascii_uppercase()) && !row.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_blanks_and_dashes_mean_the_plain_ones() {
        for odd in ["5.1-1", " 5.1\u{2013}1\u{a0}", "**Provision 5.1-1**", "5.1 \u{2212} 1", "provision 5.1\u{2011}1:"]
        {
            assert_eq!(provision(odd), "5.1-1", "{odd}");
        }
        assert_eq!(provision("Provision 5.2-1 unconditional disclosure"), "5.2-1");
        assert_eq!(id("`AuthMech \u{2011} 1`"), "AuthMech-1");
        assert_eq!(id("Auth Mech 1"), "Auth Mech 1", "a blank that may have been meant stays");
    }

    #[test]
    fn support_is_three_words_and_nothing_else() {
        for (text, wanted) in [("Y", "Y"), ("**yes**", "Y"), ("No", "N"), ("n. a.", "N/A"), ("Not applicable", "N/A")] {
            assert_eq!(support(text), Some(wanted));
        }
        for text in ["Y/N", "partly", "", "TBD", "Yes, but"] {
            assert_eq!(support(text), None, "{text}");
        }
    }
}
