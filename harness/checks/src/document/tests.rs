//! Every check on documents against every website: never a panic, and nothing dead looks good.

use serde_json::{Value, json};

use super::fake::{Site, variants};

/// Check, parameters, and where in the observation a good site shows what a dead one must not.
fn cases() -> Vec<(&'static str, Value, &'static str, Value)> {
    let at = |path: &str| format!("http://maker.test:8088{path}");
    vec![
        ("document.contact_point", json!({"source": at("/security")}), "/for_security", json!(2)),
        ("document.fetch", json!({"source": at("/security")}), "/found", json!(true)),
        ("document.free_access", json!({"source": at("/security")}), "/state", json!("open")),
        ("document.language", json!({"source": at("/security")}), "/english_share", json!(1.0)),
        ("document.prominence", json!({"source": at("/product"), "end": "2035-12-31"}), "/same_end", json!(true)),
        ("document.readability", json!({"source": at("/support")}), "/document/found", json!(true)),
        ("document.response_times", json!({"source": at("/security")}), "/updates/state", json!("stated")),
        ("document.statement", json!({"source": at("/statement"), "model": "C1"}), "/complete", json!(true)),
        (
            "document.support_period",
            json!({"source": at("/support"), "models": ["C1"]}),
            "/models/0/end",
            json!("2035-12-31"),
        ),
        ("label.route", json!({"source": at("/label"), "model": "C1", "today": "2026-11-22"}), "/holds", json!(true)),
    ]
}

/// Checks without a document have their tests beside them.
const PURE: [&str; 3] = ["document.consistent", "document.history", "scope.psti"];

#[tokio::test]
async fn every_check_is_good_on_the_good_site_and_never_on_a_dead_one() {
    let cases = cases();
    for check in super::all() {
        let name = check.info().name;
        if PURE.contains(&name) {
            assert_eq!(check.info().needs.len(), 0, "{name}");
            continue;
        }
        let (_, params, at, good) =
            cases.iter().find(|(n, ..)| *n == name).unwrap_or_else(|| panic!("{name} has no case"));
        for (variant, wanted) in [("good", true), ("dead", false)] {
            let seen = Site::of(variant).ask(name, params.clone()).await;
            assert_eq!(seen.pointer(at) == Some(good), wanted, "{name} on {variant}: {seen}");
        }
    }
}

/// A page that answers with noise is a document, and one that nothing can be read out of.
#[tokio::test]
async fn no_site_makes_a_check_panic_and_noise_never_looks_good() {
    for (name, params, at, good) in cases() {
        for variant in variants().into_iter().chain(["garbage"]) {
            let seen = Site::of(variant).ask(name, params.clone()).await;
            if variant == "garbage" && !matches!(name, "document.fetch" | "document.readability") {
                assert_ne!(seen.pointer(at), Some(&good), "{name}: {seen}");
            }
        }
    }
}
