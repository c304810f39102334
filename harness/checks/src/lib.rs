//! One file per check: a question, its parameters, its observation.
