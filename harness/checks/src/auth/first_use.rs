//! # `auth.first_use`
//! **Question.** Must a user choose a password before the DUT can be used, and does the chosen one work?
//! **Evidence for.** PSTI Schedule 1 paragraph 1(2)(b); EN 303 645 V2.1.1 provision 5.1-1; TS 103 701 V1.1.1 case 5.1-1-2, unit b.
//! **Procedure.** From the factory state: logs on with nothing and with the label's password, then tries first use with an empty
//! password, with none, with one character; where one of them is taken, that is noted and the DUT is reset. Then a new strong
//! password is chosen and tried at every endpoint.
//! **Observation.** What was refused, and whether the chosen password works.
//! **Effect.** Disruptive: the DUT is reset and left initialised with the chosen password.
//! **Does not show.** Set-up by other ways than the declared one (apps, radio).

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    logon::{Mechanism, Place},
    series::{Series, Tried},
};
use crate::dut::procedures::{self, Ended, Procedures, Values};

pub(crate) struct FirstUse;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The host.
    #[serde(default)]
    host: String,
    /// `product.procedures`: `first_use`, and `factory_reset` and `state` where they exist.
    procedures: Procedures,
    /// The password on the label.
    #[serde(default)]
    label_password: String,
    /// The user of first use.
    #[serde(default = "admin")]
    user: String,
    /// Where the user logs on: the endpoints of the mechanism's IXIT row.
    endpoints: Vec<Place>,
    /// A password that is too short.
    #[serde(default = "too_short")]
    too_short: String,
}

fn admin() -> String {
    "admin".into()
}

fn too_short() -> String {
    "a".into()
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Whether the DUT answered the requests of first use, and its logons tell right from wrong. Without it, nothing was
    /// learnt.
    answered: bool,
    /// The state before, where the dossier says how to ask: whether first use was still open.
    #[serde(skip_serializing_if = "Option::is_none")]
    factory_before: Option<bool>,
    /// Whether every logon before first use was refused, at every endpoint.
    logon_before_setup_refused: bool,
    /// Whether an empty password was refused.
    blank_refused: bool,
    /// Whether first use without any password was refused.
    skip_refused: bool,
    /// Whether one character was refused.
    too_short_refused: bool,
    /// Whether first use was completed with a strong password.
    completed: bool,
    /// Whether that password logs on at every endpoint.
    chosen_works: bool,
    /// Whether first use is done at the end.
    initialised: bool,
    /// The chosen password.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

#[async_trait]
impl TypedCheck for FirstUse {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "auth.first_use";
    const QUESTION: &'static str =
        "Must a user choose a password before the DUT can be used, and does the chosen one work?";
    const EVIDENCE_FOR: &'static str =
        "PSTI Sch. 1 para. 1(2)(b); EN 303 645 V2.1.1 5.1-1; TS 103 701 V1.1.1 5.1-1-2 b";
    const DOES_NOT_SHOW: &'static str = "set-up by other ways than the declared one (apps, radio)";
    const EFFECT: Effect = Effect::Disruptive;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &[];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        if p.procedures.first_use.is_none() {
            return Err(Fault::plan("no-procedure", "the dossier gives no `product.procedures.first_use`")
                .with_help("describe the request, or the operator's act, under `procedures:` of the dossier"));
        }
        if p.procedures.unanswered(cx, &p.host).await? {
            return Ok(Observation::default());
        }
        let mut seen = Observation { factory_before: factory(cx, &p).await?, ..Observation::default() };
        let Some(refused_before) = logons_refused(cx, &p).await? else { return Ok(seen) };
        seen.logon_before_setup_refused = refused_before;
        seen.blank_refused = refused(cx, &p, Some(""), &mut seen.answered).await?;
        seen.skip_refused = refused(cx, &p, None, &mut seen.answered).await?;
        seen.too_short_refused = refused(cx, &p, Some(&p.too_short), &mut seen.answered).await?;
        if !seen.answered {
            return Ok(seen);
        }
        let chosen = procedures::strong_password(cx)?;
        let ended = first_use(cx, &p, Some(&chosen)).await?;
        seen.completed = ended.done();
        if seen.completed {
            seen.chosen_works = works_everywhere(cx, &p, &chosen).await?;
            seen.initialised = p.procedures.initialised(cx, &p.host).await?.unwrap_or(seen.chosen_works);
            seen.password = Some(chosen);
        }
        Ok(seen)
    }
}

