//! Which paths a pack may hold, and the walk over those that it does.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::role::Role;

/// Longest path from the pack's root, in bytes: leaves room for a folder on Windows.
const LONGEST: usize = 180;

/// More files than this is no pack of ours, and walking on would only cost time.
const MOST_FILES: usize = 1_000_000;

/// Why a path may not stand in a pack; `None` for a good one. Slash-separated, from the pack's root.
#[must_use]
pub fn path_problem(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("is empty");
    }
    if path.len() > LONGEST {
        return Some("is longer than 180 characters");
    }
    path.split('/').find_map(segment_problem)
}

fn segment_problem(segment: &str) -> Option<&'static str> {
    if segment.is_empty() {
        return Some("has an empty part, or starts or ends with a slash");
    }
    if segment == "." || segment == ".." {
        return Some("steps out of its folder");
    }
    if !segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
        return Some("has a character other than A-Z a-z 0-9 . _ -");
    }
    if segment.ends_with('.') {
        return Some("has a part that ends with a dot, which Windows drops");
    }
    let stem = segment.split('.').next().unwrap_or(segment).to_ascii_uppercase();
    let numbered = |name| stem.strip_prefix(name).is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit());
    if ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str()) || numbered("COM") || numbered("LPT") {
        return Some("names a Windows device");
    }
    None
}

/// What the walk found under a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// A file of so many bytes.
    File(u64),
    /// A symbolic link, never followed.
    Link,
    /// A pipe, socket or device, never opened.
    Special,
    /// Neither file nor folder could be read under a name in UTF-8.
    Unreadable,
}

/// Everything below `root` but folders, by path, in C-locale order. Names that are no UTF-8 are shown with U+FFFD.
///
/// # Errors
/// A folder that cannot be listed, with its path; more than a million files.
pub(super) fn walk(root: &Path) -> Result<BTreeMap<String, Found>, (String, io::Error)> {
    let mut files = BTreeMap::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let here = |e| (if folder.is_empty() { ".".to_owned() } else { folder.clone() }, e);
        for entry in fs::read_dir(root.join(&folder)).map_err(here)? {
            let entry = entry.map_err(here)?;
            let name = entry.file_name();
            let path = match &folder {
                top if top.is_empty() => name.to_string_lossy().into_owned(),
                parent => format!("{parent}/{}", name.to_string_lossy()),
            };
            let kind = entry.file_type().map_err(here)?;
            let found = if name.to_str().is_none() {
                Found::Unreadable
            } else if kind.is_dir() {
                folders.push(path);
                continue;
            } else if kind.is_symlink() {
                Found::Link
            } else if kind.is_file() {
                Found::File(entry.metadata().map_err(here)?.len())
            } else {
                Found::Special
            };
            files.insert(path, found);
            if files.len() > MOST_FILES {
                return Err(here(io::Error::other("more than a million files")));
            }
        }
    }
    Ok(files)
}

/// The regular files below `root`, by path.
///
/// # Errors
/// As [`walk`]; or something that is no regular file.
pub(crate) fn walk_files(root: &Path) -> Result<Vec<String>, (String, io::Error)> {
    let file = |(path, found)| match found {
        Found::File(_) => Ok(path),
        _ => Err((path, io::Error::other("is no regular file"))),
    };
    walk(root)?.into_iter().map(file).collect()
}

/// Paths that are the same on a file system that ignores case.
pub(super) fn case_clashes<'a>(paths: impl Iterator<Item = &'a String>) -> Vec<(String, String)> {
    let mut seen: BTreeMap<String, &String> = BTreeMap::new();
    let mut clashes = Vec::new();
    for path in paths {
        if let Some(first) = seen.insert(path.to_lowercase(), path) {
            clashes.push((first.clone(), path.clone()));
        }
    }
    clashes
}

/// Whether a file is `SHA256SUMS` or a signature or time stamp over it: what `SHA256SUMS` cannot list.
pub(crate) fn outside_sums(path: &str) -> bool {
    let Some(rest) = path.strip_prefix("SHA256SUMS") else { return false };
    matches!(rest, "" | ".tsr" | ".tsq" | ".tsa.pem") || Role::of_file(path).is_some()
}

/// Whether the stock `find ! -name 'SHA256SUMS*'` would overlook a file that is none of ours.
pub(super) fn overlooked(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with("SHA256SUMS")) && !outside_sums(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_paths() {
        for path in
            ["a", "evidence/E-0001/console.idx.jsonl", "x/.hidden", "cases/5.1-1-2.log", "console.log", "COMET/a"]
        {
            assert_eq!(path_problem(path), None, "{path}");
        }
    }

    #[test]
    fn bad_paths() {
        let long = "a".repeat(181);
        for path in [
            "",
            "/a",
            "a//b",
            "a/",
            "../a",
            "a/../b",
            "./a",
            "a b",
            "a\\b",
            "ä",
            "a\n",
            "c:x",
            "nul",
            "x/COM1.txt",
            "a.",
            &long,
        ] {
            assert!(path_problem(path).is_some(), "{path:?}");
        }
    }

    #[test]
    fn only_known_names_stand_outside_the_sums() {
        assert!(outside_sums("SHA256SUMS.reviewer.sshsig") && outside_sums("SHA256SUMS"));
        for path in
            ["SHA256SUMS.evil", "evidence/SHA256SUMS", "SHA256SUMS.a.sshsig", "SHA256SUMS.bench.sshsig", "SHA256SUMSx"]
        {
            assert!(!outside_sums(path) && overlooked(path), "{path}");
        }
        assert!(!overlooked("evidence/sums"));
    }
}
