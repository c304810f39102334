//! Which page or action answers a request.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap};
use hyper::{Method, Request, StatusCode};

use super::{api, form, pages, reply};
use crate::camera::body::Camera;
use crate::http_server::{self, BodyTrouble, Page};

pub(super) const COOKIE_NAME: &str = "session";

/// Answers one request.
pub(super) async fn answer(camera: &Arc<Camera>, request: Request<Incoming>) -> Page {
    let (head, incoming) = request.into_parts();
    let token = token(&head.headers);
    let path = head.uri.path();
    let allowed = match path {
        "/" => "GET, HEAD",
        "/setup" | "/login" => "GET, HEAD, POST",
        "/logout" | "/api/setup" | "/api/login" | "/api/logout" | "/api/password" | "/api/factory-reset" => "POST",
        "/api/state" => "GET, HEAD",
        "/api/settings" => "GET, HEAD, PUT",
        _ => return reply::error(StatusCode::NOT_FOUND, "not found"),
    };
    let method = if head.method == Method::HEAD { Method::GET } else { head.method };
    if !allowed.split(", ").any(|known| known == method.as_str()) {
        return reply::not_allowed(allowed);
    }
    if method == Method::GET {
        return match path {
            "/" => pages::home(camera, token.as_deref()),
            "/setup" => pages::setup_form(camera),
            "/login" => pages::login_form(camera),
            "/api/state" => api::state(camera),
            _ => api::settings(camera, token.as_deref()),
        };
    }

    let body = match http_server::body(incoming).await {
        Ok(body) => body,
        Err(BodyTrouble::TooLong) => return reply::error(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long"),
        Err(BodyTrouble::Broken) => return reply::error(StatusCode::BAD_REQUEST, "the body did not arrive"),
    };
    let action = match path {
        "/setup" => return form::set_up(camera, &body),
        "/login" => return form::log_on(camera, &body),
        "/logout" => return form::log_off(camera, token.as_deref()),
        "/api/setup" => api::set_up,
        "/api/login" => api::log_on,
        "/api/logout" => api::log_off,
        "/api/password" => api::change_password,
        "/api/factory-reset" => api::factory_reset,
        _ => api::change_settings,
    };
    // A form of a foreign page cannot send this type, so it cannot act with the owner's cookie.
    let json = head.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !json && !body.is_empty() {
        return reply::error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/json");
    }
    action(camera, token.as_deref(), &body)
}

/// The session token, from the header of an app or the cookie of a browser.
fn token(headers: &HeaderMap) -> Option<String> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let cookie = || {
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split("; "))
            .find_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                (name == COOKIE_NAME).then_some(value)
            })
    };
    bearer.or_else(cookie).map(str::to_owned)
}
