//! The 13 fields, read out of `product` and `product.statement` of a dossier.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::law::parse_day;

/// A name with its address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Party {
    /// Name.
    pub name: String,
    /// Postal address.
    pub address: String,
}

/// A standard that compliance rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Standard {
    /// `ETSI EN 303 645`.
    pub identifier: String,
    /// `V2.1.1`.
    pub version: String,
    /// ISO date of that version.
    pub date: String,
}

/// A period that ends on a date.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Period {
    /// ISO date; empty where the dossier gives none.
    pub start: String,
    /// ISO date.
    pub end: String,
}

/// The 13 fields of Schedule 4. An empty text or list is a field that is missing; `gaps` says which.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Fields {
    /// Kind and model.
    pub product_type: String,
    /// Batch or range of serial numbers.
    pub batch: String,
    /// Every manufacturer.
    pub manufacturers: Vec<Party>,
    /// Authorised representatives; may be none.
    pub authorised_representatives: Vec<Party>,
    /// That it is made by or on behalf of the manufacturer.
    pub prepared_by_declaration: String,
    /// `complied_with_schedule_1` or `deemed_compliance_conditions_met`; empty in a draft.
    pub compliance_declaration: String,
    /// Standards relied on; may be none.
    pub standards_relied_on: Vec<Standard>,
    /// The defined support period.
    pub defined_support_period: Period,
    /// The signature; empty in a draft.
    pub signature: String,
    /// Who signs.
    pub signatory_name: String,
    /// As what.
    pub signatory_function: String,
    /// Where.
    pub place_of_issue: String,
    /// ISO date; when.
    pub date_of_issue: String,
}

/// The fields as the dossier has them, and what is missing or cannot be right, a sentence each.
pub(super) fn read(product: &BTreeMap<String, Value>) -> (Fields, Vec<String>) {
    let empty = Value::Null;
    let own = product.get("statement").unwrap_or(&empty);
    let mut gaps = Vec::new();
    let mut need = |key: &str| {
        let value = text(&own[key]);
        if value.is_empty() {
            gaps.push(format!("{key} is missing: give it as product.statement.{key}"));
        }
        value
    };
    let mut fields = Fields {
        batch: need("batch"),
        signature: need("signature"),
        signatory_name: need("signatory_name"),
        signatory_function: need("signatory_function"),
        place_of_issue: need("place_of_issue"),
        prepared_by_declaration: need("prepared_by_declaration"),
        compliance_declaration: need("compliance_declaration"),
        ..Fields::default()
    };
    fields.date_of_issue = day(&own["date_of_issue"], "date_of_issue", &mut gaps);
    fields.product_type = product_type(product, &mut gaps);
    fields.manufacturers = parties(&own["manufacturers"], "manufacturers", &mut gaps);
    if fields.manufacturers.is_empty() {
        gaps.push(
            "manufacturers is missing: give each with name and address in product.statement.manufacturers".into(),
        );
    }
    fields.authorised_representatives =
        parties(&own["authorised_representatives"], "authorised_representatives", &mut gaps);
    fields.standards_relied_on = standards(&own["standards_relied_on"], &mut gaps);
    let period = &own["defined_support_period"];
    let end = day(&period["end"], "defined_support_period.end", &mut gaps);
    let start = if period["start"].is_null() {
        String::new()
    } else {
        day(&period["start"], "defined_support_period.start", &mut gaps)
    };
    if !start.is_empty() && !end.is_empty() && start > end {
        gaps.push(format!("defined_support_period ends on {end}, before it starts on {start}"));
    }
    if !end.is_empty() && !fields.date_of_issue.is_empty() && end < fields.date_of_issue {
        let issued = &fields.date_of_issue;
        gaps.push(format!("defined_support_period ends on {end}, before the statement is issued on {issued}"));
    }
    fields.defined_support_period = Period { start, end };
    let declared = fields.compliance_declaration.as_str();
    if !matches!(declared, "" | "complied_with_schedule_1" | "deemed_compliance_conditions_met") {
        gaps.push(format!(
            "compliance_declaration is `{declared}`, and can be complied_with_schedule_1 or deemed_compliance_conditions_met"
        ));
    }
    if declared == "deemed_compliance_conditions_met" && fields.standards_relied_on.is_empty() && own["label"].is_null()
    {
        gaps.push("deemed compliance rests on standards or on a label, and product.statement names neither".into());
    }
    (fields, gaps)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().trim().to_owned()
}

fn product_type(product: &BTreeMap<String, Value>, gaps: &mut Vec<String>) -> String {
    let of = |key: &str| product.get(key).map(text).unwrap_or_default();
    if of("model").is_empty() {
        gaps.push("product_type needs the model: give it as product.model".into());
    }
    let parts = [of("name"), of("model")];
    match &parts {
        [name, model] if name.contains(model.as_str()) => name.clone(),
        _ => parts.iter().filter(|p| !p.is_empty()).cloned().collect::<Vec<_>>().join(", model "),
    }
}

fn parties(value: &Value, key: &str, gaps: &mut Vec<String>) -> Vec<Party> {
    let rows = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let parties: Vec<Party> =
        rows.iter().map(|r| Party { name: text(&r["name"]), address: text(&r["address"]) }).collect();
    for (n, _) in parties.iter().enumerate().filter(|(_, p)| p.name.is_empty() || p.address.is_empty()) {
        gaps.push(format!("{key}, entry {}: name and address are both needed", n + 1));
    }
    parties
}

fn standards(value: &Value, gaps: &mut Vec<String>) -> Vec<Standard> {
    let mut found = Vec::new();
    for (n, row) in value.as_array().into_iter().flatten().enumerate() {
        let date = day(&row["date"], &format!("standards_relied_on, entry {}, date", n + 1), gaps);
        let standard = Standard { identifier: text(&row["identifier"]), version: text(&row["version"]), date };
        if standard.identifier.is_empty() || standard.version.is_empty() {
            gaps.push(format!("standards_relied_on, entry {}: identifier, version and date are all needed", n + 1));
        }
        found.push(standard);
    }
    found
}

/// A date that exists, as ISO; or a gap and nothing.
fn day(value: &Value, key: &str, gaps: &mut Vec<String>) -> String {
    let text = text(value);
    if text.is_empty() {
        gaps.push(format!("{key} is missing: give it as product.statement, an ISO date"));
    } else if parse_day(&text).is_none() {
        gaps.push(format!("{key} is `{text}`, which is no date: write it as 2026-11-20"));
        return String::new();
    }
    text
}

/// A standard that the law points at in one edition cannot be relied on in another.
pub(super) fn fixed_editions(standards: &[Standard], fixed: &BTreeMap<String, String>) -> Vec<String> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let words = |text: &str| -> Vec<String> {
        let split = text.split(|c: char| !c.is_ascii_digit() && c != '.');
        split.map(|w| w.trim_matches('.').to_owned()).collect()
    };
    let other = |standard: &Standard| {
        let (name, edition) = fixed.iter().find(|(name, _)| digits(&standard.identifier).contains(&digits(name)))?;
        let same = standard.version.is_empty() || words(&standard.version).contains(edition);
        (!same).then(|| {
            let Standard { identifier, version, .. } = standard;
            format!("standards_relied_on has {identifier} {version}, and the law points at {name} {edition} only")
        })
    };
    standards.iter().filter_map(other).collect()
}
