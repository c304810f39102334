//! The debug port: who is there, how far a debugger gets, and what memory and logs then give away.

mod identify;
mod jtag_scan;
mod lock_state;
mod read_memory;
mod rtt_log;
#[cfg(test)]
mod tests;
mod through;

pub use identify::DebugIdentify;
pub use jtag_scan::DebugJtagScan;
pub use lock_state::DebugLockState;
pub use read_memory::DebugReadMemory;
pub use rtt_log::DebugRttLog;
