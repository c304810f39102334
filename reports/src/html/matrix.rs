//! The matrix: test groups by samples.

use assay_model::Verdict;
use assay_model::results::Results;

use super::unit::{Badge, anchors};
use crate::entry::{Entry, Scope, catalogue, group};

/// Units that are linked in one row; more are only counted.
const LINKS: usize = 12;

pub(super) struct Matrix {
    pub(super) samples: Vec<String>,
    pub(super) rows: Vec<Row>,
}

pub(super) struct Row {
    catalogue: String,
    pub(super) group: String,
    pub(super) provision: String,
    /// Anchor and id.
    pub(super) units: Vec<(String, String)>,
    pub(super) more_units: usize,
    /// Per sample, then over all samples at once.
    pub(super) cells: Vec<Option<Badge>>,
    pub(super) all: Badge,
    /// Raw verdicts behind the cells.
    folds: Vec<Option<Verdict>>,
}

pub(super) fn build(results: &Results) -> Matrix {
    let samples: Vec<String> = results.samples.iter().map(|s| s.id.clone()).collect();
    let anchors = anchors(results);
    let mut rows: Vec<Row> = Vec::new();
    for ((id, unit), anchor) in results.units.iter().zip(anchors) {
        let (catalogue, group) = (catalogue(unit), group(unit));
        let at = rows.iter().position(|r| r.group == group && r.catalogue == catalogue).unwrap_or_else(|| {
            rows.push(Row {
                catalogue,
                group: group.to_owned(),
                provision: unit.provision.clone(),
                units: Vec::new(),
                more_units: 0,
                cells: Vec::new(),
                all: Badge::of(unit.verdict),
                folds: vec![None; samples.len() + 1],
            });
            rows.len() - 1
        });
        let row = &mut rows[at];
        row.all = Badge::of(row.all.verdict.worse(unit.verdict));
        if row.units.len() < LINKS {
            row.units.push((anchor, id.clone()));
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
