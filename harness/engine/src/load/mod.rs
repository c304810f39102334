//! Loading: YAML text to resolved plans.
