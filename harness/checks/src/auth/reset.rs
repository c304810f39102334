//! # `auth.reset`
//! **Question.** Does factory reset end the old password, and does it bring back one that all units share?
//! **Evidence for.** PSTI Schedule 1 paragraph 1(2) and the Code of Practice, guideline 1 (unit PSTI-1.X1); EN 303 645 V2.1.1
//! provision 5.1-1; TS 103 701 V1.1.1 case 5.1-1-2, unit c.
//! **Procedure.** Resets by the declared procedure; asks for the state; tries the previous password and then a bounded part of a
//! word list at every endpoint; brings the DUT back to an initialised state where asked.
//! **Observation.** What the reset did, and what let in right after it.
//! **Effect.** Disruptive: settings are lost.
//! **Does not show.** That other data was erased, or shared passwords beyond the tries that were made.

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    candidates::{self, Accepted, Sources, Wordlist},
    logon::{Mechanism, Place},
    series::{Series, Stopped, Tried, budget},
    try_credentials,
};
use crate::dut::{
    procedures::{self, Procedures, Values},
    restore,
};

pub(crate) struct Reset;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The host.
    #[serde(default)]
    host: String,
    /// `product.procedures`: `factory_reset`, and `first_use` and `state` where they exist.
    procedures: Procedures,
    /// The password on the label.
    #[serde(default)]
    label_password: String,
    /// The user of first use.
    #[serde(default = "admin")]
    user: String,
    /// The password that worked until now.
    #[serde(default)]
    previous_password: Option<String>,
    /// Where the user logs on: the endpoints of the mechanism's IXIT row.
    endpoints: Vec<Place>,
    /// What all units might share: a list by name, or entries.
    #[serde(default = "common")]
    wordlist: Wordlist,
    /// A product type, whose section of the list comes first.
    #[serde(default)]
    product_type: Option<String>,
    /// Tries per endpoint at most; never more than the bench permits.
    #[serde(default)]
    tries: Option<u32>,
    /// Whether the label's password is a preset of these endpoints, to be tried after the reset.
    #[serde(default)]
    preset: bool,
    /// Whether first use is gone through at the end.
    #[serde(default)]
    restore: bool,
}

fn admin() -> String {
    "admin".into()
}

fn common() -> Wordlist {
    Wordlist::Named("common-iot".into())
}

/// How the tries at one endpoint ended.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Tries {
    /// The port; absent on the console.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    /// Logons that were tried.
    tried: u32,
    /// Whether the DUT answered them.
    answered: bool,
    /// Why they stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Stopped>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Whether the DUT carried the reset out.
    reset: bool,
    /// Whether the previous password logged on before; absent where none was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_worked_before: Option<bool>,
    /// Whether first use is done right after the reset, where the dossier says how to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    initialised_after: Option<bool>,
    /// Whether every endpoint refused the previous password after the reset; false where one was locked or did not answer.
    previous_refused: bool,
    /// Whether an endpoint still let in with the previous password.
    previous_accepted: bool,
    /// Listed credentials that let in right after the reset.
    shared_accepted: Vec<Accepted>,
    /// How those tries ended, per endpoint.
    tries: Vec<Tries>,
    /// Whether every endpoint answered its tries. Without it, an empty `shared_accepted` says nothing.
    answered: bool,
    /// Whether the label's password works after the reset; absent unless `preset`.
    #[serde(skip_serializing_if = "Option::is_none")]
    preset_unchanged: Option<bool>,
    /// Whether the DUT was brought back to an initialised state.
    restored: bool,
    /// The password that it was then given.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

