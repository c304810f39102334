//! `assay lint PATH...`: every mistake at once.

use assay_model::Severity;

use crate::args::Lint;
use crate::registry::registry;
use crate::{exit, say};

/// Exit 0 where nothing but warnings was found, 2 otherwise.
pub(super) fn run(args: &Lint) -> u8 {
    if let Some(pack) = &args.report {
        return super::review::lint_report(pack);
    }
    let found = assay_engine::load::lint(&args.paths, &registry());
    say::diagnostics(&found);
    if found.iter().any(|d| d.severity == Severity::Error) {
        return exit::INVALID;
    }
    if found.is_empty() {
        say::note("no mistakes found");
    }
    exit::OK
}
