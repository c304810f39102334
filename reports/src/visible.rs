//! Text of a record as reports write it: what acts or hides made visible (the model's work), and no longer than there is
//! room for.

pub use assay_model::{visible, visible_line};

/// At most `limit` bytes of `text`, cut at a character, and how many bytes were left off.
#[must_use]
pub(crate) fn capped(text: &str, limit: usize) -> (&str, usize) {
    let end = text.floor_char_boundary(limit);
    (&text[..end], text.len() - end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cap_keeps_whole_characters(text in any::<String>(), limit in 0usize..40) {
            let (head, left) = capped(&text, limit);
            prop_assert!(head.len() <= limit && head.len() + left == text.len());
        }
    }
}
