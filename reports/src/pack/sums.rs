//! `SHA256SUMS`: made, read, and files hashed as a stream on all cores.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use sha2::{Digest, Sha256};

use super::paths::path_problem;

/// Path to digest, 64 hex digits, in C-locale order.
pub(crate) type Sums = BTreeMap<String, String>;

const BUFFER: usize = 256 * 1024;

/// SHA-256 of bytes as 64 hex digits.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// SHA-256 of a file, read as a stream.
pub(super) fn digest_file(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hex::encode(hasher.finalize())),
            Ok(n) => hasher.update(&buffer[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// Digests of `files` (path and size) below `root`. Big files first, so that the cores end together.
pub(super) fn digest_all(root: &Path, files: &[(String, u64)]) -> BTreeMap<String, io::Result<String>> {
    let mut order: Vec<&(String, u64)> = files.iter().collect();
    order.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(order.len()).max(1);
    let (next, done) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let work = || {
        while let Some((path, _)) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let digest = digest_file(&root.join(path));
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(path.clone(), digest);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(work);
        }
        work();
    });
    done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The file as GNU `sha256sum` writes it.
pub(super) fn write(sums: &Sums) -> String {
    sums.iter().map(|(path, digest)| format!("{digest}  {path}\n")).collect()
}

/// Reads the file, strictly: what another reader might take otherwise is an error, not a guess.
///
/// # Errors
/// The line number and what is wrong with it.
pub(crate) fn read(text: &str) -> Result<Sums, (usize, &'static str)> {
    let mut sums = Sums::new();
    let mut last = "";
    if !text.is_empty() && !text.ends_with('\n') {
        return Err((text.lines().count(), "does not end with a line feed"));
    }
    for (n, line) in text.split_terminator('\n').enumerate() {
        let n = n + 1;
        let Some((digest, path)) = line.split_once("  ") else { return Err((n, "is not `digest  path`")) };
        if digest.len() != 64 || !digest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return Err((n, "does not start with 64 lower-case hex digits"));
        }
        if let Some(problem) = path_problem(path) {
            return Err((n, problem));
        }
        if path <= last {
            return Err((n, "is out of order or names a file twice"));
        }
        last = path;
        sums.insert(path.to_owned(), digest.to_owned());
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_nothing_looser() {
        let sums = Sums::from([("a".into(), "0".repeat(64)), ("b/c".into(), "f".repeat(64))]);
        let text = write(&sums);
        assert_eq!(read(&text), Ok(sums));
        let d = "0".repeat(64);
        for (bad, line) in [
            (format!("{d} a\n"), 1),
            (format!("{d}  a\n{d}  a\n"), 2),
            (format!("{d}  b\n{d}  a\n"), 2),
            (format!("{}  a\n", "F".repeat(64)), 1),
            (format!("{d}  ../a\n"), 1),
            (format!("{d}  a\r\n"), 1),
            (format!("\\{d}  a\n"), 1),
            (format!("{d}  a"), 1),
            (format!("{d} *a\n"), 1),
        ] {
            assert_eq!(read(&bad).map_err(|e| e.0), Err(line), "{bad:?}");
        }
    }
}
