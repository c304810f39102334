//! What DUTs say at a logon, in the words of the common systems.

use std::sync::LazyLock;

use regex::{Regex, bytes};

macro_rules! pattern {
    ($(#[$doc:meta])* $name:ident, $regex:literal) => {
        $(#[$doc])*
        pub(crate) static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($regex).expect("a constant that the tests compile"));
    };
}

pattern!(
    /// A prompt for a user name, at the end of what arrived.
    LOGIN, r"(?i)(login|user ?name|user|account)\s*:\s*$");
pattern!(
    /// A prompt for a password, at the end of what arrived.
    PASSWORD, r"(?i)(password|passcode|passphrase|pin)[^\r\n:]{0,40}:\s*$");
pattern!(
    /// A shell or command prompt, at the end of what arrived.
    SHELL, r"(^|[\r\n])[^\r\n]{0,80}[#$>%]\s?$");
pattern!(
    /// The password was wrong.
    REFUSAL, r"(?i)(incorrect|invalid|fail(ed|ure)|denied|wrong|bad password|not authori[sz]ed)");
pattern!(
    /// The account or the line is locked.
    LOCKOUT, r"(?i)(locked|lockout|too many|temporarily|try again (in|later)|blocked|wait [0-9]+ ?s)");
pattern!(SECONDS, r"(?i)([0-9]{1,5}) ?s(ec|econds?)?\b");

/// Escape sequences that consoles send for colours and cursors.
static ESCAPES: LazyLock<bytes::Regex> =
    LazyLock::new(|| bytes::Regex::new(r"(?-u)\x1b(\[[0-9;?]*[ -/]*[@-~]|[@-Z\\-_])").expect("a constant"));

/// What a terminal would show, without escape sequences and control characters.
pub(crate) fn plain(bytes: &[u8]) -> String {
    let plain = ESCAPES.replace_all(bytes, &b""[..]);
    let shown = |c: &char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    String::from_utf8_lossy(&plain).chars().filter(shown).collect()
}

/// The same, at most the last 4 KiB.
pub(crate) fn visible(bytes: &[u8]) -> String {
    let text = plain(bytes);
    let start = text.char_indices().rev().nth(4095).map_or(0, |(i, _)| i);
    text[start..].to_owned()
}

/// Seconds that a lockout message names.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    SECONDS.captures(text)?.get(1)?.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_of_common_systems_are_told_apart() {
        for text in ["\r\ncamera login: ", "Username:", "BusyBox v1.36\r\nhost login:"] {
            assert!(LOGIN.is_match(text), "{text}");
        }
        for text in ["Password: ", "admin's password:", "Password for root:"] {
            assert!(PASSWORD.is_match(text) && !LOGIN.is_match(text), "{text}");
        }
        for text in ["\r\n~ # ", "$ ", "root@cam:/# ", "=> "] {
            assert!(SHELL.is_match(text), "{text}");
        }
        assert!(!SHELL.is_match("Login incorrect\r\n"));
        assert!(LOCKOUT.is_match("Too many attempts, wait 30 s") && REFUSAL.is_match("Login incorrect"));
        assert_eq!(seconds("locked for 30 seconds"), Some(30));
        assert_eq!(seconds("locked"), None);
    }

    #[test]
    fn escapes_never_come_through() {
        assert_eq!(visible(b"\x1b[1;31mlogin: \x1b[0m\x07"), "login: ");
        assert_eq!(visible(&vec![b'a'; 9_000]).len(), 4096);
    }
}
