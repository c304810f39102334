//! Pages for people. No script, no style, nothing from elsewhere; nothing typed by a visitor comes back but settings.

use hyper::StatusCode;

use super::reply;
use crate::camera::body::Camera;
use crate::http_server::Page;

/// Settings for who is logged on; others are shown the way.
pub(super) fn home(camera: &Camera, token: Option<&str>) -> Page {
    let mut state = camera.state();
    if !state.initialised() {
        return reply::see_other("/setup");
    }
    let now = state.now();
    if !token.is_some_and(|token| state.sessions.touch(token, now)) {
        return reply::see_other("/login");
    }
    let settings = &state.settings;
    let body = format!(
        "<h1>{}</h1>\n<dl><dt>Time zone</dt><dd>{}</dd><dt>Recording</dt><dd>{}</dd></dl>\n\
         <form method=\"post\" action=\"/logout\"><button>Log off</button></form>",
        escape(&settings.name),
        escape(&settings.timezone),
        if settings.recording { "on" } else { "off" },
    );
    reply::html(StatusCode::OK, page("Camera", &body))
}

pub(super) fn setup_form(camera: &Camera) -> Page {
    if camera.state().initialised() { reply::see_other("/login") } else { reply::html(StatusCode::OK, setup("")) }
}

pub(super) fn login_form(camera: &Camera) -> Page {
    if camera.state().initialised() { reply::html(StatusCode::OK, login("")) } else { reply::see_other("/setup") }
}

pub(super) fn setup(message: &str) -> String {
    page(
        "Set up your camera",
        &form(
            "/setup",
            message,
            &[
                ("label_password", "password", "Password on the label"),
                ("user", "text", "User"),
                ("password", "password", "New password, at least 8 characters"),
            ],
            "Set up",
        ),
    )
}

pub(super) fn login(message: &str) -> String {
    page(
        "Log on",
        &form("/login", message, &[("user", "text", "User"), ("password", "password", "Password")], "Log on"),
    )
}

/// `fields`: name, type, label.
fn form(action: &str, message: &str, fields: &[(&str, &str, &str)], button: &str) -> String {
    let mut html = format!("<form method=\"post\" action=\"{action}\">\n");
    if !message.is_empty() {
        html.push_str(&format!("<p role=\"alert\">{}</p>\n", escape(message)));
    }
    for (name, kind, label) in fields {
        let value = if *name == "user" { " value=\"admin\"" } else { "" };
        html.push_str(&format!("<p><label>{label} <input name=\"{name}\" type=\"{kind}\"{value}></label></p>\n"));
    }
    html.push_str(&format!("<p><button>{button}</button></p>\n</form>"));
    html
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>C1: {title}</title></head>\n<body>\n{body}\n</body>\n</html>\n"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_setting_stays_text() {
        assert_eq!(escape("<script>'\"&"), "&lt;script&gt;&#39;&quot;&amp;");
    }
}
