//! A unit as the page shows it.

mod judged;
mod part;
mod step;
mod view;

pub(super) use view::{Badge, UnitView, build};
