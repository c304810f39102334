//! What is looked at in each file of an image, and what came of it over all files.

use std::collections::BTreeMap;

use super::accounts::{self, Account, AuthorizedKey};
use super::components::{self, Component};
use super::elf::{self, Hardening};
use super::rights::{self, Rights};
use super::services::{self, OpenSetting};
use super::unpack::{Entry, Kind};
use crate::secrets::{Search, SearchError, SearchOptions, SearchResult};

/// Most of one kind that are told; more are counted.
const MOST: usize = 1_000;
/// Between two files in the search: no pattern goes through so many zeros.
const BETWEEN: [u8; 64] = [0; 64];

/// Lists with an end.
#[derive(Debug)]
pub(crate) struct Listed<T> {
    pub(crate) told: Vec<T>,
    pub(crate) more: u64,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { told: Vec::new(), more: 0 }
    }
}

impl<T> Listed<T> {
    fn add(&mut self, items: impl IntoIterator<Item = T>) {
        for item in items {
            if self.told.len() < MOST {
                self.told.push(item);
            } else {
                self.more += 1;
            }
        }
    }
}

/// A look at all files of an image under way.
pub(crate) struct Survey {
    search: Search,
    /// Where each file begins in what was searched.
    starts: BTreeMap<u64, String>,
    searched: u64,
    pub(crate) files: u64,
    pub(crate) with_rights: u64,
    pub(crate) binaries: Listed<Hardening>,
    /// Programs that could not be read, with the reason.
    pub(crate) broken: Listed<(String, String)>,
    pub(crate) setuid: Listed<Rights>,
    pub(crate) world_writable: Listed<Rights>,
    pub(crate) exposed: Listed<Rights>,
    pub(crate) accounts: Listed<Account>,
    pub(crate) keys: Listed<AuthorizedKey>,
    pub(crate) settings: Listed<OpenSetting>,
    components: BTreeMap<(String, String), Component>,
}

impl Survey {
    pub(crate) fn new(options: SearchOptions) -> Result<Self, SearchError> {
        Ok(Self {
            search: Search::new(options)?,
            starts: BTreeMap::new(),
            searched: 0,
            files: 0,
            with_rights: 0,
            binaries: Listed::default(),
            broken: Listed::default(),
            setuid: Listed::default(),
            world_writable: Listed::default(),
            exposed: Listed::default(),
            accounts: Listed::default(),
            keys: Listed::default(),
            settings: Listed::default(),
            components: BTreeMap::new(),
        })
    }

    pub(crate) fn look(&mut self, entry: &Entry<'_>) {
        self.with_rights += u64::from(entry.mode.is_some());
        self.setuid.add(rights::setuid(entry));
        self.world_writable.add(rights::world_writable(entry));
        if entry.kind != Kind::File {
            return;
        }
        self.files += 1;
        self.exposed.add(rights::exposed(entry));
        match elf::of(&entry.place, entry.bytes) {
            Some(Ok(binary)) => self.binaries.add([binary]),
            Some(Err(why)) => self.broken.add([(entry.place.clone(), why)]),
            None => {}
        }
        self.accounts.add(accounts::accounts(&entry.place, &entry.path, entry.bytes));
        self.keys.add(accounts::keys(&entry.place, &entry.path, entry.bytes));
        self.settings.add(services::of(&entry.place, &entry.path, entry.bytes));
        for component in components::of(&entry.place, &entry.path, entry.bytes) {
            if self.components.len() < 4 * MOST {
                self.components.entry((component.name.clone(), component.version.clone())).or_insert(component);
            }
        }
        if !entry.bytes.is_empty() {
            self.starts.insert(self.searched, entry.place.clone());
            self.search.feed(entry.bytes);
            self.search.feed(&BETWEEN);
            self.searched += (entry.bytes.len() + BETWEEN.len()) as u64;
        }
    }

    /// The components, and the secrets with the file of each; offsets count in that file.
    pub(crate) fn finish(&mut self) -> (Vec<Component>, SearchResult, Vec<String>) {
        let empty = Search::new(SearchOptions { rules: vec!["jwt".into()], canaries: Vec::new() });
        let mut result = match empty {
            Ok(empty) => std::mem::replace(&mut self.search, empty).finish(),
            Err(_) => SearchResult { found: Vec::new(), omitted: 0, searched: 0 },
        };
        let mut places = Vec::new();
        for found in &mut result.found {
            let file = self.starts.range(..=found.finding.offset).next_back();
            let (start, place) = file.map_or((0, String::new()), |(start, place)| (*start, place.clone()));
            found.finding.offset -= start;
            places.push(place);
        }
        (std::mem::take(&mut self.components).into_values().collect(), result, places)
    }
}
