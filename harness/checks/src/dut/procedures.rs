//! How a product is set up, reset and asked for its state, as its dossier says under `product.procedures`.

use std::time::Duration;

use assay_model::{
    CheckContext, Fault,
    touch::{
        http::HttpResponse,
        operator::{Answer, Question},
        power::PowerRequest,
    },
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::http::ask;

/// One request. `{user}`, `{password}`, `{label_password}` and `{token}` in path, headers and values are filled in.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpStep {
    /// The TCP port.
    pub port: u16,
    /// Whether it is behind TLS.
    #[serde(default = "yes")]
    pub tls: bool,
    /// `POST` where absent.
    #[serde(default = "post")]
    pub method: String,
    /// The path.
    pub path: String,
    /// Further headers.
    #[serde(default)]
    pub headers: std::collections::BTreeMap<String, String>,
    /// The body as JSON.
    #[serde(default)]
    pub json: Option<Value>,
    /// The body as form fields.
    #[serde(default)]
    pub form: Option<std::collections::BTreeMap<String, String>>,
    /// Status codes that mean it was done; 200 to 204 where absent.
    #[serde(default)]
    pub done_status: Vec<u16>,
    /// The field of the JSON answer that matters: the token of a logon, the flag of a state.
    #[serde(default)]
    pub field: Option<String>,
}

const fn yes() -> bool {
    true
}

fn post() -> String {
    "POST".into()
}

/// One way of doing it; the first that is given counts.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Procedure {
    /// By a request to the DUT.
    pub http: Option<HttpStep>,
    /// By the bench: `power-cycle`.
    pub bench: Option<String>,
    /// By a person, who is told this.
    pub operator: Option<String>,
}

/// `product.procedures`. Others than these are left alone.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Procedures {
    /// First use: a user chooses a password.
    pub first_use: Option<Procedure>,
    /// Back to the state of delivery.
    pub factory_reset: Option<Procedure>,
    /// A logon whose answer has the token that other procedures need, in `field` (`token` where absent).
    pub logon: Option<Procedure>,
    /// Whether first use is done: `field` of the answer (`initialised` where absent).
    pub state: Option<Procedure>,
    /// Reads the settings as JSON; `{token}` is a logon's.
    pub settings: Option<Procedure>,
}

/// What stands for the placeholders.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values<'a> {
    pub user: &'a str,
    pub password: Option<&'a str>,
    pub label_password: &'a str,
    pub token: &'a str,
}

/// How a procedure ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ended {
    /// Done; the answer's JSON, where it had any.
    Done(Value),
    /// The DUT answered and refused, with this status.
    Refused(u16),
    /// It did not answer, or not over HTTP.
    NoAnswer,
    /// The dossier gives no such procedure.
    NotDeclared,
}

