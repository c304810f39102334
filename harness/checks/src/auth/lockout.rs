//! # `auth.lockout`
//! **Question.** Does a mechanism hold guessing back, after how many wrong tries, how, and does it end?
//! **Evidence for.** EN 303 645 V2.1.1 provision 5.1-5; TS 103 701 V1.1.1 case 5.1-5-2, unit b; PSTI Schedule 1 paragraph 1(3)(d).
//! **Procedure.** A bounded series of wrong passwords; watches the answer, its delay, Retry-After and disconnects. With the right
//! `password` given, tries it before and after the series: a DUT that refuses it only then has locked without saying so, and
//! where it is refused before there is no series. Waits for the end of the limit at most `recover_within_ms`, and where it
//! answers no more, for any answer at most `reachable_within_ms`.
//! **Observation.** When and how it was limited, the delays, whether it is still locked.
//! **Effect.** Disruptive: the account may stay locked; `still_locked` says so.
//! **Does not show.** Limits by source address or over days, and what more tries than these would meet.

use std::time::{Duration, Instant};

use assay_model::{CheckContext, CheckKind, Deadline, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    logon::{Fields, LimitedBy, Mechanism, Place, Service},
    series::{ALIKE, Series, Tried, budget, wrong},
};

pub(crate) struct Lockout;

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
    /// The user whose logons are tried.
    user: String,
    /// The right password, where it is known: tried before and after the series.
    #[serde(default)]
    password: Option<String>,
    /// Wrong tries at most; never more than the bench permits.
    #[serde(default)]
    tries: Option<u32>,
    /// Pause between two tries in milliseconds; never less than the bench's.
    #[serde(default)]
    pause_ms: Option<u32>,
    /// How long to wait for the limit to end.
    #[serde(default)]
    recover_within_ms: u32,
    /// How long to wait for an answer of a logon that closed or fell silent: it may keep this address out, or be dead.
    #[serde(default)]
    reachable_within_ms: u32,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Wrong tries that were made.
    tries: u32,
    /// Whether the DUT ever answered a logon. Without it, nothing was learnt.
    answered: bool,
    /// How long the refusals took, in order.
    first_delays_ms: Vec<u64>,
    /// Wrong tries that it took before the first one was limited; absent where none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_after: Option<u32>,
    /// How it is limited: `429`, `delay`, `disconnect`, `message`, `refusal`; null where it is not.
    by: Option<LimitedBy>,
    /// What the DUT said about its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u64>,
    /// Whether delays grew.
    growing: bool,
    /// Whether wrong passwords were tried, and every one was refused.
    wrong_password_refused: bool,
    /// Whether guessing is held back at all.
    limited: bool,
    /// Whether the right password was accepted after the series (at the end of the wait); absent where none was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    right_password_works: Option<bool>,
    /// Whether the right password was accepted before the series; absent where none was given. Where not, no wrong one
    /// was tried: nothing would show that it ever works.
    #[serde(skip_serializing_if = "Option::is_none")]
    right_password_worked_before: Option<bool>,
    /// Whether no logon answered any more when the check ended: a limit by address and a service that died look alike.
    unreachable_after: bool,
    /// Whether it was still limited when the check ended.
    still_locked: bool,
    /// Guesses a minute that the DUT answered, pauses of the harness not counted; 0 without an answer.
    answered_per_minute: u64,
    /// What was there instead of a logon.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[async_trait]
impl TypedCheck for Lockout {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "auth.lockout";
    const QUESTION: &'static str =
        "Does a mechanism hold guessing back, after how many wrong tries, how, and does it end?";
    const EVIDENCE_FOR: &'static str =
        "EN 303 645 V2.1.1 5.1-5; TS 103 701 V1.1.1 5.1-5-2 b; PSTI Sch. 1 para. 1(3)(d)";
    const DOES_NOT_SHOW: &'static str =
        "limits by source address or over days, and what more tries than these would meet";
    const EFFECT: Effect = Effect::Disruptive;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &[];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let place =
            Place { path: p.path.clone(), tls: p.tls, fields: p.fields.clone(), ..Place::of(p.service, p.port) };
        let mechanism = Mechanism::at(cx, &p.host, &place).await?;
        let mut right_before = None;
        if let Some(password) = &p.password {
            let mut series = Series::new(cx, &mechanism, p.pause_ms);
            let ended = series.attempt(&p.user, password).await?;
            right_before = Some(ended == Tried::Accepted);
            if right_before == Some(false) {
                let seen = Observation::of(series, 0, &ended);
                let none = "the right password does not let in, so no wrong one was tried";
                return Ok(Observation {
                    tries: 0,
                    limited: false,
                    by: None,
                    locked_after: None,
                    wrong_password_refused: false,
                    right_password_worked_before: right_before,
                    note: seen.note.or_else(|| Some(none.into())),
                    ..seen
                });
            }
        }
        let mut seen = guess(cx, &mechanism, &p).await?;
        seen.right_password_worked_before = right_before;
        if seen.answered && (seen.limited || p.password.is_some()) {
            recover(cx, &mechanism, &p, &mut seen).await?;
        }
        Ok(seen)
    }
}

async fn guess(cx: &CheckContext, mechanism: &Mechanism, p: &Params) -> Result<Observation, Fault> {
    let mut series = Series::new(cx, mechanism, p.pause_ms);
    let mut refused = 0;
    let mut last = Tried::Deadline;
    let tries = budget(cx, p.tries);
    while series.tried < tries {
        cx.progress.step(u64::from(series.tried), u64::from(tries), "wrong password");
        last = series.attempt(&p.user, &wrong(series.tried + 1)).await?;
        match last {
            Tried::Refused => refused += 1,
            _ => break,
        }
    }
    let mut seen = Observation::of(series, refused, &last);
    if last == Tried::Accepted {
        seen.note = Some(ALIKE.into());
    }
    Ok(seen)
}

