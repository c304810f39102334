//! States of a DUT and the ways into them.

pub(crate) mod procedures;
pub(crate) mod restore;