fn values<'a>(p: &'a Params, password: Option<&'a str>) -> Values<'a> {
    Values { user: &p.user, password, label_password: &p.label_password, token: "" }
}

/// Whether first use is still open; resets where it is not and that is possible.
async fn factory(cx: &CheckContext, p: &Params) -> Result<Option<bool>, Fault> {
    let state = p.procedures.initialised(cx, &p.host).await?;
    if state == Some(true) && p.procedures.factory_reset.is_some() {
        p.procedures.reset(cx, &p.host, &values(p, None)).await?;
        return Ok(p.procedures.initialised(cx, &p.host).await?.map(|i| !i));
    }
    Ok(state.map(|i| !i))
}

async fn first_use(cx: &CheckContext, p: &Params, password: Option<&str>) -> Result<Ended, Fault> {
    procedures::run(cx, &p.host, p.procedures.first_use.as_ref(), &values(p, password)).await
}

/// Offers a password that must not do. True only where the DUT said no and has not become initialised by it.
async fn refused(cx: &CheckContext, p: &Params, password: Option<&str>, answered: &mut bool) -> Result<bool, Fault> {
    let before = p.procedures.initialised(cx, &p.host).await?;
    let ended = first_use(cx, p, password).await?;
    *answered |= matches!(ended, Ended::Done(_) | Ended::Refused(_));
    let initialised = p.procedures.initialised(cx, &p.host).await?;
    let taken = ended.done() || (before == Some(false) && initialised == Some(true));
    if taken && p.procedures.factory_reset.is_some() {
        p.procedures.reset(cx, &p.host, &values(p, password)).await?; // so that the next value meets an open set-up
    }
    // A status of 500 and above is a crash, not a refusal.
    Ok(!taken && matches!(ended, Ended::Refused(status) if status < 500))
}

/// No endpoint lets in with nothing or with what is on the label. One that does not answer has refused nothing. `None`: one
/// lets in with anything, or so it looks, which tells nothing.
async fn logons_refused(cx: &CheckContext, p: &Params) -> Result<Option<bool>, Fault> {
    let mut all = !p.endpoints.is_empty();
    for place in &p.endpoints {
        let mechanism = Mechanism::at(cx, &p.host, place).await?;
        for password in ["", p.label_password.as_str()] {
            let mut series = Series::new(cx, &mechanism, None);
            let ended = series.attempt_and_doubt(mechanism.user(&p.user), password).await?;
            if ended == Tried::Alike {
                return Ok(None);
            }
            all &= matches!(ended, Tried::Refused | Tried::Limited { .. } | Tried::Unusable(_));
        }
    }
    Ok(Some(all))
}

async fn works_everywhere(cx: &CheckContext, p: &Params, password: &str) -> Result<bool, Fault> {
    let mut all = !p.endpoints.is_empty();
    for place in &p.endpoints {
        let mechanism = Mechanism::at(cx, &p.host, place).await?;
        all &= Series::new(cx, &mechanism, None).attempt(mechanism.user(&p.user), password).await? == Tried::Accepted;
    }
    Ok(all)
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut, endpoints, procedures};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let params = json!({"host": "dut", "procedures": procedures(), "label_password": "label-s1", "user": "admin",
            "endpoints": endpoints()});
        vec![
            Case::good(Dut::good(), params.clone()).shows(json!({
                "answered": true, "factory_before": true, "logon_before_setup_refused": true, "blank_refused": true,
                "skip_refused": true, "too_short_refused": true, "completed": true, "chosen_works": true, "initialised": true
            })),
            Case::good(Dut::good().set_up("old-1"), params.clone()).shows(json!({"factory_before": true, "completed": true})),
            Case::weak(Dut::weak(), params.clone()).shows(json!({
                "answered": true, "blank_refused": false, "skip_refused": false, "completed": true, "chosen_works": true
            })),
            Case::dead(Dut::silent(), params.clone()).shows(json!({
                "answered": false, "blank_refused": false, "skip_refused": false, "logon_before_setup_refused": false,
                "completed": false, "chosen_works": false, "initialised": false
            })),
            Case::dead(Dut::absent(), params).shows(json!({"answered": false, "blank_refused": false})),
        ]
    }
}
