//! What of a DUT in use must still be there after a power cut: that it is set up, its owner's logon, its settings.

use std::time::{Duration, Instant};

use assay_model::{CheckContext, Fault};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::dut::procedures::{self, Ended, Procedures, Values};

/// A service may accept before the application behind it answers.
const SETTLE: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How to look at them.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// A host of the bench.
    host: String,
    /// `product.procedures`: `state`, `logon` and `settings` are used, as far as they are there.
    procedures: Procedures,
    /// Who owns it.
    #[serde(default = "admin")]
    user: String,
    /// The owner's password.
    #[serde(default)]
    password: Option<String>,
}

fn admin() -> String {
    "admin".into()
}

/// One look. `None`: no procedure for it, or no answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Look {
    initialised: Option<bool>,
    logon: Option<bool>,
    settings: Option<Value>,
}

/// What became of what was there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    All,
    /// These are not as they were.
    Lost(Vec<&'static str>),
    /// Something did not answer any more, so nothing is known of it.
    Unknown,
}

impl Look {
    /// Whether anything was seen that can be held against a later look.
    pub(super) const fn shows(&self) -> bool {
        self.initialised.is_some() || self.logon.is_some() || self.settings.is_some()
    }

    fn kept(&self, after: &Self) -> Kept {
        let parts = [
            ("state", self.initialised.is_some(), after.initialised.is_some(), self.initialised == after.initialised),
            ("logon", self.logon.is_some(), after.logon.is_some(), self.logon == after.logon),
            ("settings", self.settings.is_some(), after.settings.is_some(), self.settings == after.settings),
        ];
        let was = parts.into_iter().filter(|(_, before, ..)| *before);
        let lost: Vec<_> = was.clone().filter(|(_, _, now, same)| *now && !same).map(|(name, ..)| name).collect();
        match lost.is_empty() {
            false => Kept::Lost(lost),
            true if was.clone().all(|(_, _, now, _)| now) => Kept::All,
            true => Kept::Unknown,
        }
    }
}

impl Settings {
    pub(super) async fn look(&self, cx: &CheckContext) -> Result<Look, Fault> {
        let values = Values { user: &self.user, password: self.password.as_deref(), ..Values::default() };
        let initialised = self.procedures.initialised(cx, &self.host).await?;
        let mut look = Look { initialised, ..Look::default() };
        if self.password.is_none() {
            return Ok(look);
        }
        let logon = procedures::run(cx, &self.host, self.procedures.logon.as_ref(), &values).await?;
        look.logon = match &logon {
            Ended::Done(_) => Some(true),
            Ended::Refused(_) => Some(false),
            Ended::NoAnswer | Ended::NotDeclared => None,
        };
        if let Ended::Done(answer) = logon {
            look.settings = self.procedures.settings(cx, &self.host, &answer).await?;
        }
        Ok(look)
    }

    /// Looks until all is as it was `before`, or the DUT has had its time.
    pub(super) async fn kept(&self, cx: &CheckContext, before: &Look) -> Result<Kept, Fault> {
        let until = Instant::now() + SETTLE;
        loop {
            let kept = before.kept(&self.look(cx).await?);
            if kept == Kept::All || Instant::now() >= until || cx.deadline.passed() {
                return Ok(kept);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_kept_and_unknown_are_told_apart() {
        let look = |initialised, logon, settings: Option<&str>| Look {
            initialised,
            logon,
            settings: settings.map(Value::from),
        };
        let before = look(Some(true), Some(true), Some("a"));
        assert_eq!(before.kept(&before), Kept::All);
        assert_eq!(before.kept(&look(Some(true), Some(true), Some("b"))), Kept::Lost(vec!["settings"]));
        assert_eq!(before.kept(&look(Some(false), Some(false), None)), Kept::Lost(vec!["state", "logon"]));
        assert_eq!(before.kept(&look(None, None, None)), Kept::Unknown);
        assert_eq!(before.kept(&look(Some(true), None, None)), Kept::Unknown, "a silent part is no proof of the rest");
        assert!(!Look::default().shows());
    }
}
