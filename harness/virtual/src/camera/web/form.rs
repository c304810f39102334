//! What the pages' forms post.

use std::collections::HashMap;
use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::{HeaderValue, SET_COOKIE};

use super::{pages, reply, route};
use crate::camera::body::Camera;
use crate::camera::state::{LogOn, Refused};
use crate::http_server::Page;

pub(super) fn set_up(camera: &Arc<Camera>, body: &[u8]) -> Page {
    let fields = decode(body);
    let field = |name| fields.get(name).map_or("", String::as_str);
    let result = camera.state().set_up(field("label_password"), field("user"), field("password"));
    match result {
        Ok(()) => reply::see_other("/login"),
        Err(refused) => {
            let (status, message) = reply::refusal(refused);
            let page = reply::html(status, pages::setup(message));
            match refused {
                Refused::Locked { left } => reply::retry_after(page, left),
                _ => page,
            }
        }
    }
}

pub(super) fn log_on(camera: &Arc<Camera>, body: &[u8]) -> Page {
    let fields = decode(body);
    let field = |name| fields.get(name).map_or("", String::as_str);
    let mut state = camera.state();
    match state.log_on(field("user"), field("password")) {
        LogOn::Accepted => {
            let now = state.now();
            let token = state.sessions.open(now);
            let mut page = reply::see_other("/");
            let cookie = format!("{}={token}; Path=/; Secure; HttpOnly; SameSite=Strict", route::COOKIE_NAME);
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                page.headers_mut().insert(SET_COOKIE, cookie);
            }
            page
        }
        LogOn::Locked { left } => {
            reply::retry_after(reply::html(StatusCode::TOO_MANY_REQUESTS, pages::login("Too many attempts.")), left)
        }
        LogOn::NotSetUp | LogOn::Wrong { .. } => {
            reply::html(StatusCode::UNAUTHORIZED, pages::login("Wrong user or password."))
        }
    }
}

pub(super) fn log_off(camera: &Arc<Camera>, token: Option<&str>) -> Page {
    camera.state().sessions.close(token.unwrap_or_default());
    reply::see_other("/login")
}

/// `application/x-www-form-urlencoded`; of two fields of a name the last counts.
fn decode(body: &[u8]) -> HashMap<String, String> {
    body.split(|byte| *byte == b'&')
        .filter_map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=')?;
            Some((decode_text(&pair[..at]), decode_text(&pair[at + 1..])))
        })
        .collect()
}

fn decode_text(encoded: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let [first, tail @ ..] = rest {
        rest = tail;
        let byte = match (first, tail) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) => match (hex_digit(*high), hex_digit(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high << 4 | low
                }
                _ => b'%',
            },
            (other, _) => *other,
        };
        bytes.push(byte);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_decode_and_broken_ones_do_no_harm() {
        let fields = decode(b"user=admin&password=a%2Bb+c%&x=%zz&=&broken");
        assert_eq!(fields["user"], "admin");
        assert_eq!(fields["password"], "a+b c%");
        assert_eq!(fields["x"], "%zz");
        assert!(!fields.contains_key("broken"));
    }
}
