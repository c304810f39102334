//! What every service is asked: what it gives to whoever comes.

use schemars::JsonSchema;
use serde::Serialize;

use super::talk::NoTalk;
use crate::auth::{candidates::Accepted, logon::words, series::Stopped};

/// Whether a service asks who is there before it does anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Logon {
    /// Nothing showed it.
    #[default]
    Unknown,
    /// It asks, and refuses strangers.
    Required,
    /// Strangers get something without one.
    None,
}

/// One thing that a stranger was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Open {
    /// `read`, `write`, `control`, `view`, `shell`.
    pub act: Act,
    /// What: a topic, a path, an action, an object.
    pub what: String,
}

/// What a stranger may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Act {
    /// Reads what is stored or sent.
    Read,
    /// Changes what is stored, or sends in the name of the product.
    Write,
    /// Has the product do something.
    Control,
    /// Sees or hears what its sensors do.
    View,
    /// Runs commands.
    Shell,
}

/// What a service gives to whoever comes.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub(crate) struct Access {
    /// Whether anything came back. Without it the rest says nothing.
    pub answered: bool,
    /// Whether what answers is this service.
    pub speaks: bool,
    /// Whether it was spoken to inside TLS.
    pub tls: bool,
    /// Whether what it takes and gives crosses the network unencrypted.
    pub cleartext: bool,
    /// Whether it asks for a logon.
    pub logon: Logon,
    /// How it asks: `basic`, `community`, `vnc authentication`, ...
    pub schemes: Vec<String>,
    /// What a stranger was given, each once, at most 100.
    pub open: Vec<Open>,
    /// What it tells strangers: banners, names, versions; at most 100, 200 characters each.
    pub tells: Vec<String>,
    /// Public defaults that let in, by name.
    pub accepted: Vec<Accepted>,
    /// Public defaults that were tried.
    pub tried: u32,
    /// Why that series ended early.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// What kept from learning more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Everything that it told, at most 64 KiB: where values of the label are looked for.
    #[serde(skip)]
    pub heard: String,
}

/// Entries that a list keeps.
const MOST: usize = 100;

impl Access {
    /// Something came, and it is this service.
    pub(crate) fn speaking() -> Self {
        Self { answered: true, speaks: true, cleartext: true, ..Self::default() }
    }

    /// Nothing came.
    pub(crate) fn silent(note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..Self::default() }
    }

    /// Something came that is not this service.
    pub(crate) fn other(note: impl Into<String>) -> Self {
        Self { answered: true, note: Some(note.into()), ..Self::default() }
    }

    /// Notes what it told, without control characters.
    pub(crate) fn tell(&mut self, text: &str) {
        let plain: String = words::plain(text.as_bytes()).trim().to_owned();
        if plain.is_empty() {
            return;
        }
        if self.heard.len() < 65_536 {
            self.heard.extend(plain.chars().take(16_384));
            self.heard.push('\n');
        }
        let short: String = plain.chars().take(200).collect();
        if self.tells.len() < MOST && !self.tells.contains(&short) {
            self.tells.push(short);
        }
    }

    /// Notes what a stranger was given: there is no logon before that.
    pub(crate) fn give(&mut self, act: Act, what: &str) {
        self.logon = Logon::None;
        let what: String = words::plain(what.as_bytes()).chars().take(200).collect();
        let open = Open { act, what };
        if self.open.len() < MOST && !self.open.contains(&open) {
            self.open.push(open);
        }
    }

    /// Notes that it asks for a logon. What was given without one stays given.
    pub(crate) fn ask(&mut self, scheme: &str) {
        if self.logon == Logon::Unknown {
            self.logon = Logon::Required;
        }
        let scheme: String = words::plain(scheme.as_bytes()).chars().take(60).collect();
        if self.schemes.len() < MOST && !self.schemes.contains(&scheme) {
            self.schemes.push(scheme);
        }
    }

    /// Notes what kept from learning more.
    pub(crate) fn note(mut self, text: impl Into<String>) -> Self {
        self.note = Some(words::plain(text.into().as_bytes()).chars().take(200).collect());
        self
    }
}

impl From<NoTalk> for Access {
    fn from(why: NoTalk) -> Self {
        match why {
            NoTalk::Refused => Self::silent("connection refused"),
            NoTalk::Silent(text) => Self::silent(text),
            NoTalk::NotTls(text) => Self::other(format!("no TLS: {text}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_told_is_bounded_and_plain() {
        let mut seen = Access::speaking();
        seen.tell("\u{1b}[2Jname\u{7}");
        for n in 0..1_000 {
            seen.tell(&format!("{n} {}", "x".repeat(100_000)));
            seen.give(Act::Read, &format!("{n}{}", "y".repeat(1_000)));
        }
        assert_eq!((seen.tells[0].as_str(), seen.tells.len(), seen.open.len()), ("name", 100, 100));
        assert!(seen.heard.len() < 90_000 && seen.tells.iter().all(|t| t.len() <= 200));
    }

    #[test]
    fn what_was_given_without_a_logon_stays_given() {
        let mut seen = Access::speaking();
        seen.ask("basic");
        assert_eq!(seen.logon, Logon::Required);
        seen.give(Act::View, "/live");
        seen.ask("digest");
        assert_eq!((seen.logon, seen.schemes.len()), (Logon::None, 2));
    }
}
