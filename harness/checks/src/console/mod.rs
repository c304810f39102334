//! What a DUT shows on its serial console.

pub(crate) mod login;
