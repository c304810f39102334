//! The page: puts the sections together, hashes its own style and script, and keeps to its size.

use askama::Template;
use assay_model::results::Results;
use base64::Engine as _;
use sha2::{Digest, Sha256};

use super::detail::Detail;
use super::section::{self, Section, Source};
use super::unit;
use crate::ReportError;
use crate::law::Role;
use crate::trace::Trace;
use crate::visible::{visible, visible_line};

/// Bytes that a page should not exceed.
const BUDGET: usize = 2_000_000;

const SCRIPT: &str = include_str!("report.js");
const STYLE: &str = include_str!("report.css");
/// Of the sections about the law and what the run says beyond its own verdicts.
const LAW_STYLE: &str = include_str!("law.css");

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    policy: String,
    style: &'a str,
    script: &'a str,
    results: &'a Results,
    product: String,
    sections: Vec<Section>,
}

/// Renders report.html.
pub(crate) fn render(results: &Results, trace: &Trace, role: Option<Role>) -> Result<Vec<u8>, ReportError> {
    let mut page = String::new();
    let most = Detail::for_units(results.units.len());
    for detail in Detail::ALL.into_iter().filter(|detail| *detail <= most) {
        page = render_with(results, trace, role, detail)?;
        if page.len() <= BUDGET {
            break;
        }
    }
    Ok(page.into_bytes())
}

fn render_with(results: &Results, trace: &Trace, role: Option<Role>, detail: Detail) -> Result<String, ReportError> {
    // Margin boxes of printed pages can only say what the style sheet says.
    let plain = |c: &char| c.is_ascii_alphanumeric() || "._-/".contains(*c);
    let number: String = results.report_number().chars().filter(plain).collect();
    let number = format!("{number}, revision {}, {}", results.report.revision, results.report.status.word());
    let style = [STYLE, LAW_STYLE].concat().replace("REPORT-NUMBER", &number);
    let units = unit::build(results, detail);
    let page = Page {
        policy: policy(&style),
        style: &style,
        script: SCRIPT,
        results,
        product: product(results),
        sections: section::build(&Source { results, trace, units: &units, role, detail })?,
    };
    let html = page.render().map_err(|e| ReportError::Html(e.to_string()))?;
    Ok(visible(&html).into_owned()) // last, over everything, so that no field can be forgotten
}

/// One policy, semicolons only. The hashes are of the very bytes between the tags.
fn policy(style: &str) -> String {
    let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(style),
        hash(SCRIPT)
    )
}

fn product(results: &Results) -> String {
    match results.product.get("name").and_then(|v| v.as_str()) {
        Some(name) => visible_line(name),
        None => "Unnamed product".into(),
    }
}
