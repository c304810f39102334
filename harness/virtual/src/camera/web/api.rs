//! The JSON API.

use std::sync::Arc;

use hyper::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::reply;
use crate::camera::body::Camera;
use crate::camera::defect::Defect;
use crate::camera::settings::SettingsChange;
use crate::camera::state::{LogOn, Refused, State};
use crate::http_server::Page;

/// Public facts only: anyone on the network may ask. The firmware version is none of them.
pub(super) fn state(camera: &Camera) -> Page {
    let initialised = camera.state().initialised();
    let mut facts = json!({ "initialised": initialised, "model": camera.label.model, "api": 1 });
    if camera.is(Defect::HttpLeaksSerial) {
        facts["serial"] = camera.label.serial.as_str().into();
        facts["mac"] = camera.label.mac.as_str().into();
    }
    reply::json(StatusCode::OK, &facts)
}

#[derive(Deserialize)]
struct SetUp {
    label_password: String,
    user: String,
    /// Missing is the same as empty: both are refused by a camera without that defect.
    #[serde(default)]
    password: String,
}

pub(super) fn set_up(camera: &Arc<Camera>, _token: Option<&str>, body: &[u8]) -> Page {
    let Some(SetUp { label_password, user, password }) = parse(body) else { return malformed() };
    let result = camera.state().set_up(&label_password, &user, &password);
    match result {
        Ok(()) => reply::json(StatusCode::OK, &json!({ "initialised": true })),
        Err(refused) => refuse(refused),
    }
}

#[derive(Deserialize)]
struct Credentials {
    user: String,
    password: String,
}

pub(super) fn log_on(camera: &Arc<Camera>, _token: Option<&str>, body: &[u8]) -> Page {
    let Some(Credentials { user, password }) = parse(body) else { return malformed() };
    let mut state = camera.state();
    match state.log_on(&user, &password) {
        LogOn::Accepted => {
            let now = state.now();
            reply::json(StatusCode::OK, &json!({ "token": state.sessions.open(now) }))
        }
        LogOn::Locked { left } => refuse(Refused::Locked { left }),
        LogOn::NotSetUp => reply::error(StatusCode::UNAUTHORIZED, "not set up"),
        LogOn::Wrong { .. } => reply::error(StatusCode::UNAUTHORIZED, "wrong user or password"),
    }
}

pub(super) fn log_off(camera: &Arc<Camera>, token: Option<&str>, _body: &[u8]) -> Page {
    camera.state().sessions.close(token.unwrap_or_default());
    reply::json(StatusCode::OK, &json!({}))
}

pub(super) fn settings(camera: &Camera, token: Option<&str>) -> Page {
    let mut state = camera.state();
    if !authorised(&mut state, token) && !camera.is(Defect::HttpSettingsWithoutAuth) {
        return unauthorised();
    }
    reply::json(StatusCode::OK, &json!(state.settings))
}

pub(super) fn change_settings(camera: &Arc<Camera>, token: Option<&str>, body: &[u8]) -> Page {
    let mut state = camera.state();
    if !authorised(&mut state, token) && !camera.is(Defect::HttpSettingsWithoutAuth) {
        return unauthorised();
    }
    let Some(change) = parse::<SettingsChange>(body) else { return malformed() };
    if state.settings.apply(change) {
        reply::json(StatusCode::OK, &json!(state.settings))
    } else {
        reply::error(StatusCode::BAD_REQUEST, "a text is too long, or has control characters")
    }
}

#[derive(Deserialize)]
struct PasswordChange {
    current: String,
    password: String,
}

pub(super) fn change_password(camera: &Arc<Camera>, token: Option<&str>, body: &[u8]) -> Page {
    let mut state = camera.state();
    if !authorised(&mut state, token) {
        return unauthorised();
    }
    let Some(PasswordChange { current, password }) = parse(body) else { return malformed() };
    match state.change_password(&current, &password) {
        Ok(()) => reply::json(StatusCode::OK, &json!({})),
        Err(refused) => refuse(refused),
    }
}

#[derive(Deserialize)]
struct Reset {
    label_password: String,
}

/// By a logged-on owner, or by whoever holds the label, which is as good as the reset button.
pub(super) fn factory_reset(camera: &Arc<Camera>, token: Option<&str>, body: &[u8]) -> Page {
    let mut state = camera.state();
    if authorised(&mut state, token) {
        state.factory_reset();
    } else if body.is_empty() {
        return unauthorised();
    } else {
        let Some(Reset { label_password }) = parse(body) else { return malformed() };
        if let Err(refused) = state.reset_by_label(&label_password) {
            return refuse(refused);
        }
    }
    reply::json(StatusCode::OK, &json!({ "initialised": state.initialised() }))
}

fn authorised(state: &mut State, token: Option<&str>) -> bool {
    let now = state.now();
    token.is_some_and(|token| state.sessions.touch(token, now))
}

fn unauthorised() -> Page {
    reply::error(StatusCode::UNAUTHORIZED, "log on first")
}

fn refuse(refused: Refused) -> Page {
    let (status, message) = reply::refusal(refused);
    let page = reply::error(status, message);
    match refused {
        Refused::Locked { left } => reply::retry_after(page, left),
        _ => page,
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

/// What is wrong with the body is not repeated: it may hold a password.
fn malformed() -> Page {
    reply::error(StatusCode::BAD_REQUEST, "the body is not what this path takes")
}
