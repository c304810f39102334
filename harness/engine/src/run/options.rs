//! What a run is told, what it gives back, and how it can fail.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_model::catalogue::{Profile, Way};
use assay_model::lab::HostFacts;
use assay_model::results::{LedgerPosition, Results, ToolInfo};
use assay_model::touch::document::Politeness;
use assay_model::{Recorder, Touches};

use super::cancel::Cancel;
use crate::journal::JournalError;
use crate::plan::ResolvedRun;
use crate::redact::{LabKey, Vault};

/// Puts the recording seam around ways of touching.
pub type Record = fn(&Touches, Arc<dyn Recorder>) -> Touches;

/// Makes the ways that the tool itself has; streams that they open go to the recorder. In a survey, with how politely the
/// pages of the listed products are asked for.
pub type MakeWays = fn(Arc<dyn Recorder>, &Path, Option<Politeness>) -> Touches;

/// How to run, beside what to run.
#[derive(Clone)]
pub struct RunOptions {
    /// Where the run's folder is made.
    pub out: PathBuf,
    /// Who runs it, `--operator`.
    pub operator: Option<String>,
    /// What makes the run.
    pub tool: ToolInfo,
    /// The command line; secrets in it are redacted.
    pub argv: Vec<String>,
    /// Ends it early.
    pub cancel: Cancel,
    /// Profiles of the catalogue; those that a plan names get a verdict.
    pub profiles: Vec<Profile>,
    /// Ways of the catalogue to meet a requirement; those of which the run has items get a verdict.
    pub requirement_ways: Vec<Way>,
    /// Ways that the tool itself has, for every DUT whose bench has none of its own: the operator's terminal, documents.
    pub ways: Option<MakeWays>,
    /// Records [`RunOptions::ways`] in runs without a bench.
    pub record: Option<Record>,
    /// Whom originals of redacted evidence are encrypted to; the bench file's `lab_key` where none is given here.
    pub lab_key: Option<LabKey>,
    /// Where the vault's key and secrets are kept, outside the pack: for resuming, and for later leak checks.
    pub vaults: Option<PathBuf>,
    /// The machine and its clock, as asked just before.
    pub host: Option<HostFacts>,
    /// An earlier run that this one is held against: a regression or lost coverage ends it with 6.
    pub baseline: Option<Arc<Baseline>>,
    /// Where the run stands in the bench's ledger; entered before it begins.
    pub ledger: Option<LedgerPosition>,
}

/// An earlier run, out of a pack that verified.
#[derive(Debug)]
pub struct Baseline {
    /// Its results.
    pub results: Results,
    /// SHA-256 of its pack's `SHA256SUMS`.
    pub sums_sha256: String,
}

impl RunOptions {
    /// Defaults: nobody's name, no terminal, no profiles.
    #[must_use]
    pub fn new(out: impl Into<PathBuf>, tool: ToolInfo) -> Self {
        Self {
            out: out.into(),
            operator: None,
            tool,
            argv: Vec::new(),
            cancel: Cancel::new(),
            profiles: Vec::new(),
            requirement_ways: Vec::new(),
            ways: None,
            record: None,
            lab_key: None,
            vaults: None,
            ledger: None,
            host: None,
            baseline: None,
        }
    }
}

impl RunOptions {
    pub(super) fn for_bench_of(mut self, resolved: &ResolvedRun) -> Self {
        self.lab_key = self.lab_key.or_else(|| resolved.bench.as_ref()?.lab_key.clone());
        self
    }
}

/// A run that kept its record, whatever its verdicts.
#[derive(Debug)]
pub struct RunOutcome {
    /// The folder, still named `.partial`; sealing renames it.
    pub folder: PathBuf,
    /// results/results.json.
    pub results: Results,
    /// 0, 1, 3, 4, 6, 130 or 143.
    pub exit_code: u8,
    /// For the leak check before sealing, and for what else is written about this run.
    pub vault: Arc<Vault>,
}

/// A run that could not begin, or could not keep its record.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Nothing was sent to any DUT.
    #[error("could not make {}: {source}", path.display())]
    Folder {
        /// What was to be made.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A secret of the dossier cannot be read; nothing was sent to any DUT.
    #[error("secret `{place}` could not be read from {from}: {text}")]
    Secret {
        /// Where the dossier names it.
        place: String,
        /// `file ...` or `environment variable ...`.
        from: String,
        /// Why.
        text: String,
    },
    /// Evidence was lost: without its record there is no verdict.
    #[error("the run was stopped after clean-up because evidence could not be kept in {}: {text}", folder.display())]
    EvidenceLost {
        /// The folder, as far as it got.
        folder: PathBuf,
        /// What could not be written.
        text: String,
    },
    /// The journal cannot be continued or read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The folder cannot be resumed with these inputs.
    #[error("{} cannot be resumed: {text}", folder.display())]
    Resume {
        /// The folder.
        folder: PathBuf,
        /// Why.
        text: String,
    },
}

impl RunError {
    /// 2 where nothing was sent; 5 where evidence is concerned.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Folder { .. } | Self::Secret { .. } | Self::Resume { .. } => 2,
            Self::EvidenceLost { .. } | Self::Journal(_) => 5,
        }
    }
}
