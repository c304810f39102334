//! What the law asks of one role, after this run.

use askama::Template;
use assay_model::Verdict;
use assay_model::results::Results;

use super::{Built, Section, Source};
use crate::law::{LAW, Law, Retention, Role, RoleFacts, effective, parse_day, years_later};

#[derive(Template)]
#[template(path = "section/duties.html")]
struct Body<'a> {
    role: Role,
    facts: RoleFacts,
    retention: Retention,
    /// Last day of keeping the statement; empty where it cannot be computed.
    keep_statement: String,
    authority: String,
    failed: Vec<(&'a String, &'a str)>,
}

/// Only where a role was asked for and the record carries the law.
pub(super) fn section(source: &Source<'_>) -> Built {
    let (Some(role), Some(law)) = (source.role, Law::of(source.results)) else { return Ok(None) };
    let retention = law.retention(role);
    let body = Body {
        role,
        facts: law.role(role),
        keep_statement: keep(source.results, &retention),
        retention,
        authority: law.authority.name.clone(),
        failed: failed_items(source.results),
    };
    let title = match role {
        Role::Manufacturer => "Duties of the manufacturer",
        Role::Importer => "Duties of the importer",
        Role::Distributor => "Duties of the distributor",
    };
    Section::of("duties", title, &body)
}

/// The later of the years from issue and the end of support, as the dossier has both.
fn keep(results: &Results, retention: &Retention) -> String {
    let statement = results.product.get("statement");
    let day = |pointer: &str| statement.and_then(|s| s.pointer(pointer)?.as_str()).and_then(parse_day);
    match (retention.years, day("/date_of_issue"), day("/defined_support_period/end")) {
        (Some(years), Some(issued), Some(end)) => years_later(issued, years).max(end).to_string(),
        _ => String::new(),
    }
}

fn failed_items(results: &Results) -> Vec<(&String, &str)> {
    let items = results.units.iter().filter(|(id, u)| u.catalogue == LAW && *id != "PSTI-1.X1");
    items.filter(|(_, u)| effective(u) == Verdict::Fail).map(|(id, u)| (id, u.title.as_str())).collect()
}
