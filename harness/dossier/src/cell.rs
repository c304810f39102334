//! Values in cells. A cell is text, and most values are text; what is not stands after `json:`, so that nothing has to
//! be guessed from how a text looks, and what is written is read back as it was.

use serde_json::Value;

use crate::ident;
use crate::shape::Holds;

const MARK: &str = "json:";

/// What a cell's text could not be taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Illegible {
    /// After `json:` stands no JSON: why.
    Json(String),
    /// Neither yes nor no.
    Flag,
}

/// The value that a cell with `text` has in a column that holds `holds`. An empty cell has none.
pub(crate) fn read(text: &str, holds: &Holds) -> Result<Option<Value>, Illegible> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(None);
    }
    if let Some(json) = trimmed.strip_prefix(MARK) {
        return serde_json::from_str(json).map(Some).map_err(|e| Illegible::Json(e.to_string()));
    }
    Ok(Some(match holds {
        Holds::Flag => match ident::letters(ident::bare(trimmed)).as_str() {
            "true" | "yes" | "y" => Value::Bool(true),
            "false" | "no" | "n" => Value::Bool(false),
            _ => return Err(Illegible::Flag),
        },
        Holds::References => references(trimmed).unwrap_or_else(|| Value::String(trimmed.to_owned())),
        Holds::Text | Holds::Data => Value::String(trimmed.to_owned()),
    }))
}

/// The ids of a text that is nothing but a list of them.
fn references(text: &str) -> Option<Value> {
    let ids: Vec<String> = text.split([',', ';', '\n']).map(ident::id).filter(|id| !id.is_empty()).collect();
    (!ids.is_empty() && ids.iter().all(|id| ident::is_reference(id))).then(|| ids.into())
}

/// The text of a cell that [`read`] takes for `value`.
pub(crate) fn write(value: &Value, holds: &Holds) -> String {
    let plain = match value {
        Value::String(text) => text.clone(),
        Value::Bool(flag) => flag.to_string(),
        Value::Array(ids) if ids.iter().all(Value::is_string) => {
            ids.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        _ => String::new(),
    };
    if survives(&plain) && read(&plain, holds).is_ok_and(|read| read.as_ref() == Some(value)) {
        return plain;
    }
    format!("{MARK} {}", escaped(&value.to_string()))
}

/// Whether every kind of file gives the text back as it is.
fn survives(text: &str) -> bool {
    // A spreadsheet reads `_x000D_` as a character, and trims nothing but shows nothing of these either.
    !text.contains("_x") && text.chars().all(|c| c == '\n' || !c.is_control() && !is_invisible(c))
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// JSON without a character that a file could change. Both only occur inside its strings.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_invisible(c) || c == '\u{7f}' {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out.replace("_x", "\\u005fx")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_read_back_as_it_was_written() {
        for holds in [Holds::Text, Holds::Flag, Holds::References, Holds::Data] {
            for value in [
                json!("plain"),
                json!("true"),
                json!(true),
                json!(1.5),
                json!(7),
                json!(null),
                json!([]),
                json!(["A-1", "B-2"]),
                json!("A-1, B-2"),
                json!(["a", "b"]),
                json!({"k": [1]}),
                json!(" edge "),
                json!(""),
                json!("json: {}"),
                json!("a\r\nb"),
                json!("_x000D_"),
                json!("no"),
                json!("1.10"),
                json!("\u{2028}"),
                json!("a\nb"),
            ] {
                let text = write(&value, &holds);
                assert_eq!(read(&text, &holds), Ok(Some(value)), "{text} {holds:?}");
            }
        }
    }

    #[test]
    fn common_values_look_common() {
        assert_eq!(write(&json!(["UpdMech-1", "UpdMech-2"]), &Holds::References), "UpdMech-1, UpdMech-2");
        assert_eq!(write(&json!(false), &Holds::Flag), "false");
        assert_eq!(read("None: mask ROM", &Holds::References), Ok(Some(json!("None: mask ROM"))));
        assert_eq!(read("perhaps", &Holds::Flag), Err(Illegible::Flag));
        assert!(matches!(read("json: {", &Holds::Text), Err(Illegible::Json(_))));
    }
}
