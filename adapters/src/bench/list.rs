//! The visible list of kinds of bench.

use std::sync::Arc;

use assay_model::BenchProvider;

use super::{local::LocalBench, qemu::QemuBench, virtual_::VirtualBench};

/// Every kind of bench, by the words that `provider:` takes.
#[must_use]
pub fn providers() -> Vec<Arc<dyn BenchProvider>> {
    vec![Arc::new(LocalBench { reference: true }), Arc::new(QemuBench), Arc::new(VirtualBench)]
}
