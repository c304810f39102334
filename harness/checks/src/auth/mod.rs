//! Logons: what there is, what lets in, what holds guessing back, what first use and reset leave behind.

pub(crate) mod candidates;
pub(crate) mod first_use;
pub(crate) mod inventory;
pub(crate) mod lockout;
pub(crate) mod logon;
pub(crate) mod reset;
pub(crate) mod series;
pub(crate) mod try_credentials;
pub(crate) mod try_defaults;
