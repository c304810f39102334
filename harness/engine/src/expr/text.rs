//! The method `findAll` of texts, as Kubernetes' CEL has it.

use std::sync::Arc;

use cel::{Context, DeclarationError, ExecutionError, Value as Cel};
use regex::RegexBuilder;

/// Most bytes of a compiled pattern.
const PATTERN_BYTES: usize = 1 << 20;

/// Declares `text.findAll(pattern)`: every part of the text that the pattern matches, in order.
pub(super) fn declare(context: &mut Context<'_, '_>) -> Result<(), DeclarationError> {
    context.add_function("findAll", find_all)
}

fn find_all(
    cel::extractors::This(text): cel::extractors::This<Arc<String>>,
    pattern: Arc<String>,
) -> Result<Cel, ExecutionError> {
    let regex = RegexBuilder::new(&pattern)
        .size_limit(PATTERN_BYTES)
        .build()
        .map_err(|_| ExecutionError::function_error("findAll", format!("`{pattern}` is no pattern")))?;
    let found = regex.find_iter(&text).map(|part| Cel::String(Arc::new(part.as_str().to_owned())));
    Ok(Cel::List(Arc::new(found.collect())))
}
