//! The wiring: every check, every kind of bench, and the standards as data.

use std::sync::Arc;

use assay_dossier::Shape;
use assay_engine::load;
use assay_engine::plan::{Catalogue, Registry};
use assay_model::SourceFile;

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

/// The editions that no plan here follows: a dossier of theirs is known by what only they have.
const NEWER_STANDARD: &str = include_str!("../../../test-plans/catalogue/etsi-en-303-645-3.1.3.yaml");
const NEWER_TESTS: &str = include_str!("../../../test-plans/catalogue/etsi-ts-103-701-2.1.1.yaml");

/// Everything that plans can name.
pub(crate) fn registry() -> Registry {
    Registry { checks: assay_checks::all(), providers: assay_adapters::bench::providers(), catalogue: catalogue() }
}

/// What dossiers ask for. `None` after it was said that the catalogues cannot be read; a test holds that they can.
pub(crate) fn shape() -> Option<Shape> {
    let value = |text: &str| {
        let file = SourceFile { path: "catalogue".into(), text: text.to_owned() };
        load::tree::parse(&Arc::new(file)).map(|node| node.json()).unwrap_or_default()
    };
    let shipped =
        |name: &str| CATALOGUES.iter().find(|(n, _)| *n == name).map(|(_, text)| value(text)).unwrap_or_default();
    let newer = (value(NEWER_STANDARD), value(NEWER_TESTS));
    let shape = Shape::of(
        &shipped("etsi-en-303-645-2.1.1.yaml"),
        &shipped("etsi-ts-103-701-1.1.1.yaml"),
        &shipped("uk-psti-2023.yaml"),
        (&newer.0, &newer.1),
    );
    if shape.is_none() {
        crate::say::error("catalogue", "the catalogues that this program carries cannot be read", None);
    }
    shape
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
        let shape = shape().expect("the catalogues have what dossiers ask for");
        assert_eq!((shape.provisions.len(), shape.tables.len(), shape.facts.len()), (68, 29, 40));
    }
}
