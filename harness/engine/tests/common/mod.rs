//! Checks and benches for tests: the schemas of the real ones in small, and nothing behind them.
#![allow(dead_code)] // each test crate uses its part

use std::sync::Arc;

use assay_engine::plan::{Catalogue, Registry};
use assay_model::catalogue::{CatalogueUnit, Profile};
use assay_model::{
    BenchProvider, BenchRequest, CheckContext, CheckKind, Diagnostic, Effect, Fault, OpenBench, TypedCheck, erase,
};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! fake {
    ($check:ident, $name:literal, $effect:ident, $kind:ident, $needs:expr, $params:ident, $observation:ident) => {
        struct $check;
        #[async_trait]
        impl TypedCheck for $check {
            type Params = $params;
            type Observation = $observation;
            const NAME: &'static str = $name;
            const QUESTION: &'static str = "A question?";
            const EVIDENCE_FOR: &'static str = "nothing";
            const DOES_NOT_SHOW: &'static str = "anything";
            const EFFECT: Effect = Effect::$effect;
            const KIND: CheckKind = CheckKind::$kind;
            const NEEDS: &'static [&'static str] = $needs;
            async fn run(&self, _: &CheckContext, _: $params) -> Result<$observation, Fault> {
                Err(Fault::plan("fake", "a fake check does not run"))
            }
        }
    };
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(unused)]
struct ScanParams {
    /// The host.
    host: String,
    /// Ports.
    #[serde(default)]
    tcp: Option<PortSet>,
    #[serde(default)]
    udp: Option<PortSet>,
    #[serde(default)]
    identify: bool,
    #[serde(default)]
    rate: Option<u16>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[allow(unused)]
enum PortSet {
    Text(String),
    List(Vec<u16>),
}

#[derive(Serialize, JsonSchema)]
struct Scan {
    open: Vec<Open>,
}

#[derive(Serialize, JsonSchema)]
struct Open {
    port: u16,
    proto: Proto,
    service: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(unused)]
enum Proto {
    Tcp,
    Udp,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(unused)]
struct HostParams {
    host: String,
}

#[derive(Serialize, JsonSchema)]
struct Alive {
    up: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(unused)]
struct AnalyseParams {
    samples: Vec<serde_json::Value>,
    identifiers: Vec<serde_json::Value>,
}

#[derive(Serialize, JsonSchema)]
struct Analysis {
    repeated: u32,
    repeated_tags: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(unused)]
struct RestoreParams {
    state: State,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(unused)]
enum State {
    Factory,
    Initialised,
}

#[derive(Serialize, JsonSchema)]
struct Restored {
    done: bool,
}

fake!(PortsScan, "ports.scan", Active, Absence, &["network"], ScanParams, Scan);
fake!(NetAlive, "net.alive", Active, Presence, &["network"], HostParams, Alive);
fake!(Analyse, "passwords.analyse", Passive, Pure, &[], AnalyseParams, Analysis);
fake!(Restore, "dut.restore", Active, Presence, &["network"], RestoreParams, Restored);
fake!(Lockout, "auth.lockout", Disruptive, Presence, &["network"], HostParams, Alive);
fake!(Boot, "console.boot", Active, Presence, &["console"], HostParams, Alive);

struct Fake(&'static str);

#[async_trait]
impl BenchProvider for Fake {
    fn name(&self) -> &'static str {
        self.0
    }
    fn lint(&self, request: &BenchRequest) -> Vec<Diagnostic> {
        let unknown = request.settings.get("virtual").is_some_and(|v| v != "camera");
        unknown
            .then(|| Diagnostic::error("virtual::unknown-model", "there is no such model", None))
            .into_iter()
            .collect()
    }
    fn provides(&self, _: &BenchRequest) -> Option<Vec<&'static str>> {
        (self.0 == "virtual").then(|| vec!["network", "console", "power", "labels"])
    }
    async fn open(&self, _: &BenchRequest) -> Result<Box<dyn OpenBench>, Fault> {
        Err(Fault::bench("fake", "a fake bench does not open"))
    }
}

/// What the shipped catalogue of the law says of statements of compliance.
fn reported() -> std::collections::BTreeMap<String, serde_json::Value> {
    static READ: std::sync::OnceLock<std::collections::BTreeMap<String, serde_json::Value>> =
        std::sync::OnceLock::new();
    let text = include_str!("../../../../test-plans/catalogue/uk-psti-2023.yaml");
    let read = || assay_engine::load::catalogue_of(&[("uk-psti-2023.yaml", text)]).expect("no mistakes").reported;
    READ.get_or_init(read).clone()
}

pub(crate) fn registry() -> Registry {
    let unit = |id: &str| CatalogueUnit {
        id: id.into(),
        title: format!("title of {id}"),
        provision: "5.1-1".into(),
        case: "5.1-1-2".into(),
        group: "5.1-1".into(),
        kind: "functional".into(),
        catalogue: "test".into(),
        counts: true,
    };
    let units = ["PSTI-1.2", "5.1-1-2 b"].map(|id| (id.to_owned(), unit(id))).into_iter().collect();
    let profile =
        Profile { id: "uk-psti".into(), title: "UK PSTI".into(), units: vec!["PSTI-1.2".into()], claims: None };
    Registry {
        checks: vec![erase(PortsScan), erase(NetAlive), erase(Analyse), erase(Restore), erase(Lockout), erase(Boot)],
        providers: vec![Arc::new(Fake("virtual")), Arc::new(Fake("local"))],
        catalogue: Catalogue { units, profiles: vec![profile], reported: reported(), ..Catalogue::default() },
    }
}
