//! Answers with the headers that every answer carries.

use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::json;

use crate::camera::state::Refused;
use crate::http_server::Page;

const SECURITY_HEADERS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

fn reply(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Page {
    let mut page = Response::new(Full::new(body.into()));
    *page.status_mut() = status;
    let headers = page.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    for (name, value) in SECURITY_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    page
}

pub(super) fn text(status: StatusCode, body: &'static str) -> Page {
    reply(status, "text/plain; charset=utf-8", body)
}

pub(super) fn html(status: StatusCode, body: String) -> Page {
    reply(status, "text/html; charset=utf-8", body)
}

pub(super) fn xml(status: StatusCode, body: String) -> Page {
    reply(status, "text/xml; charset=utf-8", body)
}

pub(super) fn json(status: StatusCode, body: &serde_json::Value) -> Page {
    reply(status, "application/json", body.to_string())
}

pub(super) fn error(status: StatusCode, message: &str) -> Page {
    json(status, &json!({ "error": message }))
}

pub(super) fn see_other(path: &'static str) -> Page {
    let mut page = text(StatusCode::SEE_OTHER, "");
    page.headers_mut().insert(header::LOCATION, HeaderValue::from_static(path));
    page
}

pub(super) fn not_allowed(allowed: &'static str) -> Page {
    let mut page = error(StatusCode::METHOD_NOT_ALLOWED, "method not allowed");
    page.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    page
}

/// Says when to come back, in whole seconds rounded up.
pub(super) fn retry_after(mut page: Page, left: Duration) -> Page {
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    page
}

/// Status and words of a refusal.
pub(super) fn refusal(refused: Refused) -> (StatusCode, &'static str) {
    match refused {
        Refused::AlreadySetUp => (StatusCode::CONFLICT, "already set up"),
        Refused::WrongPassword => (StatusCode::UNAUTHORIZED, "wrong password"),
        Refused::UnknownUser => (StatusCode::BAD_REQUEST, "the only user is admin"),
        Refused::TooShort => (StatusCode::BAD_REQUEST, "the password needs at least 8 characters"),
        Refused::TooLong => (StatusCode::BAD_REQUEST, "the password is too long"),
        Refused::Locked { .. } => (StatusCode::TOO_MANY_REQUESTS, "too many attempts"),
    }
}
