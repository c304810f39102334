//! The statement as a page.

use askama::Template;
use base64::Engine as _;
use sha2::{Digest, Sha256};

use super::draw::Statement;
use crate::ReportError;
use crate::visible::visible;

const STYLE: &str = include_str!("statement.css");

#[derive(Template)]
#[template(path = "statement.html")]
struct Page<'a> {
    policy: String,
    style: &'a str,
    statement: &'a Statement,
    declaration: &'static str,
}

pub(super) fn render(statement: &Statement) -> Result<Vec<u8>, ReportError> {
    let declaration = match statement.fields.compliance_declaration.as_str() {
        "complied_with_schedule_1" => {
            "In the opinion of the manufacturer, the security requirements of Schedule 1 that apply to the product are complied with."
        }
        "deemed_compliance_conditions_met" => {
            "In the opinion of the manufacturer, conditions under which compliance with the security requirements is deemed are met."
        }
        _ => "Nothing is declared by this draft.",
    };
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    let page = Page { policy, style: STYLE, statement, declaration };
    let html = page.render().map_err(|e| ReportError::Html(e.to_string()))?;
    Ok(visible(&html).into_owned().into_bytes())
}
