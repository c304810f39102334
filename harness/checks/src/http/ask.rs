//! Requests as checks make them: a path, a body, an answer or the reason why there is none.

use std::time::Duration;

use assay_model::{
    CheckContext, Deadline, Endpoint, Fault,
    touch::http::{HttpRequest, HttpResponse},
};

/// Bytes of a body that checks look at.
pub(crate) const BODY: u32 = 256 * 1024;

/// A `GET` without a body.
pub(crate) fn get(endpoint: &Endpoint, tls: bool, path: &str) -> HttpRequest {
    HttpRequest {
        endpoint: endpoint.clone(),
        tls,
        method: "GET".into(),
        path: path.to_owned(),
        headers: Vec::new(),
        body: Vec::new().into(),
        max_body: BODY,
    }
}

/// A `POST` of a body of that media type.
pub(crate) fn post(endpoint: &Endpoint, tls: bool, path: &str, media: &str, body: String) -> HttpRequest {
    HttpRequest {
        method: "POST".into(),
        headers: vec![("content-type".into(), media.to_owned())],
        body: body.into_bytes().into(),
        ..get(endpoint, tls, path)
    }
}

/// Sends one request.
pub(crate) async fn send(cx: &CheckContext, request: HttpRequest, until: Deadline) -> Result<HttpResponse, Fault> {
    cx.touches.http()?.call(request, until).await
}

/// Sends one request, and again where the connection was lost: one loss is a flaky line. Silence is not asked twice.
pub(crate) async fn send_again(cx: &CheckContext, request: HttpRequest, wait: Duration) -> Result<HttpResponse, Fault> {
    let mut answer = HttpResponse::Refused;
    for _ in 0..3 {
        let until = cx.deadline.capped(wait);
        answer = send(cx, request.clone(), until).await?;
        if !lost(&answer) || until.passed() {
            break;
        }
    }
    Ok(answer)
}

/// Whether the connection was lost rather than answered. A close inside a TLS handshake comes as `Malformed`, told by its text.
pub(crate) fn lost(answer: &HttpResponse) -> bool {
    match answer {
        HttpResponse::NoAnswer { .. } | HttpResponse::Refused => true,
        HttpResponse::Malformed { text } => text.contains("closed"),
        HttpResponse::Answer(_) => false,
    }
}

/// Whether HTTP behind TLS answers on this port.
pub(crate) async fn speaks_tls(cx: &CheckContext, endpoint: &Endpoint) -> Result<bool, Fault> {
    let answer = send_again(cx, get(endpoint, true, "/"), Duration::from_secs(5)).await?;
    Ok(matches!(answer, HttpResponse::Answer(_)))
}

/// `a=b&c=d`, percent-encoded.
pub(crate) fn form_body(fields: &[(String, String)]) -> String {
    fields.iter().map(|(k, v)| format!("{}={}", percent(k), percent(v))).collect::<Vec<_>>().join("&")
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => char::from(b).to_string(),
            b' ' => "+".to_owned(),
            b => format!("%{b:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_bodies_survive_every_character() {
        let fields = [("user".to_owned(), "a&b=c d".to_owned()), ("p".to_owned(), "é%".to_owned())];
        assert_eq!(form_body(&fields), "user=a%26b%3Dc+d&p=%C3%A9%25");
    }
}