impl Observation {
    /// What a series of wrong passwords shows, `refused` of which were refused in the ordinary way.
    fn of(series: Series<'_>, refused: u32, last: &Tried) -> Self {
        let (by, retry_after_s) = match last {
            Tried::Limited { by, retry_after_s } => (Some(*by), *retry_after_s),
            _ => (None, None),
        };
        let total_ms: u64 = series.delays_ms.iter().sum();
        Self {
            tries: series.tried,
            answered: series.answered,
            growing: series.growing(),
            answered_per_minute: 60_000 * series.delays_ms.len() as u64 / total_ms.max(1),
            first_delays_ms: series.delays_ms,
            locked_after: by.map(|_| refused),
            by,
            retry_after_s,
            wrong_password_refused: series.answered && matches!(last, Tried::Refused | Tried::Limited { .. }),
            limited: by.is_some(),
            right_password_works: None,
            right_password_worked_before: None,
            unreachable_after: false,
            still_locked: by.is_some(),
            note: match last {
                Tried::Unusable(text) => Some(text.clone()),
                _ => None,
            },
        }
    }
}

/// Tries until the limit has ended: the right password where it is known, else a wrong one that is refused again in the
/// ordinary way.
async fn recover(cx: &CheckContext, mechanism: &Mechanism, p: &Params, seen: &mut Observation) -> Result<(), Fault> {
    let started = Instant::now();
    let unlocked_by = cx.deadline.capped(Duration::from_millis(u64::from(p.recover_within_ms)));
    let back_by = cx.deadline.capped(Duration::from_millis(u64::from(p.recover_within_ms.max(p.reachable_within_ms))));
    // It closed or fell silent: whether it is still there must be seen, even by a wrong password more.
    let vanished = match seen.by {
        Some(LimitedBy::Disconnect) => true,
        Some(LimitedBy::Delay) => !seen.growing,
        _ => false,
    };
    seen.unreachable_after = vanished;
    let mut until = if vanished { back_by } else { unlocked_by };
    let mut wait = Duration::from_secs(seen.retry_after_s.unwrap_or(0));
    let mut round = 0;
    loop {
        if seen.limited && round > 0 || !wait.is_zero() {
            sleep_before(until, wait).await;
        }
        if seen.limited
            && !vanished
            && p.password.is_none()
            && started.elapsed() >= Duration::from_millis(u64::from(p.recover_within_ms))
        {
            return Ok(()); // a wrong try more would only prolong it
        }
        let password = p.password.clone().unwrap_or_else(|| wrong(1_000 + round));
        let ended = Series::new(cx, mechanism, p.pause_ms).attempt(&p.user, &password).await?;
        seen.unreachable_after = match ended {
            Tried::Gone | Tried::Unusable(_) => true,
            Tried::Deadline => seen.unreachable_after,
            _ => false,
        };
        until = if seen.unreachable_after { back_by } else { unlocked_by };
        match (&ended, p.password.is_some()) {
            (Tried::Accepted, _) => {
                seen.right_password_works = p.password.is_some().then_some(true);
                seen.still_locked = false;
                return Ok(());
            }
            (Tried::Refused, true) => {
                seen.right_password_works = Some(false);
                seen.by = seen.by.or(Some(LimitedBy::Refusal)); // locked without a word
                seen.locked_after = seen.locked_after.or(Some(seen.tries));
                seen.limited = true;
                seen.still_locked = true;
            }
            (Tried::Refused, false) => {
                seen.still_locked = false;
                return Ok(());
            }
            _ => {
                seen.right_password_works = p.password.is_some().then_some(false);
                if let Tried::Limited { by, retry_after_s } = ended {
                    seen.by = seen.by.or(Some(by));
                    seen.locked_after = seen.locked_after.or(Some(seen.tries));
                    seen.retry_after_s = seen.retry_after_s.or(retry_after_s);
                    seen.limited = true;
                    seen.still_locked = true;
                }
            }
        }
        if until.passed() {
            return Ok(());
        }
        round += 1;
        wait = Duration::from_secs(2);
    }
}

async fn sleep_before(until: Deadline, wait: Duration) {
    tokio::time::sleep(wait.min(until.remaining())).await;
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let at = |service: &str, port: u16| json!({"host": "dut", "port": port, "service": service, "user": "admin", "tries": 10});
        let with = |mut params: serde_json::Value| {
            params["password"] = "chosen-1".into();
            params
        };
        vec![
            Case::good(Dut::good().set_up("chosen-1"), at("https-json", 8443)).shows(json!({
                "limited": true, "by": "429", "locked_after": 5, "retry_after_s": 30, "wrong_password_refused": true,
                "still_locked": true, "answered": true, "tries": 6
            })),
            Case::good(Dut::good().set_up("chosen-1").locks_silently(), with(at("ssh", 2222))).shows(json!({
                "limited": true, "by": "refusal", "right_password_works": false, "still_locked": true
            })),
            Case::weak(Dut::weak().set_up("chosen-1"), with(at("https-json", 8443))).shows(json!({
                "limited": false, "by": null, "tries": 6, "wrong_password_refused": true, "right_password_works": true,
                "still_locked": false, "growing": false
            })),
            Case::dead(Dut::silent(), at("https-json", 8443)).shows(json!({
                "answered": false, "limited": false, "wrong_password_refused": false, "answered_per_minute": 0
            })),
        ]
    }
}
