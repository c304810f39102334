//! Every report of a large run: how long and how much memory. `cargo run --release -p assay-reports --example large_run`
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a small program, not a library")]

#[path = "../tests/fixture/mod.rs"]
mod fixture;

use std::time::Instant;

use assay_model::results::{Results, UnitResult};
use assay_reports::{Format, Trace};

const UNITS: usize = 10_000;

/// Three samples, a hundred groups, one unit in fifty a finding, evidence of each.
fn results() -> Results {
    let mut results = fixture::results();
    let passed = results.units.get("PSTI-1.1").unwrap().clone();
    let failed = results.units.get("5.6-1-2 b").unwrap().clone();
    let item = results.evidence[1].clone();
    let unit = |n: usize| {
        let mut unit: UnitResult = if n.is_multiple_of(50) { failed.clone() } else { passed.clone() };
        unit.group = format!("5.{}-{}", n / 1000 + 1, n / 100 % 10);
        unit.provision.clone_from(&unit.group);
        unit.case = format!("{}-2", unit.group);
        unit.catalogue = "etsi-ts-103-701-1.1.1".into();
        for sample in unit.samples.values_mut() {
            sample.steps.iter_mut().for_each(|s| s.evidence = vec![format!("E-{n:05}")]);
        }
        (format!("5.{}-{n} a", n / 1000 + 1), unit)
    };
    results.units = (0..UNITS).map(unit).collect();
    results.evidence = (0..UNITS)
        .map(|n| {
            let mut item = item.clone();
            item.id = format!("E-{n:05}");
            item.excerpt = "x".repeat(500);
            item
        })
        .collect();
    results
}

/// Peak resident memory so far, in megabytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1_000
}

fn main() {
    let results = results();
    let before = peak();
    let started = Instant::now();
    let trace = Trace::default();
    let mut sizes = Vec::new();
    for format in Format::ALL {
        let one = Instant::now();
        let bytes = format.render_with(&results, &trace).unwrap().len();
        let (kilobytes, took) = (bytes / 1_000, one.elapsed().as_millis());
        sizes.push(format!("{} {kilobytes} kB in {took} ms, peak {} MB", format.word(), peak()));
    }
    let all = started.elapsed().as_millis();
    println!(
        "all reports of {UNITS} units on 3 samples: {all} ms, {before} MB of results, peak {} MB ({})",
        peak(),
        sizes.join("; ")
    );
}
