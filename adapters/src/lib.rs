//! One module per way of touching a DUT, and the bench providers.

pub mod probe;
