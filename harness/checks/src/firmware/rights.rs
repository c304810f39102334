//! Who may read and write what.

use schemars::JsonSchema;
use serde::Serialize;

use super::unpack::{Entry, Kind};

/// A file and its rights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Rights {
    /// The file or folder.
    pub place: String,
    /// Permission bits, in octal.
    pub mode: String,
    /// User id of its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<u32>,
}

impl Rights {
    fn of(entry: &Entry<'_>, mode: u32) -> Self {
        Self { place: entry.place.clone(), mode: format!("{mode:04o}"), owner: entry.owner }
    }
}

/// A program that runs with its owner's rights, whoever starts it.
pub(crate) fn setuid(entry: &Entry<'_>) -> Option<Rights> {
    let mode = entry.mode.filter(|mode| entry.kind == Kind::File && mode & 0o6000 != 0 && mode & 0o111 != 0)?;
    Some(Rights::of(entry, mode))
}

/// A file that everybody may change, or a folder where everybody may replace what others own.
pub(crate) fn world_writable(entry: &Entry<'_>) -> Option<Rights> {
    let mode = entry.mode?;
    let loose = match entry.kind {
        Kind::File => mode & 0o002 != 0,
        Kind::Folder => mode & 0o002 != 0 && mode & 0o1000 == 0,
        Kind::Link | Kind::Special => false,
    };
    loose.then(|| Rights::of(entry, mode))
}

/// A file made to hold secrets that everybody may read: password hashes, private keys, a radio network's settings.
pub(crate) fn exposed(entry: &Entry<'_>) -> Option<Rights> {
    let mode = entry.mode.filter(|mode| entry.kind == Kind::File && mode & 0o004 != 0)?;
    let file = entry.path.rsplit('/').next().unwrap_or_default();
    let holds = entry.path.ends_with("/etc/shadow")
        || entry.path.ends_with("/etc/shadow-")
        || matches!(
            file,
            "wpa_supplicant.conf"
                | "hostapd.conf"
                | "chap-secrets"
                | "pap-secrets"
                | ".netrc"
                | "id_rsa"
                | "id_ed25519"
        )
        || (file.starts_with("ssh_host_") && file.ends_with("_key"))
        || (file.starts_with("dropbear_") && file.ends_with("_host_key"))
        || (entry.path.contains("/private/") && !file.ends_with(".pub"))
        || memchr::memmem::find(&entry.bytes[..entry.bytes.len().min(4096)], b"PRIVATE KEY-----").is_some();
    holds.then(|| Rights::of(entry, mode))
}
