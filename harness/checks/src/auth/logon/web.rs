//! Logon over HTTP: a JSON call, an HTML form, Basic.

use assay_model::{
    CheckContext, Deadline, Fault,
    touch::http::{HttpAnswer, HttpRequest, HttpResponse},
};
use serde_json::{Value, json};

use super::{Attempt, LimitedBy, Mechanism, digest::Challenge, words};
use crate::http::{ask, page};

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
    let path = if form.action.starts_with('/') { form.action.as_str() } else { at.path.as_str() };
    let mut request = ask::post(endpoint, at.tls, path, "application/x-www-form-urlencoded", ask::form_body(&fields));
    let cookies: Vec<&str> = cookies(&shown).collect();
    if !cookies.is_empty() {
        request.headers.push(("cookie".into(), cookies.join("; ")));
    }
    let answer = match answer(cx, request, until).await? {
        Ok(answer) => answer,
        Err(ended) => return Ok(ended),
    };
    Ok(refusal(&answer).unwrap_or_else(|| form_ended(&answer, &at.path)))
}

/// A redirect back to the form, the form again or words of refusal mean no; everything else below 400 means yes.
fn form_ended(answer: &HttpAnswer, path: &str) -> Attempt {
    let body = answer.body.lossy();
    let back = answer.header("location").is_some_and(|l| l.contains(path));
    let says_no = answer.status < 300 && cookies(answer).next().is_none() && words::REFUSAL.is_match(&body);
    let refused = Attempt::Refused { after_ms: answer.duration_ms };
    if words::LOCKOUT.is_match(&body) {
        Attempt::Limited { by: LimitedBy::Message, retry_after_s: words::seconds(&body) }
    } else if back || page::logon_form(&body).is_some() || says_no {
        refused
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
        for (answer, expected) in [
            (reply(302, &[("location", "/login?failed=1")], ""), refused.clone()),
            (reply(200, &[], again), refused.clone()),
            (reply(200, &[], "Wrong password"), refused),
            (reply(302, &[("location", "/"), ("set-cookie", "s=1")], ""), accepted.clone()),
            (reply(200, &[("set-cookie", "s=1")], "<h1>Live view</h1>"), accepted),
        ] {
            assert_eq!(form_ended(&answer, "/login"), expected, "{answer:?}");
        }
        let locked = form_ended(&reply(200, &[], "Account locked, wait 30 s"), "/login");
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
