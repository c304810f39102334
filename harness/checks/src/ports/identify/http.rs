//! HTTP, plain or behind TLS.

use assay_model::{Endpoint, Fault, touch::http::HttpResponse};

use super::Asker;
use super::probe::{Identified, Logon};
use crate::http::{ask, page};

/// What answers to `GET /`, if HTTP answers. A refused TLS version counts as TLS without HTTP.
pub(super) async fn probe(asker: &Asker, endpoint: &Endpoint, tls: bool) -> Result<Option<Identified>, Fault> {
    let _turn = asker.turn().await;
    // A handshake on a small device takes a while longer than a banner.
    let wait = if tls { asker.wait * 3 } else { asker.wait };
    let answer = match ask::send_again(&asker.cx, ask::get(endpoint, tls, "/"), wait).await? {
        HttpResponse::Answer(answer) => answer,
        HttpResponse::Malformed { text } if tls && text.contains("alert") => {
            return Ok(Some(Identified { tls: true, ..Identified::service("tls") }));
        }
        _ => return Ok(None),
    };
    let schemes = page::auth_schemes(&answer);
    let logon = match schemes.first() {
        Some(scheme) if answer.status == 401 => Logon::password(scheme),
        _ => page::logon_form(&answer.body.lossy()).and_then(|_| Logon::password("form")),
    };
    let version = answer.header("server").map(|v| v.chars().filter(|c| !c.is_control()).take(100).collect());
    let banner = page::title(&answer.body.lossy());
    let service = if tls { "https" } else { "http" };
    Ok(Some(Identified { version, tls, banner, logon, ..Identified::service(service) }))
}
