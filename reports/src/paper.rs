//! The frame of documents that stand by themselves: one style, no script, nothing fetched.

use askama::Template;
use base64::Engine as _;
use sha2::{Digest, Sha256};

use crate::ReportError;
use crate::visible::visible;

/// The style of them all.
pub(crate) const STYLE: &str = include_str!("paper.css");

/// The content policy that lets [`STYLE`] in and nothing else.
pub(crate) fn policy() -> String {
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}

/// The page's bytes, with everything hidden in its text made visible.
pub(crate) fn render(page: &impl Template) -> Result<Vec<u8>, ReportError> {
    let html = page.render().map_err(|e| ReportError::Html(e.to_string()))?;
    Ok(visible(&html).into_owned().into_bytes())
}
