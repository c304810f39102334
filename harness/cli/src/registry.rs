//! The wiring: every check, every kind of bench, and the standards as data.

use assay_engine::load;
use assay_engine::plan::{Catalogue, Registry};

/// The catalogues that the binary carries, so that a plan can be run from anywhere. The same files stand in
/// test-plans/catalogue for people.
const CATALOGUES: [(&str, &str); 6] = [
    ("uk-psti-2023.yaml", include_str!("../../../test-plans/catalogue/uk-psti-2023.yaml")),
    ("uk-code-of-practice-2018.yaml", include_str!("../../../test-plans/catalogue/uk-code-of-practice-2018.yaml")),
    ("etsi-en-303-645-2.1.1.yaml", include_str!("../../../test-plans/catalogue/etsi-en-303-645-2.1.1.yaml")),
    ("etsi-ts-103-701-1.1.1.yaml", include_str!("../../../test-plans/catalogue/etsi-ts-103-701-1.1.1.yaml")),
    ("crosswalk-en-303-645-2.1.1.yaml", include_str!("../../../test-plans/catalogue/crosswalk-en-303-645-2.1.1.yaml")),
    ("dossier-rules.yaml", include_str!("../../../test-plans/catalogue/dossier-rules.yaml")),
];

/// Everything that plans can name.
pub(crate) fn registry() -> Registry {
    Registry { checks: assay_checks::all(), providers: assay_adapters::bench::providers(), catalogue: catalogue() }
}

fn catalogue() -> Catalogue {
    // A test loads them all: a shipped catalogue with a mistake never reaches a user.
    load::catalogue_of(&CATALOGUES).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogues_that_the_binary_carries_load_without_a_mistake() {
        let whole = load::catalogue_of(&CATALOGUES).expect("no mistakes");
        assert!(whole.units.contains_key("5.6-1-2 b") && whole.units.contains_key("PSTI-1.2"));
        assert!(whole.profiles.iter().any(|p| p.id == "uk-psti"));
    }
}
