//! # `auth.try_credentials`
//! **Question.** Does a mechanism let in with its preset value or with a credential that anybody can look up?
//! **Evidence for.** PSTI Schedule 1 paragraph 1(2); EN 303 645 V2.1.1 provision 5.1-1; TS 103 701 V1.1.1 case 5.1-1-2.
//! **Procedure.** Logs on with each candidate in turn, presets first, with a pause between two; stops at lockout, 429, growing
//! delay or when the budget is used up. Where the web or RTSP lets in, a wrong password is tried too: what takes that tells
//! nothing, and the series ends as unusable. A known-good `control` credential, where given, is tried before and after.
//! **Observation.** What let in (by entry name), how many were tried, why it stopped.
//! **Effect.** Active: at most the bench's tries per mechanism; may leave an account locked for its declared time.
//! **Does not show.** That other credentials are refused. An exhausted budget or a lockout is not `nothing found`.

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    candidates::{self, Accepted, Candidate, Order, Preset, Sources, Wordlist},
    logon::{Fields, Mechanism, Place, Service},
    series::{ALIKE, Series, Stopped, Tried, budget},
};

pub(crate) struct TryCredentials;

/// A credential that is known to be right.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Control {
    /// The user.
    user: String,
    /// The password.
    password: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The host.
    #[serde(default)]
    host: String,
    /// The TCP port; absent on the console.
    #[serde(default)]
    port: Option<u16>,
    /// How it is spoken to.
    service: Service,
    /// Path of the API call, form or page.
    #[serde(default)]
    path: Option<String>,
    /// Whether it is behind TLS; asked of the port where absent.
    #[serde(default)]
    tls: Option<bool>,
    /// Field names, for JSON and forms.
    #[serde(default)]
    fields: Option<Fields>,
    /// Users to try instead of those in the list.
    #[serde(default)]
    users: Vec<String>,
    /// A list by name, or entries as `user:password`.
    #[serde(default)]
    wordlist: Option<Wordlist>,
    /// The supplier's preset values.
    #[serde(default)]
    preset: Vec<Preset>,
    /// A product type, whose section of the list comes first.
    #[serde(default)]
    product_type: Option<String>,
    /// What comes first.
    #[serde(default)]
    order: Order,
    /// Tries at most; never more than the bench permits.
    #[serde(default)]
    tries: Option<u32>,
    /// Pause between two tries in milliseconds; never less than the bench's.
    #[serde(default)]
    pause_ms: Option<u32>,
    /// A credential that must work, tried before and after: proof that the series could have seen a hit.
    #[serde(default)]
    control: Option<Control>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// What let in.
    pub accepted: Vec<Accepted>,
    /// Candidates that were tried.
    pub tried: u32,
    /// Candidates that there were.
    pub candidates: u32,
    /// Whether every candidate was tried.
    pub exhausted: bool,
    /// Why not: `lockout`, `429`, `delay`, `budget`, `gone`, `unusable`, `deadline`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// Tries that were allowed.
    pub budget: u32,
    /// Whether the DUT ever answered a logon, yes or no, in a way that tells the two apart. Without it, nothing was learnt.
    pub answered: bool,
    /// Whether the control credential worked before the series; absent without a control.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_before: Option<bool>,
    /// Whether it worked after the series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_after: Option<bool>,
    /// What was there instead of a logon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Tries `candidates` one after the other, `budget` of them at most.
pub(crate) async fn try_all(
    cx: &CheckContext,
    mechanism: &Mechanism,
    candidates: &[Candidate],
    budget: u32,
    pause_ms: Option<u32>,
) -> Result<Observation, Fault> {
    let candidates = &without_users(mechanism.service, candidates);
    let mut series = Series::new(cx, mechanism, pause_ms);
    let total = u32::try_from(candidates.len()).unwrap_or(u32::MAX);
    let mut seen = Observation { candidates: total, budget, ..Observation::default() };
    for (done, candidate) in (0..).zip(candidates) {
        if done >= budget {
            seen.stopped = Some(Stopped::Budget);
            break;
        }
        cx.progress.step(u64::from(done), u64::from(total.min(budget)), &format!("trying {}", candidate.name));
        let ended = series.attempt_and_doubt(&candidate.user, &candidate.password).await?;
        if ended == Tried::Accepted {
            seen.accepted.push(candidate.into());
        }
        match &ended {
            Tried::Unusable(text) => seen.note = Some(text.clone()),
            Tried::Alike => seen.note = Some(ALIKE.into()),
            _ => {}
        }
        seen.stopped = ended.stops();
        if seen.stopped.is_some() {
            break;
        }
    }
    seen.tried = series.tried;
    seen.answered = series.answered;
    seen.exhausted = seen.stopped.is_none() && seen.answered;
    Ok(seen)
}

