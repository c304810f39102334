//! Logon over HTTP: a JSON call, an HTML form, Basic.

use std::collections::BTreeMap;

use assay_model::{
    CheckContext, Deadline, Endpoint, Fault,
    touch::http::{HttpAnswer, HttpRequest, HttpResponse},
};
use serde_json::{Value, json};

use super::{Attempt, LimitedBy, Mechanism, digest::Challenge, words};
use crate::http::{ask, links, page};

/// The answer, or how the try ended without one.
async fn answer(
    cx: &CheckContext,
    request: HttpRequest,
    until: Deadline,
) -> Result<Result<HttpAnswer, Attempt>, Fault> {
    Ok(match ask::send(cx, request, until).await? {
        HttpResponse::Answer(answer) => Ok(answer),
        HttpResponse::Refused => Err(Attempt::Unreachable),
        HttpResponse::NoAnswer { .. } if until.passed() => Err(Attempt::Silent),
        lost if ask::lost(&lost) => Err(Attempt::Dropped),
        HttpResponse::NoAnswer { text } | HttpResponse::Malformed { text } => Err(Attempt::Unusable { text }),
    })
}

/// What every web logon has in common: limits, refusals, errors. `None`: the caller's success criterion decides.
pub(super) fn refusal(answer: &HttpAnswer) -> Option<Attempt> {
    let retry_after_s = answer.header("retry-after").and_then(|v| v.trim().parse().ok());
    let body = answer.body.lossy();
    match answer.status {
        429 => Some(Attempt::Limited { by: LimitedBy::TooMany, retry_after_s }),
        400..=499 if retry_after_s.is_some() => Some(Attempt::Limited { by: LimitedBy::TooMany, retry_after_s }),
        423 => Some(Attempt::Limited { by: LimitedBy::Message, retry_after_s: words::seconds(&body) }),
        400 | 401 | 403 | 409 | 422 if words::LOCKOUT.is_match(&body) => {
            Some(Attempt::Limited { by: LimitedBy::Message, retry_after_s: words::seconds(&body) })
        }
        400 | 401 | 403 | 409 | 422 => Some(Attempt::Refused { after_ms: answer.duration_ms }),
        400.. => Some(Attempt::Unusable { text: format!("status {}", answer.status) }),
        _ => None,
    }
}

pub(super) async fn json(
    cx: &CheckContext,
    at: &Mechanism,
    user: &str,
    password: &str,
    until: Deadline,
) -> Result<Attempt, Fault> {
    let mut body = json!({});
    body[&at.fields.user] = user.into();
    body[&at.fields.password] = password.into();
    let request = ask::post(at.endpoint()?, at.tls, &at.path, "application/json", body.to_string());
    let answer = match answer(cx, request, until).await? {
        Ok(answer) => answer,
        Err(ended) => return Ok(ended),
    };
    Ok(refusal(&answer).unwrap_or_else(|| {
        let body: Value = serde_json::from_slice(&answer.body.0).unwrap_or_default();
        let says_no = ["success", "ok", "authenticated"].iter().any(|k| body[*k] == false) || body["error"].is_string();
        if answer.status >= 300 {
            Attempt::Unusable { text: format!("status {}", answer.status) }
        } else if says_no {
            Attempt::Refused { after_ms: answer.duration_ms }
        } else {
            Attempt::Accepted { token: token(&body, cx) }
        }
    }))
}

fn token(body: &Value, cx: &CheckContext) -> Option<String> {
    let token = ["token", "access_token", "session"].iter().find_map(|k| body[*k].as_str())?;
    cx.secrets.register("token", token);
    Some(token.to_owned())
}

