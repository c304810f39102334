//! OpenSSH's `allowed_signers` file: who may sign, for what, and when.

use super::role::Role;
use super::ssh::PublicKey;

/// Among a line's namespaces these say in which roles its key may sign: `assay-role-reviewer`. None: in any.
const ROLE_PREFIX: &str = "assay-role-";

/// One line.
#[derive(Debug)]
pub(super) struct Signer {
    /// `bench-3@lab.example`; several are separated by commas.
    pub(super) principals: String,
    key: PublicKey,
    authority: bool,
    namespaces: Option<String>,
    after: Option<String>,
    before: Option<String>,
}

/// Why a known key does not count.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// No line has the key.
    Unknown,
    /// Its line is for other namespaces.
    Namespace(String),
    /// Its line is for other roles.
    Role(String),
    /// Its time has not come, or is over.
    Time(String),
}

/// Reads the file. Lines of certificate authorities are read, but vouch for no plain key.
///
/// # Errors
/// The line number and what is wrong with it: a line that is not understood must not be passed over in silence.
pub(super) fn read(text: &str) -> Result<Vec<Signer>, (usize, String)> {
    let mut signers = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        signers.push(read_line(line).map_err(|why| (n + 1, why))?);
    }
    Ok(signers)
}

fn read_line(line: &str) -> Result<Signer, String> {
    let fields = fields(line);
    let [principals, rest @ ..] = fields.as_slice() else { return Err("is empty".into()) };
    let at = rest.iter().position(|f| ["ssh-", "ecdsa-", "sk-"].iter().any(|kind| f.starts_with(kind)));
    let (options, key) = rest.split_at(at.ok_or("has no public key")?);
    let key = PublicKey::from_openssh(&key.iter().take(2).map(String::as_str).collect::<Vec<_>>().join(" "))
        .ok_or("has a public key that cannot be read")?;
    let mut signer = Signer {
        principals: principals.replace('"', ""),
        key,
        authority: false,
        namespaces: None,
        after: None,
        before: None,
    };
    for option in options.iter().flat_map(|f| split_unquoted(f, ',')) {
        let (name, value) = option.split_once('=').unwrap_or((option.as_str(), ""));
        let value = value.trim_matches('"').to_owned();
        match name.to_ascii_lowercase().as_str() {
            "cert-authority" => signer.authority = true,
            "namespaces" => signer.namespaces = Some(value),
            "valid-after" => signer.after = Some(moment(&value)?),
            "valid-before" => signer.before = Some(moment(&value)?),
            _ => return Err(format!("has the unknown option `{name}`")),
        }
    }
    Ok(signer)
}

/// Split at blanks outside quotes.
fn fields(line: &str) -> Vec<String> {
    split_unquoted(&line.replace('\t', " "), ' ').into_iter().filter(|f| !f.is_empty()).collect()
}

fn split_unquoted(text: &str, at: char) -> Vec<String> {
    let (mut parts, mut quoted) = (vec![String::new()], false);
    for c in text.chars() {
        quoted ^= c == '"';
        if c == at && !quoted {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts
}

/// `YYYYMMDD[HHMM[SS]][Z]` as 14 digits. Read as UTC, with Z or without.
fn moment(text: &str) -> Result<String, String> {
    let digits = text.trim_end_matches('Z');
    if ![8, 12, 14].contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("has the time `{text}`, which is not YYYYMMDD[HHMM[SS]]"));
    }
    Ok(format!("{digits:0<14}"))
}

/// The signer with that key who may sign in `namespace` and `role` at `now` (14 digits, UTC).
pub(super) fn find<'a>(
    signers: &'a [Signer],
    key: &PublicKey,
    namespace: &str,
    role: Role,
    now: &str,
) -> Result<&'a Signer, Unfit> {
    let mut why = Unfit::Unknown;
    for signer in signers.iter().filter(|s| !s.authority && s.key == *key) {
        let namespaces = signer.namespaces.as_deref().unwrap_or("*");
        let mut roles = namespaces.split(',').filter_map(|n| n.trim().strip_prefix(ROLE_PREFIX)).peekable();
        if !namespaces.split(',').any(|pattern| matches(pattern.trim(), namespace)) {
            why = Unfit::Namespace(namespaces.to_owned());
        } else if roles.peek().is_some() && !roles.clone().any(|r| r == role.word()) {
            why = Unfit::Role(roles.collect::<Vec<_>>().join(", "));
        } else if signer.after.as_deref().is_some_and(|t| now < t) {
            why = Unfit::Time(format!("only from {}", readable(signer.after.as_deref().unwrap_or_default())));
        } else if signer.before.as_deref().is_some_and(|t| now >= t) {
            why = Unfit::Time(format!("only before {}", readable(signer.before.as_deref().unwrap_or_default())));
        } else {
            return Ok(signer);
        }
    }
    Err(why)
}

