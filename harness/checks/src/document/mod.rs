//! Documents that a supplier publishes or hands over.

pub(crate) mod fetch;
