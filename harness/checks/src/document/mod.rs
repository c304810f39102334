//! Documents that a supplier publishes or hands over, and what their text says.

use std::sync::Arc;

use assay_model::{Check, erase};

mod consistent;
mod contact_point;
mod dates;
mod durations;
#[cfg(test)]
mod fake;
pub(crate) mod fetch;
mod free_access;
mod history;
mod label_route;
mod language;
mod page;
mod period;
mod prominence;
mod readability;
mod records;
mod response_times;
mod scope;
mod source;
mod statement;
mod support_period;
#[cfg(test)]
mod tests;
mod words;

/// The checks on documents, and on the scope of the law that they serve.
pub(crate) fn all() -> Vec<Arc<dyn Check>> {
    vec![
        erase(consistent::Consistent),
        erase(contact_point::ContactPoint),
        erase(fetch::Fetch),
        erase(free_access::FreeAccess),
        erase(history::History),
        erase(label_route::LabelRoute),
        erase(language::Language),
        erase(prominence::Prominence),
        erase(readability::Readability),
        erase(response_times::ResponseTimes),
        erase(scope::Scope),
        erase(statement::Statement),
        erase(support_period::SupportPeriod),
    ]
}
