//! What is made of packs: reports, comparisons, reviews.

use std::path::PathBuf;

use clap::Args;

use super::value::{key_value, report_number};

#[derive(Debug, Args)]
pub(crate) struct Review {
    /// The pack's folder; the new revision is made beside it
    pub(crate) pack: PathBuf,
    /// Who reviews: another person than the operator
    #[arg(long, value_name = "NAME", env = "ASSAY_REVIEWER")]
    pub(crate) by: Option<String>,
    /// The reviewer's own OpenSSH private key; one is made on first use
    #[arg(long, value_name = "KEY", env = "ASSAY_REVIEW_KEY")]
    pub(crate) sign: Option<PathBuf>,
    /// The laboratory's key, as for `run`
    #[arg(long, value_name = "KEY", env = "ASSAY_SIGN_KEY")]
    pub(crate) lab_key: Option<PathBuf>,
    /// What the reviewer says
    #[arg(long, value_name = "TEXT")]
    pub(crate) remark: Option<String>,
    /// Change a verdict; the verdict as judged is kept beside it
    #[arg(long = "override", value_name = "UNIT=VERDICT", value_parser = key_value)]
    pub(crate) overrides: Vec<(String, String)>,
    /// Why a verdict or an issued report is changed
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// On whose authority; the reviewer's own otherwise
    #[arg(long, value_name = "WHO")]
    pub(crate) authority: Option<String>,
    /// The report's number from now on; the run's id otherwise
    #[arg(long, value_name = "NUMBER", value_parser = report_number)]
    pub(crate) number: Option<String>,
    /// What the report states beside its results, where the run did not; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) lab: Vec<PathBuf>,
    /// Issue the report; refused while anything that it must say is missing
    #[arg(long = "final")]
    pub(crate) issue: bool,
    /// Issue it again in place of an earlier issue
    #[arg(long, conflicts_with = "issue")]
    pub(crate) amend: bool,
    /// Say what would keep the report from being issued, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Whose signatures count, in OpenSSH's format
    #[arg(long, value_name = "FILE")]
    pub(crate) allowed_signers: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The older pack, folder or zip
    #[arg(required_unless_present = "first_bad", conflicts_with = "first_bad")]
    pub(crate) old: Option<PathBuf>,
    /// The newer pack, folder or zip
    #[arg(required_unless_present = "first_bad", conflicts_with = "first_bad")]
    pub(crate) new: Option<PathBuf>,
    /// For each unit, the first pack of this folder in which it failed and the last in which it passed
    #[arg(long, value_name = "FOLDER")]
    pub(crate) first_bad: Option<PathBuf>,
    /// Only this unit; may be given several times
    #[arg(long = "unit", value_name = "UNIT")]
    pub(crate) units: Vec<String>,
    /// Whose signatures count, in OpenSSH's format
    #[arg(long, value_name = "FILE")]
    pub(crate) allowed_signers: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The pack's folder
    pub(crate) pack: PathBuf,
    /// Which report
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: String,
    /// Where to; standard output otherwise. For statement, failure-record and consumer, FILE.json takes the JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Whose duties: manufacturer, importer or distributor (html, statement, failure-record, consumer)
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Option<String>,
    /// The JSON of statement, failure-record or consumer instead of the page
    #[arg(long)]
    pub(crate) json: bool,
}
