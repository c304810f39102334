//! Every report there is, in one list.

use assay_model::results::Results;

use crate::consumer::{self, Sheet};
use crate::failure_record::{self, FailureRecord};
use crate::statement::{self, Statement};
use crate::trace::Trace;
use crate::{Reader, Role, csv, cyclonedx, html, junit, oscal, sarif, summary, survey};

/// A way of writing results down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// report.html: the page for an assessor.
    Html,
    /// junit.xml for continuous integration.
    Junit,
    /// The same with properties on each case, which Jenkins' schema refuses and other readers show.
    JunitRich,
    /// results/results.json: the whole result tree, which all others are rendered from.
    Json,
    /// summary.json for scripts.
    Summary,
    /// One row per unit and sample, safe to open in a spreadsheet.
    Csv,
    /// SARIF 2.1.0.
    Sarif,
    /// OSCAL assessment-results.
    Oscal,
    /// CycloneDX 1.6: the components that firmware images showed.
    Cyclonedx,
    /// The statement of compliance, or a draft of it.
    Statement,
    /// Record of an investigation, and of a failure where one was found.
    FailureRecord,
    /// One page for buyers.
    Consumer,
    /// Products by items, to sort and to filter: the page of a survey.
    Survey,
}

/// A report that could not be written. The pack is sealed without it only if the caller says so.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The page template failed.
    #[error("the HTML page could not be rendered: {0}; this is a fault in Assay, please report it")]
    Html(String),
    /// The JUnit writer failed.
    #[error("junit.xml could not be written: {0}; this is a fault in Assay, please report it")]
    Junit(String),
    /// A value has no form in JSON.
    #[error("{file} could not be written as JSON: {reason}; this is a fault in Assay, please report it")]
    Json {
        /// The file.
        file: &'static str,
        /// What the writer said.
        reason: String,
    },
}

impl Format {
    /// All of them, in the order that help texts show.
    pub const ALL: [Self; 13] = [
        Self::Html,
        Self::Junit,
        Self::JunitRich,
        Self::Json,
        Self::Summary,
        Self::Csv,
        Self::Sarif,
        Self::Oscal,
        Self::Cyclonedx,
        Self::Statement,
        Self::FailureRecord,
        Self::Consumer,
        Self::Survey,
    ];

    /// The word of `assay report --format`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Junit => "junit",
            Self::JunitRich => "junit-rich",
            Self::Json => "json",
            Self::Summary => "summary",
            Self::Csv => "csv",
            Self::Sarif => "sarif",
            Self::Oscal => "oscal",
            Self::Cyclonedx => "cyclonedx",
            Self::Statement => "statement",
            Self::FailureRecord => "failure-record",
            Self::Consumer => "consumer",
            Self::Survey => "survey",
        }
    }

    /// The format of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.word() == word)
    }

    /// Its path in a pack.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Html => "report.html",
            Self::Junit => "junit.xml",
            Self::JunitRich => "results/junit-rich.xml",
            Self::Json => "results/results.json",
            Self::Summary => "summary.json",
            Self::Csv => "results/results.csv",
            Self::Sarif => "results/results.sarif",
            Self::Oscal => "results/oscal-ar.json",
            Self::Cyclonedx => "results/sbom.cdx.json",
            Self::Statement => "statement.html",
            Self::FailureRecord => "failure-record.html",
            Self::Consumer => "consumer.html",
            Self::Survey => "survey.html",
        }
    }

    /// Whether it is a page with a machine-readable twin, which [`Reader::json`] asks for.
    #[must_use]
    pub const fn has_twin(self) -> bool {
        matches!(self, Self::Statement | Self::FailureRecord | Self::Consumer)
    }

    /// Whether it says something else to each role.
    #[must_use]
    pub const fn takes_role(self) -> bool {
        matches!(self, Self::Html | Self::Statement | Self::FailureRecord | Self::Consumer)
    }

    /// Renders it. A pure function of `results`: the same results give the same bytes.
    ///
    /// # Errors
    /// Only where a writer fails, which is a fault in Assay and never of the data.
    pub fn render(self, results: &Results) -> Result<Vec<u8>, ReportError> {
        self.render_with(results, &Trace::default())
    }

    /// The same with what the run's folder adds: the page then has a timeline of bytes, transcripts and flows.
    ///
    /// # Errors
    /// As [`Format::render`].
    pub fn render_with(self, results: &Results, trace: &Trace) -> Result<Vec<u8>, ReportError> {
        self.render_for(results, trace, Reader::default())
    }

    /// The same for a reader. What a format does not take of the reader is passed over; without a role, statement and
    /// failure record are the manufacturer's.
    ///
    /// # Errors
    /// As [`Format::render`].
    pub fn render_for(self, results: &Results, trace: &Trace, reader: Reader) -> Result<Vec<u8>, ReportError> {
        let kept_by = reader.role.unwrap_or(Role::Manufacturer);
        match self {
            // The page for an assessor is about one product; of a survey, the table of all of them is.
            Self::Html if results.is_survey() => survey::render(results),
            Self::Html => html::render(results, trace, reader.role),
            Self::Junit => junit::render(results, junit::Dialect::Default),
            Self::JunitRich => junit::render(results, junit::Dialect::Rich),
            Self::Json => {
                let mut out = Vec::new();
                let written = summary::results_json(results, &mut out);
                written.map_err(|e| ReportError::Json { file: Self::Json.path(), reason: e.to_string() })?;
                Ok(out)
            }
            Self::Summary => summary::summary_json(results),
            Self::Csv => csv::render(results),
            Self::Sarif => sarif::render(results),
            Self::Oscal => oscal::render(results),
            Self::Cyclonedx => cyclonedx::render(results),
            Self::Statement => {
                let drawn = Statement::kept_by(results, kept_by);
                if reader.json { statement::json(&drawn) } else { statement::html(&drawn) }
            }
            Self::FailureRecord => {
                let drawn = FailureRecord::of(results, kept_by);
                if reader.json { failure_record::json(&drawn) } else { failure_record::html(&drawn) }
            }
            Self::Consumer => {
                let drawn = Sheet::of(results, reader.role);
                if reader.json { consumer::json(&drawn) } else { consumer::html(&drawn) }
            }
            Self::Survey => survey::render(results),
        }
    }
}
