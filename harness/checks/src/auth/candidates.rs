//! Which credentials are tried, and in which order: the supplier's preset first, then what is most common.

use assay_model::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::passwords::wordlists::{self, Entry};

/// The supplier's preset value.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preset {
    /// Its user; every user that is tried, where absent.
    #[serde(default)]
    pub user: Option<String>,
    /// The value.
    pub password: String,
    /// The sample that it belongs to: another unit's preset must not let in either.
    #[serde(default)]
    pub sample: Option<String>,
}

/// A word list by name, or its entries.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Wordlist {
    /// An embedded list: `common-iot`, `common-passwords`.
    Named(String),
    /// Entries as `user:password`.
    Inline(Vec<String>),
}

/// What comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// Presets, then the list.
    #[default]
    PresetFirst,
    /// The list, then presets.
    ListFirst,
}

/// One credential to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// `preset`, `preset of s2`, `common-iot#12`, `inline#1`.
    pub name: String,
    pub user: String,
    pub password: String,
}

/// A credential that let in, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Accepted {
    /// The user.
    pub user: String,
    /// The entry of the word list, or `preset`; never the secret.
    pub credential: String,
}

impl From<&Candidate> for Accepted {
    fn from(c: &Candidate) -> Self {
        Self { user: c.user.clone(), credential: c.name.clone() }
    }
}

/// Where candidates come from.
#[derive(Debug, Default)]
pub(crate) struct Sources<'a> {
    /// The sample at hand.
    pub sample: &'a str,
    pub users: &'a [String],
    pub presets: &'a [Preset],
    pub wordlist: Option<&'a Wordlist>,
    pub product_type: Option<&'a str>,
    pub order: Order,
}

/// Users that are tried where neither parameters nor list name one.
const USERS: [&str; 2] = ["admin", "root"];

/// All of them, each pair once.
///
/// # Errors
/// `unknown-wordlist`.
pub(crate) fn all(from: &Sources<'_>) -> Result<Vec<Candidate>, Fault> {
    let entries = match from.wordlist {
        Some(Wordlist::Named(name)) => wordlists::named(name)?.to_vec(),
        Some(Wordlist::Inline(lines)) => wordlists::parse("inline", &lines.join("\n"), true),
        None => Vec::new(),
    };
    let users: Vec<String> =
        if from.users.is_empty() { USERS.map(str::to_owned).to_vec() } else { from.users.to_vec() };
    let presets = from.presets.iter().flat_map(|p| {
        let users = p.user.clone().map_or_else(|| users.clone(), |u| vec![u]);
        let name = match &p.sample {
            Some(other) if other != from.sample => format!("preset of {other}"),
            _ => "preset".to_owned(),
        };
        users.into_iter().map(move |user| Candidate { name: name.clone(), user, password: p.password.clone() })
    });
    let listed = listed(&entries, from, &users);
    let mut all: Vec<Candidate> = Vec::new();
    let ordered: Vec<Candidate> = match from.order {
        Order::PresetFirst => presets.chain(listed).collect(),
        Order::ListFirst => listed.into_iter().chain(presets).collect(),
    };
    let mut seen = std::collections::HashSet::new();
    for candidate in ordered {
        if seen.insert((candidate.user.clone(), candidate.password.clone())) {
            all.push(candidate);
        }
    }
    Ok(all)
}

/// The product type's own section first, then the common entries; other types' sections last. Where users are given, pairs of
/// other users follow at the end with their password under each given user.
fn listed(entries: &[Entry], from: &Sources<'_>, users: &[String]) -> Vec<Candidate> {
    let rank = |e: &&Entry| match (&from.product_type, e.section.as_str()) {
        (Some(kind), section) if *kind == section => 0,
        (_, "any") => 1,
        _ => 2,
    };
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    sorted.sort_by_key(rank); // stable: the file's order stays within a section
    let candidate =
        |e: &Entry, user: &str| Candidate { name: e.name.clone(), user: user.to_owned(), password: e.password.clone() };
    let fits = |e: &Entry| e.user.as_ref().is_some_and(|u| from.users.is_empty() || from.users.contains(u));
    let (own, foreign): (Vec<&Entry>, Vec<&Entry>) = sorted.into_iter().partition(|e| fits(e));
    let own = own.into_iter().map(|e| candidate(e, e.user.as_deref().unwrap_or_default()));
    let foreign = foreign.into_iter().flat_map(|e| users.iter().map(|u| candidate(e, u)).collect::<Vec<_>>());
    own.chain(foreign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(from: &Sources<'_>) -> Vec<String> {
        all(from).unwrap().into_iter().map(|c| format!("{} {}:{}", c.name, c.user, c.password)).collect()
    }

    #[test]
    fn the_preset_comes_first_and_pairs_stand_once() {
        let preset = [Preset { user: Some("admin".into()), password: "label".into(), sample: None }];
        let list = Wordlist::Inline(vec!["root:root".into(), "admin:label".into(), "root:root".into()]);
        let mut from = Sources { presets: &preset, wordlist: Some(&list), ..Sources::default() };
        assert_eq!(names(&from), ["preset admin:label", "inline#1 root:root"]);
        from.order = Order::ListFirst;
        assert_eq!(names(&from), ["inline#1 root:root", "inline#2 admin:label"]);
    }

    #[test]
    fn presets_of_other_units_are_named_after_them() {
        let of = |s: &str| Preset { user: Some("admin".into()), password: s.into(), sample: Some(s.into()) };
        let presets = [of("s1"), of("s2")];
        let from = Sources { sample: "s1", presets: &presets, ..Sources::default() };
        assert_eq!(names(&from), ["preset admin:s1", "preset of s2 admin:s2"]);
    }

    #[test]
    fn given_users_choose_pairs_and_get_the_rest_at_the_end() {
        let list = Wordlist::Inline(vec!["root:toor".into(), "admin:admin".into()]);
        let users = ["admin".to_owned()];
        let from = Sources { users: &users, wordlist: Some(&list), ..Sources::default() };
        assert_eq!(names(&from), ["inline#2 admin:admin", "inline#1 admin:toor"]);
    }

    #[test]
    fn the_product_types_own_defaults_come_first() {
        let list = Wordlist::Named("common-iot".into());
        let from = Sources { wordlist: Some(&list), product_type: Some("printer"), ..Sources::default() };
        let first = &all(&from).unwrap()[0];
        assert_eq!((first.user.as_str(), first.password.as_str()), ("admin", "access"));
        assert!(all(&Sources { wordlist: Some(&Wordlist::Named("x".into())), ..Sources::default() }).is_err());
    }
}
