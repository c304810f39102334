//! The operator as a way of touching a DUT.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use assay_model::{
    Deadline, Fault, Recorder, Touch,
    touch::operator::{Answer, Given, Operator, Question},
};
use async_trait::async_trait;
use tokio::time::timeout_at;

use super::{
    dialogue::{self, Typed},
    terminal::{NoLine, Terminal},
};

/// The one terminal of a run, shared by all DUTs: one question at a time.
#[derive(Clone)]
pub struct TerminalOperator {
    terminal: Option<SharedTerminal>,
    who: String,
    evidence: Arc<dyn Recorder>,
}

/// A terminal that several DUTs share.
pub type SharedTerminal = Arc<tokio::sync::Mutex<Terminal>>;

impl TerminalOperator {
    /// An operator `who` at `terminal`; `None` where there is no terminal, and then nobody answers. Attachments go to
    /// `evidence`.
    #[must_use]
    pub const fn new(terminal: Option<SharedTerminal>, who: String, evidence: Arc<dyn Recorder>) -> Self {
        Self { terminal, who, evidence }
    }
}

#[async_trait]
impl Touch<Operator> for TerminalOperator {
    async fn call(&self, question: Question, until: Deadline) -> Result<Answer, Fault> {
        let Some(terminal) = &self.terminal else {
            let text = "there is no terminal to ask on, and no answers file has this unit";
            return Ok(Answer::Nobody { text: text.into() });
        };
        let Ok(mut terminal) = timeout_at(until.instant().into(), Arc::clone(terminal).lock_owned()).await else {
            return Ok(Answer::TimedOut);
        };
        let withdrawn = terminal.begin();
        let _withdraw =
            Withdraw(withdrawn.map_err(|e| Fault::adapter("operator-thread", format!("no descriptor: {e}")))?);
        let (who, evidence) = (self.who.clone(), Arc::clone(&self.evidence));
        let asking = tokio::task::spawn_blocking(move || {
            let typed = match dialogue::ask(&mut terminal, &question, until) {
                Ok(typed) => typed,
                Err(NoLine::TimedOut) => {
                    // The person should not go on typing; a terminal that is gone needs no word.
                    let _gone = terminal.say("\n(the time limit for this question has passed)\n");
                    return Ok(Answer::TimedOut);
                }
                Err(other) => return Ok(Answer::Nobody { text: other.to_string() }),
            };
            let kept = keep(&typed, &question.unit, &*evidence)?;
            Ok(Answer::Given(given(typed, kept, who)))
        });
        asking.await.map_err(|e| Fault::adapter("operator-thread", format!("asking the operator ended early: {e}")))?
    }
}

/// Wakes a thread whose asker has gone away.
struct Withdraw(Arc<OwnedFd>);

impl Drop for Withdraw {
    fn drop(&mut self) {
        // A counter that is full is as readable as it can be.
        let _full = rustix::io::write(&*self.0, &1u64.to_ne_bytes());
    }
}

fn keep(typed: &Typed, unit: &str, evidence: &dyn Recorder) -> Result<Vec<String>, Fault> {
    let unread = |e: std::io::Error| Fault::bench("attachment", format!("an attachment for {unit} was not read: {e}"));
    typed.attachments.iter().map(|a| a.keep(unit, evidence).map_err(unread)).collect()
}

fn given(typed: Typed, evidence: Vec<String>, operator: String) -> Given {
    Given {
        answer: typed.answer,
        value: typed.value,
        reason: typed.reason,
        evidence,
        operator,
        source: "terminal".into(),
        signed: None,
        dated: None,
    }
}
