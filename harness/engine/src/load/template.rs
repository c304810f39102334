//! `${...}` in texts.

use std::ops::Range;

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// As it stands; `$${` has become `${`.
    Text(String),
    /// The bytes of an expression, without `${` and `}`.
    Expression(Range<usize>),
}

/// Splits a text into parts.
///
/// # Errors
/// The offset of a `${` that nothing closes.
pub(crate) fn split(text: &str) -> Result<Vec<Part>, usize> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(skip) = text[at..].find('$') {
        plain.push_str(&text[at..at + skip]);
        at += skip;
        if text[at..].starts_with("$${") {
            plain.push_str("${");
            at += 3;
        } else if text[at..].starts_with("${") {
            let end = end_of_expression(&text[at..], 2).ok_or(at)?;
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Expression(at + 2..at + end - 1));
            at += end;
        } else {
            plain.push('$');
            at += 1;
        }
    }
    plain.push_str(&text[at..]);
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    Ok(parts)
}

/// The offset just past the `}` that ends an expression whose first byte is at `from`: braces and quotes nest.
pub(crate) fn end_of_expression(text: &str, from: usize) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (at, c) in text.get(from..)?.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') if depth == 0 => return Some(from + at + 1),
            (None, '}') => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<Vec<String>, usize> {
        let parts = split(text)?;
        Ok(parts
            .into_iter()
            .map(|p| match p {
                Part::Text(t) => t,
                Part::Expression(r) => format!("<{}>", &text[r]),
            })
            .collect())
    }

    #[test]
    fn braces_and_quotes_nest() {
        assert_eq!(shown("${a}").expect("splits"), ["<a>"]);
        assert_eq!(shown("x ${a} y ${b}").expect("splits"), ["x ", "<a>", " y ", "<b>"]);
        assert_eq!(shown("${ {'k': {'l': 1}}.k.l }!").expect("splits"), ["< {'k': {'l': 1}}.k.l >", "!"]);
        assert_eq!(shown(r#"${a == "}" && b == '\'}'}"#).expect("splits"), [r#"<a == "}" && b == '\'}'>"#]);
    }

    #[test]
    fn a_doubled_dollar_is_no_expression() {
        assert_eq!(shown("$${HOME} costs $5 and $").expect("splits"), ["${HOME} costs $5 and $"]);
        assert_eq!(shown("").expect("splits"), Vec::<String>::new());
    }

    #[test]
    fn what_nothing_closes_is_found() {
        assert_eq!(shown("a ${b"), Err(2));
        assert_eq!(shown("a ${b('}')"), Err(2));
    }
}
