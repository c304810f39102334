//! A bench of one address, for `assay check --host H`: no file, nothing wired but the network.

use std::path::PathBuf;

use assay_model::{BenchRequest, Effect, Limits};
use serde_json::json;

/// What the `local` provider is asked for: one DUT `s1` at `host`, a name or an IP address.
#[must_use]
pub fn one_host(host: &str, permits: Vec<Effect>, limits: Limits) -> BenchRequest {
    BenchRequest {
        bench: format!("host {host}"),
        provider: "local".into(),
        settings: json!({"local": null}),
        duts: vec![json!({"id": "s1", "host": host})],
        samples: Vec::new(),
        defects: Vec::new(),
        sample_count: None,
        folder: PathBuf::from("."),
        dossier: None,
        permits,
        limits,
    }
}