/// Where a service knows passwords alone, each of them once.
fn without_users(service: Service, candidates: &[Candidate]) -> Vec<Candidate> {
    let mut candidates = candidates.to_vec();
    if service == Service::Vnc {
        let mut seen = std::collections::HashSet::new();
        candidates.retain(|c| seen.insert(c.password.chars().take(8).collect::<String>()));
        candidates.iter_mut().for_each(|c| c.user.clear());
    }
    candidates
}

/// Whether the right credential lets in; `None` where it is not known.
pub(crate) async fn works(
    cx: &CheckContext,
    mechanism: &Mechanism,
    control: Option<&Control>,
) -> Result<Option<bool>, Fault> {
    let Some(control) = control else { return Ok(None) };
    let ended = Series::new(cx, mechanism, None).attempt(&control.user, &control.password).await?;
    Ok(Some(ended == Tried::Accepted))
}

#[async_trait]
impl TypedCheck for TryCredentials {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "auth.try_credentials";
    const QUESTION: &'static str =
        "Does a mechanism let in with its preset value or with a credential that anybody can look up?";
    const EVIDENCE_FOR: &'static str = "PSTI Sch. 1 para. 1(2); EN 303 645 V2.1.1 5.1-1; TS 103 701 V1.1.1 5.1-1-2";
    const DOES_NOT_SHOW: &'static str =
        "that other credentials are refused; an exhausted budget or a lockout is not `nothing found`";
    const EFFECT: Effect = Effect::Active;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &[];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let candidates = candidates::all(&Sources {
            sample: &cx.dut.id,
            users: &p.users,
            presets: &p.preset,
            wordlist: p.wordlist.as_ref(),
            product_type: p.product_type.as_deref(),
            order: p.order,
        })?;
        if candidates.is_empty() {
            return Err(Fault::plan("no-candidates", "neither `preset` nor `wordlist` gives a credential to try"));
        }
        let place = Place { path: p.path, tls: p.tls, fields: p.fields, ..Place::of(p.service, p.port) };
        let mechanism = Mechanism::at(cx, &p.host, &place).await?;
        let before = works(cx, &mechanism, p.control.as_ref()).await?;
        let mut seen = try_all(cx, &mechanism, &candidates, budget(cx, p.tries), p.pause_ms).await?;
        seen.control_before = before;
        seen.control_after = works(cx, &mechanism, p.control.as_ref()).await?;
        Ok(seen)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let at = |service: &str, port: u16| {
            json!({"host": "dut", "port": port, "service": service, "wordlist": ["admin:admin", "root:root", "admin:12345678"],
                "preset": [{"user": "admin", "password": "label-s1"}]})
        };
        let mut many = at("https-json", 8443);
        many["wordlist"] = "common-iot".into();
        many["control"] = json!({"user": "admin", "password": "chosen-1"});
        let console = json!({"service": "console", "users": ["service"], "wordlist": "common-passwords", "tries": 3});
        vec![
            Case::good(Dut::good().set_up("chosen-1"), at("https-json", 8443)).shows(json!({
                "accepted": [], "tried": 4, "candidates": 4, "exhausted": true, "answered": true, "budget": 6
            })),
            Case::good(Dut::good().set_up("chosen-1"), at("http-form", 8443))
                .shows(json!({"accepted": [], "exhausted": true, "answered": true})),
            Case::good(Dut::good().set_up("chosen-1"), at("ssh", 2222))
                .shows(json!({"accepted": [], "exhausted": true})),
            Case::good(Dut::good().set_up("chosen-1"), many).shows(json!({
                "accepted": [], "tried": 6, "stopped": "429", "exhausted": false, "control_before": true, "control_after": false
            })),
            Case::good(Dut::good(), console)
                .shows(json!({"accepted": [], "tried": 3, "stopped": "budget", "exhausted": false})),
            Case::weak(Dut::weak().set_up("admin"), at("https-json", 8443))
                .shows(json!({"accepted": [{"user": "admin", "credential": "inline#1"}], "answered": true})),
            Case::weak(Dut::weak().set_up("label-s1"), at("ssh", 2222))
                .shows(json!({"accepted": [{"user": "admin", "credential": "preset"}]})),
            Case::weak(Dut::weak(), at("telnet", 2323))
                .shows(json!({"accepted": [{"user": "root", "credential": "inline#2"}]})),
            Case::dead(Dut::silent(), at("https-json", 8443))
                .shows(json!({"accepted": [], "answered": false, "exhausted": false, "stopped": "gone"})),
            Case::dead(Dut::silent(), at("telnet", 2323))
                .shows(json!({"accepted": [], "answered": false, "exhausted": false, "stopped": "gone"})),
            Case::dead(Dut::absent(), at("ssh", 2222)).shows(json!({"answered": false, "stopped": "gone"})),
            Case::dead(Dut::absent(), json!({"service": "console", "wordlist": ["service:x"]}))
                .shows(json!({"answered": false, "stopped": "gone"})),
        ]
    }
}
