//! One module per way of touching a DUT, and the bench providers.

pub mod console;
pub mod operator;
pub mod power;
pub mod ssh;

#[cfg(test)]
mod doubles;
