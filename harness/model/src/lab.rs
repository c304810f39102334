//! What a test report must say beside its results: who tested for whom, where, on what, by which rule, with what
//! equipment (ISO/IEC 17025:2017, 7.8.2). Stated in `lab/1` files; what nobody stated stays empty.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Equipment;

/// Everything that `lab/1` files state, put together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Particulars {
    /// The laboratory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lab: Option<Laboratory>,
    /// Whom the tests are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<Party>,
    /// How measurement and doubt are taken into a statement of conformity (7.8.6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision_rule: Option<DecisionRule>,
    /// How the samples were chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling: Option<Sampling>,
    /// Receipt and condition of each item.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ReceivedItem>,
    /// Deviations from, additions to and exclusions from the method; an empty list says that there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deviations: Option<Vec<String>>,
    /// Conditions under which was tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// The lab's equipment register, beside what the bench lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub equipment: Vec<Equipment>,
    /// Who may do what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Person>,
    /// What equipment past its date means for a run.
    pub overdue: Overdue,
}

/// A laboratory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Laboratory {
    /// Its name.
    pub name: String,
    /// Its address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Where the tests were done, where that is elsewhere: a customer's site, a field station.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub location_of_activity: String,
    /// Number of its accreditation; `none` says that it has none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub accreditation: String,
    /// Plans or clauses inside the scope of the accreditation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accredited_for: Vec<String>,
    /// Whom a reader may ask.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub contact: String,
}

/// A customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Party {
    /// Its name.
    pub name: String,
    /// Address or person.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub contact: String,
}

/// A decision rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DecisionRule {
    /// The lab's id for it: `simple-acceptance`.
    pub id: String,
    /// In words.
    pub text: String,
}

/// Sampling.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sampling {
    /// Plan or method of choosing.
    pub plan: String,
    /// Who chose.
    pub chosen_by: String,
    /// Out of what.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub population: String,
    /// What may not be concluded from it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub limits: String,
}

/// An item as it came in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReceivedItem {
    /// The sample's id in the dossier; `*` for every sample that has no entry of its own.
    pub sample: String,
    /// ISO date of receipt.
    pub received: String,
    /// Its condition then.
    pub condition: String,
    /// Serial number, where the label has none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub serial: String,
    /// Batch, where the label has none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub batch: String,
}

/// Conditions of testing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Environment {
    /// `23 °C ± 2 °C`; `not controlled` is an answer.
    pub temperature: String,
    /// `45 % ± 10 %`; `not controlled` is an answer.
    pub humidity: String,
    /// How the bench's network is set up.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub network: String,
}

/// Somebody of the lab.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// As in `--operator` and in reviews.
    pub id: String,
    /// Full name.
    pub name: String,
    /// `operator`, `reviewer`, `authoriser`.
    pub roles: Vec<String>,
}

/// What equipment past its date means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Overdue {
    /// Said in the report; the run goes on.
    #[default]
    Flag,
    /// No run begins, and no report becomes final.
    Block,
}

impl Particulars {
    /// These, with each block that `other` states in its place. Equipment and people add up.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        let Self { lab, customer, decision_rule, sampling, items, deviations, environment, equipment, people, overdue } =
            other;
        self.lab = lab.or(self.lab);
        self.customer = customer.or(self.customer);
        self.decision_rule = decision_rule.or(self.decision_rule);
        self.sampling = sampling.or(self.sampling);
        self.deviations = deviations.or(self.deviations);
        self.environment = environment.or(self.environment);
        if !items.is_empty() {
            self.items = items;
        }
        self.equipment.retain(|old| equipment.iter().all(|new| new.id != old.id));
        self.equipment.extend(equipment);
        self.people.retain(|old| people.iter().all(|new| new.id != old.id));
        self.people.extend(people);
        if overdue == Overdue::Block {
            self.overdue = Overdue::Block; // the stricter rule of two files holds
        }
        self
    }

    /// What is known of one sample's receipt.
    #[must_use]
    pub fn item(&self, sample: &str) -> Option<&ReceivedItem> {
        let named = |name: &str| self.items.iter().find(|i| i.sample == name);
        named(sample).or_else(|| named("*"))
    }

    /// Whether `id` has a role. Without a register of people nobody is known, and nobody is shut out.
    #[must_use]
    pub fn may(&self, id: &str, role: &str) -> Option<bool> {
        if self.people.is_empty() {
            return None;
        }
        Some(self.people.iter().any(|p| p.id == id && p.roles.iter().any(|r| r == role)))
    }
}

impl Equipment {
    /// The dates that have passed on `day` (ISO date): `calibration` and `check`. The day itself still counts as good.
    #[must_use]
    pub fn overdue(&self, day: &str) -> Vec<(&'static str, &str)> {
        let dates = [("calibration", &self.calibration_due), ("check", &self.check_due)];
        dates.into_iter().filter_map(|(what, due)| Some((what, due.as_deref().filter(|due| *due < day)?))).collect()
    }
}

/// The machine that ran the tests.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostFacts {
    /// `Debian GNU/Linux 12`; empty where the system does not say.
    pub os: String,
    /// Kernel release.
    pub kernel: String,
    /// Machine architecture.
    pub arch: String,
    /// Its clock, as asked before the run.
    pub clock: ClockState,
}

/// A host's clock.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClockState {
    /// `chrony`, `systemd-timesyncd`; `unknown` where nothing on the host says.
    pub source: String,
    /// Whether it follows its source; absent where unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synchronised: Option<bool>,
    /// Distance from the source in milliseconds, positive where the host is ahead; absent where unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset_ms: Option<f64>,
    /// How far off it may be, in milliseconds; absent where unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncertainty_ms: Option<f64>,
    /// UTC RFC 3339.
    pub checked_at: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_file_adds_and_replaces_whole_blocks() {
        let person = |id: &str, name: &str| Person { id: id.into(), name: name.into(), roles: vec!["reviewer".into()] };
        let lab = Particulars {
            customer: Some(Party { name: "old".into(), contact: "x".into() }),
            people: vec![person("a", "A"), person("b", "B")],
            overdue: Overdue::Block,
            ..Particulars::default()
        };
        let job = Particulars {
            customer: Some(Party { name: "new".into(), contact: String::new() }),
            people: vec![person("b", "Bee")],
            deviations: Some(Vec::new()),
            ..Particulars::default()
        };
        let both = lab.with(job);
        assert_eq!(both.customer.as_ref().map(|c| (c.name.as_str(), c.contact.as_str())), Some(("new", "")));
        assert_eq!(both.people.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["A", "Bee"]);
        assert_eq!((both.overdue, both.deviations.clone()), (Overdue::Block, Some(Vec::new())));
        assert_eq!((both.may("a", "reviewer"), both.may("a", "operator")), (Some(true), Some(false)));
        assert_eq!(Particulars::default().may("a", "reviewer"), None);
    }

    #[test]
    fn equipment_is_good_to_the_end_of_its_day() {
        let item = Equipment {
            id: "PSU-7".into(),
            kind: "power-supply".into(),
            calibration_due: Some("2026-11-22".into()),
            check_due: Some("2026-01-01".into()),
            ..Equipment::default()
        };
        assert_eq!(item.overdue("2026-11-22"), [("check", "2026-01-01")]);
        assert_eq!(item.overdue("2026-11-23"), [("calibration", "2026-11-22"), ("check", "2026-01-01")]);
        assert!(Equipment::default().overdue("9999-12-31").is_empty());
    }
}
