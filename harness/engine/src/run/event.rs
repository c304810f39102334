//! What a live view is told. Everything has passed redaction; nothing here is evidence, and a slow listener loses events
//! rather than holding up the run.

use assay_model::results::Counts;
use assay_model::{Reason, Verdict};
use serde::Serialize;

/// Something happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum RunEvent {
    /// The inputs are sealed and the run begins.
    RunStarted {
        /// The run.
        run: String,
        /// The folder that is being written.
        folder: String,
        /// The bench, empty where none is needed.
        bench: String,
        /// How many units are selected.
        units: usize,
        /// How many products a survey's list has; 0 in other runs.
        products: usize,
    },
    /// The bench is open and its samples are bound.
    BenchReady {
        /// The samples.
        samples: Vec<String>,
    },
    /// A unit began on a sample, or over all.
    UnitStarted {
        /// The unit.
        unit: String,
        /// Its title.
        title: String,
        /// The sample; absent over all.
        sample: Option<String>,
    },
    /// A unit ended on a sample, or over all.
    UnitEnded {
        /// The unit.
        unit: String,
        /// The sample; absent over all.
        sample: Option<String>,
        /// The verdict.
        verdict: Verdict,
        /// Why.
        reasons: Vec<Reason>,
        /// How many attempts.
        attempts: u32,
    },
    /// Every unit has ended on a product of a survey.
    ProductEnded {
        /// The product.
        product: String,
        /// Its tally.
        counts: Counts,
    },
    /// A step began.
    Step {
        /// The unit; absent for a shared step.
        unit: Option<String>,
        /// The sample.
        sample: Option<String>,
        /// The step's name.
        step: String,
        /// The check.
        check: String,
    },
    /// A check reports how far it is.
    Progress {
        /// The unit.
        unit: Option<String>,
        /// The sample.
        sample: Option<String>,
        /// The step's name.
        step: String,
        /// How much is done.
        done: u64,
        /// Of how much; 0 where unknown.
        total: u64,
        /// What is being done.
        text: String,
    },
    /// A person is asked.
    Prompt {
        /// The unit.
        unit: String,
        /// The sample, or `*`.
        sample: String,
        /// The question.
        text: String,
    },
    /// Something worth saying: a fault, a quarantine, a clean-up that failed.
    Note {
        /// What.
        text: String,
    },
    /// The journal is closed.
    RunEnded {
        /// As the process should end.
        exit_code: u8,
        /// The tally.
        counts: Counts,
        /// Whether selected units are missing.
        partial: bool,
    },
}
