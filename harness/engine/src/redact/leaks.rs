//! The leak check: every byte of a folder against every form of every secret.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

use super::Vault;
use super::vault::Hit;

/// Bytes read at once; longer than any form by far.
const CHUNK: usize = 1 << 20;
/// Hex digits of a SHA-256.
const DIGEST: usize = 64;

/// A secret that stands in a file, or in its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// From the folder, with `/`.
    pub path: String,
    /// Byte offset of the first place; `None` where the file's name holds it.
    pub offset: Option<u64>,
    /// How many places.
    pub places: u64,
    /// The register's id: `R-0007`.
    pub id: String,
    /// The secret is so short that this may be chance: reported, and no reason to keep a pack back.
    pub doubtful: bool,
}

/// Every leak below `root`, by path. Symbolic links are not followed; `skip` says which files are not looked at.
///
/// A number inside a longer number and anything inside a SHA-256 is chance, not a leak.
///
/// # Errors
/// A file or folder cannot be read; it is named.
pub fn leaks(root: &Path, vault: &Vault, skip: &dyn Fn(&str) -> bool) -> io::Result<Vec<Leak>> {
    let mut found = Vec::new();
    let mut stack = vec![(root.to_owned(), String::new())];
    while let Some((folder, name)) = stack.pop() {
        let at =
            |source: io::Error, path: &Path| io::Error::new(source.kind(), format!("{}: {source}", path.display()));
        for entry in fs::read_dir(&folder).map_err(|e| at(e, &folder))? {
            let entry = entry.map_err(|e| at(e, &folder))?;
            let path = entry.path();
            let own = entry.file_name().to_string_lossy().into_owned();
            let relative = if name.is_empty() { own.clone() } else { format!("{name}/{own}") };
            let kind = entry.file_type().map_err(|e| at(e, &path))?;
            let named = first_hits(vault, own.as_bytes());
            found.extend(named.into_iter().map(|(id, mut leak)| {
                (leak.path, leak.offset, leak.id) = (relative.clone(), None, id);
                leak
            }));
            if kind.is_dir() {
                stack.push((path, relative));
            } else if kind.is_file() && !skip(&relative) {
                found.extend(in_file(vault, &path, &relative).map_err(|e| at(e, &path))?);
            }
        }
    }
    found.sort_by(|a, b| (&a.path, &a.offset, &a.id).cmp(&(&b.path, &b.offset, &b.id)));
    Ok(found)
}

fn first_hits(vault: &Vault, bytes: &[u8]) -> BTreeMap<String, Leak> {
    let mut found = BTreeMap::new();
    note(&mut found, vault, bytes, 0, 0, bytes.len());
    found
}

/// Whether a file holds any form of any secret, as redaction sees it: what is chance to the leak check counts too.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn holds_a_secret(path: &Path, vault: &Vault) -> io::Result<bool> {
    if vault.registered() == 0 {
        return Ok(false);
    }
    let mut held = false;
    windows(path, vault.matcher().longest(), |window, _, decided| {
        held = vault.matcher().hits(window).any(|hit| hit.leaked().is_some() && decided.contains(&hit.start));
        !held
    })?;
    Ok(held)
}

fn in_file(vault: &Vault, path: &Path, relative: &str) -> io::Result<Vec<Leak>> {
    let mut found = BTreeMap::new();
    // What decides about a hit: a whole form on its left, and the neighbours that make a digest of it.
    windows(path, vault.matcher().longest() + DIGEST + 1, |window, start, decided| {
        note(&mut found, vault, window, start, decided.start, decided.end);
        true
    })?;
    Ok(found
        .into_iter()
        .map(|(id, mut leak): (String, Leak)| {
            (leak.path, leak.id) = (relative.to_owned(), id);
            leak
        })
        .collect())
}

/// Reads a file in windows that overlap by `margin` on both sides of what `look` is to decide about: the window, its place
/// in the file, and the range of it. Ends early where `look` says no.
fn windows(path: &Path, margin: usize, mut look: impl FnMut(&[u8], u64, Range<usize>) -> bool) -> io::Result<()> {
    let mut file = File::open(path)?;
    let mut window: Vec<u8> = Vec::with_capacity(CHUNK + 2 * margin);
    let (mut start, mut done) = (0_u64, 0_usize); // of the window in the file; of what is decided in the window
    loop {
        let before = window.len();
        let read = (&mut file).take(CHUNK as u64).read_to_end(&mut window)?;
        let decided = if read == 0 { window.len() } else { window.len().saturating_sub(margin).max(done) };
        if !look(&window, start, done..decided) || read == 0 {
            return Ok(());
        }
        debug_assert!(window.len() > before);
        let keep_from = decided.saturating_sub(margin);
        window.drain(..keep_from);
        start += keep_from as u64;
        done = decided - keep_from;
    }
}

