//! How long 10,000 units with a check that does nothing take: load, run, fold. Run it in release. With a folder as its
//! argument the run's record stays there, for who measures reports.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use assay_engine::load::{LoadRequest, load};
use assay_engine::plan::{Catalogue, Registry};
use assay_engine::run::{RunOptions, run, runtime};
use assay_model::catalogue::CatalogueUnit;
use assay_model::results::ToolInfo;
use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck, erase};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const UNITS: usize = 10_000;
/// Plans that they stand in: one file may hold so much and no more.
const PLANS: usize = 10;
/// Units of one group.
const A_GROUP: usize = 5;

/// Answers at once and touches nothing.
struct NoOp;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Params {
    /// Comes back.
    number: u32,
}

#[derive(Serialize, JsonSchema)]
struct Observation {
    /// As it was given.
    number: u32,
}

#[async_trait]
impl TypedCheck for NoOp {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "bench.no_op";
    const QUESTION: &'static str = "Does it come back?";
    const EVIDENCE_FOR: &'static str = "nothing";
    const DOES_NOT_SHOW: &'static str = "anything";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &[];

    async fn run(&self, _: &CheckContext, params: Params) -> Result<Observation, Fault> {
        Ok(Observation { number: params.number })
    }
}

/// The id of a unit: five to a group, as in a standard.
fn id(n: usize) -> String {
    format!("{}-1 {}", n / A_GROUP, char::from(b'a' + (n % A_GROUP) as u8))
}

fn catalogue() -> Catalogue {
    let unit = |n: usize| {
        let group = (n / A_GROUP).to_string();
        let entry = CatalogueUnit {
            id: id(n),
            title: format!("Unit number {n}"),
            provision: group.clone(),
            case: format!("{group}-1"),
            group,
            kind: "functional".into(),
            catalogue: "synthetic".into(),
            counts: true,
        };
        (id(n), entry)
    };
    Catalogue { units: (0..UNITS).map(unit).collect(), ..Catalogue::default() }
}

fn plan(number: usize) -> String {
    let mut text = format!("assay: plan/1\nplan: synthetic-{number}\nunits:\n");
    for n in number * UNITS / PLANS..(number + 1) * UNITS / PLANS {
        let _ = write!(
            text,
            "  - unit: \"{}\"\n    question: Does it come back?\n    steps:\n      - check: bench.no_op\n        with: {{ number: {n} }}\n        as: seen\n    expect: seen.number == {n}\n",
            id(n)
        );
    }
    text
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    runtime()?.block_on(measured())
}

async fn measured() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let plans: Vec<PathBuf> = (0..PLANS).map(|n| folder.path().join(format!("plan-{n}.yaml"))).collect();
    for (number, path) in plans.iter().enumerate() {
        std::fs::write(path, plan(number))?;
    }
    let registry = Registry { checks: vec![erase(NoOp)], providers: Vec::new(), catalogue: catalogue() };
    let started = Instant::now();
    let request = LoadRequest { plans, ..LoadRequest::default() };
    let resolved = load(&request, &registry)
        .map_err(|found| found.iter().map(|d| d.message.as_str()).collect::<Vec<_>>().join("; "))?;
    println!("{UNITS} units loaded: {:.2} s", started.elapsed().as_secs_f64());

    let out = std::env::args().nth(1).map_or_else(|| folder.path().to_owned(), PathBuf::from);
    let tool = ToolInfo { name: "assay".into(), version: "0".into(), target: "bench".into() };
    let (events, _) = tokio::sync::broadcast::channel(1024);
    let started = Instant::now();
    let outcome = run(resolved, RunOptions::new(out, tool), events).await?;
    println!("{UNITS} units run and folded: {:.2} s", started.elapsed().as_secs_f64());
    println!("{} PASS, {}", outcome.results.counts.pass, outcome.folder.display());
    if outcome.results.counts.pass != UNITS as u64 {
        return Err("not every unit passed, so the figure says nothing".into());
    }
    Ok(())
}
