//! Types of what an expression can name, from JSON Schemas.

use std::sync::Arc;

use serde_json::Value;

/// A type as far as it is known. [`Type::Dyn`] is unknown and never complained about.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// Unknown.
    Dyn,
    /// Null.
    Null,
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// A number with a fraction.
    Float,
    /// Text.
    Text,
    /// Text out of a closed list.
    Word(Vec<String>),
    /// A list.
    List(Box<Type>),
    /// A mapping with any keys.
    Map(Box<Type>),
    /// A mapping with known keys.
    Record(Arc<Record>),
}

/// A mapping with known keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What to call it in messages: ``the observation of `ports.scan` ``.
    pub name: String,
    /// Its fields.
    pub fields: Vec<(String, Type)>,
    /// Whether it may have others too.
    pub open: bool,
}

impl Type {
    /// A closed record.
    pub fn record<'n>(name: &str, fields: impl IntoIterator<Item = (&'n str, Self)>) -> Self {
        let fields = fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        Self::Record(Arc::new(Record { name: name.to_owned(), fields, open: false }))
    }

    /// A record that may have other fields.
    pub fn open_record<'n>(name: &str, fields: impl IntoIterator<Item = (&'n str, Self)>) -> Self {
        let fields = fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        Self::Record(Arc::new(Record { name: name.to_owned(), fields, open: true }))
    }

    /// A list of this.
    #[must_use]
    pub fn listed(self) -> Self {
        Self::List(Box::new(self))
    }

    /// The type that a draft-07 schema describes; `name` is what a record is called in messages.
    #[must_use]
    pub fn from_schema(schema: &Value, name: &str) -> Self {
        Reader { root: schema, name }.read(schema, 0)
    }

    /// The type of a JSON value.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::Number(n) if n.is_f64() => Self::Float,
            Value::Number(_) => Self::Int,
            Value::String(_) => Self::Text,
            Value::Array(items) => Self::union(items.iter().map(Self::of)).listed(),
            Value::Object(_) => Self::Dyn,
        }
    }

    /// What is known of a value that is one of these.
    pub fn union(types: impl IntoIterator<Item = Self>) -> Self {
        // Null beside something else says only that the field may be empty.
        let mut types = types.into_iter().filter(|t| *t != Self::Null);
        let Some(first) = types.next() else { return Self::Dyn };
        types.fold(first, Self::or)
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Word(mut a), Self::Word(b)) => {
                a.extend(b.into_iter().filter(|w| !a.contains(w)).collect::<Vec<_>>());
                Self::Word(a)
            }
            (Self::Word(_), Self::Text) | (Self::Text, Self::Word(_)) => Self::Text,
            (Self::Int, Self::Float) | (Self::Float, Self::Int) => Self::Float,
            (Self::List(a), Self::List(b)) => a.or(*b).listed(),
            (Self::Record(a), Self::Record(b)) => {
                let mut fields = a.fields.clone();
                for (name, kind) in &b.fields {
                    match fields.iter_mut().find(|(n, _)| n == name) {
                        Some((_, known)) => *known = known.clone().or(kind.clone()),
                        None => fields.push((name.clone(), kind.clone())),
                    }
                }
                Self::Record(Arc::new(Record { name: a.name.clone(), fields, open: a.open || b.open }))
            }
            _ => Self::Dyn,
        }
    }

    /// In a message: `a list`, `text`.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Dyn => "a value of unknown type".into(),
            Self::Null => "null".into(),
            Self::Bool => "true or false".into(),
            Self::Int => "a whole number".into(),
            Self::Float => "a number".into(),
            Self::Text | Self::Word(_) => "text".into(),
            Self::List(_) => "a list".into(),
            Self::Map(_) | Self::Record(_) => "a mapping".into(),
        }
    }

    /// Whether a value of this type can be equal to one of `other`.
    pub(crate) fn comparable(&self, other: &Self) -> bool {
        use Type::{Bool, Dyn, Float, Int, List, Map, Null, Record, Text, Word};
        match (self, other) {
            (Dyn | Null, _) | (_, Dyn | Null) | (Bool, Bool) => true,
            (Int | Float, Int | Float) | (Text | Word(_), Text | Word(_)) => true,
            (Map(_) | Record(_), Map(_) | Record(_)) => true,
            (List(a), List(b)) => a.comparable(b),
            _ => false,
        }
    }

    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Float | Self::Dyn)
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::Word(_) | Self::Dyn)
    }

    pub(crate) fn is_bool(&self) -> bool {
        matches!(self, Self::Bool | Self::Dyn)
    }
}

/// References deeper than this are not followed: the schema is recursive, and what lies there is unknown.
const MAX_DEPTH: usize = 12;

struct Reader<'s> {
    root: &'s Value,
    name: &'s str,
}

impl Reader<'_> {
    fn read(&self, schema: &Value, depth: usize) -> Type {
        let Some(map) = schema.as_object() else { return Type::Dyn };
        if depth > MAX_DEPTH {
            return Type::Dyn;
        }
        if let Some(path) = map.get("$ref").and_then(Value::as_str) {
            let target = path.strip_prefix('#').and_then(|p| self.root.pointer(p));
            return target.map_or(Type::Dyn, |t| self.read(t, depth + 1));
        }
        if let Some(words) = map.get("enum").and_then(Value::as_array) {
            return Type::union(words.iter().map(word));
        }
        if let Some(constant) = map.get("const") {
            return word(constant);
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(choices) = map.get(key).and_then(Value::as_array) {
                return Type::union(choices.iter().map(|c| self.read(c, depth + 1)));
            }
        }
        if let Some([only]) = map.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
            return self.read(only, depth + 1);
        }
        match map.get("type") {
            Some(Value::String(one)) => self.of_kind(one, schema, depth),
            Some(Value::Array(kinds)) => {
                Type::union(kinds.iter().filter_map(Value::as_str).map(|k| self.of_kind(k, schema, depth)))
            }
            _ if map.contains_key("properties") => self.of_kind("object", schema, depth),
            _ => Type::Dyn,
        }
    }

    fn of_kind(&self, kind: &str, schema: &Value, depth: usize) -> Type {
        match kind {
            "null" => Type::Null,
            "boolean" => Type::Bool,
            "integer" => Type::Int,
            "number" => Type::Float,
            "string" => Type::Text,
            "array" => match schema.get("items") {
                Some(items @ Value::Object(_)) => self.read(items, depth + 1).listed(),
                _ => Type::Dyn.listed(),
            },
            "object" => self.object(schema, depth),
            _ => Type::Dyn,
        }
    }

    fn object(&self, schema: &Value, depth: usize) -> Type {
        let others = schema.get("additionalProperties");
        match schema.get("properties").and_then(Value::as_object) {
            Some(fields) if !fields.is_empty() => {
                let fields = fields.iter().map(|(k, v)| (k.clone(), self.read(v, depth + 1))).collect();
                // A type that lists its fields and says nothing of others has no others.
                let open = others.is_some_and(|o| *o != Value::Bool(false));
                Type::Record(Arc::new(Record { name: self.name.to_owned(), fields, open }))
            }
            _ => match others {
                Some(values @ Value::Object(_)) => Type::Map(Box::new(self.read(values, depth + 1))),
                _ => Type::Dyn,
            },
        }
    }
}

fn word(value: &Value) -> Type {
    value.as_str().map_or_else(|| Type::of(value), |text| Type::Word(vec![text.to_owned()]))
}
