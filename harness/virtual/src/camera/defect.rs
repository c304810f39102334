//! The switches of the camera and of its maker's website, and which units each one decides. The one table of them.
//!
//! `fails` and `affects` are exact sets over all shipped plans; a test of the command line compares them with real runs.

use serde::Serialize;

/// A switch of the camera or of its maker's website. Later releases add some.
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
    /// HTTPS still answers hellos of TLS 1.0 and 1.1.
    Tls10Accepted,
    /// HTTPS agrees to triple DES and RC4 where a client offers nothing better.
    TlsWeakSuite,
    /// The certificate of HTTPS has expired.
    TlsExpiredCert,
    /// Every unit leaves the factory with the same TLS key.
    TlsSharedKey,
    /// SSH offers key exchanges over SHA-1.
    SshWeakKex,
    /// Every unit leaves the factory with the same SSH host key.
    SshSharedHostKey,
    /// A key in the countdown stops the boot loader at its prompt.
    BootloaderShell,
    /// The boot log shows the key of the radio network.
    BootLogLeaksKey,
    /// A power cut in the middle of a boot takes account and settings away.
    SettingsLostOnPowerCut,
    /// The published firmware holds a private key, the same for all units.
    FirmwareHardcodedKey,
    /// The published firmware has an administrator's account with a default password.
    FirmwareDefaultRoot,
    /// In the published firmware everybody may read the password hashes and change the key store.
    FirmwareExposedStore,
    /// A broker in clear that asks nobody who is there.
    MqttAnonymous,
    /// An agent that tells the system group to whoever says `public`.
    SnmpPublic,
    /// A gateway service that opens ports for whoever asks.
    UpnpIgdOpen,
    /// A file server that shows a folder to `anonymous`.
    FtpAnonymous,
    /// The logon form is served, and taken, without TLS too.
    HttpCleartextLogin,
    /// The JSON API shows and takes settings without a logon.
    HttpSettingsWithoutAuth,
    /// The state that everybody may ask for has the serial number.
    HttpLeaksSerial,
    /// The debug port was never locked.
    DebugOpen,
    /// The debug port refuses to halt the processor, and reads all memory.
    DebugMemoryReadable,
    /// Keys and the label password stand in flash as they are, and the debug port reads them.
    SecretsInFlash,
    /// The log that the firmware keeps in memory shows the key of the radio network, and the debug port reads it.
    RttLogLeaksKey,
    /// The health report names the unit and travels in clear.
    TelemetryCleartext,
    /// The website has no reporting policy.
    NoPolicyPage,
    /// The reporting policy is behind a logon.
    PolicyBehindLogin,
    /// The reporting policy names nobody to write to.
    NoContact,
    /// The reporting policy does not say when a report is acknowledged.
    NoAcknowledgementTime,
    /// The reporting policy does not say when a reporter hears of the progress.
    NoStatusUpdates,
    /// The reporting policy comes only to those who leave their name and address.
    PolicyAsksEmail,
    /// The reporting policy is in French.
    PolicyInFrench,
    /// The reporting policy is a document that must be bought.
    PolicyPdfPaywalled,
    /// The support period is five years from purchase.
    SupportPeriodWithoutEndDate,
    /// The support period ends earlier than it once did.
    SupportPeriodShortened,
    /// The support period ends later than it once did, and no decision explains it.
    SupportPeriodLengthened,
    /// The website has no page about support.
    NoSupportPage,
    /// The support period is told to engineers.
    SupportPeriodJargon,
    /// The sales page says nothing of updates.
    SupportNotOnSalesPage,
    /// The statement of compliance lacks a field.
    StatementMissingField,
    /// The statement of compliance gives another end of support.
    StatementDateDisagrees,
    /// The label of the product has expired.
    LabelExpired,
    /// The label is another product's.
    LabelWrongModel,
    /// Manner: thinks for a while before it answers a connection.
    Slow,
    /// Manner: takes up few connections at once, and few in a second.
    RateLimited,
    /// Manner: some ports are behind a filter that drops.
    Filtered,
    /// Dead twin: accepts and never answers.
    Silent,
    /// Dead twin: drops every third connection.
    Flaky,
    /// Dead twin: nothing listens.
    Absent,
    /// Dead twin: the cable of the debug probe drops out in the middle.
    DebugCableLost,
    /// Dead twin: there is no debug probe.
    ProbeMissing,
    /// Dead twin: the debug probe accepts commands and stops answering.
    ProbeStalled,
    /// Dead twin: the maker's website accepts and never answers.
    WebsiteSilent,
    /// Dead twin: there is no website.
    WebsiteAbsent,
}

