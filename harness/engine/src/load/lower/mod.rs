//! Lowering by hand: from the spanned tree to typed values, collecting every mistake on the way.

pub(crate) mod answers;
pub(crate) mod bench;
pub(crate) mod catalogue;
mod claims;
mod dates;
pub(crate) mod documents;
pub(crate) mod expect;
pub(crate) mod expression;
pub(crate) mod external;
pub(crate) mod fields;
pub(crate) mod inventory;
pub(crate) mod ixit;
pub(crate) mod lab;
pub(crate) mod over;
pub(crate) mod params;
pub(crate) mod plan;
pub(crate) mod product;
pub(crate) mod rule;
pub(crate) mod scope;
pub(crate) mod statement;
pub(crate) mod step;
pub(crate) mod suite;
pub(crate) mod unit;
pub(crate) mod waivers;
pub(crate) mod with;

use std::cell::RefCell;

use assay_model::Diagnostic;

/// Where mistakes are collected.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(RefCell<Vec<Diagnostic>>);

impl Mistakes {
    pub(crate) fn add(&self, diagnostic: Diagnostic) {
        self.0.borrow_mut().push(diagnostic);
    }

    pub(crate) fn extend(&self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        self.0.borrow_mut().extend(diagnostics);
    }

    /// All of them, in the order of their files' reading and of their places there; each once.
    pub(crate) fn take(&self) -> Vec<Diagnostic> {
        let mut files: Vec<std::path::PathBuf> = Vec::new();
        let mut all = std::mem::take(&mut *self.0.borrow_mut());
        for path in all.iter().filter_map(|d| d.span.as_ref()).map(|s| &s.file.path) {
            if !files.contains(path) {
                files.push(path.clone());
            }
        }
        all.sort_by_key(|d| d.span.as_ref().map(|s| (files.iter().position(|f| *f == s.file.path), s.bytes.start)));
        // The same mistake met twice stands at the same place, so its twin is near.
        let mut seen: Vec<Diagnostic> = Vec::new();
        for diagnostic in all {
            let here = seen.iter().rev().take_while(|d| d.span == diagnostic.span);
            if !here.into_iter().any(|d| *d == diagnostic) {
                seen.push(diagnostic);
            }
        }
        seen
    }
}

/// The keys of each kind of mapping, for the schemas that editors read.
pub(crate) mod keys {
    pub(crate) use super::answers::{ANSWER_KEYS, ANSWERS, KEYS as ANSWERS_FILE};
    pub(crate) use super::bench::{DUT_KEYS, EQUIPMENT, KEYS as BENCH, LIMITS};
    pub(crate) use super::documents::{
        DECLARATIONS, DOCUMENTS, EXTENSION, HISTORY, PARTY as MAKER, ROUTE_WORDS, ROUTES, STATEMENT,
    };
    pub(crate) use super::expect::KEYS as EXPECTATION;
    pub(crate) use super::external::KEYS as EXTERNAL;
    pub(crate) use super::inventory::KEYS as INVENTORY;
    pub(crate) use super::ixit::{PROTOCOLS, TABLES};
    pub(crate) use super::lab::{
        ENVIRONMENT, ITEM, KEYS as LAB_FILE, LAB, OVERDUE, PARTY, PERSON, ROLES, RULE, SAMPLING,
    };
    pub(crate) use super::over::KEYS as OVER;
    pub(crate) use super::params::{KEYS as PARAM, TYPES as PARAM_TYPES};
    pub(crate) use super::plan::KEYS as PLAN;
    pub(crate) use super::product::{KEYS as PRODUCT, PROCEDURES, SAMPLE_KEYS, SECRETS};
    pub(crate) use super::statement::{
        EXTRA as STATEMENT_EXTRA, Kind as StatementKind, PARTY as STATEMENT_PARTY, PERIOD, Rules as StatementRules,
        STANDARD,
    };
    pub(crate) use super::step::{ASK_KEYS, CONTROL_ONLY, EVIDENCE, KEYS as STEP};
    pub(crate) use super::suite::KEYS as SUITE;
    pub(crate) use super::unit::{KEYS as UNIT, NEEDS};
    pub(crate) use super::waivers::{ENTRY as WAIVER, KEYS as WAIVERS, SCOPE as WAIVER_SCOPE};
}
