//! Running a resolved plan on a bench.