/// What a switch is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DefectPart {
    /// Each sample.
    Camera,
    /// The bench's debug probe on each sample.
    Probe,
    /// The maker's website, which all samples have in common.
    Website,
}

/// What a switch turns the camera into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DefectKind {
    /// A product that does what a requirement forbids.
    Defect,
    /// A good product that is hard to ask: no unit may FAIL because of it.
    Manner,
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
    /// Of the samples, or of the maker's website.
    pub part: DefectPart,
    /// Defect or dead twin.
    pub kind: DefectKind,
    /// Test units that it fails, and no other; empty for manners and dead twins.
    pub fails: &'static [&'static str],
    /// Test units that a dead twin keeps from PASS and FAIL; empty for defects and manners.
    pub affects: &'static [&'static str],
}

/// Units that need an answer from the product itself.
const TOUCHING: &[&str] = &[
    "PSTI-1.1",
    "PSTI-1.2",
    "PSTI-1.X1",
    "5.1-1-2 a",
    "5.1-1-2 b",
    "5.1-5-2 a",
    "5.1-5-2 b",
    "5.4-1-2 a",
    "5.6-1-2 a",
    "5.6-1-2 b",
    "5.6-4-2 a",
    "5.6-4-2 b",
    "5.9-1-2 b",
    "5.9-2-2 b",
];

/// Units that look through the debug probe.
const PROBING: &[&str] = &["5.4-1-2 a", "5.6-4-2 a"];

