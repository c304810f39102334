//! A map that keeps the order of insertion, because the order of units is the order of the plan.

use std::collections::HashMap;
use std::sync::Arc;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Key and value in order of insertion. Clones share their entries until one of them is changed: results of thousands of
/// units are copied to be told in another way.
#[derive(Debug, Clone, PartialEq)]
pub struct Map<T>(Arc<Inner<T>>);

#[derive(Debug, Clone, PartialEq)]
struct Inner<T> {
    entries: Vec<(String, T)>,
    index: HashMap<String, usize>,
}

impl<T> Default for Map<T> {
    fn default() -> Self {
        Self(Arc::new(Inner { entries: Vec::new(), index: HashMap::new() }))
    }
}

impl<T> Map<T> {
    /// The value under `key`.
    pub fn get(&self, key: &str) -> Option<&T> {
        self.0.index.get(key).map(|&at| &self.0.entries[at].1)
    }
    /// In order of insertion.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&String, &T)> {
        self.0.entries.iter().map(|(k, v)| (k, v))
    }
    /// The values, in order.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.0.entries.iter().map(|(_, v)| v)
    }
    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.entries.len()
    }
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.entries.is_empty()
    }
}

impl<T: Clone> Map<T> {
    /// Inserts at the end, or replaces in place.
    pub fn insert(&mut self, key: String, value: T) {
        let Inner { entries, index } = Arc::make_mut(&mut self.0);
        if let Some(&at) = index.get(&key) {
            entries[at].1 = value;
        } else {
            index.insert(key.clone(), entries.len());
            entries.push((key, value));
        }
    }
    /// The value under `key`, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut T> {
        let Inner { entries, index } = Arc::make_mut(&mut self.0);
        index.get(key).map(|&at| &mut entries[at].1)
    }
    /// In order of insertion, values to be changed.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&String, &mut T)> {
        Arc::make_mut(&mut self.0).entries.iter_mut().map(|(k, v)| (&*k, v))
    }
}

impl<T: Clone> FromIterator<(String, T)> for Map<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(iter: I) -> Self {
        let mut map = Self::default();
        for (key, value) in iter {
            map.insert(key, value);
        }
        map
    }
}

impl<T: Serialize> Serialize for Map<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(self.iter())
    }
}

impl<'de, T: DeserializeOwned + Clone> Deserialize<'de> for Map<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let object = serde_json::Map::deserialize(d)?; // keeps order: feature `preserve_order`
        object.into_iter().map(|(k, v)| serde_json::from_value(v).map(|v| (k, v)).map_err(D::Error::custom)).collect()
    }
}
