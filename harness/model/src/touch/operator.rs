//! The person at the bench: a typed question, one of the offered answers.

use serde::{Deserialize, Serialize};

/// The operator.
pub struct Operator;

impl super::Protocol for Operator {
    const NAME: &'static str = "operator";
    type Request = Question;
    type Response = Answer;
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The unit it belongs to, for answers files.
    pub unit: String,
    /// The sample, or `*`.
    pub sample: String,
    /// What to do and to look at.
    pub text: String,
    /// Offered answers: `pass`, `fail`, `cannot-tell`, `stop`, `value`, `done`.
    pub answers: Vec<String>,
    /// Whether a value is a secret: not echoed, never stored in clear.
    pub secret: bool,
    /// Kinds of attachment required: `photo`, `file`, `text`.
    pub evidence: Vec<String>,
    /// Whether `pass` needs them too.
    #[serde(default)]
    pub evidence_for_pass: bool,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// A person answered.
    Given(Given),
    /// Nobody can: no terminal, no answers file with this unit.
    Nobody {
        /// Why.
        text: String,
    },
    /// The time limit passed.
    TimedOut,
}

/// What a person answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// One of the offered answers.
    pub answer: String,
    /// The value, for answer `value`; a secret is registered before it gets here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Required for all but `pass`, `done` and `value`.
    #[serde(default)]
    pub reason: String,
    /// Attachments, as paths that the adapter has read and streamed into evidence.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// Who.
    pub operator: String,
    /// `terminal` or the answers file.
    pub source: String,
    /// Whether the answers file carried a good signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<bool>,
    /// ISO date, from an answers file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dated: Option<String>,
}
