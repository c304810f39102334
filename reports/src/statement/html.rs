//! The statement as a page.

use askama::Template;

use super::draw::Statement;
use crate::law::NO_ADVICE;
use crate::{ReportError, paper};

#[derive(Template)]
#[template(path = "statement.html")]
struct Page<'a> {
    policy: String,
    style: &'a str,
    statement: &'a Statement,
    declaration: &'static str,
    advice: &'static str,
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
    paper::render(&Page { policy: paper::policy(), style: paper::STYLE, statement, declaration, advice: NO_ADVICE })
}