#[async_trait]
impl TypedCheck for Reset {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "auth.reset";
    const QUESTION: &'static str =
        "Does factory reset end the old password, and does it bring back one that all units share?";
    const EVIDENCE_FOR: &'static str = "PSTI Sch. 1 para. 1(2), Code of Practice guideline 1 (PSTI-1.X1); EN 303 645 \
        V2.1.1 5.1-1; TS 103 701 V1.1.1 5.1-1-2 c";
    const DOES_NOT_SHOW: &'static str =
        "that other data was erased, or shared passwords beyond the tries that were made";
    const EFFECT: Effect = Effect::Disruptive;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &[];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        if p.procedures.factory_reset.is_none() {
            return Err(Fault::plan("no-procedure", "the dossier gives no `product.procedures.factory_reset`")
                .with_help("describe the request, or the operator's act, under `procedures:` of the dossier"));
        }
        let mut mechanisms = Vec::new();
        for place in &p.endpoints {
            mechanisms.push(Mechanism::at(cx, &p.host, place).await?);
        }
        let mut seen = Observation::default();
        if let (Some(previous), Some(first)) = (&p.previous_password, mechanisms.first()) {
            let ended = Series::new(cx, first, None).attempt(&p.user, previous).await?;
            seen.previous_worked_before = Some(ended == Tried::Accepted);
        }
        let values = Values {
            user: &p.user,
            password: p.previous_password.as_deref(),
            label_password: &p.label_password,
            token: "",
        };
        seen.reset = p.procedures.reset(cx, &p.host, &values).await?.done();
        if !seen.reset {
            return Ok(seen);
        }
        seen.initialised_after = p.procedures.initialised(cx, &p.host).await?;
        // The previous password first: one try each, before the list may lock the account.
        if let Some(previous) = &p.previous_password {
            (seen.previous_refused, seen.previous_accepted) = all_refuse(cx, &mechanisms, &p.user, previous).await?;
        }
        if p.preset {
            seen.preset_unchanged = Some(any_accepts(cx, &mechanisms, &p.user, &p.label_password).await?);
        }
        shared(cx, &p, &mechanisms, &mut seen).await?;
        if p.restore {
            let password = procedures::strong_password(cx)?;
            let values = Values { password: Some(&password), ..values };
            // Set-up straight away where it is open; a reset first only where that is refused.
            let open = procedures::run(cx, &p.host, p.procedures.first_use.as_ref(), &values).await?.done();
            seen.restored = open || restore::initialise(cx, &p.host, &p.procedures, &values, None).await?.is_none();
            seen.password = seen.restored.then_some(password);
        }
        Ok(seen)
    }
}

/// Whether all refuse, and whether any lets in.
async fn all_refuse(cx: &CheckContext, at: &[Mechanism], user: &str, password: &str) -> Result<(bool, bool), Fault> {
    let (mut all, mut any) = (!at.is_empty(), false);
    for mechanism in at {
        let ended = Series::new(cx, mechanism, None).attempt_and_doubt(mechanism.user(user), password).await?;
        all &= matches!(ended, Tried::Refused);
        any |= ended == Tried::Accepted;
    }
    Ok((all, any))
}

/// Only an accepted logon counts: a lockout or silence says nothing about the password.
async fn any_accepts(cx: &CheckContext, at: &[Mechanism], user: &str, password: &str) -> Result<bool, Fault> {
    let mut any = false;
    for mechanism in at {
        any |= Series::new(cx, mechanism, None).attempt(mechanism.user(user), password).await? == Tried::Accepted;
    }
    Ok(any)
}

async fn shared(cx: &CheckContext, p: &Params, at: &[Mechanism], seen: &mut Observation) -> Result<(), Fault> {
    let users = [p.user.clone()];
    let candidates = candidates::all(&Sources {
        users: &users,
        wordlist: Some(&p.wordlist),
        product_type: p.product_type.as_deref(),
        ..Sources::default()
    })?;
    for mechanism in at {
        let tried = try_credentials::try_all(cx, mechanism, &candidates, budget(cx, p.tries), None).await?;
        seen.tries.push(Tries {
            port: mechanism.endpoint.as_ref().map(|e| e.port()),
            tried: tried.tried,
            answered: tried.answered,
            stopped: tried.stopped,
        });
        for accepted in tried.accepted {
            if !seen.shared_accepted.contains(&accepted) {
                seen.shared_accepted.push(accepted);
            }
        }
    }
    seen.answered = !seen.tries.is_empty() && seen.tries.iter().all(|t| t.answered);
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut, endpoints, procedures};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let params = json!({"host": "dut", "procedures": procedures(), "label_password": "label-s1", "user": "admin",
            "endpoints": endpoints(), "previous_password": "chosen-1", "product_type": "camera", "restore": true, "preset": true});
        vec![
            Case::good(Dut::good().set_up("chosen-1"), params.clone()).shows(json!({
                "reset": true, "previous_worked_before": true, "initialised_after": false, "previous_refused": true,
                "previous_accepted": false,
                "shared_accepted": [], "answered": true, "preset_unchanged": false, "restored": true
            })),
            Case::weak(Dut::weak().set_up("chosen-1"), params.clone()).shows(json!({
                "reset": true, "initialised_after": true, "restored": true, "shared_accepted": [{"user": "admin"}]
            })),
            Case::dead(Dut::silent(), params).shows(json!({
                "reset": false, "previous_refused": false, "answered": false, "shared_accepted": [], "restored": false
            })),
        ]
    }
}
