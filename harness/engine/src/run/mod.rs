//! Running a resolved plan on a bench.
//!
//! Two actors, as in nextest: the `dispatcher` faces the world and puts everything in one order; unit tasks do the work
//! and own their state. They share nothing but messages and the vault. Whatever a check says goes through [`crate::journal`]'s
//! words first and is judged from there.

mod ask;
mod attempt;
mod baseline;
mod bind;
mod cancel;
mod case;
mod dispatcher;
mod event;
mod evidence;
mod external;
mod folder;
mod inventory;
mod late;
mod options;
mod original;
mod products;
mod resume;
mod runtime;
mod scope;
mod secrets;
mod session;
mod statement;
mod step;
mod stream;
pub(crate) mod template;
mod waivers;

pub use cancel::Cancel;
pub use event::RunEvent;
pub use options::{Baseline, MakeWays, Record, RunError, RunOptions, RunOutcome};
pub use resume::{resume, unsealed};
pub use runtime::runtime;
pub use scope::Scopes;
pub use session::{run, vault_path};
