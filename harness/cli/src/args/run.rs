//! Runs, and what is known of one before it begins.

use std::path::PathBuf;

use assay_reports::Format;
use assay_reports::pack::Expected;
use clap::Args;

use super::value::{expected, key_value, report_format};

/// What decides a run: shared by `run` and `explain`.
#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// Plan files, or folders with a suite.yaml
    #[arg(required = true, value_name = "PLAN")]
    pub(crate) plans: Vec<PathBuf>,
    /// The bench file; may be left out when no unit needs one
    #[arg(long, value_name = "FILE")]
    pub(crate) bench: Option<PathBuf>,
    /// The product's dossier; the bench may name one
    #[arg(long, value_name = "FILE")]
    pub(crate) product: Option<PathBuf>,
    /// Answers for operator steps; the bench may name them
    #[arg(long, value_name = "FILE")]
    pub(crate) answers: Option<PathBuf>,
    /// What a report states beside its results: lab, customer, equipment; added to the bench's; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) lab: Vec<PathBuf>,
    /// Whose signatures beside the answers file count, in OpenSSH's format: a bad one, or none, refuses the run
    #[arg(long, value_name = "FILE")]
    pub(crate) answer_signers: Option<PathBuf>,
    /// Accepted deviations: a FAIL that one covers stays a FAIL, and does not end the run with 1
    #[arg(long, value_name = "FILE")]
    pub(crate) waivers: Option<PathBuf>,
    /// Set a plan parameter
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) set: Vec<(String, String)>,
    /// Run only units for which this CEL expression holds: unit, plan, provision, kind, class, tags, effect
    #[arg(long, value_name = "EXPR")]
    pub(crate) select: Option<String>,
    /// How many samples (virtual benches)
    #[arg(long, value_name = "N")]
    pub(crate) samples: Option<u32>,
    /// A defect to seed in all samples (virtual benches); recorded in the pack
    #[arg(long = "defect", value_name = "NAME")]
    pub(crate) defects: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Where packs go
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub(crate) out: PathBuf,
    /// The key that signs the pack, as in `assay sign --help`; one is made on first use
    #[arg(long, value_name = "KEY", env = "ASSAY_SIGN_KEY")]
    pub(crate) sign: Option<PathBuf>,
    /// A signature that the pack shall not be good without: a role, or ROLE=PRINCIPAL
    #[arg(long = "expect-signature", value_name = "ROLE", value_parser = expected)]
    pub(crate) expect_signature: Vec<Expected>,
    /// An earlier pack: a regression or lost coverage against it ends the run with 6
    #[arg(long, value_name = "PACK")]
    pub(crate) baseline: Option<PathBuf>,
    /// Who runs this, for the record
    #[arg(long, value_name = "NAME", env = "ASSAY_OPERATOR")]
    pub(crate) operator: Option<String>,
    /// Reports to put in the pack beside those that every pack has
    #[arg(long = "export", value_name = "FORMAT", value_parser = report_format)]
    pub(crate) exports: Vec<Format>,
    /// Also write results/junit-rich.xml, with properties on each case
    #[arg(long, value_name = "DIALECT", value_parser = ["default", "rich"], default_value = "default")]
    pub(crate) junit: String,
    /// Resolve everything, say what would run, open nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the pack's path alone
    #[arg(long, conflicts_with = "json")]
    pub(crate) quiet: bool,
    /// Print one event a line as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Run {
    /// Reports to add to the pack, each once.
    pub(crate) fn exports(&self) -> Vec<Format> {
        let mut all = self.exports.clone();
        all.extend((self.junit == "rich").then_some(Format::JunitRich));
        let mut once: Vec<Format> = Vec::new();
        for format in all {
            if !once.contains(&format) {
                once.push(format);
            }
        }
        once
    }
}

#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// The partial pack, or a sealed one in which questions wait: that one is copied first
    pub(crate) pack: PathBuf,
    /// Who goes on with it, for the record
    #[arg(long, value_name = "NAME", env = "ASSAY_OPERATOR")]
    pub(crate) operator: Option<String>,
    /// The key that signs the pack, as in `assay sign --help`
    #[arg(long, value_name = "KEY", env = "ASSAY_SIGN_KEY")]
    pub(crate) sign: Option<PathBuf>,
    /// A signature that the pack shall not be good without: a role, or ROLE=PRINCIPAL
    #[arg(long = "expect-signature", value_name = "ROLE", value_parser = expected)]
    pub(crate) expect_signature: Vec<Expected>,
    /// Print the pack's path alone
    #[arg(long, conflicts_with = "json")]
    pub(crate) quiet: bool,
    /// Print one event a line as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Lint {
    /// Files, or folders to walk
    #[arg(required_unless_present = "report")]
    pub(crate) paths: Vec<PathBuf>,
    /// A pack: everything that keeps its report from being issued
    #[arg(long, value_name = "PACK", conflicts_with = "paths")]
    pub(crate) report: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// One JSON object on the last line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Rejudge {
    /// The pack's folder
    pub(crate) pack: PathBuf,
    /// Judge by this plan instead of the one in the pack
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}
