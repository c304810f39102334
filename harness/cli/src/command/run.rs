//! `assay run` and `assay resume`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_engine::plan::Registry;
use assay_engine::run::{self as engine, Baseline, Cancel, RunError, RunOptions, RunOutcome};
use assay_model::results::{Results, ToolInfo};
use clap::Parser;
use tokio::sync::broadcast;

use super::pack::{Signer, vaults};
use super::selection::resolve;
use super::snapshots::Store;
use super::{leakcheck, reopen};
use crate::args::{Cli, Command, Resume, Run};
use crate::live::{Show, follow};
use crate::registry::registry;
use crate::{exit, say};

/// Runs plans and seals the pack.
pub(super) fn run(args: Run) -> u8 {
    let exports = args.exports();
    let registry = registry();
    let resolved = match resolve(&args.selection, &registry, args.dry_run) {
        Ok(resolved) => resolved,
        Err(code) => return code,
    };
    if args.dry_run {
        super::explain::print(&resolved, &registry.catalogue.ways);
        return exit::OK;
    }
    let signer = match Signer::ready(args.sign.as_deref(), args.expect_signature) {
        Ok(signer) => signer.exporting(exports),
        Err(text) => {
            say::error("sign", text, None);
            return exit::INVALID;
        }
    };
    let baseline = match baseline(args.baseline.as_deref()) {
        Ok(baseline) => baseline,
        Err(code) => return code,
    };
    let show = show(args.json, args.quiet);
    let store = resolved.product.as_ref().and_then(Store::of);
    let ledger = super::ledger::begin(&resolved);
    let options = RunOptions { operator: args.operator, ledger, baseline, ..options(args.out, &registry) };
    let cancel = options.cancel.clone();
    let outcome = super::block_on(async {
        let (sender, receiver) = broadcast::channel(4096);
        tokio::spawn(signals(cancel));
        let view = tokio::spawn(follow(receiver, show));
        let outcome = engine::run(resolved, options, sender).await;
        let _ = view.await;
        outcome
    });
    finish(outcome, &signer, show, store.as_ref())
}

/// Goes on with a partial run.
pub(super) fn resume(args: Resume) -> u8 {
    let show = show(args.json, args.quiet);
    let pack = match reopen::reopened(&args.pack) {
        Ok(pack) => pack,
        Err(text) => {
            say::error("resume", text, None);
            return exit::INVALID;
        }
    };
    let args = Resume { pack, ..args };
    if let Ok(Some(ended)) = engine::unsealed(&args.pack, vaults().as_deref()) {
        say::note("every unit has its verdict: sealing what is there");
        return match Signer::ready(args.sign.as_deref(), args.expect_signature) {
            Ok(signer) => {
                let exports = begun(&args.pack).map(|run| run.exports()).unwrap_or_default();
                finish(Ok(Ok(ended)), &signer.exporting(exports), show, None) // what it read is of an earlier day
            }
            Err(text) => {
                say::error("sign", text, None);
                exit::INVALID
            }
        };
    }
    let registry = registry();
    let begun = begun(&args.pack).map(|run| {
        let resolved = resolve(&run.selection, &registry, false)?;
        Ok((resolved, baseline(run.baseline.as_deref())?, run.exports()))
    });
    let (resolved, baseline, exports) = match begun {
        Ok(Ok(begun)) => begun,
        Ok(Err(code)) => return code,
        Err(text) => {
            say::error(
                "resume",
                text,
                Some("resume from the folder in which the run was started, with its files as they were"),
            );
            return exit::INVALID;
        }
    };
    let signer = match Signer::ready(args.sign.as_deref(), args.expect_signature) {
        Ok(signer) => signer.exporting(exports),
        Err(text) => {
            say::error("sign", text, None);
            return exit::INVALID;
        }
    };
    let store = resolved.product.as_ref().and_then(Store::of);
    let options = RunOptions { baseline, operator: args.operator, ..options(PathBuf::new(), &registry) };
    let cancel = options.cancel.clone();
    let outcome = super::block_on(async {
        let (sender, receiver) = broadcast::channel(4096);
        tokio::spawn(signals(cancel));
        let view = tokio::spawn(follow(receiver, show));
        let outcome = engine::resume(&args.pack, resolved, options, sender).await;
        let _ = view.await;
        outcome
    });
    finish(outcome, &signer, show, store.as_ref())
}

/// The pack of `--baseline`. One that does not verify is no measure of anything: the run does not begin.
fn baseline(pack: Option<&Path>) -> Result<Option<Arc<Baseline>>, u8> {
    let Some(pack) = pack else { return Ok(None) };
    // Nothing was sent yet, so a damaged baseline is an invalid argument.
    let open = super::diff::opened(pack, None).map_err(|_| exit::INVALID)?;
    Ok(Some(Arc::new(Baseline { results: open.results.clone(), sums_sha256: open.report.sums_sha256.clone() })))
}