impl Ended {
    pub(crate) const fn done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

/// How often a DUT that limits logons is waited for.
const WAITS: u32 = 3;

/// Runs a procedure. A password of `None` leaves out every member whose value has `{password}`: the skipped set-up.
///
/// # Errors
/// The bench cannot do it, or nobody is there to do it.
pub(crate) async fn run(
    cx: &CheckContext,
    host: &str,
    procedure: Option<&Procedure>,
    values: &Values<'_>,
) -> Result<Ended, Fault> {
    let Some(procedure) = procedure else { return Ok(Ended::NotDeclared) };
    if let Some(step) = &procedure.http {
        for _ in 0..WAITS {
            let ended = request(cx, host, step, values).await?;
            let Err(wait) = ended else { return Ok(ended.unwrap_or(Ended::NoAnswer)) };
            if wait >= cx.deadline.remaining() {
                return Ok(Ended::Refused(429));
            }
            tokio::time::sleep(wait).await; // a lockout that an earlier check caused
        }
        return Ok(Ended::Refused(429));
    }
    match (&procedure.bench, &procedure.operator) {
        (Some(act), _) if act == "power-cycle" => {
            cx.touches.power()?.call(PowerRequest::Cycle { off_ms: 2_000 }, cx.deadline).await?;
            Ok(Ended::Done(Value::Null))
        }
        (Some(act), _) => Err(Fault::plan("unknown-procedure", format!("a bench cannot `{act}`"))
            .with_help("a dossier's `bench:` procedure is `power-cycle`; a button needs `operator: <what to do>`")),
        (None, Some(text)) => by_operator(cx, text).await,
        (None, None) => Ok(Ended::NotDeclared),
    }
}

/// One request, tried again after a dropped connection. `Err`: limited for so long.
async fn request(
    cx: &CheckContext,
    host: &str,
    step: &HttpStep,
    values: &Values<'_>,
) -> Result<Result<Ended, Duration>, Fault> {
    let endpoint = cx.endpoint(host, step.port)?;
    let mut request = ask::get(&endpoint, step.tls, &fill(&step.path, values));
    request.method.clone_from(&step.method);
    request.headers = step.headers.iter().map(|(n, v)| (n.to_lowercase(), fill(v, values))).collect();
    if let Some(json) = &step.json {
        request.headers.push(("content-type".into(), "application/json".into()));
        request.body = fill_json(json, values).unwrap_or_default().to_string().as_str().into();
    } else if let Some(form) = &step.form {
        let fields: Vec<_> = form
            .iter()
            .filter(|(_, v)| values.password.is_some() || !v.contains("{password}"))
            .map(|(n, v)| (n.clone(), fill(v, values)))
            .collect();
        request.headers.push(("content-type".into(), "application/x-www-form-urlencoded".into()));
        request.body = ask::form_body(&fields).as_str().into();
    }
    let HttpResponse::Answer(answer) = ask::send_again(cx, request, Duration::from_secs(10)).await? else {
        return Ok(Ok(Ended::NoAnswer));
    };
    let done = if step.done_status.is_empty() {
        (200..=204).contains(&answer.status)
    } else {
        step.done_status.contains(&answer.status)
    };
    Ok(if done {
        Ok(Ended::Done(serde_json::from_slice(&answer.body.0).unwrap_or_default()))
    } else if answer.status == 429 {
        let wait = answer.header("retry-after").and_then(|v| v.trim().parse().ok()).unwrap_or(30);
        Err(Duration::from_secs(wait))
    } else {
        Ok(Ended::Refused(answer.status))
    })
}

async fn by_operator(cx: &CheckContext, text: &str) -> Result<Ended, Fault> {
    let question = Question {
        unit: String::new(),
        sample: cx.dut.id.clone(),
        text: text.to_owned(),
        answers: vec!["done".into(), "cannot-tell".into()],
        secret: false,
        evidence: Vec::new(),
        evidence_for_pass: false,
    };
    match cx.touches.operator()?.call(question, cx.deadline).await? {
        Answer::Given(given) if given.answer == "done" => Ok(Ended::Done(Value::Null)),
        Answer::Given(given) => {
            Err(Fault::bench("operator-could-not", format!("the operator could not: {}", given.reason)))
        }
        Answer::Nobody { text } => Err(Fault::bench("nobody", format!("a person must act on the DUT: {text}"))),
        Answer::TimedOut => Err(Fault::timeout("nobody said that the procedure was done")),
    }
}

fn fill(text: &str, values: &Values<'_>) -> String {
    text.replace("{user}", values.user)
        .replace("{label_password}", values.label_password)
        .replace("{token}", values.token)
        .replace("{password}", values.password.unwrap_or_default())
}

fn fill_json(json: &Value, values: &Values<'_>) -> Option<Value> {
    Some(match json {
        Value::String(text) if text.contains("{password}") && values.password.is_none() => return None,
        Value::String(text) => fill(text, values).into(),
        Value::Array(items) => items.iter().filter_map(|v| fill_json(v, values)).collect(),
        Value::Object(members) => {
            members.iter().filter_map(|(k, v)| Some((k.clone(), fill_json(v, values)?))).collect()
        }
        other => other.clone(),
    })
}

impl Procedures {
    /// Whether first use is done, by the `state` procedure; `None` where the dossier has none or the DUT does not say.
    pub(crate) async fn initialised(&self, cx: &CheckContext, host: &str) -> Result<Option<bool>, Fault> {
        let field = field(self.state.as_ref(), "initialised");
        Ok(match run(cx, host, self.state.as_ref(), &Values::default()).await? {
            Ended::Done(json) => json.get(field).and_then(Value::as_bool),
            _ => None,
        })
    }

