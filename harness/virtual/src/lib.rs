//! Virtual devices with real sockets and ptys; good ones, and ones with seeded defects.
//!
//! [`start`] brings up any number of samples of a model on loopback addresses of their own, with a maker's website beside
//! them; [`Running`] is the hand on their power switches and reset buttons. Nothing here knows another part of Assay: a
//! virtual device is as foreign to the harness as a real one.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may panic"))]

mod camera;
mod cloud;
pub mod debug;
mod firmware;
mod foreign;
mod http_server;
mod model_list;
mod running;
mod start;
pub mod tap;
mod website;

pub use camera::defect::{Defect, DefectInfo, DefectKind, DefectPart};
pub use camera::label::Label;
pub use camera::state::SHARED_RESET_PASSWORD;
pub use model_list::{ModelInfo, models};
pub use running::{Running, SampleError, VirtualProbe, VirtualSample};
pub use start::{MAX_SAMPLES, StartError, StartSpec, prepare, start};