/// Units that read the maker's website.
const READING: &[&str] = &[
    "PSTI-2.1",
    "PSTI-2.2",
    "PSTI-2.3",
    "PSTI-2.4a",
    "PSTI-2.4b",
    "PSTI-2.4c",
    "PSTI-2.4d",
    "PSTI-2.4e",
    "PSTI-2.5",
    "PSTI-3.2",
    "PSTI-3.3",
    "PSTI-3.4a",
    "PSTI-3.4b",
    "PSTI-3.4c",
    "PSTI-3.4d",
    "PSTI-3.4e",
    "PSTI-3.4f",
    "PSTI-3.5",
    "PSTI-3.6",
    "PSTI-3.7",
    "psti-statement",
    "psti-label",
    "5.2-1-1 a",
    "5.2-1-2 a",
    "5.2-1-2 b",
    "5.3-13-1 a",
    "5.3-13-2 a",
    "5.3-13-2 b",
    "5.3-13-2 c",
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
        &["PSTI-1.1", "PSTI-1.2", "5.1-1-2 a", "5.1-5-2 a", "5.5-5-2 b", "5.5-6-2 a", "5.6-1-2 b"]),
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
    seeded(Defect::Tls10Accepted, "tls10-accepted",
        "HTTPS answers hellos of TLS 1.0 and 1.1",
        &["5.1-3-2 a", "5.5-1-2 a", "5.5-4-2 c"]),
    seeded(Defect::TlsWeakSuite, "tls-weak-suite",
        "HTTPS agrees to triple DES and RC4 at TLS 1.2",
        &["5.1-3-2 a", "5.5-1-2 a", "5.5-4-2 c"]),
    seeded(Defect::TlsExpiredCert, "tls-expired-cert",
        "the certificate of HTTPS expired in 2021",
        &["5.1-3-2 a", "5.5-1-2 a", "5.5-4-2 c"]),
    seeded(Defect::TlsSharedKey, "tls-shared-key",
        "every sample has the same TLS key",
        &["5.4-4-1 b"]),
    seeded(Defect::SshWeakKex, "ssh-weak-kex",
        "SSH offers diffie-hellman-group1-sha1 and group14-sha1",
        &["5.1-3-2 a", "5.5-1-2 a", "5.5-4-2 c"]),
    seeded(Defect::SshSharedHostKey, "ssh-shared-host-key",
        "every sample has the same SSH host key",
        &["5.4-4-1 b"]),
    seeded(Defect::BootLogLeaksKey, "boot-log-leaks-key",
        "the boot log on the serial console shows the pre-shared key of the radio network",
        &["5.4-1-2 a"]),
    seeded(Defect::SettingsLostOnPowerCut, "settings-lost-on-power-cut",
        "power lost in the middle of a boot takes the account and the settings away",
        &["5.9-1-2 b", "5.9-2-2 b"]),
    seeded(Defect::FirmwareHardcodedKey, "firmware-hardcoded-key",
        "the firmware image holds a private key, the same for all units",
        &["5.4-3-2 a"]),
    seeded(Defect::FirmwareDefaultRoot, "firmware-default-root",
        "the firmware image has a root account with a hash of the default password admin",
        &["5.4-3-2 a"]),
    seeded(Defect::FirmwareExposedStore, "firmware-exposed-store",
        "in the firmware image everybody may read the password hashes and write the key store",
        &["5.4-1-2 a"]),
    seeded(Defect::MqttAnonymous, "mqtt-anonymous",
        "an MQTT broker in clear on 1883 lets anybody read and send",
        &["5.5-4-2 a", "5.5-5-2 a", "5.5-5-2 b", "5.6-1-2 b"]),
    seeded(Defect::SnmpPublic, "snmp-public",
        "an SNMP agent on UDP 1161 tells firmware and serial number to the community `public`",
        &["5.5-4-2 a", "5.5-5-2 b", "5.6-1-2 b", "5.6-2-2 a"]),
    seeded(Defect::UpnpIgdOpen, "upnp-igd-open",
        "the UPnP description has a gateway service that maps ports for anybody",
        &["5.5-4-2 a", "5.5-5-2 a"]),
    seeded(Defect::FtpAnonymous, "ftp-anonymous",
        "FTP on 2121 shows a folder to `anonymous`",
        &["PSTI-1.1", "5.1-1-2 a", "5.1-5-2 a", "5.5-4-2 a", "5.5-5-2 b", "5.5-6-2 a", "5.6-1-2 b"]),
    seeded(Defect::HttpCleartextLogin, "http-cleartext-login",
        "the logon form is served and taken without TLS on 8080",
        &["PSTI-1.1", "5.1-1-2 a", "5.1-5-2 a", "5.5-6-2 a"]),
    seeded(Defect::HttpSettingsWithoutAuth, "http-settings-without-auth",
        "the JSON API shows and changes settings without a logon",
        &["5.5-5-2 a"]),
    seeded(Defect::HttpLeaksSerial, "http-leaks-serial",
        "the state that everybody may ask for tells serial number and MAC address",
        &["5.6-2-2 a"]),
    seeded(Defect::DebugOpen, "debug-open",
        "the debug port was never locked: a debugger halts the processor and reads its memory",
        &["5.6-4-2 a"]),
    seeded(Defect::DebugMemoryReadable, "debug-memory-readable",
        "the debug port refuses to halt the processor, and reads all memory",
        &["5.6-4-2 a"]),
    seeded(Defect::SecretsInFlash, "secrets-in-flash",
        "radio key, label password and private key stand in flash as they are, and the open debug port reads them",
        &["5.4-1-2 a", "5.6-4-2 a"]),
    seeded(Defect::RttLogLeaksKey, "rtt-log-leaks-key",
        "the log that the firmware keeps in memory shows the radio key, and the open debug port reads it",
        &["5.4-1-2 a", "5.6-4-2 a"]),
    seeded(Defect::TelemetryCleartext, "telemetry-cleartext",
        "the health report names the unit, and goes to the maker's service in clear",
        &["5.5-5-2 b", "5.5-7-2 a", "5.8-1-2 a"]),
    site(Defect::NoPolicyPage, "no-policy-page",
        "the website has no page about reporting security issues",
        &["PSTI-2.1", "PSTI-2.2", "PSTI-2.3", "PSTI-2.4a", "PSTI-2.4b", "PSTI-2.4c", "PSTI-2.4d", "PSTI-2.4e", "PSTI-2.5",
          "5.2-1-1 a", "5.2-1-2 a", "5.2-1-2 b"]),
    site(Defect::PolicyBehindLogin, "policy-behind-login",
        "the reporting policy opens only for those who have an account",
        &["PSTI-2.1", "PSTI-2.2", "PSTI-2.3", "PSTI-2.4a", "PSTI-2.4b", "PSTI-2.4e", "5.2-1-1 a", "5.2-1-2 a", "5.2-1-2 b"]),
    site(Defect::NoContact, "no-contact",
        "the reporting policy names no address, number or form to report to",
        &["PSTI-2.1"]),
    site(Defect::NoAcknowledgementTime, "no-acknowledgement-time",
        "the reporting policy does not say when a report is acknowledged",
        &["PSTI-2.2"]),
    site(Defect::NoStatusUpdates, "no-status-updates",
        "the reporting policy does not say when a reporter hears of the progress",
        &["PSTI-2.3"]),
    site(Defect::PolicyAsksEmail, "policy-asks-email",
        "the reporting policy is sent to those who leave name and mail address",
        &["PSTI-2.1", "PSTI-2.2", "PSTI-2.3", "PSTI-2.4a", "PSTI-2.4b", "PSTI-2.4e"]),
    site(Defect::PolicyInFrench, "policy-in-french",
        "the reporting policy is in French only",
        &["PSTI-2.4c"]),
    site(Defect::PolicyPdfPaywalled, "policy-pdf-paywalled",
        "the reporting policy is a document that must be bought",
        &["PSTI-2.1", "PSTI-2.2", "PSTI-2.3", "PSTI-2.4a", "PSTI-2.4d"]),
    site(Defect::SupportPeriodWithoutEndDate, "support-period-without-end-date",
        "the support page promises five years from purchase and no date",
        &["PSTI-3.2", "PSTI-3.7"]),
    site(Defect::SupportPeriodShortened, "support-period-shortened",
        "support ends two years earlier than the page once said",
        &["PSTI-3.6"]),
    site(Defect::SupportPeriodLengthened, "support-period-lengthened",
        "support ends two years later than the page once said, and the dossier knows of no decision",
        &["PSTI-3.3"]),
    site(Defect::NoSupportPage, "no-support-page",
        "the website has no page about the support period",
        &["PSTI-3.2", "PSTI-3.4a", "PSTI-3.4b", "PSTI-3.4c", "PSTI-3.4d", "PSTI-3.4e", "PSTI-3.4f", "PSTI-3.7",
          "5.3-13-1 a", "5.3-13-2 a", "5.3-13-2 b", "5.3-13-2 c"]),
    site(Defect::SupportPeriodJargon, "support-period-jargon",
        "the support page is written for engineers",
        &["PSTI-3.4f"]),
    site(Defect::SupportNotOnSalesPage, "support-not-on-sales-page",
        "the sales page does not say until when updates come",
        &["PSTI-3.5"]),
    site(Defect::StatementMissingField, "statement-missing-field",
        "the statement of compliance does not say where it was issued",
        &["psti-statement"]),
    site(Defect::StatementDateDisagrees, "statement-date-disagrees",
        "the statement of compliance gives another end of support than the support page",
        &["PSTI-3.7"]),
    site(Defect::LabelExpired, "label-expired",
        "the register says that the product's label has expired",
        &["psti-label"]),
    site(Defect::LabelWrongModel, "label-wrong-model",
        "the register's entry is for another product",
        &["psti-label"]),
    manner(Defect::Slow, "slow", "needs 300 ms before it answers a connection"),
    manner(Defect::RateLimited, "rate-limited", "takes up 50 connections a second and four at once"),
    manner(Defect::Filtered, "filtered", "TCP ports 5000 to 5007 are behind a filter that drops"),
    dead(Defect::Silent, "silent", "accepts connections and input, and never answers"),
    dead(Defect::Flaky, "flaky", "drops every third connection at once, and every third line of the console"),
    dead(Defect::Absent, "absent", "nothing listens; the console is there and silent"),
    no_probe(Defect::DebugCableLost, "debug-cable-lost", "the cable of the debug probe drops out in the middle of a session"),
    no_probe(Defect::ProbeMissing, "probe-missing", "nothing is there where the debug probe should be"),
    no_probe(Defect::ProbeStalled, "probe-stalled", "the debug probe accepts commands and stops answering"),
    no_site(Defect::WebsiteSilent, "website-silent", "the maker's website accepts connections and never answers"),
    no_site(Defect::WebsiteAbsent, "website-absent", "there is no maker's website"),
];

