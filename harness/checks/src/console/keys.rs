//! Keys that stop boot loaders, the signs that one may be pressed, and the signs that it is too late.

use std::sync::LazyLock;

use regex::Regex;

/// A command prompt at the end of what arrived; echoed blanks may stand behind it.
/// A row of `#` that shows progress is none.
pub(crate) const PROMPT: &str = r"(?:^|[\r\n])[^\r\n#>]{0,60}(?:=>|[#>$]) *$";

/// A countdown or an invitation to press something.
pub(super) const COUNTDOWN: &str = concat!(
    r"(?i)(?:hit|press) [^\r\n]{1,60} to (?:stop|abort|interrupt|cancel|enter|halt|escape)",
    r"|autoboot in +\d+|executing boot script in [0-9.]+ seconds|automatic startup|auto ?run in \d",
    r"|executed automatically in +\d+ ?s",
);

/// The loader has handed over: keys go to the product now.
pub(crate) const HANDED_OVER: &str =
    r"Starting kernel|Starting application at|Uncompressing Linux|Linux version \d|Booting Linux on|Booting Zephyr";

/// Of [`COUNTDOWN`] matches: the key that is named.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r#"(?i)(?:hit|press|enter) +(?:the +)?(?:["'`<]?(\^[a-z]|ctrl[- +][a-z]|esc(?:ape)?|space|enter|return|tab|del|f\d{1,2}|[a-z0-9])["'`>]?)(?: |$)"#;
    Regex::new(pattern).expect("a constant that the tests compile")
});

/// A key by name, and what it sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// Keys that are pressed without being asked for: the usual ones of U-Boot and Barebox (any), RedBoot and CFE (Ctrl-C),
/// GRUB and firmware menus (Escape). No Enter: it makes GRUB boot at once.
pub(super) fn usual() -> Vec<Key> {
    ["space", "ctrl-c", "esc"].into_iter().filter_map(by_name).collect()
}

/// Keys for a countdown, the named one first.
pub(super) fn for_countdown(line: &str) -> Vec<Key> {
    let lower = line.to_ascii_lowercase();
    let named = NAMED.captures(line).and_then(|c| by_name(&c[1]));
    let by_loader = if lower.contains("executed automatically") {
        vec!["esc", "c"]
    } else if lower.contains("boot script") || lower.contains("automatic startup") {
        vec!["ctrl-c"]
    } else {
        vec!["space", "enter"]
    };
    let mut keys: Vec<Key> = named.into_iter().collect();
    keys.extend(by_loader.into_iter().filter_map(by_name));
    keys.dedup();
    keys
}

/// A key as plans and loaders call it: `space`, `esc`, `enter`, `tab`, `ctrl-c`, `^C`, `f12`; else the text itself.
pub(super) fn by_name(written: &str) -> Option<Key> {
    let name = written.to_ascii_lowercase().replace("escape", "esc").replace("return", "enter");
    let control = name.strip_prefix("ctrl").map(|rest| rest.trim_start_matches(['-', '+', ' ']));
    let control = control.or_else(|| name.strip_prefix('^')).filter(|letter| letter.len() == 1);
    if let Some(letter) = control.and_then(|letter| letter.bytes().next()).filter(u8::is_ascii_lowercase) {
        return Some(Key { name: format!("ctrl-{}", char::from(letter)), bytes: vec![letter & 0x1f] });
    }
    let bytes: Vec<u8> = match name.as_str() {
        "space" => b" ".to_vec(),
        "esc" => vec![0x1b],
        "enter" => b"\r".to_vec(),
        "tab" => b"\t".to_vec(),
        "del" => vec![0x7f],
        "f1" => b"\x1bOP".to_vec(),
        "f2" => b"\x1bOQ".to_vec(),
        "f12" => b"\x1b[24~".to_vec(),
        _ if written.is_empty() || written.len() > 64 => return None,
        _ => return Some(Key { name: written.escape_debug().to_string(), bytes: written.as_bytes().to_vec() }),
    };
    Some(Key { name, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Vec<String> {
        for_countdown(line).into_iter().map(|k| k.name).collect()
    }

    #[test]
    fn countdowns_of_common_loaders_are_known_and_answered_with_their_key() {
        let countdown = Regex::new(COUNTDOWN).unwrap();
        for (line, first) in [
            ("Hit any key to stop autoboot:  2", "space"),
            ("Hit m for menu or any key to stop autoboot:    3", "m"),
            ("Press SPACE to abort autoboot in 2 seconds", "space"),
            ("Press \"<Esc><Esc>\" to stop", "space"),
            ("Autoboot in 3 seconds", "space"),
            ("== Executing boot script in 3.000 seconds - enter ^C to abort", "ctrl-c"),
            ("*** Press any key to stop auto run (1 seconds) ***", "space"),
            ("Press ESC to enter the menu", "esc"),
            ("   The highlighted entry will be executed automatically in 5s.", "esc"),
        ] {
            assert!(countdown.is_match(line), "{line}");
            assert_eq!(names(line)[0], first, "{line}");
        }
        for line in
            ["Loading Environment from Flash... OK", "Net: No ethernet found.", "c1 login: ", "Press Enter to activate"]
        {
            assert!(!countdown.is_match(line), "{line}");
        }
    }

    #[test]
    fn keys_have_the_bytes_of_a_terminal() {
        let bytes = |name: &str| by_name(name).map(|k| k.bytes).unwrap_or_default();
        assert_eq!((bytes("Ctrl-C"), bytes("^c"), bytes("ESC")), (vec![3], vec![3], vec![0x1b]));
        assert_eq!(bytes("tpl"), b"tpl");
        assert_eq!(by_name(""), None);
    }

    #[test]
    fn prompts_and_ends_are_told_from_chatter() {
        let (prompt, over) = (Regex::new(PROMPT).unwrap(), Regex::new(HANDED_OVER).unwrap());
        for text in ["\r\n=> ", "\nU-Boot> ", "CFE> ", "\nbarebox@board:/ $ ", "\ngrub>   ", "\nMT7621 # "] {
            assert!(prompt.is_match(text), "{text}");
        }
        assert!(!prompt.is_match("\nLoading: ####") && !prompt.is_match("[ 1.0] x -> y"));
        assert!(!prompt.is_match("Hit any key to stop autoboot:  2 ") && !prompt.is_match("\r\nc1 login: "));
        assert!(over.is_match("Starting kernel ...") && !over.is_match("Hit any key"));
    }
}
