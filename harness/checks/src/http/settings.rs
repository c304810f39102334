//! # `http.settings`
//! **Question.** Does a web server let a stranger change a setting?
//! **Evidence for.** EN 303 645 V2.1.1 provision 5.5-5; TS 103 701 V1.1.1 case 5.5-5-2, unit a.
//! **Procedure.** Paths where settings usually stand, and those that the plan names, without a logon. What can be read as a JSON
//! object is written back with one value changed, read again, and written back as it was; what cannot be read is written with
//! an empty object, which changes nothing. Paths whose name speaks of a restart, reset, update or password are left alone.
//! **Observation.** Per path whether reading and writing were refused, and whether a change took effect and was put back.
//! **Effect.** Active: a setting may be changed for a moment where a stranger can.
//! **Does not show.** Settings behind forms or in other formats than JSON; paths that nobody names.

use std::time::Duration;

use assay_model::{
    CheckContext, CheckKind, Effect, Endpoint, Fault, TypedCheck,
    touch::http::{HttpAnswer, HttpResponse},
};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ask, list, routes::web};
use crate::ports::scan::OpenPort;

pub(crate) struct Settings;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The host.
    host: String,
    /// `open` of `ports.scan`: its web servers are asked.
    open: Vec<OpenPort>,
    /// Further paths: those that the dossier names, or that `http.routes` found.
    #[serde(default)]
    paths: Vec<String>,
}

/// How it ended at one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// Writing was refused for want of a logon.
    Refused,
    /// A change took effect.
    Changed,
    /// Writing was answered like a success, and nothing changed that could be seen.
    Taken,
    /// It was answered in another way, which tells nothing of logons.
    Unclear,
}

/// A path that is there.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Tried {
    /// The port.
    port: u16,
    /// The path.
    path: String,
    /// Status of reading it.
    read: u16,
    /// The method that was answered.
    method: String,
    /// Status of writing it; 0 where it was done and not answered.
    write: u16,
    /// `refused`, `changed`, `taken`, `unclear`.
    outcome: Outcome,
    /// The member that was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Whether it was put back; absent where nothing changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    restored: Option<bool>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Paths that are there.
    tried: Vec<Tried>,
    /// Those that a stranger could change.
    changed: Vec<Tried>,
    /// How many refused writing for want of a logon.
    refused: u32,
    /// Whether every web server answered. Without it, nothing was learnt.
    answered: bool,
    /// Whether everything that was changed was put back.
    restored: bool,
    /// Whether every path was asked for, and every request answered.
    complete: bool,
}

const ONE: Duration = Duration::from_secs(5);
/// Paths that are tried, at most.
const PATHS: usize = 60;
const METHODS: [&str; 3] = ["PUT", "POST", "PATCH"];
/// Words of paths that are never written to.
const ACTIONS: [&str; 20] = [
    "reset", "reboot", "restart", "shutdown", "poweroff", "halt", "factory", "default", "format", "erase", "delete",
    "update", "upgrade", "firmware", "flash", "setup", "passw", "login", "logon", "logout",
];

/// Whether a path may be written to: its name speaks of no action that cannot be put back.
pub(super) fn may_write(path: &str) -> bool {
    let path = path.to_lowercase();
    !ACTIONS.iter().any(|word| path.contains(word))
}

