//! The matrix: test groups by samples.

use assay_model::Verdict;
use assay_model::results::Results;

use askama::Template;

use super::{Built, Section, Source};
use crate::entry::{Entry, Scope, catalogue, group};
use crate::html::unit::{Badge, UnitView};

/// Units that are linked in one row; more are only counted.
const LINKS: usize = 12;

#[derive(Template)]
#[template(path = "section/matrix.html")]
struct Body {
    matrix: Matrix,
}

struct Matrix {
    samples: Vec<String>,
    rows: Vec<Row>,
}

struct Row {
    catalogue: String,
    group: String,
    provision: String,
    /// Anchor and id.
    units: Vec<(String, String)>,
    more_units: usize,
    /// Per sample, then over all samples at once.
    cells: Vec<Option<Badge>>,
    all: Badge,
    /// Raw verdicts behind the cells.
    folds: Vec<Option<Verdict>>,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    Section::of("matrix", "Matrix", &Body { matrix: build(source.results, source.units) })
}

fn build(results: &Results, views: &[UnitView]) -> Matrix {
    let samples: Vec<String> = results.samples.iter().map(|s| s.id.clone()).collect();
    let mut rows: Vec<Row> = Vec::new();
    for ((id, unit), view) in results.units.iter().zip(views) {
        let (catalogue, group) = (catalogue(unit), group(unit));
        let at = rows.iter().position(|r| r.group == group && r.catalogue == catalogue).unwrap_or_else(|| {
            rows.push(Row {
                catalogue,
                group: group.to_owned(),
                provision: unit.provision.clone(),
                units: Vec::new(),
                more_units: 0,
                cells: Vec::new(),
                all: Badge::of(unit.effective()),
                folds: vec![None; samples.len() + 1],
            });
            rows.len() - 1
        });
        let row = &mut rows[at];
        row.all = Badge::of(row.all.verdict.worse(unit.effective()));
        if row.units.len() < LINKS {
            row.units.push((view.anchor.clone(), id.clone()));
        } else {
            row.more_units += 1;
        }
        for entry in Entry::of(id, unit) {
            let column = match entry.scope {
                Scope::Sample(name) => samples.iter().position(|s| s == name),
                Scope::All => Some(samples.len()),
                Scope::Unit => None,
            };
            if let Some(fold) = column.and_then(|c| row.folds.get_mut(c)) {
                *fold = Some(fold.map_or(entry.verdict, |v| v.worse(entry.verdict)));
            }
        }
    }
    for row in &mut rows {
        row.cells = row.folds.iter().map(|v| v.map(Badge::of)).collect();
    }
    Matrix { samples, rows }
}
