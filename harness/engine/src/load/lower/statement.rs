//! A statement of compliance that somebody else wrote: the gate that it passes before anyone relies on it.
//!
//! Which fields there are, what kind each is, which must stand, and which editions of standards count: the catalogue of the
//! law says. Here is only how such a text is read.

use assay_model::{Diagnostic, Span};
use serde_json::Value;
use time::Date;
use time::macros::format_description;

use super::Mistakes;
use super::fields::{Fields, header};
use crate::load::tree::{Node, Yaml};
use crate::plan::Catalogue;

/// Keys beside the law's fields: number of the document, its language, a label relied on, what it replaces.
pub(crate) const EXTRA: [&str; 4] = ["document", "language", "label", "supersedes"];
pub(crate) const PARTY: [&str; 2] = ["name", "address"];
pub(crate) const STANDARD: [&str; 3] = ["identifier", "version", "date"];
pub(crate) const PERIOD: [&str; 2] = ["start", "end"];
/// What people write where they mean to write something later.
const PLACEHOLDERS: [&str; 10] = ["tbd", "tbc", "tba", "todo", "n/a", "na", "none", "xxx", "-", "..."];
/// First line of the twin that reports write.
const TWIN: &str = "assay-statement/1";

/// What the catalogue says of statements.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) fields: Vec<Field>,
    /// Editions that the law points at, by the standard's number.
    editions: Vec<(String, String)>,
}

/// One field.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Without conditions.
    pub(crate) required: bool,
    /// What it can be, for [`Kind::Word`].
    pub(crate) words: Vec<String>,
    /// What it is held against, for a person.
    pub(crate) check: String,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Word,
    Day,
    Period,
    Parties,
    Standards,
}

impl Rules {
    /// Of the catalogue that has them; `None` where none does.
    pub(crate) fn of(catalogue: &Catalogue) -> Option<Self> {
        let law = catalogue.reported.values().find(|c| c["statement_of_compliance"]["fields"].is_array())?;
        let fields = law["statement_of_compliance"]["fields"].as_array().into_iter().flatten().map(field).collect();
        let editions = law["law"]["fixed_editions"].as_object().into_iter().flatten();
        let editions = editions.filter_map(|(name, edition)| Some((name.clone(), edition.as_str()?.to_owned())));
        Some(Self { fields, editions: editions.collect() })
    }
}

fn field(row: &Value) -> Field {
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    Field {
        name: text("name"),
        kind: match row["type"].as_str().unwrap_or_default() {
            "enum" => Kind::Word,
            "date" => Kind::Day,
            "period_with_end_date" => Kind::Period,
            "list of {name, address}" => Kind::Parties,
            "list of {identifier, version, date}" => Kind::Standards,
            _ => Kind::Text,
        },
        required: row["required"] == true,
        words: row["values"].as_array().into_iter().flatten().filter_map(|w| Some(w.as_str()?.to_owned())).collect(),
        check: text("check"),
    }
}

/// Every mistake in a statement; `today` is the day that it is looked at.
pub(crate) fn lint(node: &Node, rules: &Rules, today: Date, mistakes: &Mistakes) {
    let names: Vec<&str> = rules.fields.iter().map(|f| f.name.as_str()).collect();
    let keys: Vec<&str> = ["assay"].into_iter().chain(names).chain(EXTRA).collect();
    let Some(fields) = Fields::open("a statement of compliance", node, &keys, mistakes) else { return };
    header(&fields, "statement/1");
    body(&fields, rules, today);
}

/// The same for the JSON that `assay report --format statement` writes; `None` where this is no such file.
pub(crate) fn lint_twin(node: &Node, rules: &Rules, today: Date, mistakes: &Mistakes) -> Option<()> {
    node.get("schema").filter(|n| n.text() == Some(TWIN))?;
    let whole = Fields::open_any("a statement of compliance", node, mistakes)?;
    if let Some(status) = whole.require("status").filter(|n| n.text() != Some("final")) {
        let text = "this is a draft, and no statement of compliance";
        let mistake = Diagnostic::error("statement::draft", text, Some(status.span.clone()));
        mistakes.add(mistake.help("`gaps` and `unmet` in it say what is missing; ask its maker for the final one"));
        return Some(());
    }
    let Some(inner) = whole.require("fields") else { return Some(()) };
    if let Some(fields) = Fields::open_any("a statement of compliance", inner, mistakes) {
        body(&fields, rules, today);
    }
    Some(())
}