pub(super) async fn form(
    cx: &CheckContext,
    at: &Mechanism,
    user: &str,
    password: &str,
    until: Deadline,
) -> Result<Attempt, Fault> {
    let endpoint = at.endpoint()?;
    let shown = match answer(cx, ask::get(endpoint, at.tls, &at.path), until).await? {
        Ok(answer) => answer,
        Err(ended) => return Ok(ended),
    };
    if shown.status == 429 {
        return Ok(refusal(&shown).unwrap_or(Attempt::Dropped));
    }
    let Some(form) = page::logon_form(&shown.body.lossy()) else {
        return Ok(Attempt::Unusable { text: format!("no logon form at {} (status {})", at.path, shown.status) });
    };
    let mut fields = form.hidden.clone();
    fields.push((form.user.clone().unwrap_or_else(|| at.fields.user.clone()), user.to_owned()));
    fields.push((form.password.clone(), password.to_owned()));
    let posts_to = match form.action.as_str() {
        "" => Some(at.path.clone()),
        action => here(endpoint, at.tls, &at.path, action),
    };
    let Some(mut path) = posts_to else {
        return Ok(Attempt::Unusable {
            text: format!("the form at {} is sent to another server: {}", at.path, form.action),
        });
    };
    let mut request = ask::post(endpoint, at.tls, &path, "application/x-www-form-urlencoded", ask::form_body(&fields));
    let mut jar = Jar::default();
    jar.keep(&shown);
    jar.give(&mut request);
    let mut said = match answer(cx, request, until).await? {
        Ok(answer) => answer,
        Err(ended) => return Ok(ended),
    };
    let after_ms = said.duration_ms;
    // Where a redirect leads says more than its path: a good logon and a bad one may both lead to `/`.
    for _ in 0..REDIRECTS {
        jar.keep(&said);
        let Some(led) = said.header("location").filter(|_| (300..400).contains(&said.status)) else { break };
        let Some(next) = here(endpoint, at.tls, &path, led) else {
            let text = format!(
                "the answer to the form leads to another server: {}",
                led.chars().take(200).collect::<String>()
            );
            return Ok(Attempt::Unusable { text });
        };
        let mut request = ask::get(endpoint, at.tls, &next);
        jar.give(&mut request);
        path = next;
        said = match answer(cx, request, until).await? {
            Ok(answer) => answer,
            Err(ended) => return Ok(ended),
        };
    }
    let ended = refusal(&said).unwrap_or_else(|| form_ended(&said, bare(&path) == bare(&at.path), jar.renewed));
    Ok(match ended {
        Attempt::Refused { .. } => Attempt::Refused { after_ms },
        ended => ended,
    })
}

/// Redirects after a form that are followed.
const REDIRECTS: usize = 3;

/// A path without its query.
fn bare(path: &str) -> &str {
    path.split('?').next().unwrap_or_default()
}

/// A path on this server that `link`, found at `base`, leads to.
fn here(endpoint: &Endpoint, tls: bool, base: &str, link: &str) -> Option<String> {
    let (socket, name) = (endpoint.to_string(), endpoint.host().name());
    let usual = endpoint.port() == if tls { 443 } else { 80 };
    let address = socket.rsplit_once(':').map_or("", |(address, _)| address);
    let named = format!("{name}:{}", endpoint.port());
    let known = [(socket.as_str(), true), (named.as_str(), true), (address, usual), (name, usual)];
    let same_scheme = match link.split_once("://") {
        Some((scheme, _)) => scheme == if tls { "https" } else { "http" },
        None => true,
    };
    known.into_iter().filter(|(_, is)| *is && same_scheme).find_map(|(own, _)| links::resolve(base, link, own))
}

/// Cookies of one logon.
#[derive(Default)]
struct Jar {
    kept: BTreeMap<String, String>,
    /// Whether one was set after the form was shown.
    renewed: bool,
    shown: bool,
}

impl Jar {
    fn keep(&mut self, answer: &HttpAnswer) {
        for cookie in cookies(answer) {
            let (name, value) = cookie.split_once('=').unwrap_or((cookie, ""));
            if self.kept.len() < 50 {
                self.kept.insert(name.trim().to_owned(), value.to_owned());
            }
            self.renewed |= self.shown;
        }
        self.shown = true;
    }

    fn give(&self, request: &mut HttpRequest) {
        if !self.kept.is_empty() {
            let all: Vec<String> = self.kept.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request.headers.push(("cookie".into(), all.join("; ")));
        }
    }
}

/// The form again or words of refusal mean no, whatever the path; what leads on and on means nothing; everything else
/// below 400 means yes. `back`: the answer stands where the form does. `renewed`: a cookie came with the answers.
fn form_ended(answer: &HttpAnswer, back: bool, renewed: bool) -> Attempt {
    let body = answer.body.lossy();
    let says_no = answer.status < 300 && !renewed && words::REFUSAL.is_match(&body);
    let refused = Attempt::Refused { after_ms: answer.duration_ms };
    if words::LOCKOUT.is_match(&body) {
        Attempt::Limited { by: LimitedBy::Message, retry_after_s: words::seconds(&body) }
    } else if page::logon_form(&body).is_some() || says_no || (answer.status >= 300 && back) {
        refused
    } else if answer.status >= 300 {
        Attempt::Unusable { text: format!("the answer to the form leads on and on (status {})", answer.status) }
    } else {
        Attempt::Accepted { token: None }
    }
}

