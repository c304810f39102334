//! `assay schema KIND`.

use crate::args::Schema;
use crate::registry::registry;
use crate::{exit, say};

/// Prints the JSON Schema that editors use, as it is committed under `schema/`.
pub(super) fn run(args: &Schema) -> u8 {
    let Some(schema) = assay_engine::schema::schema(args.kind.word(), &registry()) else {
        say::error("schema", "there is no such kind of file", None);
        return exit::INVALID;
    };
    match serde_json::to_string_pretty(&schema) {
        Ok(text) => say::result(text),
        Err(e) => {
            say::error("json", e.to_string(), None);
            return exit::INVALID;
        }
    }
    exit::OK
}
