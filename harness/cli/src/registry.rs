//! The wiring: every check, every kind of bench, and the standards as data.

use assay_engine::load::{self, Source};
use assay_engine::plan::{Catalogue, Registry};

/// The catalogues that the binary carries, so that a plan can be run from anywhere. The same files stand in
/// test-plans/catalogue for people.
const CATALOGUES: [(&str, &str); 4] = [
    ("uk-psti-2023.yaml", include_str!("../../../test-plans/catalogue/uk-psti-2023.yaml")),
    ("uk-code-of-practice-2018.yaml", include_str!("../../../test-plans/catalogue/uk-code-of-practice-2018.yaml")),
    ("etsi-en-303-645-2.1.1.yaml", include_str!("../../../test-plans/catalogue/etsi-en-303-645-2.1.1.yaml")),
    ("etsi-ts-103-701-1.1.1.yaml", include_str!("../../../test-plans/catalogue/etsi-ts-103-701-1.1.1.yaml")),
];

/// Everything that plans can name.
pub(crate) fn registry() -> Registry {
    Registry { checks: assay_checks::all(), providers: assay_adapters::bench::providers(), catalogue: catalogue() }
}

fn catalogue() -> Catalogue {
    let mut whole = Catalogue::default();
    for (name, text) in CATALOGUES {
        // A test loads each of them: a shipped catalogue that does not parse never reaches a user.
        if let Ok(part) = load::catalogue(name, text) {
            whole.units.extend(part.units);
            whole.profiles.extend(part.profiles);
        }
    }
    whole
}
