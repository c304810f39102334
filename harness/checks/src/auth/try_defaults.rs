//! # `auth.try_defaults`
//! **Question.** Does any of a DUT's logons let in with a credential that anybody can look up?
//! **Evidence for.** PSTI Schedule 1 paragraph 1(2); EN 303 645 V2.1.1 provision 5.1-1; TS 103 701 V1.1.1 case 5.1-1-2.
//! **Procedure.** One place after the other: the right credential where it is known, then the most common defaults of the
//! product's type within the budget, then the right credential again. Places may share one lockout, which the right
//! credential ends, so budgets stay below the usual threshold of five.
//! **Observation.** Per place what let in, how many were tried, and why the series ended.
//! **Effect.** Active: wrong logons, within the bench's limits.
//! **Does not show.** That other credentials are refused; an exhausted budget is not "nothing found".

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    candidates::{self, Order, Sources, Wordlist},
    logon::{Mechanism, Place},
    series::budget,
    try_credentials::{Control, Observation as Series, try_all, works},
};

pub(crate) struct TryDefaults;

/// A place with the credential that works there.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    /// Where, as an endpoint of an IXIT 1-AuthMech row.
    at: Place,
    /// The right credential, where it is known: proof that the series could have seen a hit.
    #[serde(default)]
    control: Option<Control>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The host; empty where only the console is asked.
    #[serde(default)]
    host: String,
    /// Where to try.
    targets: Vec<Target>,
    /// A list by name, or entries as `user:password`.
    wordlist: Wordlist,
    /// A product type, whose section of the list comes first.
    #[serde(default)]
    product_type: Option<String>,
    /// Tries per place at most; never more than the bench permits.
    #[serde(default)]
    tries: Option<u32>,
    /// Pause between two tries in milliseconds; never less than the bench's.
    #[serde(default)]
    pause_ms: Option<u32>,
}

/// What let in, and where.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Hit {
    /// The port; absent on the console.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    /// The user.
    user: String,
    /// The entry of the word list; never the secret.
    credential: String,
}

/// One place.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Tried {
    /// The port; absent on the console.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    /// How the series went.
    series: Series,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// What let in, over all places.
    accepted: Vec<Hit>,
    /// Each place, in the order given.
    places: Vec<Tried>,
    /// Whether every place answered its logons. Without it, an empty `accepted` says nothing.
    answered: bool,
    /// Whether every right credential that was given worked before and after its series.
    controls_held: bool,
}

#[async_trait]
impl TypedCheck for TryDefaults {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "auth.try_defaults";
    const QUESTION: &'static str = "Does any of a DUT's logons let in with a credential that anybody can look up?";
    const EVIDENCE_FOR: &'static str = "PSTI Sch. 1 para. 1(2); EN 303 645 V2.1.1 5.1-1; TS 103 701 V1.1.1 5.1-1-2";
    const DOES_NOT_SHOW: &'static str =
        "that other credentials are refused; an exhausted budget is not `nothing found`";
    const EFFECT: Effect = Effect::Active;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &[];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let mut seen = Observation { answered: !p.targets.is_empty(), controls_held: true, ..Observation::default() };
        for target in p.targets {
            let users: Vec<String> = target.at.user.iter().cloned().collect();
            let candidates = candidates::all(&Sources {
                sample: &cx.dut.id,
                users: &users,
                presets: &[],
                wordlist: Some(&p.wordlist),
                product_type: p.product_type.as_deref(),
                order: Order::PresetFirst,
            })?;
            let port = target.at.port;
            let mechanism = Mechanism::at(cx, &p.host, &target.at).await?;
            let before = works(cx, &mechanism, target.control.as_ref()).await?;
            let mut series = try_all(cx, &mechanism, &candidates, budget(cx, p.tries), p.pause_ms).await?;
            series.control_before = before;
            series.control_after = works(cx, &mechanism, target.control.as_ref()).await?;
            seen.answered &= series.answered;
            seen.controls_held &= series.control_before != Some(false) && series.control_after != Some(false);
            seen.accepted.extend(series.accepted.iter().map(|hit| Hit {
                port,
                user: hit.user.clone(),
                credential: hit.credential.clone(),
            }));
            seen.places.push(Tried { port, series });
        }
        Ok(seen)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::{Value, json};

    pub(crate) fn cases() -> Vec<Case> {
        let at = |targets: Value| json!({"host": "dut", "targets": targets, "wordlist": ["admin:admin", "root:root"]});
        let web = json!({"at": {"port": 8443, "service": "https-json", "user": "admin"},
            "control": {"user": "admin", "password": "chosen-1"}});
        let telnet = json!({"at": {"port": 2323, "service": "telnet"}});
        vec![
            Case::good(Dut::good().set_up("chosen-1"), at(json!([web])))
                .shows(json!({"accepted": [], "answered": true, "controls_held": true})),
            Case::good(Dut::good().set_up("other-1"), at(json!([web])))
                .shows(json!({"accepted": [], "answered": true, "controls_held": false})),
            Case::weak(Dut::weak().set_up("chosen-1"), at(json!([web, telnet])))
                .shows(json!({"accepted": [{"port": 2323, "user": "root", "credential": "inline#2"}]})),
            Case::dead(Dut::silent(), at(json!([web]))).shows(json!({"accepted": [], "answered": false})),
            Case::dead(Dut::absent(), at(json!([web]))).shows(json!({"accepted": [], "answered": false})),
            Case::dead(Dut::good(), at(json!([]))).shows(json!({"accepted": [], "answered": false})),
        ]
    }
}