    /// The settings, read with the token that a logon's `answer` gave; `None` where they are not told.
    pub(crate) async fn settings(&self, cx: &CheckContext, host: &str, answer: &Value) -> Result<Option<Value>, Fault> {
        let token = answer.get(field(self.logon.as_ref(), "token")).and_then(Value::as_str).unwrap_or_default();
        if !token.is_empty() {
            cx.secrets.register("token", token);
        }
        let values = Values { token, ..Values::default() };
        Ok(match run(cx, host, self.settings.as_ref(), &values).await? {
            Ended::Done(json) if !json.is_null() => Some(json),
            _ => None,
        })
    }

    /// Whether the dossier says how to ask for the state and the DUT does not answer that: then nothing else needs asking.
    pub(crate) async fn unanswered(&self, cx: &CheckContext, host: &str) -> Result<bool, Fault> {
        Ok(run(cx, host, self.state.as_ref(), &Values::default()).await? == Ended::NoAnswer)
    }

    /// Factory reset; logs on first where the request needs a token.
    pub(crate) async fn reset(&self, cx: &CheckContext, host: &str, values: &Values<'_>) -> Result<Ended, Fault> {
        let needs_token = serde_json::to_string(
            &self
                .factory_reset
                .as_ref()
                .and_then(|p| p.http.as_ref())
                .map(|h| (h.headers.clone(), h.json.clone(), h.path.clone())),
        )
        .is_ok_and(|text| text.contains("{token}"));
        let mut token = String::new();
        if needs_token && values.password.is_some() {
            let name = field(self.logon.as_ref(), "token");
            if let Ended::Done(json) = run(cx, host, self.logon.as_ref(), values).await? {
                json.get(name).and_then(Value::as_str).unwrap_or_default().clone_into(&mut token);
            }
            if !token.is_empty() {
                cx.secrets.register("token", &token);
            }
        }
        run(cx, host, self.factory_reset.as_ref(), &Values { token: &token, ..values.clone() }).await
    }
}

fn field<'a>(procedure: Option<&'a Procedure>, default: &'a str) -> &'a str {
    procedure.and_then(|p| p.http.as_ref()).and_then(|h| h.field.as_deref()).unwrap_or(default)
}

/// A password that no list holds: 20 characters, 100 bits. Registered before anybody sees it.
///
/// # Errors
/// The host has no random source.
pub(crate) fn strong_password(cx: &CheckContext) -> Result<String, Fault> {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0u8; 20];
    getrandom::fill(&mut bytes)
        .map_err(|e| Fault::bench("no-random", format!("the host gave no random bytes: {e}")))?;
    let mut text: String = bytes.iter().map(|b| char::from(ALPHABET[usize::from(b % 32)])).collect();
    text.push_str("-A7"); // for rules that ask for every class of character
    cx.secrets.register("password", &text);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn placeholders_are_filled_and_a_skipped_password_is_left_out() {
        let body =
            json!({"user": "{user}", "password": "{password}", "label": "{label_password}", "n": [1, "{token}"]});
        let mut values = Values { user: "admin", password: Some("pw"), label_password: "lb", token: "t" };
        let filled = fill_json(&body, &values).unwrap();
        assert_eq!(filled, json!({"user": "admin", "password": "pw", "label": "lb", "n": [1, "t"]}));
        values.password = None;
        assert!(fill_json(&body, &values).unwrap().get("password").is_none());
    }

    #[test]
    fn a_misspelt_member_of_a_procedure_is_refused_and_a_further_procedure_is_not() {
        assert!(serde_json::from_value::<Procedures>(json!({"update": {"x": 1}})).is_ok());
        assert!(serde_json::from_value::<Procedures>(json!({"first_use": {"htttp": {}}})).is_err());
    }
}
