//! Where something stands in a file that is no YAML, and what is wrong there.

use std::collections::BTreeMap;
use std::fmt;

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A whole file.
    File(String),
    /// A sheet of a workbook.
    Sheet {
        /// The file, as the user named it.
        file: String,
        /// The sheet's name.
        sheet: String,
    },
    /// A cell of a workbook.
    Cell {
        /// The file, as the user named it.
        file: String,
        /// The sheet's name.
        sheet: String,
        /// Row, from 0.
        row: u32,
        /// Column, from 0.
        column: u32,
    },
    /// A spot in a text.
    Text {
        /// The file, as the user named it.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => f.write_str(file),
            Self::Sheet { file, sheet } => write!(f, "{file}, sheet `{sheet}`"),
            Self::Cell { file, sheet, row, column } => {
                write!(f, "{file}, sheet `{sheet}`, cell {}{}", letters(*column), row + 1)
            }
            Self::Text { file, line, column } => write!(f, "{file}:{line}:{column}"),
        }
    }
}

/// A column's letters: 0 is A, 26 is AA.
pub(crate) fn letters(column: u32) -> String {
    let (mut rest, mut out) = (column, Vec::new());
    loop {
        out.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or_default()));
        match (rest / 26).checked_sub(1) {
            Some(next) => rest = next,
            None => return out.into_iter().rev().collect(),
        }
    }
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Cannot be taken: no dossier is written.
    Mistake,
    /// Taken, and said.
    Note,
}

/// Something about an imported file that a person must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable: `import::support`.
    pub code: &'static str,
    /// Mistake or note.
    pub weight: Weight,
    /// Where.
    pub place: Place,
    /// What is wrong, seen against expected.
    pub text: String,
    /// The next thing to do; may be empty.
    pub help: String,
}

impl Finding {
    pub(crate) fn mistake(code: &'static str, place: &Place, text: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, weight: Weight::Mistake, place: place.clone(), text: text.into(), help: help.into() }
    }

    pub(crate) fn note(code: &'static str, place: &Place, text: impl Into<String>) -> Self {
        Self { code, weight: Weight::Note, place: place.clone(), text: text.into(), help: String::new() }
    }
}

/// Where each value of a document came from, by its path: keys and row ids separated by `/`, as in
/// `ixit/10-SecParam/SecParam-3/type`.
#[derive(Debug, Clone, Default)]
pub struct Origins(BTreeMap<String, Place>);

impl Origins {
    pub(crate) fn set(&mut self, path: impl Into<String>, place: &Place) {
        self.0.insert(path.into(), place.clone());
    }

    /// Whether the value at `path` itself has a place.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// The place of the value at `path`, or of the nearest thing around it that has one.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<&Place> {
        let mut path = path;
        loop {
            if let Some(place) = self.0.get(path) {
                return Some(place);
            }
            path = path.rsplit_once('/')?.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_letters_of_a_spreadsheet() {
        for (column, wanted) in [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(letters(column), wanted);
        }
    }

    #[test]
    fn a_value_without_a_place_has_that_of_what_holds_it() {
        let mut origins = Origins::default();
        origins.set("ics/5.1-1", &Place::File("a".into()));
        assert_eq!(origins.of("ics/5.1-1/support"), Some(&Place::File("a".into())));
        assert_eq!(origins.of("ics/5.1-2"), None);
    }
}
