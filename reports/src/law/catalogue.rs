//! The law as the record carries it.

use std::collections::BTreeMap;

use assay_model::results::Results;
use serde::Deserialize;
use serde_json::Value;

use super::{LAW, Role};

/// The law's catalogue. Keys that a later catalogue adds are passed over; those that an earlier one lacks are empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Law {
    pub(crate) edition: String,
    #[serde(rename = "law")]
    pub(crate) text: LawText,
    pub(crate) change_log: Vec<Change>,
    pub(crate) authority: Authority,
    pub(crate) requirements: Vec<Requirement>,
    pub(crate) statement_of_compliance: StatementRules,
    /// Facts of each role, and remarks on all of them.
    roles: BTreeMap<String, Value>,
}

/// Name and dates.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LawText {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) in_force_from: String,
    pub(crate) version_in_force_from: String,
    pub(crate) checked_as_of: String,
    /// Editions that the law points at, by the standard's number: `en303645: 2.1.1`.
    pub(crate) fixed_editions: BTreeMap<String, String>,
    pub(crate) confidence: String,
}

/// A change of the law.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Change {
    pub(crate) date: String,
    pub(crate) change: String,
    pub(crate) confidence: String,
}

/// Who enforces.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Authority {
    pub(crate) name: String,
    pub(crate) confidence: String,
}

/// A security requirement and the provisions by which compliance with it is deemed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Requirement {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) en303645: Vec<String>,
}

/// Rules about the statement of compliance.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct StatementRules {
    retention: BTreeMap<String, Retention>,
}

/// How long a copy of the statement is kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Retention {
    pub(crate) rule: String,
    /// Least number of years from issue; absent where no express duty was found.
    pub(crate) years: Option<u16>,
    pub(crate) legal_ref: String,
    pub(crate) confidence: String,
}

/// What a role must do.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RoleFacts {
    pub(crate) who: String,
    pub(crate) duties: Vec<Duty>,
    pub(crate) to_tell: Vec<ToTell>,
    pub(crate) records: Option<Records>,
    pub(crate) note: String,
}

/// One duty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Duty {
    pub(crate) id: String,
    pub(crate) legal_ref: String,
    pub(crate) text: String,
    pub(crate) confidence: String,
}

/// Someone who must be told of a failure.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ToTell {
    pub(crate) who: String,
    pub(crate) what: String,
    pub(crate) when: String,
    pub(crate) legal_ref: String,
    pub(crate) confidence: String,
}

/// Records of investigations and failures.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Records {
    pub(crate) keep_for: String,
    pub(crate) years: Option<u16>,
    pub(crate) legal_ref: String,
    pub(crate) fields_note: String,
    pub(crate) joint_record: String,
    pub(crate) confidence: String,
}

impl Law {
    /// The law of the record, where it carries one.
    pub(crate) fn of(results: &Results) -> Option<Self> {
        serde_json::from_value(results.catalogues.get(LAW)?.clone()).ok()
    }

    /// What a role must do; nothing where the catalogue does not say.
    pub(crate) fn role(&self, role: Role) -> RoleFacts {
        let facts = self.roles.get(role.word()).cloned();
        facts.and_then(|facts| serde_json::from_value(facts).ok()).unwrap_or_default()
    }

    /// How long a role keeps a copy of the statement.
    pub(crate) fn retention(&self, role: Role) -> Retention {
        self.statement_of_compliance.retention.get(role.word()).cloned().unwrap_or_default()
    }

    /// The law with its edition, in one line.
    pub(crate) fn line(&self) -> String {
        [self.text.name.as_str(), self.edition.as_str()]
            .into_iter()
            .filter(|t| !t.is_empty())
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// Title and edition of every standard that the run judged by or that its plans rest on, by catalogue id.
pub(crate) fn editions(results: &Results) -> BTreeMap<String, (String, String)> {
    let of_units = results.units.values().map(|u| &u.catalogue);
    let ids = of_units.chain(results.plans.iter().flat_map(|p| &p.basis));
    let text = |catalogue: &Value, key: &str| catalogue[key].as_str().unwrap_or_default().to_owned();
    ids.filter_map(|id| results.catalogues.get_key_value(id))
        .map(|(id, c)| (id.clone(), (text(c, "title"), text(c, "edition"))))
        .collect()
}
