//! The passphrase of a signing key: from the environment, from a file descriptor, or asked at the terminal.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::path::Path;

use assay_reports::visible;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// Longer than any passphrase.
const LONGEST: u64 = 4096;

/// `ASSAY_KEY_PASSPHRASE`; a line of the descriptor of `ASSAY_KEY_PASSPHRASE_FD`; a line of the terminal, not echoed.
/// `None` where there is none of them.
pub(super) fn ask(key: &Path) -> Option<String> {
    if let Ok(phrase) = std::env::var("ASSAY_KEY_PASSPHRASE") {
        return Some(phrase);
    }
    if let Ok(fd) = std::env::var("ASSAY_KEY_PASSPHRASE_FD") {
        let number: u32 = fd.parse().ok()?;
        return line(File::open(format!("/dev/fd/{number}")).ok()?);
    }
    at_terminal(key)
}

fn at_terminal(key: &Path) -> Option<String> {
    let mut terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
    let before = tcgetattr(&terminal).ok()?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    write!(terminal, "Passphrase for {}: ", visible(&key.display().to_string())).ok()?;
    tcsetattr(&terminal, OptionalActions::Flush, &silent).ok()?;
    let phrase = terminal.try_clone().ok().and_then(line);
    let _ = tcsetattr(&terminal, OptionalActions::Flush, &before);
    let _ = writeln!(terminal);
    phrase
}

fn line(from: File) -> Option<String> {
    let mut text = String::new();
    BufReader::new(from.take(LONGEST)).read_line(&mut text).ok().filter(|n| *n > 0)?;
    Some(text.trim_end_matches(['\n', '\r']).to_owned())
}
