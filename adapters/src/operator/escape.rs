//! Text of a DUT on a terminal of ours.

/// `text` without anything that a terminal would obey: control characters and the ones that turn the direction of writing
/// are written out. Line ends and tabs stay.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if (c.is_control() && !matches!(c, '\n' | '\t')) || turns {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(escaped("a\u{1b}[2Jb\r\u{7}\u{9b}31m"), "a\\u{1b}[2Jb\\u{d}\\u{7}\\u{9b}31m");
        assert_eq!(escaped("ad\u{202e}nimda"), "ad\\u{202e}nimda");
        assert_eq!(escaped("two\nlines\tand größer <b>"), "two\nlines\tand größer <b>");
    }
}
