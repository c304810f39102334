//! The record of a review, written after the run's journal and chained to it: who decided what, with which authority.

use std::path::Path;

use assay_model::Verdict;
use assay_model::journal::{Actor, Ref, kind};
use assay_model::lab::Particulars;
use assay_model::report::Supersedes;
use serde_json::{Value, json};

use crate::journal::{Clock, Entry, Journal, JournalError, read, read_on};

/// A verdict that a reviewer changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The unit.
    pub unit: String,
    /// The verdict until now.
    pub old: Verdict,
    /// The verdict from now on.
    pub new: Verdict,
    /// On whose authority.
    pub authority: String,
    /// Why.
    pub remark: String,
}

/// How far a review takes the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Signed off.
    Reviewed,
    /// Signed off and issued.
    Issued,
    /// Signed off and issued in place of an earlier issue.
    Amended,
}

/// One review: everything that makes a revision of the one before.
#[derive(Debug, Clone)]
pub struct Review {
    /// The new revision, from 1.
    pub revision: u32,
    /// The report's number from now on, where it gets one.
    pub number: Option<String>,
    /// What it stands in place of.
    pub supersedes: Supersedes,
    /// The reviewer.
    pub by: String,
    /// The reviewer's key: `SHA256:...`.
    pub key_fingerprint: String,
    /// What the reviewer says.
    pub remark: String,
    /// Lab files that state something after the run, each with its path and digest.
    pub stated: Option<(Particulars, Vec<(String, String)>)>,
    /// Changed verdicts.
    pub overrides: Vec<Override>,
    /// How far it goes.
    pub step: Step,
}

/// Appends a review to the folder of the new revision: `review/review.jsonl`, made where it is not there.
///
/// # Errors
/// The journal or an earlier review does not verify, or the disk refuses.
pub fn append(folder: &Path, review: &Review) -> Result<(), JournalError> {
    let path = folder.join("review").join("review.jsonl");
    let io_error = |what| {
        let path = path.clone();
        move |source| JournalError::Io { what, path, source }
    };
    std::fs::create_dir_all(folder.join("review")).map_err(io_error("make the folder of"))?;
    let mut so_far = read(&folder.join("journal/journal.jsonl"), |_| {})?;
    if path.exists() {
        so_far = read_on(&path, so_far, |_| {})?;
    }
    let mut journal = Journal::beyond(&path, Clock::start(), &so_far)?;
    for (kind, about, data) in lines(review) {
        let actor = Actor { kind: "reviewer".into(), id: Some(review.by.clone()) };
        journal.append(Entry { kind, actor, about, data })?;
    }
    journal.sync()
}

fn lines(review: &Review) -> Vec<(&'static str, Ref, Value)> {
    let signed = json!({"key_fingerprint": review.key_fingerprint, "remark": review.remark});
    let mut revised = json!({"revision": review.revision, "supersedes": review.supersedes});
    revised["key_fingerprint"] = json!(review.key_fingerprint);
    if let Some(number) = &review.number {
        revised["number"] = json!(number);
    }
    let mut lines = vec![(kind::REPORT_REVISED, Ref::default(), revised)];
    if let Some((stated, files)) = &review.stated {
        let files: Vec<Value> = files.iter().map(|(path, sha)| json!({"named": path, "sha256": sha})).collect();
        lines.push((kind::REPORT_STATED, Ref::default(), json!({"stated": stated, "files": files})));
    }
    for change in &review.overrides {
        let about = Ref { unit: Some(change.unit.clone()), ..Ref::default() };
        let data =
            json!({"old": change.old, "new": change.new, "authority": change.authority, "remark": change.remark});
        lines.push((kind::VERDICT_OVERRIDDEN, about, data));
    }
    lines.push((kind::REPORT_REVIEWED, Ref::default(), signed.clone()));
    match review.step {
        Step::Reviewed => {}
        Step::Issued => lines.push((kind::REPORT_ISSUED, Ref::default(), signed)),
        Step::Amended => lines.push((kind::REPORT_AMENDED, Ref::default(), signed)),
    }
    lines
}
