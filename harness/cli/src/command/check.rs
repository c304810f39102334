//! `assay check NAME`: one check by hand. Its observation as JSON, no verdict.

use std::sync::Arc;
use std::time::Duration;

use assay_adapters::bench::{LocalBench, one_host};
use assay_model::{
    BenchProvider, Check, CheckContext, Deadline, Direction, Effect, EvidenceId, EvidenceStream, Exchange, Fault,
    Limits, OpenBench, Progress, Recorder, SampleId, SecretSink, StreamMeta,
};
use serde_json::{Map, Value};

use crate::args::Check as Args;
use crate::registry::registry;
use crate::{exit, say};

/// Exit 0 where an observation was made, 4 where none could be.
pub(super) fn run(args: Args) -> u8 {
    let all = assay_checks::all();
    let Some(check) = all.iter().find(|c| c.info().name == args.name) else {
        let help = super::checks::nearest(&args.name, all.iter().map(|c| c.info().name));
        say::error("unknown-check", format!("there is no check `{}`", args.name), Some(&help));
        return exit::INVALID;
    };
    let done = super::block_on(async {
        let bench = match open(&args).await {
            Ok(bench) => bench,
            Err(code) => return code,
        };
        let seen = ask(&args, check.as_ref(), bench.as_ref()).await;
        bench.close().await;
        match seen {
            Ok(observation) => {
                say::json(&observation);
                exit::OK
            }
            Err(fault) => {
                say::fault(&fault);
                if fault.code == "bad-parameter" { exit::INVALID } else { exit::BENCH }
            }
        }
    });
    done.unwrap_or_else(|code| code)
}

async fn open(args: &Args) -> Result<Box<dyn OpenBench>, u8> {
    let opened = match (&args.host, &args.bench) {
        (Some(host), _) => {
            let request = one_host(host, vec![Effect::Passive, Effect::Active, Effect::Disruptive], Limits::default());
            LocalBench { reference: false }.open(&request).await
        }
        (None, Some(file)) => {
            let bench = assay_engine::load::load_bench(file, &args.defects, &registry()).map_err(|mistakes| {
                say::diagnostics(&mistakes);
                exit::INVALID
            })?;
            bench.provider.open(&bench.request).await
        }
        (None, None) => return Err(exit::INVALID),
    };
    opened.map_err(|fault| {
        say::fault(&fault);
        exit::BENCH
    })
}

async fn ask(args: &Args, check: &dyn Check, bench: &dyn OpenBench) -> Result<Value, Fault> {
    let duts = bench.duts();
    let dut = match &args.sample {
        Some(id) => duts.iter().find(|d| d.dut.id == *id),
        None => duts.first(),
    };
    let dut = dut.map(|d| Arc::clone(&d.dut)).ok_or_else(|| {
        let ids = duts.iter().map(|d| d.dut.id.as_str()).collect::<Vec<_>>().join(", ");
        Fault::plan("bad-parameter", format!("the bench has no such sample (it has {ids})"))
    })?;
    let cx = CheckContext {
        touches: bench.touches(&SampleId::from(dut.id.as_str()), Arc::new(Unrecorded)).await?,
        addresses: bench.addresses(),
        limits: Limits::default(),
        deadline: Deadline::after(Duration::from_secs(args.deadline)),
        secrets: Arc::new(Unrecorded),
        progress: Arc::new(Unrecorded),
        dut: Arc::clone(&dut),
    };
    check.run(&cx, params(args, check, dut.host.as_deref(), dut.console.as_deref())).await
}

/// `--with` over what the bench itself knows: a check that takes a host gets the DUT's.
fn params(args: &Args, check: &dyn Check, host: Option<&str>, console: Option<&str>) -> Value {
    let takes = |name: &str| check.info().params["properties"].get(name).is_some();
    let mut params = Map::new();
    for (name, value) in [("host", host), ("port", console.filter(|_| check.info().needs.contains(&"console")))] {
        if let Some(value) = value.filter(|_| takes(name)) {
            params.insert(name.into(), value.into());
        }
    }
    for (key, text) in &args.with {
        let as_text = check.info().params["properties"][key]["type"] == "string";
        let value = if as_text { None } else { serde_json::from_str(text).ok() };
        params.insert(key.clone(), value.unwrap_or_else(|| Value::String(text.clone())));
    }
    Value::Object(params)
}

/// By hand nothing is kept: no record, no redaction, because nothing is judged and nothing is stored.
struct Unrecorded;

impl Recorder for Unrecorded {
    fn exchange(&self, _: Exchange) {}
    fn stream(&self, _: StreamMeta) -> Box<dyn EvidenceStream> {
        Box::new(Self)
    }
    fn now_ns(&self) -> u64 {
        0
    }
}

impl EvidenceStream for Unrecorded {
    fn id(&self) -> EvidenceId {
        EvidenceId(0)
    }
    fn append(&mut self, _: Direction, _: &[u8]) {}
    fn dropped(&mut self, _: u64, _: &str) {}
}

impl SecretSink for Unrecorded {
    fn register(&self, _: &str, _: &str) {}
}

impl Progress for Unrecorded {
    fn step(&self, done: u64, total: u64, text: &str) {
        tracing::debug!(done, total, "{text}");
    }
}
