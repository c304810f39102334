//! The threads that a run works on.

use std::io;

use tokio::runtime::{Builder, Runtime};

use crate::expr::{STACK_BYTES, this_stack_is_big};

/// A runtime whose threads have the stack that expressions need. On any other, each evaluation starts a thread of its own.
///
/// # Errors
/// The system gives no threads.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).on_thread_start(this_stack_is_big).build()
}
