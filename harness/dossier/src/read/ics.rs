//! The conformance statement: a row for each provision.

use serde_json::Value;

use super::document::{Document, odd, value};
use super::recognise::{REFERENCE, column, heading, is_ics_heading};
use super::table::{Cell, Table};
use crate::ident;
use crate::place::Finding;
use crate::shape::Holds;

/// Headings under which reasons stand.
const DETAIL: &[&str] = &["detail", "details", "detailjustification", "justification"];

impl Document<'_> {
    pub(super) fn ics(&mut self, table: &Table, findings: &mut Vec<Finding>) {
        let Some(at) = heading(table, is_ics_heading) else {
            if table.exact && table.rows.iter().all(Vec::is_empty) {
                return self.state(&["ics"], &table.place);
            }
            let text = "no row has the headings `Reference` and `Support`";
            let help = "head the columns `Reference`, `Status`, `Support`, `Detail`, as the standard's pro forma does";
            findings.push(Finding::mistake("import::heading", &table.place, text, help));
            return;
        };
        let headings = &table.rows[at];
        let columns = (column(headings, REFERENCE), column(headings, &["status"]), column(headings, &["support"]));
        let detail = column(headings, DETAIL);
        self.state(&["ics"], &table.place);
        for row in &table.rows[at + 1..] {
            let cell = |column: Option<usize>| column.and_then(|c| row.get(c)).filter(|cell| !cell.is_empty());
            let Some(reference) = cell(columns.0) else {
                if let Some(lost) = cell(columns.2).or(cell(detail)) {
                    let help = "write the provision's number into its row";
                    findings.push(Finding::mistake("import::row", &lost.place, "this row names no provision", help));
                }
                continue;
            };
            let Some(id) = self.reference(reference, row, findings) else { continue };
            if let Some(status) = cell(columns.1) {
                self.status(&id, status, findings);
            }
            self.state(&["ics", &id], &reference.place);
            if let Some(support) = cell(columns.2)
                && let Some(value) = support_of(support, table.exact, findings)
            {
                self.put(&["ics", &id, "support"], value, &support.place, findings);
            }
            if let Some(detail) = cell(detail)
                && let Some(value) = value(detail, &Holds::Text, findings)
            {
                self.put(&["ics", &id, "detail"], value, &detail.place, findings);
            }
        }
    }

    /// The provision that a cell names; `None` for titles between rows, and where it names none.
    fn reference(&mut self, cell: &Cell, row: &[Cell], findings: &mut Vec<Finding>) -> Option<String> {
        let written = cell.text();
        let id = ident::provision(&written);
        if self.shape.provision(&id).is_some() {
            let bare = ident::bare(&written);
            let number = bare.strip_prefix("Provision").map_or(bare, str::trim_start);
            odd(cell, number, &id, findings);
            return Some(id);
        }
        if self.shape.foreign_provisions.contains(&id) {
            self.foreign(format!("provision {id}"), &cell.place);
        } else if row.iter().filter(|c| !c.is_empty()).count() > 1 {
            let text = format!("`{}` is no provision", written.trim());
            findings.push(Finding::mistake(
                "import::provision",
                &cell.place,
                text,
                "write its number as the standard does: `5.1-1`",
            ));
        }
        None
    }

    /// A status that is not the standard's is a sign of another edition, or a slip.
    fn status(&mut self, id: &str, cell: &Cell, findings: &mut Vec<Finding>) {
        let written = cell.text();
        let bare = ident::bare(&written);
        if bare.contains("F (") || bare.contains("F(") {
            return self.foreign("statuses with features, `F (a)`".into(), &cell.place);
        }
        if let Some(known) = self.shape.provision(id)
            && ident::letters(bare) != ident::letters(&known.status)
        {
            let text = format!(
                "the status of {id} is `{}`, and not `{bare}`; statuses are the standard's and were not taken",
                known.status
            );
            findings.push(Finding::note("import::status", &cell.place, text));
        }
    }
}

fn support_of(cell: &Cell, exact: bool, findings: &mut Vec<Finding>) -> Option<Value> {
    let value = value(cell, &Holds::Text, findings)?;
    let Value::String(text) = &value else { return Some(value) };
    if exact {
        return Some(value);
    }
    let word = ident::support(text);
    if word.is_none() {
        let said = format!("`{}` is none of Y, N and N/A", text.trim());
        let help = "say one of the three; what limits it belongs into the detail";
        findings.push(Finding::mistake("import::support", &cell.place, said, help));
    }
    word.map(Value::from)
}
