//! Power switches: a small trait, and one file per kind of switch.

mod by_hand;
mod command;
mod switch;

#[cfg(test)]
mod tests;

pub use by_hand::ByHand;
pub use command::CommandSwitch;
pub use switch::{PowerSwitch, Switch};