#[async_trait]
impl TypedCheck for Settings {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "http.settings";
    const QUESTION: &'static str = "Does a web server let a stranger change a setting?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 V2.1.1 5.5-5; TS 103 701 V1.1.1 5.5-5-2 a";
    const DOES_NOT_SHOW: &'static str = "settings behind forms or in other formats than JSON; paths that nobody names";
    const EFFECT: Effect = Effect::Active;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["network"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        cx.host(&p.host)?;
        let named = p.paths.into_iter().filter(|path| path.starts_with('/') && may_write(path));
        let mut paths: Vec<String> = named.chain(list::section("settings").into_iter().map(str::to_owned)).collect();
        let mut known = std::collections::BTreeSet::new();
        paths.retain(|path| known.insert(path.clone()));
        let mut seen =
            Observation { answered: true, restored: true, complete: paths.len() <= PATHS, ..Observation::default() };
        let mut servers = 0;
        for (port, tls) in p.open.iter().filter_map(|o| web(o).map(|tls| (o.port, tls))) {
            servers += 1;
            let server = Server { cx, at: cx.endpoint(&p.host, port)?, tls };
            let mut answered = false;
            for path in paths.iter().take(PATHS) {
                if cx.deadline.passed() {
                    seen.complete = false;
                    break;
                }
                let Some((tried, whole)) = server.try_path(path).await? else {
                    seen.complete = false; // it does not answer, or not any more
                    break;
                };
                answered = true;
                seen.complete &= whole;
                tried.into_iter().for_each(|tried| seen.note(tried));
            }
            seen.answered &= answered;
        }
        seen.answered &= servers > 0;
        Ok(seen)
    }
}

impl Observation {
    fn note(&mut self, tried: Tried) {
        self.refused += u32::from(tried.outcome == Outcome::Refused);
        self.restored &= tried.restored != Some(false);
        if tried.outcome == Outcome::Changed {
            let (path, method, field) = (tried.path.clone(), tried.method.clone(), tried.field.clone());
            self.changed.push(Tried { path, method, field, ..tried });
        }
        self.tried.push(tried);
    }
}

struct Server<'a> {
    cx: &'a CheckContext,
    at: Endpoint,
    tls: bool,
}

impl Server<'_> {
    async fn get(&self, path: &str) -> Result<Option<HttpAnswer>, Fault> {
        Ok(match ask::send_again(self.cx, ask::get(&self.at, self.tls, path), ONE).await? {
            HttpResponse::Answer(answer) => Some(answer),
            _ => None,
        })
    }

    /// The status; 0 without an answer.
    async fn write(&self, method: &str, path: &str, body: &Value) -> Result<u16, Fault> {
        let mut request = ask::post(&self.at, self.tls, path, "application/json", body.to_string());
        method.clone_into(&mut request.method);
        Ok(match ask::send_again(self.cx, request, ONE).await? {
            HttpResponse::Answer(answer) => answer.status,
            _ => 0,
        })
    }

    /// Whole object at `path`, where a stranger can read one.
    async fn object(&self, path: &str) -> Result<Option<Map<String, Value>>, Fault> {
        let answer = self.get(path).await?.filter(|a| a.status == 200 && !a.truncated);
        Ok(answer.and_then(|a| serde_json::from_slice(&a.body.0).ok()))
    }

    /// What was found at a path that is there, and whether every request to it was answered. `None`: reading was not.
    async fn try_path(&self, path: &str) -> Result<Option<(Option<Tried>, bool)>, Fault> {
        let Some(answer) = self.get(path).await? else { return Ok(None) };
        if matches!(answer.status, 404 | 410 | 300..=399) {
            return Ok(Some((None, true)));
        }
        let mut whole = true;
        let before: Option<Map<String, Value>> =
            serde_json::from_slice(&answer.body.0).ok().filter(|_| answer.status == 200 && !answer.truncated);
        let changed = before.as_ref().and_then(change);
        let body = changed.as_ref().map_or_else(|| Value::Object(Map::new()), |(_, object)| object.clone().into());
        for method in METHODS {
            let status = self.write(method, path, &body).await?;
            if matches!(status, 404 | 405 | 501) {
                continue;
            }
            whole &= status != 0;
            let mut tried = Tried {
                port: self.at.port(),
                path: path.to_owned(),
                read: answer.status,
                method: method.to_owned(),
                write: status,
                outcome: match status {
                    401 | 403 | 407 => Outcome::Refused,
                    200..=299 => Outcome::Taken,
                    _ => Outcome::Unclear,
                },
                field: None,
                restored: None,
            };
            if let (Some((field, wanted)), Some(before)) = (&changed, &before)
                && self.object(path).await?.is_some_and(|now| now.get(field) == wanted.get(field))
            {
                tried.outcome = Outcome::Changed;
                tried.field = Some(field.clone());
                self.write(method, path, &before.clone().into()).await?;
                let after = self.object(path).await?;
                tried.restored = Some(after.is_some_and(|after| after.get(field) == before.get(field)));
            }
            // What was not answered may have been done all the same, and else the next method may be answered.
            if status != 0 || tried.outcome == Outcome::Changed {
                return Ok(Some((Some(tried), whole)));
            }
        }
        Ok(Some((None, whole)))
    }
}

