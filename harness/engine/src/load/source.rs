//! Reading the files that people write, and refusing what could hang or swamp the reader.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use assay_model::{Diagnostic, SourceFile, Span};
use sha2::{Digest, Sha256};

/// Larger files are refused unread.
pub const MAX_BYTES: u64 = 4 << 20;

/// A file as it was read.
#[derive(Debug, Clone)]
pub struct Source {
    /// The text, without a byte order mark.
    pub file: Arc<SourceFile>,
    /// SHA-256 of the file's bytes, hex.
    pub sha256: String,
}

/// Reads a YAML file of at most [`MAX_BYTES`].
///
/// # Errors
/// Missing, unreadable, no regular file, too large, no UTF-8, or with NULs in it.
pub fn read(path: &Path) -> Result<Source, Box<Diagnostic>> {
    read_up_to(path, MAX_BYTES)
}

/// Reads a text file of at most `most` bytes.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_up_to(path: &Path, most: u64) -> Result<Source, Box<Diagnostic>> {
    let shown = path.display();
    let refuse = |code, text: String| Box::new(Diagnostic::error(code, text, None));
    let meta = fs::metadata(path).map_err(|e| Box::new(unreadable(path, &e)))?;
    if meta.is_dir() {
        return Err(refuse("file::folder", format!("{shown} is a folder, and a file is expected")));
    }
    if !meta.is_file() {
        return Err(refuse("file::not-regular", format!("{shown} is no regular file: it cannot be read twice")));
    }
    let too_large = || {
        let text = format!("{shown} has more than {} MiB, which is the limit for a file", most >> 20);
        let help = "plans and dossiers are short; keep large data beside them and name it";
        Box::new(Diagnostic::error("file::too-large", text, None).help(help))
    };
    if meta.len() > most {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|f| f.take(most + 1).read_to_end(&mut bytes));
    read.map_err(|e| Box::new(unreadable(path, &e)))?;
    if bytes.len() as u64 > most {
        return Err(too_large());
    }
    let sha256 = hex::encode(Sha256::digest(&bytes));
    let file = Arc::new(SourceFile { path: path.to_owned(), text: decode(path, &bytes)? });
    if let Some(at) = file.text.find('\0') {
        let span = Span { file: Arc::clone(&file), bytes: at..at + 1 };
        let text = format!("{} holds a NUL byte: it is no text file", span.place());
        return Err(refuse("file::nul", text));
    }
    Ok(Source { file, sha256 })
}

fn decode(path: &Path, bytes: &[u8]) -> Result<String, Box<Diagnostic>> {
    let shown = path.display();
    let refuse =
        |text: String| Box::new(Diagnostic::error("file::encoding", text, None).help("save the file as UTF-8"));
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(refuse(format!("{shown} is encoded in UTF-16, and UTF-8 is expected")));
    }
    let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(e) => {
            let at = e.valid_up_to();
            let line = bytes[..at].iter().filter(|b| **b == b'\n').count() + 1;
            let byte = bytes.get(at).copied().unwrap_or_default();
            Err(refuse(format!("{shown}:{line} is no UTF-8: byte {byte:#04x} at offset {at}")))
        }
    }
}

/// Why a path cannot be read, in words.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    const ELOOP: i32 = 40;
    let shown = path.display();
    let (code, text, help) = match error.kind() {
        io::ErrorKind::NotFound => ("file::missing", format!("there is no {shown}"), "check the path"),
        io::ErrorKind::PermissionDenied => {
            ("file::unreadable", format!("{shown} may not be read by this user"), "check its permissions")
        }
        _ if error.raw_os_error() == Some(ELOOP) => {
            ("file::loop", format!("{shown} is a loop of symbolic links"), "point the link at a file")
        }
        _ => ("file::unreadable", format!("{shown} cannot be read: {error}"), "check the path and the disk"),
    };
    Diagnostic::error(code, text, None).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn refused(bytes: &[u8]) -> Box<Diagnostic> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(bytes).expect("writes");
        read(file.path()).expect_err("must be refused")
    }

    #[test]
    fn a_hundred_megabytes_are_refused_by_their_size_alone() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        file.as_file().set_len(100 << 20).expect("sparse"); // NULs, had it been read
        let refused = read(file.path()).expect_err("too large");
        assert_eq!(refused.code, "file::too-large");
        assert!(refused.message.contains("4 MiB"), "{}", refused.message);
    }

    #[test]
    fn exactly_the_limit_is_read() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(&vec![b' '; usize::try_from(MAX_BYTES).expect("fits")]).expect("writes");
        assert!(read(file.path()).is_ok());
    }

    #[test]
    fn other_encodings_are_named() {
        assert!(refused(b"\xFF\xFEa\0").message.contains("UTF-16"));
        assert!(refused(b"\xFE\xFF\0a").message.contains("UTF-16"));
        let bad = refused(b"plan: x\ntitle: \xE9t\xE9\n");
        assert!(bad.message.ends_with(":2 is no UTF-8: byte 0xe9 at offset 15"), "{}", bad.message);
        assert_eq!(refused(b"plan: \0").code, "file::nul");
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text_but_of_the_digest() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(b"\xEF\xBB\xBFplan: x").expect("writes");
        let source = read(file.path()).expect("reads");
        assert_eq!(source.file.text, "plan: x");
        assert_eq!(source.sha256, hex::encode(Sha256::digest(b"\xEF\xBB\xBFplan: x")));
    }

    #[test]
    fn folders_loops_devices_and_nothing_are_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(read(folder.path()).expect_err("a folder").code, "file::folder");
        assert_eq!(read(&folder.path().join("none")).expect_err("nothing").code, "file::missing");
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        std::os::unix::fs::symlink(&a, &b).expect("links");
        std::os::unix::fs::symlink(&b, &a).expect("links");
        assert_eq!(read(&a).expect_err("a loop").code, "file::loop");
        assert_eq!(read(Path::new("/dev/zero")).expect_err("a device").code, "file::not-regular");
    }
}