const fn seeded(
    defect: Defect,
    name: &'static str,
    summary: &'static str,
    fails: &'static [&'static str],
) -> DefectInfo {
    let (part, kind) = (DefectPart::Camera, DefectKind::Defect);
    DefectInfo { defect, name, summary, part, kind, fails, affects: &[] }
}

const fn site(defect: Defect, name: &'static str, summary: &'static str, fails: &'static [&'static str]) -> DefectInfo {
    DefectInfo { part: DefectPart::Website, ..seeded(defect, name, summary, fails) }
}

const fn manner(defect: Defect, name: &'static str, summary: &'static str) -> DefectInfo {
    let (part, kind) = (DefectPart::Camera, DefectKind::Manner);
    DefectInfo { defect, name, summary, part, kind, fails: &[], affects: &[] }
}

const fn dead(defect: Defect, name: &'static str, summary: &'static str) -> DefectInfo {
    let (part, kind) = (DefectPart::Camera, DefectKind::Dead);
    DefectInfo { defect, name, summary, part, kind, fails: &[], affects: TOUCHING }
}

const fn no_probe(defect: Defect, name: &'static str, summary: &'static str) -> DefectInfo {
    DefectInfo { part: DefectPart::Probe, affects: PROBING, ..dead(defect, name, summary) }
}

const fn no_site(defect: Defect, name: &'static str, summary: &'static str) -> DefectInfo {
    DefectInfo { part: DefectPart::Website, affects: READING, ..dead(defect, name, summary) }
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

    /// Their names, in the order of the table.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        TABLE.iter().filter(|row| self.has(row.defect)).map(|row| row.name)
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
            assert_eq!(row.kind != DefectKind::Defect, row.fails.is_empty(), "{}", row.name);
            assert_eq!(row.kind != DefectKind::Dead, row.affects.is_empty(), "{}", row.name);
            assert_eq!(by_name(row.name).map(|found| found.defect), Some(row.defect));
        }
    }

    #[test]
    fn every_page_belongs_to_a_defect_of_the_website() {
        let site = |row: &&DefectInfo| row.part == DefectPart::Website && row.kind == DefectKind::Defect;
        let named: std::collections::BTreeSet<&str> = TABLE.iter().filter(site).map(|row| row.name).collect();
        let paged = crate::website::variants().filter(|variant| *variant != "good").collect();
        assert_eq!(named, paged);
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
