//! Makes characters visible that a terminal, browser or XML parser would act on, or that a reader could not see.

use std::borrow::Cow;

/// Replaces each control, bidirectional, invisible or XML-illegal character by its escape in ASCII: `\x1b`, `\u{202e}`.
/// LF and tab stay; CR LF becomes LF. Escaping for HTML, XML or CSV is a different matter and comes beside this.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\r' && chars.peek() == Some(&'\n') {
            continue;
        }
        if !hidden(c) {
            out.push(c);
        } else if u32::from(c) < 0x80 {
            out.push_str(&format!("\\x{:02x}", u32::from(c)));
        } else {
            out.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
        }
    }
    Cow::Owned(out)
}

/// The same on one line: LF and tab become escapes too. For attributes, names and table cells.
#[must_use]
pub fn visible_line(text: &str) -> String {
    visible(text).replace('\n', "\\n").replace('\t', "\\t")
}

/// Whether a character acts or hides: see [`visible`].
#[must_use]
pub fn hidden(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => true,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}' | '\u{feff}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{fdd0}'..='\u{fdef}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' => true,
        _ => u32::from(c) & 0xfffe == 0xfffe, // the two non-characters at the end of each plane, U+FFFE among them
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_controls_bidi_and_noncharacters() {
        assert_eq!(visible("\u{1b}[2Jhi\0"), "\\x1b[2Jhi\\x00");
        assert_eq!(visible("a\u{202e}b\u{fffe}\u{85}"), "a\\u{202e}b\\u{fffe}\\u{85}");
        assert_eq!(visible("one\r\ntwo\rthree"), "one\ntwo\\x0dthree");
        assert!(matches!(visible("plain Zürich 日本 \u{fffd}"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left_and_it_is_stable(text in any::<String>()) {
            let once = visible(&text).into_owned();
            prop_assert!(!once.chars().any(hidden));
            prop_assert_eq!(visible(&once), once.as_str());
        }
    }
}