fn body(fields: &Fields<'_>, rules: &Rules, today: Date) {
    let reading = Reading { fields, rules };
    for field in &rules.fields {
        reading.field(field);
    }
    for key in EXTRA.into_iter().filter(|key| fields.get(key).is_some()) {
        fields.text(key);
    }
    reading.dates(today);
    reading.deemed();
}

struct Reading<'a> {
    fields: &'a Fields<'a>,
    rules: &'a Rules,
}

impl Reading<'_> {
    fn field(&self, field: &Field) {
        let name = field.name.as_str();
        if field.required && self.fields.require(name).is_none() {
            return;
        }
        let Some(node) = self.fields.get(name) else { return };
        match field.kind {
            Kind::Text => written(self.fields, name),
            Kind::Word => {
                let words: Vec<&str> = field.words.iter().map(String::as_str).collect();
                self.fields.as_word(name, node, &words);
            }
            Kind::Day => drop(day(self.fields, name)),
            Kind::Period => self.period(node),
            Kind::Parties => self.parties(name, node, field.required),
            Kind::Standards => self.standards(name),
        }
    }

    fn period(&self, node: &Node) {
        let Some(period) = Fields::open("the support period", node, &PERIOD, self.fields.mistakes()) else { return };
        let end = period.require("end").and_then(|_| day(&period, "end"));
        let start = period.get("start").filter(|n| n.text() != Some("")).and_then(|_| day(&period, "start"));
        if let (Some(start), Some(end)) = (start, end)
            && end < start
        {
            let text = format!("the support period ends on {end}, before it starts");
            let mistake = Diagnostic::error("statement::order", text, span(&period, "end"));
            period.mistakes().add(labelled(mistake, span(&period, "start"), "it starts here"));
        }
    }

    fn parties(&self, name: &str, node: &Node, required: bool) {
        let rows = self.fields.list(name);
        if required && rows.is_empty() && matches!(node.value, Yaml::List(_)) {
            let text = format!("`{name}` is empty");
            self.fields.mistakes().add(Diagnostic::error("statement::empty", text, Some(node.span.clone())));
        }
        for row in rows {
            let Some(party) = Fields::open("a party", row, &PARTY, self.fields.mistakes()) else { continue };
            for key in PARTY {
                if party.require(key).is_some() {
                    written(&party, key);
                }
            }
        }
    }

    fn standards(&self, name: &str) {
        for row in self.fields.list(name) {
            let Some(standard) = Fields::open("a standard", row, &STANDARD, self.fields.mistakes()) else { continue };
            for key in ["identifier", "version"] {
                if standard.require(key).is_some() {
                    written(&standard, key);
                }
            }
            standard.require("date").and_then(|_| day(&standard, "date"));
            self.edition(&standard);
        }
    }

    /// The law points at editions, not at whatever is newest.
    fn edition(&self, standard: &Fields<'_>) {
        let text = |key: &str| standard.get(key).and_then(Node::text).unwrap_or_default();
        let (identifier, version) = (text("identifier"), text("version"));
        let known = self.rules.editions.iter().find(|(name, _)| digits(identifier).contains(&digits(name)));
        match known {
            None if !identifier.trim().is_empty() => {
                let text = format!("the law points at no edition of `{identifier}`");
                let names: Vec<String> = self.rules.editions.iter().map(|(n, e)| format!("{n} {e}")).collect();
                let warning = Diagnostic::warning("statement::unknown-standard", text, span(standard, "identifier"));
                let help = format!("compliance is not deemed by it; the law points at {}", names.join(" and "));
                standard.mistakes().add(warning.help(help));
            }
            Some((_, edition)) if !version.trim().is_empty() && !words(version).any(|w| w == edition) => {
                let text = format!("`{version}` is not the edition that the law points at");
                let mistake = Diagnostic::error("statement::unknown-edition", text, span(standard, "version"));
                standard
                    .mistakes()
                    .add(mistake.help(format!("that is {edition}; a newer one needs a change of the law")));
            }
            _ => {}
        }
    }

    /// Dates against each other and against the calendar on the wall.
    fn dates(&self, today: Date) {
        let issued = self.fields.get("date_of_issue").and_then(Node::text).and_then(parse);
        let period = self.fields.get("defined_support_period");
        let end_node = period.and_then(|p| p.get("end"));
        let end = end_node.and_then(Node::text).and_then(parse);
        let mistakes = self.fields.mistakes();
        if let Some(issued) = issued.filter(|day| *day > today) {
            let text = format!("the statement is issued on {issued}, and today is {today}");
            mistakes.add(Diagnostic::error("statement::order", text, span(self.fields, "date_of_issue")));
        }
        let Some(end) = end else { return };
        let at = end_node.map(|n| n.span.clone());
        match issued {
            Some(issued) if end < issued => {
                let text = format!("the support period ends on {end}, before the statement is issued");
                let mistake = Diagnostic::error("statement::order", text, at);
                mistakes.add(labelled(mistake, span(self.fields, "date_of_issue"), "issued here"));
            }
            _ if end < today => {
                let text = format!("the support period ended on {end}");
                let warning = Diagnostic::warning("statement::support-ended", text, at);
                mistakes.add(warning.help("no security updates are promised any more"));
            }
            _ => {}
        }
    }

    /// A deemed declaration says by what.
    fn deemed(&self) {
        let key = "compliance_declaration";
        let deemed = self.fields.get(key).and_then(Node::text).is_some_and(|t| t.starts_with("deemed"));
        let named = |key: &str| {
            self.fields.get(key).is_some_and(|n| match &n.value {
                Yaml::List(rows) => !rows.is_empty(),
                Yaml::Text(text) => !text.trim().is_empty(),
                _ => false,
            })
        };
        if deemed && !named("standards_relied_on") && !named("label") {
            let text = "compliance is deemed by a standard or by a label, and neither is named";
            let mistake = Diagnostic::error("statement::no-route", text, span(self.fields, key));
            self.fields.mistakes().add(mistake.help("give `standards_relied_on`, or the label's number as `label`"));
        }
    }
}

