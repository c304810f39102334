//! The settings that an owner can change.

use serde::{Deserialize, Serialize};

const MAX_TEXT_BYTES: usize = 64;

/// Settings, as `GET /api/settings` shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Settings {
    pub(crate) name: String,
    pub(crate) timezone: String,
    pub(crate) recording: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { name: "Camera".to_owned(), timezone: "Europe/London".to_owned(), recording: false }
    }
}

/// A change: what is left out stays.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SettingsChange {
    name: Option<String>,
    timezone: Option<String>,
    recording: Option<bool>,
}

impl Settings {
    /// Applies a change whole, or not at all when a text is too long or has control characters.
    pub(crate) fn apply(&mut self, change: SettingsChange) -> bool {
        let texts = [&change.name, &change.timezone];
        if texts.into_iter().flatten().any(|t| t.len() > MAX_TEXT_BYTES || t.chars().any(char::is_control)) {
            return false;
        }
        if let Some(name) = change.name {
            self.name = name;
        }
        if let Some(timezone) = change.timezone {
            self.timezone = timezone;
        }
        if let Some(recording) = change.recording {
            self.recording = recording;
        }
        true
    }
}
