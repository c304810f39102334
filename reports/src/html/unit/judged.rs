//! Expectations and controls of a unit as one table: a row each, a column per sample.

use assay_model::results::{ControlResult, ExpectationResult, SampleResult};

use crate::entry::Entry;
use crate::html::value::{self, cap, cap_at};

/// Bytes of what was seen where something did not hold; findings have it in full.
const SEEN: usize = 400;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::html) enum Kind {
    Control,
    Expectation,
}

pub(in crate::html) struct Judged {
    pub(in crate::html) kind: Kind,
    /// `alive, before`; empty for expectations.
    pub(in crate::html) name: String,
    /// The CEL expression.
    pub(in crate::html) that: String,
    pub(in crate::html) why: String,
    /// Word and class per column; none where the row was not judged there.
    pub(in crate::html) cells: Vec<Option<(&'static str, &'static str)>>,
    /// What was seen where it did not hold: column and text, equal texts once.
    pub(in crate::html) seen: Vec<(String, String)>,
}

impl Judged {
    pub(in crate::html) fn label(&self) -> String {
        match self.kind {
            Kind::Control => format!("Control {}", self.name),
            Kind::Expectation => "Expectation".into(),
        }
    }
}

pub(super) fn build(entries: &[Entry<'_>], names: &[String]) -> Vec<Judged> {
    let mut rows = Vec::new();
    for (column, (entry, name)) in entries.iter().zip(names).enumerate() {
        let Some(result) = entry.result else { continue };
        let mut place = Place { rows: &mut rows, columns: names.len(), column, name, seen: Vec::new() };
        before_and_after(result, &mut place);
    }
    rows
}

/// In the order of the run: controls before, expectations, controls after.
fn before_and_after(result: &SampleResult, place: &mut Place<'_>) {
    let (before, after): (Vec<_>, Vec<_>) = result.controls.iter().partition(|c| c.when != "after");
    before.into_iter().for_each(|c| place.control(c));
    result.expectations.iter().for_each(|e| place.expectation(e));
    after.into_iter().for_each(|c| place.control(c));
}

/// Where the next judgement of one column goes.
struct Place<'a> {
    rows: &'a mut Vec<Judged>,
    columns: usize,
    column: usize,
    name: &'a str,
    /// Rows that this column has filled: an expectation judged once per row of a table stands several times.
    seen: Vec<usize>,
}

impl Place<'_> {
    fn control(&mut self, c: &ControlResult) {
        let cell = match c.held {
            Some(true) => ("held", "pass"),
            Some(false) => ("did not hold", "fail"),
            None => ("did not run", "error"),
        };
        let name = format!("{}, {}", c.name, c.when);
        self.put(Kind::Control, name, &c.expect, "", cell, c.text.as_deref().unwrap_or_default());
    }

    fn expectation(&mut self, e: &ExpectationResult) {
        let cell = match e.result {
            Some(true) => ("held", "pass"),
            Some(false) if e.level == "may" => ("did not hold (optional)", "not-run"),
            Some(false) => ("did not hold", "fail"),
            None => ("not judged", "inconclusive"),
        };
        let shown = e.show.as_ref().map(value::compact);
        let seen = shown.as_deref().or(e.error.as_deref()).unwrap_or_default();
        self.put(Kind::Expectation, String::new(), &e.that, e.why.as_deref().unwrap_or_default(), cell, seen);
    }

    fn put(&mut self, kind: Kind, name: String, that: &str, why: &str, cell: (&'static str, &'static str), seen: &str) {
        let that = cap(that);
        let fits = |(n, row): &(usize, &Judged)| {
            row.kind == kind && row.name == name && row.that == that && !self.seen.contains(n)
        };
        let at = self.rows.iter().enumerate().find(fits).map(|(n, _)| n).unwrap_or_else(|| {
            let cells = vec![None; self.columns];
            self.rows.push(Judged { kind, name, that, why: cap(why), cells, seen: Vec::new() });
            self.rows.len() - 1
        });
        self.seen.push(at);
        let row = &mut self.rows[at];
        row.cells[self.column] = Some(cell);
        if seen.is_empty() || cell.0 == "held" {
            return;
        }
        let seen = cap_at(seen, SEEN);
        match row.seen.iter_mut().find(|(_, text)| *text == seen) {
            Some((columns, _)) => *columns = format!("{columns}, {}", self.name),
            None => row.seen.push((self.name.to_owned(), seen)),
        }
    }
}
