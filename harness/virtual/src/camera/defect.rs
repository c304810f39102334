//! The switches of the camera, and which units each one decides. The one table of them.
//!
//! `fails` and `affects` are exact sets over all shipped plans; a test of the command line compares them with real runs.

use serde::Serialize;

/// A switch of the camera. Later releases add some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Defect {
    /// Every unit leaves the factory with the same label password.
    UniversalPassword,
    /// The label password is the start of an unkeyed hash of the MAC address.
    PasswordFromMac,
    /// The label password is a prefix and a counter.
    PasswordIncremental,
    /// Label passwords differ, and each stands in a public list.
    PasswordCommon,
    /// First use can be finished without choosing a password.
    SetupAcceptsEmptyPassword,
    /// Factory reset leaves an account with a password that all units share.
    ResetRestoresSharedPassword,
    /// Telnet with a root account of the default lists.
    TelnetRoot,
    /// A debug service that nobody declared. It is no logon.
    UndeclaredPort,
    /// Wrong passwords cost nothing, anywhere.
    NoLockout,
    /// The console gives a root shell to whoever comes.
    ConsoleRootShell,
    /// A key in the countdown stops the boot loader at its prompt.
    BootloaderShell,
    /// The boot log shows the key of the radio network.
    BootLogLeaksKey,
    /// Dead twin: accepts and never answers.
    Silent,
    /// Dead twin: drops every third connection.
    Flaky,
    /// Dead twin: nothing listens.
    Absent,
}

/// What a switch turns the camera into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DefectKind {
    /// A product that does what a requirement forbids.
    Defect,
    /// A product that cannot be judged: no unit that touches it may PASS or FAIL because of it.
    Dead,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct DefectInfo {
    #[serde(skip)]
    pub(crate) defect: Defect,
    /// The word after `--defect`.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Defect or dead twin.
    pub kind: DefectKind,
    /// Test units that it fails, and no other; empty for dead twins.
    pub fails: &'static [&'static str],
    /// Test units that a dead twin keeps from PASS and FAIL; empty for defects.
    pub affects: &'static [&'static str],
}

/// Units that need an answer from the product.
const TOUCHING: &[&str] = &[
    "PSTI-1.1",
    "PSTI-1.2",
    "PSTI-1.X1",
    "5.1-1-2 a",
    "5.1-1-2 b",
    "5.1-5-2 a",
    "5.1-5-2 b",
    "5.6-1-2 a",
    "5.6-1-2 b",
];

#[rustfmt::skip]
pub(crate) static TABLE: &[DefectInfo] = &[
    seeded(Defect::UniversalPassword, "universal-password",
        "every sample has the same label password, one that is in no list",
        &["PSTI-1.2", "5.1-1-2 c"]),
    seeded(Defect::PasswordFromMac, "password-from-mac",
        "the label password is the first 10 hex digits of the MD5 of the MAC address as printed",
        &["PSTI-1.3b", "PSTI-1.3c", "5.1-2-2 a"]),
    seeded(Defect::PasswordIncremental, "password-incremental",
        "the label password is a fixed prefix and a counter that steps up by one",
        &["PSTI-1.3a", "5.1-2-2 a"]),
    seeded(Defect::PasswordCommon, "password-common",
        "label passwords differ, and each is an entry of a public list of common passwords",
        &["PSTI-1.3d", "5.1-2-2 a"]),
    seeded(Defect::SetupAcceptsEmptyPassword, "setup-accepts-empty-password",
        "first-use set-up completes with an empty password, or with none",
        &["PSTI-1.2", "5.1-1-2 b", "5.5-5-2 a"]),
    seeded(Defect::ResetRestoresSharedPassword, "reset-restores-shared-password",
        "after a factory reset admin / admin1234, of the default lists, logs on until the camera is set up again",
        &["PSTI-1.X1", "5.11-1-2 c"]),
    seeded(Defect::TelnetRoot, "telnet-root",
        "telnet on 2323 takes root / root",
        &["PSTI-1.1", "PSTI-1.2", "5.1-1-2 a", "5.1-5-2 a", "5.5-5-2 b", "5.6-1-2 b"]),
    seeded(Defect::UndeclaredPort, "undeclared-port",
        "a debug service without logon listens on 9999",
        &["5.5-5-2 b", "5.6-1-2 b"]),
    seeded(Defect::NoLockout, "no-lockout",
        "no lockout and no growing delay on any logon",
        &["5.1-5-2 b"]),
    seeded(Defect::ConsoleRootShell, "console-root-shell",
        "the serial console gives a root shell without a logon",
        &["5.6-4-2 b"]),
    seeded(Defect::BootloaderShell, "bootloader-shell",
        "any key in the countdown stops the boot loader at a prompt that shows and sets its environment",
        &["5.6-4-2 b"]),
    seeded(Defect::BootLogLeaksKey, "boot-log-leaks-key",
        "the boot log on the serial console shows the pre-shared key of the radio network",
        &["5.4-1-2 a"]),
    dead(Defect::Silent, "silent", "accepts connections and input, and never answers"),
    dead(Defect::Flaky, "flaky", "drops every third connection at once, and every third line of the console"),
    dead(Defect::Absent, "absent", "nothing listens; the console is there and silent"),
];

const fn seeded(
    defect: Defect,
    name: &'static str,
    summary: &'static str,
    fails: &'static [&'static str],
) -> DefectInfo {
    DefectInfo { defect, name, summary, kind: DefectKind::Defect, fails, affects: &[] }
}

const fn dead(defect: Defect, name: &'static str, summary: &'static str) -> DefectInfo {
    DefectInfo { defect, name, summary, kind: DefectKind::Dead, fails: &[], affects: TOUCHING }
}

/// The row of a name.
pub(crate) fn by_name(name: &str) -> Option<&'static DefectInfo> {
    TABLE.iter().find(|row| row.name == name)
}

/// The defects of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Defects(std::collections::BTreeSet<Defect>);

impl Defects {
    pub(crate) fn has(&self, defect: Defect) -> bool {
        self.0.contains(&defect)
    }
}

impl FromIterator<Defect> for Defects {
    fn from_iter<I: IntoIterator<Item = Defect>>(defects: I) -> Self {
        Self(defects.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_decides_units_of_its_own_kind() {
        for row in TABLE {
            assert_eq!(row.kind == DefectKind::Dead, row.fails.is_empty(), "{}", row.name);
            assert_eq!(row.kind == DefectKind::Defect, row.affects.is_empty(), "{}", row.name);
            assert_eq!(by_name(row.name).map(|found| found.defect), Some(row.defect));
        }
    }

    #[test]
    fn the_list_serializes_for_scripts() {
        let list = serde_json::to_value(crate::models()).unwrap();
        assert_eq!(list[0]["name"], "camera");
        assert_eq!(list[0]["defects"][0]["name"], "universal-password");
        assert_eq!(list[0]["defects"][0]["kind"], "defect");
        assert!(list[0]["defects"][0]["fails"].as_array().unwrap().contains(&"PSTI-1.2".into()));
    }
}
