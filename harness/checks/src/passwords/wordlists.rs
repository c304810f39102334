//! The word lists of test-plans/wordlists, embedded. Their entries are public; reports name them by list and number.

use std::collections::HashMap;
use std::sync::LazyLock;

use assay_model::Fault;

const FILES: [(&str, &str); 2] = [
    ("common-iot", include_str!("../../../../test-plans/wordlists/common-iot.txt")),
    ("common-passwords", include_str!("../../../../test-plans/wordlists/common-passwords.txt")),
];

/// One line of a word list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// `common-iot#12`: what reports say instead of the password.
    pub name: String,
    /// The product type of its section: `camera`; `any` before the first section.
    pub section: String,
    /// The user, in lists of pairs.
    pub user: Option<String>,
    /// The password; may be empty.
    pub password: String,
}

static LISTS: LazyLock<Vec<(&str, Vec<Entry>)>> =
    LazyLock::new(|| FILES.iter().map(|(name, text)| (*name, parse(name, text, name.ends_with("-iot")))).collect());

static BY_PASSWORD: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let mut index = HashMap::new();
    for entry in LISTS.iter().rev().flat_map(|(_, list)| list).filter(|e| !e.password.is_empty()) {
        index.entry(entry.password.to_lowercase()).or_insert_with(|| entry.name.clone());
    }
    index
});

/// Entries of a text: one a line; `#` starts a comment, `[type]` a section; `user:password` where `pairs`.
pub(crate) fn parse(name: &str, text: &str, pairs: bool) -> Vec<Entry> {
    let mut section = "any".to_owned();
    let mut entries = Vec::new();
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        if let Some(title) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            title.clone_into(&mut section);
            continue;
        }
        let (user, password) = match line.split_once(':') {
            Some((user, password)) if pairs => (Some(user.to_owned()), password),
            _ => (None, line),
        };
        let name = format!("{name}#{}", entries.len() + 1);
        entries.push(Entry { name, section: section.clone(), user, password: password.to_owned() });
    }
    entries
}

/// The embedded list of that name.
///
/// # Errors
/// `unknown-wordlist`, with the names that exist.
pub(crate) fn named(name: &str) -> Result<&'static [Entry], Fault> {
    LISTS.iter().find(|(n, _)| *n == name).map(|(_, list)| list.as_slice()).ok_or_else(|| {
        let known = FILES.map(|(n, _)| n).join(", ");
        Fault::plan("unknown-wordlist", format!("no word list is called `{name}`; there are: {known}"))
            .with_help("name one of them, or give entries inline as `user:password`")
    })
}

/// The entry of any list whose password this is, whatever its case.
pub(crate) fn common_password(password: &str) -> Option<&'static str> {
    BY_PASSWORD.get(&password.to_lowercase()).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_what_their_readme_says() {
        let pairs = named("common-iot").unwrap();
        assert!(pairs.len() >= 150, "{}", pairs.len());
        assert!(pairs.iter().all(|e| e.user.is_some()));
        assert!(pairs.iter().any(|e| e.section == "camera"));
        let passwords = named("common-passwords").unwrap();
        assert!(passwords.len() >= 900, "{}", passwords.len());
        let distinct: std::collections::HashSet<_> = passwords.iter().map(|e| &e.password).collect();
        assert_eq!(distinct.len(), passwords.len(), "an entry stands twice");
        let distinct: std::collections::HashSet<_> = pairs.iter().map(|e| (&e.user, &e.password, &e.section)).collect();
        assert_eq!(distinct.len(), pairs.len(), "a pair stands twice");
    }

    #[test]
    fn entries_are_found_by_password_and_named() {
        assert!(common_password("PassWord").is_some_and(|n| n.starts_with("common-")));
        assert_eq!(common_password("k7fq2m9xw3"), None);
        assert_eq!(common_password(""), None);
        assert!(named("rockyou").unwrap_err().text.contains("common-iot"));
    }

    #[test]
    fn empty_passwords_colons_and_sections_are_kept() {
        let list = parse("x", "# c\nroot:\n[camera]\nadmin:a:b\n", true);
        assert_eq!((list[0].password.as_str(), list[0].section.as_str()), ("", "any"));
        assert_eq!((list[1].name.as_str(), list[1].password.as_str()), ("x#2", "a:b"));
        assert_eq!(list[1].section, "camera");
    }
}
