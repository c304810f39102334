//! An image, unpacked and looked at: for the fuzz target.

use std::time::Duration;

use assay_model::Deadline;

use super::{inspect::look, survey::Survey, unpack::Bounds};
use crate::fuzzing::Unheard;
use crate::secrets::SearchOptions;

pub(crate) fn fuzz_image(bytes: &[u8]) {
    let until = Deadline::after(Duration::from_secs(2));
    let bounds = Bounds { unpacked: 1 << 20, entries: 200, depth: 4, until };
    // One rule: its making takes a moment, and the rules have a target of their own.
    let options = SearchOptions { rules: vec!["password-hash".into()], ..SearchOptions::default() };
    let Ok(survey) = Survey::new(options) else { return };
    let seen = look(bytes, bounds, survey, &Unheard);
    let out = seen.unpacked_bytes;
    assert!(out <= (1 << 20) + (64 << 10), "{out} bytes came out, beyond the bound and one piece");
}
