//! JSON Schemas of parameters and observations, made when somebody reads them.

use std::{ops::Deref, sync::OnceLock};

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// A JSON Schema (draft-07). Reads as the [`Value`] that it is.
///
/// It is made at the first look: making those of all checks takes longer than most checks do, and a run reads a few.
#[derive(Debug, Clone)]
pub struct Schema {
    make: fn() -> Value,
    made: OnceLock<Value>,
}

impl Schema {
    /// The schema of what is read as a `T`.
    #[must_use]
    pub const fn of_input<T: JsonSchema>() -> Self {
        Self { make: || schema_of::<T>(SchemaSettings::draft07()), made: OnceLock::new() }
    }

    /// The schema of a `T` as it is written.
    #[must_use]
    pub const fn of_output<T: JsonSchema>() -> Self {
        Self { make: || schema_of::<T>(SchemaSettings::draft07().for_serialize()), made: OnceLock::new() }
    }
}

impl From<Value> for Schema {
    fn from(schema: Value) -> Self {
        Self { make: Value::default, made: schema.into() }
    }
}

impl Deref for Schema {
    type Target = Value;

    fn deref(&self) -> &Value {
        self.made.get_or_init(self.make)
    }
}

impl Serialize for Schema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

fn schema_of<T: JsonSchema>(mut settings: SchemaSettings) -> Value {
    settings.inline_subschemas = true;
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "its schema is what is looked at")]
    struct Params {
        /// The port.
        #[serde(default)]
        port: u16,
    }

    #[test]
    fn it_is_made_once_when_it_is_read_and_reads_as_its_value() {
        let schema = Schema::of_input::<Params>();
        assert!(schema.made.get().is_none());
        assert_eq!(schema["properties"]["port"]["description"], "The port.");
        assert!(schema.made.get().is_some());
        assert_eq!(serde_json::to_value(&schema).expect("JSON"), *schema);
        assert!(schema.get("required").is_none(), "a default makes it optional to write");
        assert_eq!(Schema::of_output::<Params>()["required"][0], "port", "and it is always there to read");
        assert_eq!(Schema::from(Value::from(1)).as_i64(), Some(1));
    }
}
