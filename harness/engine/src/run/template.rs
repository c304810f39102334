//! Values with `${...}` in them, filled in.

use serde_json::Value;

use crate::expr::{EvalError, Scope};
use crate::plan::{Template, TextPart};

/// Fills in a template. One expression alone keeps its type; inside a text strings stand as they are, all else as JSON.
pub(crate) fn fill(template: &Template, scope: &Scope) -> Result<Value, EvalError> {
    match template {
        Template::Literal(value) => Ok(value.clone()),
        Template::Expr(expr) => expr.eval(scope),
        Template::List(items) => items.iter().map(|item| fill(item, scope)).collect(),
        Template::Map(entries) => entries
            .iter()
            .map(|(key, item)| Ok((key.clone(), fill(item, scope)?)))
            .collect::<Result<_, _>>()
            .map(Value::Object),
        Template::Text(parts) => {
            let mut text = String::new();
            for part in parts {
                match part {
                    TextPart::Text(plain) => text.push_str(plain),
                    TextPart::Expr(expr) => match expr.eval(scope)? {
                        Value::String(value) => text.push_str(&value),
                        other => text.push_str(&other.to_string()),
                    },
                }
            }
            Ok(Value::String(text))
        }
    }
}
