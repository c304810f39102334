//! What the record carries of the standards, and what its verdicts say in their terms.
//!
//! Everything here is read out of [`Results::catalogues`](assay_model::results::Results), never out of newer data: a pack
//! keeps the edition of its run. A record without catalogues says nothing here, and the parts of reports that rest on it
//! are left out.

mod catalogue;
mod code_of_practice;
mod dates;
mod published;
mod regimes;
mod role;
mod said;

pub(crate) use catalogue::{Change, Law, Records, Retention, RoleFacts, ToTell, editions};
pub(crate) use code_of_practice::{Guideline, scorecard};
pub(crate) use dates::{day_of, parse_day, years_later};
pub(crate) use published::published;
pub(crate) use regimes::{Regime, recognition, regimes};
pub use role::Role;
pub(crate) use said::{Said, Says, effective};

/// The one sentence of every page for people.
pub(crate) const NO_ADVICE: &str = "Nothing here is legal advice.";

/// The catalogue of the law whose items are judged.
pub(crate) const LAW: &str = "uk-psti-2023";
