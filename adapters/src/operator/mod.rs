//! The person at the bench, asked on the terminal: a typed question, one of the offered answers, no default.

mod attachment;
mod dialogue;
mod escape;
mod terminal;
mod touch;

#[cfg(test)]
mod tests;

pub use escape::escaped;
pub use terminal::Terminal;
pub use touch::{SharedTerminal, TerminalOperator};
