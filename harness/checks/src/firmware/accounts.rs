//! Accounts that every unit with this image has, and the keys that open them.

use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::secrets::hashes;

/// How an account's password stands in the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Password {
    /// There is none: whoever names the account is in.
    Empty,
    /// A hash: the same password on every unit.
    Hash,
    /// No password opens it.
    Locked,
}

/// An account with a password of some kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Account {
    /// The file.
    pub place: String,
    /// Its name.
    pub user: String,
    /// How its password stands there.
    pub password: Password,
    /// Scheme of the hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// The public default password that the hash hides, by its entry's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_password: Option<String>,
}

/// A public key that opens an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct AuthorizedKey {
    /// The file.
    pub place: String,
    /// `ssh-ed25519`.
    pub kind: String,
    /// SHA-256 of the line's key, in hexadecimal.
    pub sha256: String,
    /// What its owner wrote behind it.
    pub comment: String,
}

/// Most of either from one file.
const MOST: usize = 64;
/// Hashes that are tried against defaults: each costs thousands of rounds.
const TRIED: usize = 16;

/// Accounts of `/etc/passwd` and `/etc/shadow`, wherever they stand in the image.
pub(crate) fn accounts(place: &str, path: &str, bytes: &[u8]) -> Vec<Account> {
    if !path.ends_with("etc/passwd") && !path.ends_with("etc/shadow") && !path.ends_with("etc/shadow-") {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(bytes);
    let mut tried = 0;
    let account = |line: &str| {
        let mut fields = line.split(':');
        let (user, field) = (fields.next()?, fields.next()?);
        fields.next()?;
        let bare = field.trim_start_matches('!');
        let hash = bare.starts_with('$')
            || (bare.len() == 13 && bare.bytes().all(|b| b.is_ascii_alphanumeric() || b"./".contains(&b)));
        let password = match field {
            "x" => return None, // stands in the shadow file
            "" => Password::Empty,
            _ if hash && bare.len() == field.len() => Password::Hash,
            _ => Password::Locked,
        };
        let hashed = password == Password::Hash;
        tried += usize::from(hashed);
        let default = (hashed && tried <= TRIED).then(|| hashes::default_password(bare)).flatten();
        Some(Account {
            place: place.to_owned(),
            user: assay_model::visible_line(user).chars().take(64).collect(),
            password,
            scheme: hashed.then(|| hashes::scheme(bare).to_owned()),
            default_password: default.map(str::to_owned),
        })
    };
    text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).filter_map(account).take(MOST).collect()
}

/// Keys of `authorized_keys` files.
pub(crate) fn keys(place: &str, path: &str, bytes: &[u8]) -> Vec<AuthorizedKey> {
    let file = path.rsplit('/').next().unwrap_or_default();
    if !matches!(file, "authorized_keys" | "authorized_keys2") {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(bytes);
    let key = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = words.iter().position(|w| w.starts_with("ssh-") || w.starts_with("ecdsa-") || w.starts_with("sk-"))?;
        let blob = words.get(at + 1)?;
        Some(AuthorizedKey {
            place: place.to_owned(),
            kind: assay_model::visible_line(words[at]).chars().take(64).collect(),
            sha256: hex::encode(Sha256::digest(blob.as_bytes())),
            comment: assay_model::visible_line(&words[at + 2..].join(" ")).chars().take(100).collect(),
        })
    };
    text.lines().filter(|l| !l.trim_start().starts_with('#')).filter_map(key).take(MOST).collect()
}
