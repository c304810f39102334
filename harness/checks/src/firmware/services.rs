//! Settings of known services that open them wider than they should be.

use std::sync::LazyLock;

use regex::Regex;
use schemars::JsonSchema;
use serde::Serialize;

/// A setting that opens a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct OpenSetting {
    /// The file.
    pub place: String,
    /// The line, from 1.
    pub line: u64,
    /// `sshd`, `telnetd`, `vsftpd`, `mosquitto`.
    pub service: String,
    /// The setting as it stands there.
    pub setting: String,
    /// What it lets happen.
    pub lets: String,
}

/// Which files, the service, the line, and what it lets happen.
type Row = (&'static str, &'static str, &'static str, &'static str);

/// Files by a pattern over their path; lines by a pattern over the trimmed line, which no comment sign begins.
const ROWS: [Row; 19] = [
    (
        r"sshd_config$|sshd_config\.d/",
        "sshd",
        r"(?i)^PermitRootLogin\s+yes\b",
        "the administrator's account logs on with a password",
    ),
    (
        r"sshd_config$|sshd_config\.d/",
        "sshd",
        r"(?i)^PermitEmptyPasswords\s+yes\b",
        "accounts without a password log on",
    ),
    (r"sshd_config$|sshd_config\.d/", "sshd", r"(?i)^Protocol\s+.*\b1\b", "version 1 of the protocol, which is broken"),
    (r"vsftpd\.conf$", "vsftpd", r"(?i)^anonymous_enable\s*=\s*YES", "strangers read files"),
    (r"vsftpd\.conf$", "vsftpd", r"(?i)^anon_upload_enable\s*=\s*YES", "strangers write files"),
    (r"proftpd\.conf$", "proftpd", r"(?i)^<Anonymous\b", "strangers read files"),
    (
        r"mosquitto(?:\.conf$|/conf\.d/)",
        "mosquitto",
        r"(?i)^allow_anonymous\s+true",
        "strangers read and send messages",
    ),
    (
        r"snmpd?\.conf$",
        "snmpd",
        r"(?i)^r[ow]community6?\s+(?:public|private)\b",
        "a community name that everybody knows",
    ),
    (r"smb\.conf$", "smbd", r"(?i)^(?:guest ok|public)\s*=\s*yes", "strangers open a share"),
    (r"redis(?:\.conf$|/)", "redis", r"(?i)^protected-mode\s+no\b", "strangers read and write the store"),
    (r"rsyncd\.conf$", "rsyncd", r"(?i)^read only\s*=\s*(?:no|false)", "whoever reaches it writes files"),
    (r"(?:^|/)exports$", "nfsd", r"no_root_squash", "the administrator of any host is the administrator here"),
    (
        r"(?:^|/)inittab$",
        "init",
        r"^[^#]*:(?:respawn|askfirst|once):-?/bin/(?:ba|a)?sh\b",
        "a shell on the console without a logon",
    ),
    (
        r"(?:^|/)inittab$|/(?:rcS|rc\.local)$|/init\.d/|/rc\.d/|inetd\.conf$|\.service$",
        "telnetd",
        r"\b(?:in\.)?telnetd\b",
        "a logon without encryption",
    ),
    (
        r"/(?:rcS|rc\.local)$|/init\.d/|/rc\.d/|inetd\.conf$|\.service$",
        "ftpd",
        r"\b(?:in\.)?(?:ftpd|tcpsvd)\b",
        "files without encryption",
    ),
    (
        r"/(?:rcS|rc\.local)$|/init\.d/|/rc\.d/|inetd\.conf$|\.service$",
        "tftpd",
        r"\b(?:in\.)?tftpd\b",
        "files without a logon",
    ),
    (r"inetd\.conf$", "inetd", r"^(?:shell|login|exec|finger|chargen|echo)\s+stream\s+tcp", "a service of another age"),
    (r"/(?:rcS|rc\.local)$|/init\.d/|/rc\.d/|\.service$", "adbd", r"\badbd\b", "a debug bridge"),
    (
        r"dropbear$",
        "dropbear",
        r"(?i)option\s+RootPasswordAuth\s+'?(?:on|1)\b",
        "the administrator's account logs on with a password",
    ),
];

static COMPILED: LazyLock<Vec<(Regex, Regex)>> = LazyLock::new(|| {
    let compile = |pattern: &str| Regex::new(pattern).expect("a constant that the tests compile");
    ROWS.iter().map(|(file, _, line, _)| (compile(file), compile(line))).collect()
});

/// Most settings from one file.
const MOST: usize = 32;
/// A file of settings is no longer.
const LONGEST: usize = 256 * 1024;

/// Those of one file.
pub(crate) fn of(place: &str, path: &str, bytes: &[u8]) -> Vec<OpenSetting> {
    let rows: Vec<(&Row, &Regex)> = ROWS
        .iter()
        .zip(COMPILED.iter())
        .filter(|(_, (file, _))| file.is_match(path))
        .map(|(row, (_, line))| (row, line))
        .collect();
    if rows.is_empty() || bytes.len() > LONGEST || bytes.contains(&0) {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) || line.starts_with("//") {
            continue;
        }
        for ((_, service, _, lets), pattern) in &rows {
            if found.len() < MOST && pattern.is_match(line) {
                found.push(OpenSetting {
                    place: place.to_owned(),
                    line: number,
                    service: (*service).to_owned(),
                    setting: assay_model::visible_line(line).chars().take(160).collect(),
                    lets: (*lets).to_owned(),
                });
            }
        }
    }
    found
}
