//! What a dossier asks for, out of the catalogues.

use serde_json::Value;

use crate::ident;

/// What a field or a fact holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    /// Text.
    Text,
    /// `true` or `false`.
    Flag,
    /// Ids of rows of another table, or text that says why there are none.
    References,
    /// A list or a mapping for machines.
    Data,
}

/// A field of a table.
#[derive(Debug, Clone)]
pub struct Field {
    /// The name in the standard, or the key where the field is ours.
    pub name: String,
    /// The name in dossiers.
    pub key: String,
    /// What it says.
    pub meaning: String,
    /// What it holds.
    pub holds: Holds,
    /// Ours, for machines, and not the standard's: may be left out.
    pub ours: bool,
}

/// A table of extra information for testing.
#[derive(Debug, Clone)]
pub struct Table {
    /// `10-SecParam`.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// What a row is; empty for a record.
    pub rows_are: String,
    /// One record instead of rows.
    pub record: bool,
    /// Its fields, the standard's first.
    pub fields: Vec<Field>,
    /// Provisions whose tests read it.
    pub serves: Vec<String>,
}

impl Table {
    /// `SecParam` of `10-SecParam`.
    #[must_use]
    pub fn short(&self) -> &str {
        self.name.split_once('-').map_or(self.name.as_str(), |(_, short)| short)
    }

    /// The field that a heading names, by name or key, however it is spelt.
    pub(crate) fn field(&self, heading: &str) -> Option<&Field> {
        let wanted = ident::letters(heading);
        self.fields.iter().find(|f| ident::letters(&f.name) == wanted || ident::letters(&f.key) == wanted)
    }
}

/// A provision.
#[derive(Debug, Clone)]
pub struct Provision {
    /// `5.1-1`.
    pub id: String,
    /// What it asks for.
    pub title: String,
    /// `M C (5)`.
    pub status: String,
}

/// A yes-or-no fact about the product.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Its key under `product.facts`.
    pub key: String,
    /// What is true where it is true; or false, where it is asked the other way round.
    pub text: String,
}

/// What a dossier asks for.
#[derive(Debug, Clone)]
pub struct Shape {
    /// The edition of the standard, as dossiers write it: `2.1.1`.
    pub edition: String,
    /// The edition of its tests.
    pub tests_edition: String,
    /// The provisions, in order.
    pub provisions: Vec<Provision>,
    /// The tables, in order.
    pub tables: Vec<Table>,
    /// Facts that decide what applies, each once.
    pub facts: Vec<Fact>,
    /// Provisions that only another edition has.
    pub foreign_provisions: Vec<String>,
    /// Names of tables that only another edition has: `11-SecComMech`.
    pub foreign_tables: Vec<String>,
    /// That other edition.
    pub foreign_edition: String,
}

impl Shape {
    /// Out of the catalogues' JSON: the standard, its tests, the law, and the standard and tests of another edition, so
    /// that a dossier of that one is known for what it is.
    ///
    /// `None` where a catalogue lacks its lists: not those that are shipped.
    #[must_use]
    pub fn of(standard: &Value, tests: &Value, law: &Value, other: (&Value, &Value)) -> Option<Self> {
        let provisions: Vec<Provision> = list(standard, "provisions")?.iter().filter_map(provision).collect();
        let cases = list(tests, "cases")?;
        let tables: Vec<Table> = list(tests, "ixit_tables")?.iter().filter_map(|t| table(t, cases)).collect();
        let mut facts = Vec::new();
        collect_facts(law.get("scope")?, &mut facts);
        for condition in
            list(standard, "conditions")?.iter().chain(list(standard.get("extended_conditions")?, "items")?)
        {
            collect_facts(condition, &mut facts);
        }
        let foreign = |of: &Value, key: &str, id: &str, known: &dyn Fn(&str) -> bool| -> Option<Vec<String>> {
            let ids = list(of, key)?.iter().filter_map(|p| text(p, id));
            Some(ids.filter(|id| !known(id)).collect())
        };
        Some(Self {
            edition: edition(standard)?,
            tests_edition: edition(tests)?,
            foreign_provisions: foreign(other.0, "provisions", "id", &|id| provisions.iter().any(|p| p.id == id))?,
            foreign_tables: foreign(other.1, "ixit_tables", "name", &|id| tables.iter().any(|t| t.name == id))?,
            foreign_edition: edition(other.0)?,
            provisions,
            tables,
            facts,
        })
    }

    /// The provision of that id.
    pub(crate) fn provision(&self, id: &str) -> Option<&Provision> {
        self.provisions.iter().find(|p| p.id == id)
    }

    /// The table of that name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|t| t.name == name)
    }
}

fn list<'v>(of: &'v Value, key: &str) -> Option<&'v Vec<Value>> {
    of.get(key)?.as_array()
}

fn text(of: &Value, key: &str) -> Option<String> {
    of.get(key)?.as_str().map(str::to_owned)
}

/// `2.1.1` of `V2.1.1 (2020-06)`.
fn edition(of: &Value) -> Option<String> {
    Some(text(of, "edition")?.trim_start_matches('V').split(' ').next()?.to_owned())
}

fn provision(of: &Value) -> Option<Provision> {
    Some(Provision { id: text(of, "id")?, title: text(of, "title")?, status: text(of, "status")? })
}

fn table(of: &Value, cases: &[Value]) -> Option<Table> {
    let name = text(of, "name")?;
    // A group of tests has the number of its provision.
    let reads =
        |case: &&Value| list(case, "ixit").is_some_and(|tables| tables.iter().any(|t| t.as_str() == Some(&name)));
    let mut serves: Vec<String> = cases.iter().filter(reads).filter_map(|case| text(case, "group")).collect();
    serves.dedup();
    let fields = |key: &str, ours: bool| -> Vec<Field> {
        let all = of.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        all.iter().filter_map(|f| field(f, ours)).collect()
    };
    Some(Table {
        name,
        serves,
        title: text(of, "title")?,
        rows_are: text(of, "rows_are").unwrap_or_default(),
        record: text(of, "shape")? == "record",
        fields: fields("fields", false).into_iter().chain(fields("machine_fields", true)).collect(),
    })
}

fn field(of: &Value, ours: bool) -> Option<Field> {
    let key = text(of, "key")?;
    let holds = match of.get("holds").and_then(Value::as_str) {
        Some("flag") => Holds::Flag,
        Some("references") => Holds::References,
        Some("data") => Holds::Data,
        _ => Holds::Text,
    };
    Some(Field {
        name: text(of, "name").unwrap_or_else(|| key.clone()),
        meaning: text(of, "meaning").unwrap_or_default(),
        key,
        holds,
        ours,
    })
}

/// Everything below `value` that has a `text` and rests on a fact: `holds_when: product.facts.x` or `fact: product.facts.x`.
fn collect_facts(value: &Value, into: &mut Vec<Fact>) {
    match value {
        Value::Object(map) => {
            let rests = map.get("holds_when").or_else(|| map.get("fact")).and_then(Value::as_str);
            if let (Some(rests), Some(text)) = (rests, map.get("text").and_then(Value::as_str))
                && let Some((not, key)) = rests.split_once("product.facts.")
                && !into.iter().any(|f| f.key == key)
            {
                let text = if not.is_empty() { text.to_owned() } else { format!("false where this is so: {text}") };
                into.push(Fact { key: key.to_owned(), text });
            }
            map.values().for_each(|v| collect_facts(v, into));
        }
        Value::Array(items) => items.iter().for_each(|v| collect_facts(v, into)),
        _ => {}
    }
}
