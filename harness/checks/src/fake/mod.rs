//! DUTs for tests: a small camera that is good, weak, silent or absent, behind every way of touching that checks use.

mod boot;
mod camera;
mod case;
mod line;
mod network;

pub(crate) use camera::Dut;
pub(crate) use case::{Case, Secrets, Twin};

use serde_json::{Value, json};

/// `product.procedures` of the camera.
pub(crate) fn procedures() -> Value {
    let body = json!({"label_password": "{label_password}", "user": "{user}", "password": "{password}"});
    json!({
        "first_use": {"http": {"port": 8443, "path": "/api/setup", "json": body}},
        "factory_reset": {"http": {"port": 8443, "path": "/api/factory-reset", "json": {"label_password": "{label_password}"}}},
        "logon": {"http": {"port": 8443, "path": "/api/login", "json": {"user": "{user}", "password": "{password}"}}},
        "state": {"http": {"port": 8443, "method": "GET", "path": "/api/state"}},
    })
}

/// The endpoints of its mechanism for users.
pub(crate) fn endpoints() -> Value {
    json!([{"proto": "tcp", "port": 8443, "service": "https-json"}, {"proto": "tcp", "port": 2222, "service": "ssh"}])
}
