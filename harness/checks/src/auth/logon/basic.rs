//! The header of HTTP's Basic logon, which RTSP shares (RFC 7617).

use assay_model::CheckContext;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// `Basic` and the pair, which is a secret from here on.
pub(crate) fn authorization(cx: &CheckContext, user: &str, password: &str) -> String {
    let pair = STANDARD.encode(format!("{user}:{password}"));
    cx.secrets.register("authorization", &pair);
    format!("Basic {pair}")
}
