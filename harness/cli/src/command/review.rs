//! `assay review PACK`: sign-off by another person, overrides, amendments; always as a new revision beside the old.

use std::path::Path;

use assay_engine::review::{Override, Review as Record, Step, append};
use assay_engine::{fold, load};
use assay_model::Verdict;
use assay_model::lab::Particulars;
use assay_model::report::Supersedes;
use assay_model::results::Results;
use assay_reports::pack::{OpenPack, SealError, SignError};
use assay_reports::review::{Refusal, Staging, StagingError, may_review, missing};
use assay_reports::visible;
use serde_json::json;

use super::pack::Signer;
use super::{leakcheck, review_key};
use crate::args::Review;
use crate::{exit, say};

/// Why a review did not happen. The pack is as it was.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("{0}")]
    Usage(String, &'static str),
    #[error(transparent)]
    Person(#[from] Refusal),
    #[error("the report cannot be issued: {0} things are missing")]
    Missing(usize),
    #[error(transparent)]
    Staging(#[from] StagingError),
    #[error(transparent)]
    Journal(#[from] assay_engine::journal::JournalError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("the new revision is there, but not signed by the reviewer: {0}; `assay sign --role reviewer` adds it")]
    Sign(#[from] SignError),
    #[error("{0}")]
    Key(String),
    #[error("a secret of the run stands in what the reviewer wrote")]
    Leak,
}

/// Exit 0 where the revision is there, 2 where the review is refused, 5 where the pack does not verify or the new one
/// could not be kept.
pub(super) fn run(args: &Review) -> u8 {
    let pack = match super::diff::opened(&args.pack, args.allowed_signers.as_deref()) {
        Ok(pack) => pack,
        Err(code) => return code,
    };
    let stated = match args.lab.as_slice() {
        [] => None,
        files => match load::load_lab(files) {
            Ok((stated, inputs)) => {
                let named = |i: &assay_engine::plan::Input| (i.file.path.display().to_string(), i.sha256.clone());
                Some((stated, inputs.iter().map(named).collect()))
            }
            Err(mistakes) => {
                say::diagnostics(&mistakes);
                return exit::INVALID;
            }
        },
    };
    match review(args, &pack, stated) {
        Ok(code) => code,
        Err(refused) => {
            let (code, help) = match &refused {
                Refused::Usage(_, help) => (exit::INVALID, *help),
                Refused::Person(_) => {
                    (exit::INVALID, "name the reviewer by `--by`, and the reviewer's own key by `--sign`")
                }
                Refused::Missing(_) => {
                    (exit::INVALID, "`assay review --final --dry-run` lists them without changing anything")
                }
                Refused::Staging(StagingError::Io { .. }) | Refused::Journal(_) | Refused::Seal(_) => {
                    (exit::INTEGRITY, "the pack is as it was; review it again")
                }
                Refused::Sign(_) => (exit::INTEGRITY, ""),
                Refused::Leak => (exit::INTEGRITY, "write it without the secret: a pack leaves the lab"),
                Refused::Staging(_) | Refused::Key(_) => (exit::INVALID, ""),
            };
            say::error("review", visible(&refused.to_string()), Some(help));
            code
        }
    }
}

fn review(args: &Review, pack: &OpenPack, stated: Option<(Particulars, Vec<(String, String)>)>) -> Result<u8, Refused> {
    let usage = |text: String, help| Err(Refused::Usage(text, help));
    if pack.is_zip() {
        return usage(format!("{} is a zip", args.pack.display()), "unpack it, and review the folder");
    }
    let before = &pack.results.report;
    if before.status.is_issued() && !args.amend {
        let text = format!("the report is {}: it has left the lab", before.status.word());
        return usage(text, "an issued report changes by `--amend --reason TEXT` only");
    }
    if args.amend && !before.status.is_issued() {
        let text = format!("the report is {}: nothing was issued that could be amended", before.status.word());
        return usage(text, "review it, and issue it by `--final`");
    }
    let Some(by) = args.by.as_deref().filter(|by| !by.trim().is_empty()) else {
        return usage("nobody is named as reviewer".into(), "say who reviews: `--by NAME`");
    };
    let overrides = overrides(args, &pack.results, by)?;
    // Who is known and who may do what is asked of the report as it would be, with what is stated now.
    let mut results = pack.results.clone();
    if let Some((more, _)) = &stated {
        results.lab = Some(results.lab.take().unwrap_or_default().with(more.clone()));
    }
    let issue = args.issue || args.amend;
    if issue {
        let mut gaps = missing(&results);
        gaps.retain(|gap| gap.field != "reviewed_by"); // this very review
        if !gaps.is_empty() || args.dry_run {
            print_missing(&gaps, args.json);
        }
        if !gaps.is_empty() {
            return Err(Refused::Missing(gaps.len()));
        }
    }
    if args.dry_run {
        say::note("nothing was changed");
        return Ok(exit::OK);
    }
    let signer = Signer::ready(args.lab_key.as_deref(), Vec::new()).map_err(Refused::Key)?;
    let key = review_key::ready(args.sign.as_deref(), by).map_err(Refused::Key)?;
    let mut run_keys = pack.run_keys();
    run_keys.push(signer.fingerprint());
    may_review(&results, by, issue, &key.fingerprint(), &run_keys)?;

    let record = Record {
        revision: before.revision.saturating_add(1),
        number: args.number.clone(),
        supersedes: supersedes(args, pack, &overrides, stated.is_some()),
        by: by.to_owned(),
        key_fingerprint: key.fingerprint(),
        remark: args.remark.clone().unwrap_or_default(),
        stated,
        overrides,
        step: match (args.amend, args.issue) {
            (true, _) => Step::Amended,
            (_, true) => Step::Issued,
            _ => Step::Reviewed,
        },
    };
    let staging = Staging::begin(&pack.folder, record.revision)?;
    append(staging.folder(), &record)?;
    if !leakcheck::may_be_revised(staging.folder()) {
        return Err(Refused::Leak);
    }
    let results = fold::of_pack(staging.folder())?.results;
    let sealed = signer.seal_revision(&staging, &results, key.fingerprint())?;
    review_key::sign(&sealed.folder, &key)?;
    told(args, &sealed.folder, &results, &sealed.sums_sha256);
    Ok(exit::OK)
}

fn told(args: &Review, folder: &Path, results: &Results, sums_sha256: &str) {
    let (status, revision) = (results.report.status.word(), results.report.revision);
    if args.json {
        say::json(&json!({"pack": folder, "number": results.report_number(), "revision": revision, "status": status,
            "sums_sha256": sums_sha256}));
        return;
    }
    say::note(format!("report {} revision {revision}: {status}", visible(results.report_number())));
    say::note(format!("SHA-256 of SHA256SUMS: {sums_sha256}"));
    say::result(folder.display().to_string());
}

/// Every `--override UNIT=VERDICT`, held against the results.
fn overrides(args: &Review, results: &Results, by: &str) -> Result<Vec<Override>, Refused> {
    const MAY: [Verdict; 4] = [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive, Verdict::NotApplicable];
    let reason = args.reason.as_deref().map(str::trim).unwrap_or_default();
    if (args.amend || !args.overrides.is_empty()) && reason.is_empty() {
        let text = "a change of an issued report, and of a verdict, needs its reason";
        return Err(Refused::Usage(text.into(), "say why: `--reason TEXT`"));
    }
    let mut overrides: Vec<Override> = Vec::new();
    for (unit, word) in &args.overrides {
        let Some(judged) = results.units.get(unit) else {
            let help = "units are named as in summary.json, with their blanks: `5.6-1-2 b`";
            return Err(Refused::Usage(format!("the pack has no unit `{unit}`"), help));
        };
        let Some(new) = MAY.into_iter().find(|v| v.word() == word.as_str()) else {
            let help =
                "a reviewer may set PASS, FAIL, INCONCLUSIVE, NOT_APPLICABLE; ERROR and NOT_RUN are the tool's own";
            return Err(Refused::Usage(format!("`{word}` is no verdict that a reviewer may set"), help));
        };
        if judged.effective() == new {
            return Err(Refused::Usage(format!("`{unit}` is {new} already"), "leave it out"));
        }
        if overrides.iter().any(|o| o.unit == *unit) {
            return Err(Refused::Usage(format!("`{unit}` is named twice"), "name each unit once"));
        }
        let authority = args.authority.clone().unwrap_or_else(|| by.to_owned());
        let (unit, remark) = (unit.clone(), reason.to_owned());
        overrides.push(Override { unit, old: judged.effective(), new, authority, remark });
    }
    Ok(overrides)
}

fn supersedes(args: &Review, pack: &OpenPack, overrides: &[Override], stated: bool) -> Supersedes {
    let before = &pack.results.report;
    let mut changed: Vec<String> = overrides.iter().map(|o| format!("{}: {} -> {}", o.unit, o.old, o.new)).collect();
    if stated {
        changed.push("particulars stated after the run".into());
    }
    Supersedes {
        number: pack.results.report_number().to_owned(),
        revision: before.revision,
        status: before.status,
        sums_sha256: pack.report.sums_sha256.clone(),
        reason: args.reason.clone().unwrap_or_else(|| if args.issue { "issue" } else { "review" }.into()),
        changed,
    }
}

/// Everything that keeps the report from being issued.
pub(super) fn print_missing(gaps: &[assay_reports::review::Missing], as_json: bool) {
    if as_json {
        say::json(&json!({"missing": gaps}));
        return;
    }
    for gap in gaps {
        say::result(format!("missing  {} ({}): {}", visible(&gap.field), gap.clause, visible(&gap.help)));
    }
    say::note(match gaps.len() {
        0 => "nothing is missing".into(),
        n => format!("{n} things are missing (clauses of ISO/IEC 17025:2017)"),
    });
}

/// `assay lint --report PACK`: what keeps its report from being issued.
pub(super) fn lint_report(pack: &Path) -> u8 {
    match super::diff::opened(pack, None) {
        Err(code) => code,
        Ok(pack) => {
            let gaps = missing(&pack.results);
            print_missing(&gaps, false);
            if gaps.is_empty() { exit::OK } else { exit::INVALID }
        }
    }
}
