//! Status and sign-off: where the report stands, who reviewed and who issued it, and what it replaces.

use askama::Template;
use assay_model::report::{ReportState, SignOff};

use super::{Built, Section, Source};
use crate::html::value::moment;

#[derive(Template)]
#[template(path = "section/issue.html")]
struct Body<'a> {
    report: &'a ReportState,
    number: &'a str,
    issued: String,
    signed: Vec<Signed<'a>>,
}

struct Signed<'a> {
    by: &'a SignOff,
    /// The full name, where the lab's register has it.
    name: &'a str,
    at: String,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    let results = source.results;
    let report = &results.report;
    if report.revision == 0 {
        return Ok(None); // a draft, which the head of the page says
    }
    let people = results.lab.as_ref().map_or(&[][..], |lab| &lab.people);
    let name = |id: &str| people.iter().find(|p| p.id == id).map_or("", |p| p.name.as_str());
    let signed = report.reviewed_by.iter().chain(&report.authorised_by);
    let body = Body {
        report,
        number: results.report_number(),
        issued: report.issued_at.as_deref().map(moment).unwrap_or_default(),
        signed: signed.map(|by| Signed { by, name: name(&by.id), at: moment(&by.at) }).collect(),
    };
    Section::of("issue", "Status and sign-off", &body)
}
