//! # `dut.restore`
//! **Question.** Can the DUT be brought to the named state?
//! **Evidence for.** Nothing by itself: it gives other checks a known start.
//! **Procedure.** Asks for the state where the dossier says how; resets and goes through first use as far as needed.
//! **Observation.** The state reached, and the password that was chosen.
//! **Effect.** Disruptive: settings are lost.
//! **Does not show.** That a reset erases everything, or that first use refuses weak values (`auth.reset`, `auth.first_use`).

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::procedures::{self, Ended, Procedures, Values};

pub(crate) struct Restore;

/// A state that procedures lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// As delivered.
    Factory,
    /// First use is done, with a password that a user chose.
    Initialised,
    /// Neither is known. Observed only.
    Unknown,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The host.
    #[serde(default)]
    host: String,
    /// The state to reach.
    state: State,
    /// `product.procedures`.
    #[serde(default)]
    procedures: Procedures,
    /// The password on the label.
    #[serde(default)]
    label_password: String,
    /// The user of first use.
    #[serde(default = "admin")]
    user: String,
    /// The password that the DUT has or shall get; a new strong one where absent.
    #[serde(default)]
    password: Option<String>,
}

fn admin() -> String {
    "admin".into()
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// The state reached.
    state: State,
    /// Whether it is the one asked for.
    reached: bool,
    /// The chosen password, in state `initialised`.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    /// Why it was not reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// A plan that asks for a state needs a DUT that answers: what it got instead, for `note`.
fn trouble(what: &str, ended: &Ended) -> Option<String> {
    match ended {
        Ended::Done(_) => None,
        Ended::Refused(status) => Some(format!("{what} was refused with status {status}")),
        Ended::NoAnswer => Some(format!("{what} got no answer")),
        Ended::NotDeclared => Some(format!("the dossier gives no procedure for {what}")),
    }
}

/// Factory reset, then first use with `password`. `None`: the DUT is initialised.
pub(crate) async fn initialise(
    cx: &CheckContext,
    host: &str,
    procedures: &Procedures,
    values: &Values<'_>,
    old_password: Option<&str>,
) -> Result<Option<String>, Fault> {
    if procedures.initialised(cx, host).await? != Some(false) {
        let ended = procedures.reset(cx, host, &Values { password: old_password, ..values.clone() }).await?;
        if procedures.factory_reset.is_some() && !ended.done() {
            return Ok(trouble("factory reset", &ended));
        }
    }
    let ended = procedures::run(cx, host, procedures.first_use.as_ref(), values).await?;
    Ok(trouble("first use", &ended))
}

#[async_trait]
impl TypedCheck for Restore {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "dut.restore";
    const QUESTION: &'static str = "Can the DUT be brought to the named state?";
    const EVIDENCE_FOR: &'static str = "nothing by itself: it gives other checks a known start";
    const DOES_NOT_SHOW: &'static str = "that a reset erases everything, or that first use refuses weak values";
    const EFFECT: Effect = Effect::Disruptive;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &[];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let values = Values { user: &p.user, label_password: &p.label_password, ..Values::default() };
        match p.state {
            State::Unknown => Err(Fault::plan("unknown-state", "`unknown` is no state to reach")
                .with_help("ask for `factory` or `initialised`")),
            State::Factory => {
                if p.procedures.initialised(cx, &p.host).await? == Some(false) {
                    return Ok(Observation { state: State::Factory, reached: true, password: None, note: None });
                }
                let ended =
                    p.procedures.reset(cx, &p.host, &Values { password: p.password.as_deref(), ..values }).await?;
                let note = trouble("factory reset", &ended);
                let reached = note.is_none();
                let state = if reached { State::Factory } else { State::Unknown };
                Ok(Observation { state, reached, password: None, note })
            }
            State::Initialised => {
                let password = match &p.password {
                    Some(password) => password.clone(),
                    None => procedures::strong_password(cx)?,
                };
                let values = Values { password: Some(&password), ..values };
                let logged_on = p.password.is_some()
                    && procedures::run(cx, &p.host, p.procedures.logon.as_ref(), &values).await?.done();
                let note = if logged_on {
                    None
                } else {
                    initialise(cx, &p.host, &p.procedures, &values, p.password.as_deref()).await?
                };
                let reached = note.is_none();
                let state = if reached { State::Initialised } else { State::Unknown };
                Ok(Observation { state, reached, password: reached.then_some(password), note })
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut, procedures};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let to = |state: &str| json!({"host": "dut", "state": state, "procedures": procedures(), "label_password": "label-s1"});
        let mut known = to("initialised");
        known["password"] = "chosen-1".into();
        vec![
            Case::good(Dut::good(), to("initialised")).shows(json!({"state": "initialised", "reached": true})),
            Case::good(Dut::good().set_up("other-1"), to("initialised")).shows(json!({"reached": true})),
            Case::good(Dut::good().set_up("chosen-1"), known).shows(json!({"reached": true, "password": "chosen-1"})),
            Case::good(Dut::good().set_up("chosen-1"), to("factory"))
                .shows(json!({"state": "factory", "reached": true})),
            Case::weak(Dut::weak().set_up(""), to("initialised"))
                .shows(json!({"state": "initialised", "reached": true})),
            Case::dead(Dut::silent(), to("initialised"))
                .shows(json!({"state": "unknown", "reached": false, "note": "factory reset got no answer"})),
            Case::dead(Dut::absent(), to("factory")).shows(json!({"state": "unknown", "reached": false})),
        ]
    }
}
