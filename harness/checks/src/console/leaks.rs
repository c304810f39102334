//! What in a boot log looks like a secret. The values go to the secret sink and never into an observation.

use std::sync::LazyLock;

use assay_model::SecretSink;
use regex::Regex;
use schemars::JsonSchema;
use serde::Serialize;

/// Findings that are reported; more say nothing new.
const FINDINGS: usize = 64;

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Leak {
    /// `private-key`, `wifi-psk`, `password`, `password-hash`, `token`, `cloud-key`, `url-credentials`.
    pub kind: &'static str,
    /// The line of the log, from 1.
    pub line: u32,
    /// The name that stands before it; never the value.
    pub name: String,
    /// Characters of the value.
    pub length: usize,
}

/// Kind, and a pattern with groups `name` (may be absent) and `value`.
const RULES: [(&str, &str); 7] = [
    (
        "wifi-psk",
        r#"(?i)(?P<name>\b(?:wpa_?|wifi_?|wlan_?)?(?:psk|passphrase)\w*)["']?\s*[=:]\s*["']?(?P<value>[^\s"']{8,64})"#,
    ),
    ("password", r#"(?i)(?P<name>\b\w{0,32}(?:password|passwd|pwd))["']?\s*[=:]\s*["']?(?P<value>[^\s"',;]{3,128})"#),
    ("password-hash", r"(?P<name>\b[a-z_][a-z0-9_-]{0,31}):(?P<value>\$(?:1|2[aby]|5|6|y)\$[^\s:]{8,160})"),
    ("cloud-key", r"(?P<value>\b(?:AKIA|ASIA)[0-9A-Z]{16}\b)"),
    ("token", r"(?P<value>\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,})"),
    (
        "token",
        r#"(?i)(?P<name>\b\w{0,32}(?:secret|token|api_?key|auth_?key|device_?key))["']?\s*[=:]\s*["']?(?P<value>[A-Za-z0-9+/_=.-]{16,512})"#,
    ),
    ("url-credentials", r"\b(?P<name>[a-z][a-z0-9+.-]{1,15})://[^\s:/@]{1,64}:(?P<value>[^\s:/@]{1,128})@"),
];

static COMPILED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let compile = |pattern: &str| Regex::new(pattern).expect("a constant that the tests compile");
    RULES.iter().map(|(_, pattern)| compile(pattern)).collect()
});

/// Values that say that there is none.
fn is_placeholder(value: &str) -> bool {
    let mut bytes = value.bytes();
    let first = bytes.next();
    let lower = value.to_ascii_lowercase();
    bytes.all(|b| Some(b) == first)
        || value.ends_with("***")
        || ["null", "none", "(null)", "<null>", "unset", "empty", "invalid", "incorrect", "required", "failed"]
            .iter()
            .any(|word| lower.trim_end_matches(['.', ',', ';']) == *word)
}

/// Finds them, line by line; each value is registered before it is counted.
pub(crate) fn find(log: &str, secrets: &dyn SecretSink) -> Vec<Leak> {
    let mut found: Vec<Leak> = Vec::new();
    let mut key: Option<(u32, String)> = None;
    for (number, line) in (1..).zip(log.lines()) {
        if found.len() >= FINDINGS {
            break;
        }
        if let Some((begun, mut body)) = key.take() {
            let end = line.contains("-----END");
            let stripped = line.trim().rsplit(' ').next().unwrap_or_default();
            if !end && is_base64(stripped) && body.len() < 16 * 1024 {
                secrets.register("private-key", stripped);
                body.push_str(stripped);
                key = Some((begun, body));
            } else if !body.is_empty() {
                found.push(Leak { kind: "private-key", line: begun, name: String::new(), length: body.len() });
            }
            continue;
        }
        if line.contains("-----BEGIN") && line.contains("PRIVATE KEY-----") {
            key = Some((number, String::new()));
            continue;
        }
        of_line(line, number, secrets, &mut found);
    }
    if let Some((line, body)) = key.filter(|(_, body)| !body.is_empty()) {
        found.push(Leak { kind: "private-key", line, name: String::new(), length: body.len() });
    }
    found
}

fn of_line(line: &str, number: u32, secrets: &dyn SecretSink, found: &mut Vec<Leak>) {
    let mut taken: Vec<(usize, usize)> = Vec::new();
    for ((kind, _), pattern) in RULES.into_iter().zip(COMPILED.iter()) {
        for captures in pattern.captures_iter(line) {
            let Some(value) = captures.name("value") else { continue };
            let overlaps = taken.iter().any(|(from, to)| value.start() < *to && *from < value.end());
            if overlaps || is_placeholder(value.as_str()) {
                continue;
            }
            secrets.register(kind, value.as_str());
            taken.push((value.start(), value.end()));
            let name = captures.name("name").map(|n| n.as_str().to_owned()).unwrap_or_default();
            found.push(Leak { kind, line: number, name, length: value.as_str().chars().count() });
        }
    }
}

fn is_base64(text: &str) -> bool {
    text.len() >= 16 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Secrets;

    fn found(log: &str) -> (Vec<(&'static str, u32)>, Vec<String>) {
        let secrets = Secrets::default();
        let leaks = find(log, &secrets);
        let shown = serde_json::to_string(&leaks).unwrap();
        let values = secrets.0.lock().unwrap().clone();
        assert!(values.iter().all(|value| !shown.contains(value)), "{shown}");
        (leaks.iter().map(|l| (l.kind, l.line)).collect(), values)
    }

    #[test]
    fn secrets_are_registered_and_counted_but_not_shown() {
        let log = "boot\r\n[ 1.2] wlan0: psk=\"correct horse\"\r\nwpa_passphrase=hunter22horse\nroot:$6$abc$defghijklmn:1:\n\
                   admin_password: s3cret-9\nmqtt://cam:pa55word@broker\n-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIAbcdefghijk\nxyzABCDEFGHIJKLMNO==\n\
                   -----END EC PRIVATE KEY-----\nkey AKIAABCDEFGHIJKLMNOP\n";
        let (kinds, values) = found(log);
        assert_eq!(
            kinds,
            [
                ("wifi-psk", 3),
                ("password-hash", 4),
                ("password", 5),
                ("url-credentials", 6),
                ("private-key", 7),
                ("cloud-key", 11)
            ]
        );
        assert!(values.contains(&"hunter22horse".to_owned()) && values.contains(&"MHcCAQEEIAbcdefghijk".to_owned()));
    }

    #[test]
    fn an_ordinary_boot_log_is_quiet() {
        let log = "[    0.000000] Linux version 6.6.32 (build@example)\nKey type asymmetric registered\n\
                   -----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIU\nPassword: \nlogin password required\npasswd: password=********\n\
                   token ring initialised\nsha256:0123456789abcdef\n[1] psk=(null)\nrandom: crng init done\n";
        assert_eq!(found(log).0, []);
    }

    #[test]
    fn a_log_full_of_them_is_bounded() {
        assert!(found(&"password=abc12345\n".repeat(10_000)).0.len() <= FINDINGS);
    }
}
