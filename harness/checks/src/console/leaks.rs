//! What in a boot log looks like a secret, by the rules of `secrets.search`. The values go to the secret sink and never into
//! an observation.

use assay_model::{Fault, SecretSink};
use schemars::JsonSchema;
use serde::Serialize;

use crate::secrets::{Search, SearchOptions, reported};

/// Findings that are reported; more say nothing new.
const FINDINGS: usize = 64;

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Leak {
    /// The rule of `secrets.search` that found it: `private-key-pem`, `wifi-psk`, `password-assignment`.
    pub kind: String,
    /// The line of the log, from 1.
    pub line: u64,
    /// What led to it, and how long it is; never the value.
    pub excerpt: String,
    /// Bytes of the value.
    pub length: u64,
}

/// Finds them; each value is registered before it is counted.
pub(crate) fn find(log: &str, secrets: &dyn SecretSink) -> Result<Vec<Leak>, Fault> {
    let result = Search::once(log.as_bytes(), SearchOptions::default())
        .map_err(|e| Fault::adapter("secrets-search", e.to_string()))?;
    let (findings, _) = reported(secrets, result);
    let line = |offset: u64| {
        let before = &log.as_bytes()[..log.len().min(usize::try_from(offset).unwrap_or(usize::MAX))];
        1 + memchr::memchr_iter(b'\n', before).count() as u64
    };
    let leak =
        |f: crate::secrets::Finding| Leak { line: line(f.offset), kind: f.rule, excerpt: f.excerpt, length: f.length };
    Ok(findings.into_iter().take(FINDINGS).map(leak).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Secrets;

    fn found(log: &str) -> (Vec<(String, u64)>, Vec<String>) {
        let secrets = Secrets::default();
        let leaks = find(log, &secrets).unwrap();
        let shown = serde_json::to_string(&leaks).unwrap();
        let values = secrets.0.lock().unwrap().clone();
        assert!(values.iter().all(|value| !shown.contains(value)), "{shown}");
        (leaks.into_iter().map(|l| (l.kind, l.line)).collect(), values)
    }

    #[test]
    fn secrets_are_registered_and_counted_but_not_shown() {
        let log = "boot\r\n[ 1.2] wlan0: psk=\"correct horse\"\r\nwpa_passphrase=hunter22horse\nadmin_password: s3cret-9\n\
                   mqtt://cam:pa55word@broker\n[    2.0] -----BEGIN EC PRIVATE KEY-----\n[    2.1] MHcCAQEEIAbcdefghijk\n\
                   [    2.1] xyzABCDEFGHIJKLMNO==\n[    2.2] -----END EC PRIVATE KEY-----\nkey AKIAABCDEFGH2JKLMNOP\n\
                   cloud: device_key=9fQ2mZ7rT0xYb3Kd\npassword=correcthorse\n";
        let (kinds, values) = found(log);
        let kinds: Vec<(&str, u64)> = kinds.iter().map(|(kind, line)| (kind.as_str(), *line)).collect();
        assert_eq!(
            kinds,
            [
                ("wifi-psk", 2),
                ("wifi-psk", 3),
                ("password-assignment", 4),
                ("url-credentials", 5),
                ("private-key-pem", 6),
                ("aws-access-key", 10),
                ("token-assignment", 11),
                ("password-line", 12),
            ]
        );
        for value in ["correct horse", "hunter22horse", "MHcCAQEEIAbcdefghijk", "correcthorse"] {
            assert!(values.iter().any(|v| v == value), "{value} was not registered: {values:?}");
        }
    }

    #[test]
    fn an_ordinary_boot_log_is_quiet() {
        let log = "[    0.000000] Linux version 6.6.32 (build@example)\nKey type asymmetric registered\n\
                   -----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIU\nPassword: \nlogin password required\npasswd: password=********\n\
                   token ring initialised\nsha256:0123456789abcdef\n[1] psk=(null)\nrandom: crng init done\npassword=unset\n";
        assert_eq!(found(log).0, []);
    }

    #[test]
    fn a_log_full_of_them_is_bounded() {
        assert!(found(&"password=abc12345\n".repeat(10_000)).0.len() <= FINDINGS);
    }
}