/// Whether a line's principals take in `identity`.
pub(super) fn names(principals: &str, identity: &str) -> bool {
    principals.split(',').any(|pattern| matches(pattern.trim(), identity))
}

/// `2026-11-22 09:00:00 UTC` from 14 digits.
pub(super) fn readable(moment: &str) -> String {
    match moment.as_bytes() {
        [_, _, _, _, _, _, _, _, _, _, _, _, _, _] if moment.is_ascii() => format!(
            "{}-{}-{} {}:{}:{} UTC",
            &moment[..4],
            &moment[4..6],
            &moment[6..8],
            &moment[8..10],
            &moment[10..12],
            &moment[12..]
        ),
        _ => moment.to_owned(),
    }
}

/// OpenSSH patterns: `*` and `?`.
fn matches(pattern: &str, text: &str) -> bool {
    match (pattern.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some('*'), next) => {
            matches(&pattern[1..], text) || next.is_some_and(|c| matches(pattern, &text[c.len_utf8()..]))
        }
        (Some('?'), Some(c)) => matches(&pattern[1..], &text[c.len_utf8()..]),
        (Some(p), Some(c)) if p == c => matches(&pattern[p.len_utf8()..], &text[c.len_utf8()..]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{NAMESPACE, SigningKey};
    use super::*;

    fn find_one(line: &str, key: &SigningKey) -> Result<String, Unfit> {
        let signers = read(line).expect("reads");
        let public = PublicKey::from_openssh(&key.public_openssh()).expect("key");
        find(&signers, &public, NAMESPACE, Role::Reviewer, "20261122120000").map(|s| s.principals.clone())
    }

    #[test]
    fn a_plain_line_and_options() {
        let key = SigningKey::throwaway().expect("key");
        let public = key.public_openssh();
        let public = public.trim();
        assert_eq!(find_one(&key.allowed_signers_line("a@b"), &key), Ok("a@b".into()));
        assert_eq!(find_one(&format!("# c\n\na@b {public} some comment"), &key), Ok("a@b".into()));
        assert_eq!(find_one(&format!("a@b namespaces=\"file,assay-*\" {public}"), &key), Ok("a@b".into()));
        assert_eq!(find_one(&format!("a@b namespaces=\"git\" {public}"), &key), Err(Unfit::Namespace("git".into())));
        assert_eq!(
            find_one(&format!("a@b valid-after=\"20200101\",valid-before=\"20270101Z\" {public}"), &key),
            Ok("a@b".into())
        );
        assert!(matches!(find_one(&format!("a@b valid-before=\"20260101\" {public}"), &key), Err(Unfit::Time(_))));
        assert!(matches!(find_one(&format!("a@b valid-after=\"20280101\" {public}"), &key), Err(Unfit::Time(_))));
        assert_eq!(find_one(&format!("a@b cert-authority {public}"), &key), Err(Unfit::Unknown));
        let role = |roles| find_one(&format!("a@b namespaces=\"assay-*,{roles}\" {public}"), &key);
        assert_eq!(role("assay-role-reviewer,assay-role-bench"), Ok("a@b".into()));
        assert_eq!(role("assay-role-bench"), Err(Unfit::Role("bench".into())));
        let other = SigningKey::throwaway().expect("key");
        assert_eq!(find_one(&other.allowed_signers_line("x@y"), &key), Err(Unfit::Unknown));
    }

    #[test]
    fn a_line_that_is_not_understood_is_an_error() {
        let key = SigningKey::throwaway().expect("key").public_openssh();
        assert_eq!(read("ok-not-a-key\n").map_err(|e| e.0).map(|_| ()), Err(1));
        assert_eq!(read(&format!("a@b touch-required {}", key.trim())).map_err(|e| e.0).map(|_| ()), Err(1));
        assert_eq!(read(&format!("a@b valid-before=\"soon\" {}", key.trim())).map_err(|e| e.0).map(|_| ()), Err(1));
    }
}