fn cookies(answer: &HttpAnswer) -> impl Iterator<Item = &str> {
    answer.headers.iter().filter(|(n, _)| n == "set-cookie").filter_map(|(_, v)| v.split(';').next())
}

pub(super) async fn basic(
    cx: &CheckContext,
    at: &Mechanism,
    user: &str,
    password: &str,
    until: Deadline,
) -> Result<Attempt, Fault> {
    let endpoint = at.endpoint()?;
    let bare = match answer(cx, ask::get(endpoint, at.tls, &at.path), until).await? {
        Ok(answer) => answer,
        Err(ended) => return Ok(ended),
    };
    if bare.status != 429 && !page::auth_schemes(&bare).contains(&"basic".to_owned()) {
        let text = format!("{} asks for no Basic logon (status {})", at.path, bare.status);
        return Ok(Attempt::Unusable { text });
    }
    let mut request = ask::get(endpoint, at.tls, &at.path);
    request.headers.push(("authorization".into(), super::basic::authorization(cx, user, password)));
    let answer = match answer(cx, request, until).await? {
        Ok(answer) => answer,
        Err(ended) => return Ok(ended),
    };
    Ok(refusal(&answer).unwrap_or(Attempt::Accepted { token: None }))
}

pub(super) async fn digest(
    cx: &CheckContext,
    at: &Mechanism,
    user: &str,
    password: &str,
    until: Deadline,
) -> Result<Attempt, Fault> {
    let endpoint = at.endpoint()?;
    let bare = match answer(cx, ask::get(endpoint, at.tls, &at.path), until).await? {
        Ok(answer) => answer,
        Err(ended) => return Ok(ended),
    };
    let asked = bare.headers.iter().filter(|(name, _)| name == "www-authenticate");
    let Some(challenge) = asked.filter_map(|(_, value)| Challenge::read(value)).next() else {
        if bare.status == 429 {
            return Ok(refusal(&bare).unwrap_or(Attempt::Dropped));
        }
        let text = format!("{} asks for no Digest logon that is spoken here (status {})", at.path, bare.status);
        return Ok(Attempt::Unusable { text });
    };
    let mut request = ask::get(endpoint, at.tls, &at.path);
    let header = challenge.answer("GET", &at.path, user, password, "a55a7a55a7a55a7");
    request.headers.push(("authorization".into(), header));
    let answer = match answer(cx, request, until).await? {
        Ok(answer) => answer,
        Err(ended) => return Ok(ended),
    };
    Ok(refusal(&answer).unwrap_or(Attempt::Accepted { token: None }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> HttpAnswer {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        HttpAnswer { status, headers, body: body.into(), truncated: false, tls: None, duration_ms: 7 }
    }

    #[test]
    fn answers_to_a_form_are_told_apart() {
        let refused = Attempt::Refused { after_ms: 7 };
        let accepted = Attempt::Accepted { token: None };
        let again = "<form><input name=u><input type=password name=p></form>";
        for (answer, back, renewed, expected) in [
            (reply(302, &[("location", "/login?failed=1")], ""), true, false, refused.clone()),
            (reply(200, &[], again), false, true, refused.clone()),
            (reply(200, &[], "Wrong password"), true, false, refused),
            (reply(200, &[], "Last failed logon: never"), false, true, accepted.clone()),
            (reply(200, &[], "<h1>Live view</h1>"), true, false, accepted),
        ] {
            assert_eq!(form_ended(&answer, back, renewed), expected, "{answer:?}");
        }
        let on_and_on = form_ended(&reply(302, &[("location", "/b")], ""), false, true);
        assert!(matches!(on_and_on, Attempt::Unusable { .. }));
        let locked = form_ended(&reply(200, &[], "Account locked, wait 30 s"), true, false);
        assert_eq!(locked, Attempt::Limited { by: LimitedBy::Message, retry_after_s: Some(30) });
    }

    #[test]
    fn limits_are_told_from_refusals() {
        let too_many = |s| Some(Attempt::Limited { by: LimitedBy::TooMany, retry_after_s: s });
        assert_eq!(refusal(&reply(429, &[("retry-after", "30")], "")), too_many(Some(30)));
        assert_eq!(refusal(&reply(401, &[("retry-after", "5")], "")), too_many(Some(5)));
        assert_eq!(refusal(&reply(401, &[], "no")), Some(Attempt::Refused { after_ms: 7 }));
        assert!(matches!(refusal(&reply(404, &[], "")), Some(Attempt::Unusable { .. })));
        assert!(matches!(refusal(&reply(503, &[], "")), Some(Attempt::Unusable { .. })));
        assert_eq!(refusal(&reply(200, &[], "")), None);
    }
}
