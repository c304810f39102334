//! The sections of the page, in their order. A section is a file here, a template beside it, and a line in [`ALL`].

mod accepted;
mod baseline;
mod controls;
mod coverage;
mod deviations;
mod duties;
mod editions;
mod equipment;
pub(super) mod evidence;
mod findings;
mod integrity;
mod inventory;
mod issue;
mod laboratory;
mod matrix;
mod network;
mod operator;
mod policy;
mod provisions;
mod regimes;
mod scope;
mod scorecard;
mod serial;
mod timeline;
mod to_do;
mod units;
mod verdict;
mod ways;

use askama::Template;
use assay_model::results::Results;

use super::detail::Detail;
use super::unit::UnitView;
use crate::ReportError;
use crate::law::Role;
use crate::trace::Trace;

/// What a section is made from.
pub(super) struct Source<'a> {
    pub(super) results: &'a Results,
    /// What the folder of the run adds; empty where only the results are at hand.
    pub(super) trace: &'a Trace,
    /// Every unit as the page shows it, in the order of the plan.
    pub(super) units: &'a [UnitView],
    /// Whose duties are asked for.
    pub(super) role: Option<Role>,
    /// How much may be written out.
    pub(super) detail: Detail,
}

/// A section: the page gives it its frame, heading and entry in the contents.
pub(super) struct Section {
    /// Its anchor.
    pub(super) id: &'static str,
    /// Its heading.
    pub(super) title: &'static str,
    /// How many things are in it, beside the entry in the contents.
    pub(super) count: Option<usize>,
    /// HTML: what its template escaped.
    pub(super) body: String,
}

impl Section {
    pub(super) fn of(id: &'static str, title: &'static str, template: &impl Template) -> Built {
        let body = template.render().map_err(|e| ReportError::Html(e.to_string()))?;
        Ok(Some(Self { id, title, count: None, body }))
    }

    pub(super) fn counted(id: &'static str, title: &'static str, count: usize, template: &impl Template) -> Built {
        Ok(Self::of(id, title, template)?.map(|section| Self { count: Some(count), ..section }))
    }
}

/// A section, or none where the record has nothing for it.
pub(super) type Built = Result<Option<Section>, ReportError>;

/// All sections, in the order of the page: the verdict and what it rests on first, findings before all else.
const ALL: [fn(&Source<'_>) -> Built; 28] = [
    verdict::section,
    issue::section,
    scorecard::section,
    duties::section,
    scope::section,
    laboratory::section,
    ways::section,
    coverage::section,
    to_do::section,
    provisions::section,
    matrix::section,
    findings::section,
    baseline::section,
    inventory::section,
    timeline::section,
    units::section,
    serial::section,
    network::section,
    operator::section,
    accepted::section,
    controls::section,
    deviations::section,
    equipment::section,
    policy::section,
    regimes::section,
    editions::section,
    evidence::section,
    integrity::section,
];

/// Builds them.
pub(super) fn build(source: &Source<'_>) -> Result<Vec<Section>, ReportError> {
    ALL.iter().filter_map(|section| section(source).transpose()).collect()
}
