//! A capture file, read: for the fuzz target.

use super::observation::{self, Asked};
use crate::fuzzing::Unheard;

pub(crate) fn fuzz_capture(bytes: &[u8]) {
    let asked = Asked { device: vec![[192, 0, 2, 1].into()], ..Asked::default() };
    let _ = observation::of(bytes, String::new(), &asked, &Unheard);
}