/// A text that says something.
fn written(fields: &Fields<'_>, key: &str) {
    let Some(text) = fields.require_text(key) else { return };
    if PLACEHOLDERS.contains(&text.trim().to_lowercase().as_str()) {
        let message = format!("`{key}` is `{}`, which fills nothing in", text.trim());
        fields.mistakes().add(Diagnostic::error("statement::placeholder", message, span(fields, key)));
    }
}

/// A date that the calendar has.
fn day(fields: &Fields<'_>, key: &str) -> Option<Date> {
    let text = fields.require_text(key)?;
    let parsed = parse(&text);
    if parsed.is_none() {
        let shape = text.len() == 10
            && text.bytes().enumerate().all(|(n, b)| if matches!(n, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
        let (message, help) = if shape {
            (format!("there is no day `{text}`"), "the calendar has no such day: ask which one was meant".to_owned())
        } else {
            (format!("`{text}` is no date"), "write year, month and day: 2026-04-20".to_owned())
        };
        fields.mistakes().add(Diagnostic::error("statement::date", message, span(fields, key)).help(help));
    }
    parsed
}

fn parse(text: &str) -> Option<Date> {
    Date::parse(text.trim(), format_description!("[year]-[month]-[day]")).ok()
}

fn span(fields: &Fields<'_>, key: &str) -> Option<Span> {
    fields.get(key).map(|n| n.span.clone())
}

fn labelled(mistake: Diagnostic, at: Option<Span>, text: &str) -> Diagnostic {
    match at {
        Some(at) => mistake.label(at, text),
        None => mistake,
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// `V2.1.1 (2020-06)` has the words 2.1.1, 2020 and 06.
fn words(version: &str) -> impl Iterator<Item = &str> {
    version.split(|c: char| !c.is_ascii_digit() && c != '.').map(|w| w.trim_matches('.'))
}
