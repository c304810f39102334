//! Any bytes: no panic, no hang.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| assay_checks::fuzzing::capture_file(bytes));