/// The command line of a partial run: the first line of its journal has it.
fn begun(pack: &Path) -> Result<Run, String> {
    use std::io::BufRead;
    let path = pack.join("journal/journal.jsonl");
    let unreadable = |e: std::io::Error| format!("{} could not be read: {e}", path.display());
    let mut first = String::new();
    let file = std::fs::File::open(&path).map_err(unreadable)?;
    std::io::BufReader::new(std::io::Read::take(file, 1 << 20)).read_line(&mut first).map_err(unreadable)?;
    let line: assay_model::journal::Line = serde_json::from_str(&first)
        .map_err(|e| format!("{} does not begin with a journal line: {e}", path.display()))?;
    let argv: Vec<String> = serde_json::from_value(line.data["argv"].clone())
        .map_err(|_| format!("{} does not say how the run was started", path.display()))?;
    match Cli::try_parse_from(argv).map(|cli| cli.command) {
        Ok(Command::Run(run)) => Ok(run),
        _ => Err(format!("{} was not made by `assay run`", pack.display())),
    }
}

fn show(json: bool, quiet: bool) -> Show {
    match (json, quiet) {
        (true, _) => Show::Json,
        (_, true) => Show::Quiet,
        _ => Show::People,
    }
}

fn options(out: PathBuf, registry: &Registry) -> RunOptions {
    let tool = ToolInfo {
        name: "assay".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
    };
    RunOptions {
        argv: std::env::args().collect(),
        profiles: registry.catalogue.profiles.clone(),
        requirement_ways: registry.catalogue.ways.clone(),
        ways: Some(assay_adapters::bench::own_ways),
        record: Some(|ways, recorder| assay_adapters::seam::recorded(ways, &recorder)),
        vaults: vaults(),
        host: Some(assay_adapters::host::facts()),
        ..RunOptions::new(out, tool)
    }
}

/// Ctrl-C once: finish the call, clean up, close. Twice: nothing more is waited for.
async fn signals(cancel: Cancel) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    loop {
        let code = tokio::select! { _ = interrupt.recv() => 130, _ = terminate.recv() => 143 };
        say::note(if cancel.is_cancelled() {
            "stopping at once"
        } else {
            "stopping: clean-up first; once more to stop at once"
        });
        cancel.interrupt(code);
    }
}

fn finish(outcome: Result<Result<RunOutcome, RunError>, u8>, signer: &Signer, show: Show, store: Option<&Store>) -> u8 {
    let outcome = match outcome {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => {
            let help = match &error {
                RunError::EvidenceLost { .. } => {
                    Some("make room on that disk and run again; the record verifies up to its last line")
                }
                _ => None,
            };
            say::error("run", error.to_string(), help);
            return error.exit_code();
        }
        Err(code) => return code,
    };
    if let Some(text) = outcome.vault.unkept() {
        say::warning(
            "vault",
            format!(
                "not every secret of this run could be kept with the lab ({text}): a later leak check will not know them"
            ),
        );
    }
    if !leakcheck::may_be_sealed(&outcome.folder, &outcome.vault) {
        return exit::INTEGRITY;
    }
    let sealed = match signer.seal(&outcome.folder, &outcome.results) {
        Ok(sealed) => sealed,
        Err(error) => {
            say::error("seal", error.to_string(), Some("the run's record is kept; `assay resume` seals it again"));
            return exit::INTEGRITY;
        }
    };
    match store.map(|store| store.keep(&outcome.results)) {
        Some(Ok(Some(path))) => say::note(format!("the published end of support is kept in {}", path.display())),
        Some(Err(text)) => say::error("snapshots", text, Some("`product.documents.snapshots` names the folder")),
        Some(Ok(None)) | None => {}
    }
    let folder = sealed.folder.display().to_string();
    match show {
        Show::Json => say::json(&serde_json::json!({"event": "end", "pack": folder, "exit_code": outcome.exit_code})),
        Show::Quiet => say::result(&folder),
        Show::People => {
            if let Some(comparison) = &outcome.results.baseline {
                say::note("against the baseline:");
                super::diff::lines(comparison).into_iter().for_each(say::note);
            }
            say::note(format!("SHA-256 of SHA256SUMS: {}", sealed.sums_sha256));
            let attempts = outcome.results.ledger.iter().flat_map(|ledger| ledger.sentences());
            attempts.for_each(|sentence| say::note(assay_reports::visible(&sentence)));
            after(&outcome.results);
            say::result(assay_reports::tally(&outcome.results));
            say::result(&folder);
        }
    }
    outcome.exit_code
}

/// What the person at the terminal should not miss: waivers and what became of them, questions that wait.
fn after(results: &Results) {
    for waiver in &results.waivers {
        let units = waiver.units.join(", ");
        say::note(match waiver.state.as_str() {
            "applied" => format!("waived until {} by {}: {units} ({})", waiver.expires, waiver.id, waiver.reason),
            state => format!("waiver {} ({}): {state}", waiver.id, waiver.scope),
        });
    }
    if !results.to_do.is_empty() {
        let count = results.to_do.len();
        say::note(format!("left to do by hand: {count}; `assay resume` on the pack asks, report.html lists them"));
    }
}
