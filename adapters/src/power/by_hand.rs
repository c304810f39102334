//! A switch that a person turns.

use assay_model::{
    Deadline, Fault,
    touch::{
        Way,
        operator::{Answer, Operator, Question},
    },
};
use async_trait::async_trait;

use super::Switch;

/// Asks the operator to turn the switch of one DUT.
pub struct ByHand {
    operator: Way<Operator>,
    dut: String,
    /// Which switch, in the words of the bench file: `socket 3 of the strip on the left`.
    switch: String,
}

impl ByHand {
    /// A switch of `dut` that `operator` turns.
    pub fn new(operator: Way<Operator>, dut: impl Into<String>, switch: impl Into<String>) -> Self {
        Self { operator, dut: dut.into(), switch: switch.into() }
    }
}

#[async_trait]
impl Switch for ByHand {
    async fn set(&self, on: bool, until: Deadline) -> Result<(), Fault> {
        let word = if on { "on" } else { "off" };
        let question = Question {
            unit: format!("power {word}"),
            sample: self.dut.clone(),
            text: format!("Turn the power of {} {word}: {}.", self.dut, self.switch),
            answers: vec!["done".into(), "stop".into()],
            secret: false,
            evidence: Vec::new(),
            evidence_for_pass: false,
        };
        let not_done = |why: &str| {
            Err(Fault::bench("power-by-hand", format!("nobody turned the power of {} {word}: {why}", self.dut)))
        };
        match self.operator.call(question, until).await? {
            Answer::Given(given) if given.answer == "done" => Ok(()),
            Answer::Given(given) => not_done(&given.reason),
            Answer::Nobody { text } => not_done(&text),
            Answer::TimedOut => Err(Fault::timeout(format!("nobody turned the power of {} {word} in time", self.dut))),
        }
    }

    async fn state(&self, _until: Deadline) -> Result<Option<bool>, Fault> {
        Ok(None)
    }
}