/// The object with one member changed, and that member's name: a text gets another end, a switch is turned, a number grows
/// by one. Members that sound like secrets, addresses or versions are left alone.
fn change(object: &Map<String, Value>) -> Option<(String, Map<String, Value>)> {
    let careful =
        ["pass", "key", "secret", "token", "addr", "ip", "mac", "port", "url", "version", "serial", "ssid", "id"];
    let harmless = |name: &&String| !careful.iter().any(|word| name.to_lowercase().contains(word));
    let changed = |value: &Value| match value {
        Value::String(text) if text.len() < 60 => Some(Value::from(format!("{text}.assay"))),
        _ => None,
    };
    let turned = |value: &Value| value.as_bool().map(|on| Value::from(!on));
    let texts = object.iter().filter(|(n, _)| harmless(n)).find_map(|(n, v)| Some((n.clone(), changed(v)?)));
    let (name, value) = texts
        .or_else(|| object.iter().filter(|(n, _)| harmless(n)).find_map(|(n, v)| Some((n.clone(), turned(v)?))))?;
    let mut whole = object.clone();
    whole.insert(name.clone(), value);
    Some((name, whole))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{change, may_write};
    use crate::fake::{Case, Dut};
    use serde_json::{Value, json};

    pub(crate) fn cases() -> Vec<Case> {
        let params = json!({"host": "dut", "open": [{"port": 8443, "proto": "tcp", "service": "https", "tls": true}]});
        let mut everywhere = params.clone();
        everywhere["paths"] = json!(["/api/state", "/api/factory-reset"]);
        vec![
            Case::good(Dut::good(), everywhere)
                .shows(json!({"answered": true, "changed": [], "refused": 1, "restored": true, "complete": true})),
            Case::weak(Dut::weak(), params.clone()).shows(json!({
                "answered": true, "restored": true, "refused": 0,
                "changed": [{"path": "/api/settings", "method": "PUT", "field": "name", "restored": true}],
            })),
            Case::dead(Dut::silent(), params.clone()).shows(json!({"answered": false, "tried": []})),
            Case::dead(Dut::absent(), params).shows(json!({"answered": false, "tried": []})),
            Case::dead(Dut::good(), json!({"host": "dut", "open": []})).shows(json!({"answered": false})),
        ]
    }

    #[test]
    fn what_cannot_be_put_back_is_left_alone() {
        for path in ["/api/factory-reset", "/cgi-bin/reboot.cgi", "/api/Password", "/upgrade"] {
            assert!(!may_write(path), "{path}");
        }
        assert!(may_write("/api/settings"));
        let of = |object: Value| change(object.as_object().unwrap()).map(|(name, whole)| (name, Value::from(whole)));
        let object = json!({"admin_password": "x", "name": "cam", "on": true});
        let changed = json!({"admin_password": "x", "name": "cam.assay", "on": true});
        assert_eq!(of(object), Some(("name".into(), changed)));
        assert_eq!(
            of(json!({"ip": "192.0.2.1", "on": true})),
            Some(("on".into(), json!({"ip": "192.0.2.1", "on": false})))
        );
        assert_eq!(of(json!({"mac": "x", "n": 1})), None);
    }
}