/// Takes the hits that begin in `from..to` of `window`, which lies `start` bytes into the file.
fn note(found: &mut BTreeMap<String, Leak>, vault: &Vault, window: &[u8], start: u64, from: usize, to: usize) {
    for hit in vault.matcher().hits(window) {
        if hit.start < from || hit.start >= to || by_chance(window, &hit) {
            continue;
        }
        let Some(id) = hit.leaked() else { continue };
        let leak = found.entry(id.to_owned()).or_insert_with(|| Leak {
            path: String::new(),
            offset: Some(start + hit.start as u64),
            places: 0,
            id: String::new(),
            doubtful: hit.doubtful(),
        });
        leak.places += 1;
    }
}

fn by_chance(window: &[u8], hit: &Hit<'_>) -> bool {
    let reach = |mut at: usize, step: isize, belongs: fn(&u8) -> bool| {
        let begin = at;
        while let Some(next) = at.checked_add_signed(step).filter(|next| window.get(*next).is_some_and(belongs)) {
            at = next;
            if at.abs_diff(begin) > DIGEST {
                break;
            }
        }
        at
    };
    let (first, last) = (hit.start, hit.end - 1);
    if hit.is_number() && window[first..hit.end].iter().all(u8::is_ascii_digit) {
        let longer = reach(first, -1, u8::is_ascii_digit) < first || reach(last, 1, u8::is_ascii_digit) > last;
        if longer {
            return true;
        }
    }
    if window[first..hit.end].iter().all(u8::is_ascii_hexdigit) {
        return reach(last, 1, u8::is_ascii_hexdigit) - reach(first, -1, u8::is_ascii_hexdigit) + 1 == DIGEST;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planted(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("folder");
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("parent")).expect("folders");
            fs::write(path, bytes).expect("file");
        }
        folder
    }

    fn vault(secrets: &[&str]) -> Vault {
        let vault = Vault::with_key([1; 32], 1);
        for secret in secrets {
            vault.register("password", secret);
        }
        vault
    }

    #[test]
    fn every_form_is_found_where_it_stands_also_across_chunks() {
        use base64::Engine as _;
        let secret = "Tr0ub4dor&3";
        let wide: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("admin:{secret}"));
        let mut split = vec![b'.'; CHUNK - 5];
        split.extend_from_slice(secret.as_bytes());
        split.extend(vec![b'.'; CHUNK + 7]);
        split.extend_from_slice(secret.as_bytes());
        let folder = planted(&[
            ("a/plain.txt", format!("x {secret} y").into_bytes()),
            ("b64.txt", format!("Authorization: Basic {basic}").into_bytes()),
            ("hex.txt", hex::encode(secret).into_bytes()),
            ("wide.bin", wide),
            ("url.txt", b"p=Tr0ub4dor%263".to_vec()),
            ("html.txt", b"<td>Tr0ub4dor&amp;3</td>".to_vec()),
            ("split.bin", split),
            ("clean.txt", b"nothing here".to_vec()),
            ("kept.age", secret.as_bytes().to_vec()),
        ]);
        let found = leaks(folder.path(), &vault(&[secret]), &|path| path.ends_with(".age")).expect("readable");
        let places: Vec<_> = found.iter().map(|l| (l.path.as_str(), l.offset, l.places)).collect();
        assert_eq!(
            places,
            [
                ("a/plain.txt", Some(2), 1),
                ("b64.txt", Some(29), 1),
                ("hex.txt", Some(0), 1),
                ("html.txt", Some(4), 1),
                ("split.bin", Some(CHUNK as u64 - 5), 2),
                ("url.txt", Some(2), 1),
                ("wide.bin", Some(0), 1),
            ]
        );
    }

    #[test]
    fn tokens_digests_and_longer_numbers_are_no_leaks_and_names_are() {
        let vault = vault(&["31337000", "abcdef12"]);
        let token = vault.register("password", "31337000");
        let digest = format!("00abcdef12{}", "0".repeat(54));
        let folder = planted(&[
            ("token.txt", token.into_bytes()),
            ("number.txt", b"mono_ns: 931337000, 313370001".to_vec()),
            ("digest.txt", digest.into_bytes()),
            ("abcdef12.log", b"".to_vec()),
        ]);
        let found = leaks(folder.path(), &vault, &|_| false).expect("readable");
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].path.as_str(), found[0].offset, found[0].id.as_str()), ("abcdef12.log", None, "R-0002"));
    }

    #[test]
    fn a_short_pin_is_doubtful() {
        let folder = planted(&[("log.txt", b"at 2026-11-22".to_vec())]);
        let found = leaks(folder.path(), &vault(&["2026"]), &|_| false).expect("readable");
        assert_eq!(found.iter().map(|l| l.doubtful).collect::<Vec<_>>(), [true]);
    }
}
