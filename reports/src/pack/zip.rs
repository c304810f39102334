//! `<name>.evp.zip`: the pack as one file. The zip is not signed, its content is, so zipping again is harmless.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::paths::{self, Found, path_problem};

/// Entries, bytes in all, and expansion that a pack may have.
const MOST_ENTRIES: usize = 200_000;
const MOST_BYTES: u64 = 16 * 1024 * 1024 * 1024;
const MOST_RATIO: u64 = 1100; // deflate cannot do better than about 1032 to 1

/// A zip that was not written or not read.
#[derive(Debug, thiserror::Error)]
pub enum ZipError {
    /// Reading or writing failed.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Not a zip that can be read.
    #[error("{path} is not a readable zip file: {reason}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        reason: String,
    },
    /// An entry that no pack of ours has. Nothing was unpacked beyond it.
    #[error("the zip entry `{entry}` {why}; the zip was not made by Assay, or was changed")]
    Entry {
        /// Its name, made visible.
        entry: String,
        /// What is amiss.
        why: String,
    },
}

/// Zips a pack's folder: entries sorted, time 1980-01-01, mode 0644, so that the same pack gives the same bytes.
///
/// # Errors
/// A path that no pack may hold; reading or writing failed.
pub fn write_zip(folder: &Path, target: &Path) -> Result<(), ZipError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| ZipError::Io { path, source }
    };
    let found = paths::walk(folder).map_err(|(path, source)| ZipError::Io { path: folder.join(path), source })?;
    let parent = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut temp = tempfile::NamedTempFile::new_in(parent).map_err(io(target))?;
    let mut zip = ZipWriter::new(io::BufWriter::new(temp.as_file_mut()));
    for (path, what) in &found {
        let problem = path_problem(path).or_else(|| (!matches!(what, Found::File(_))).then_some("is no regular file"));
        if let Some(why) = problem {
            return Err(ZipError::Entry { entry: crate::visible::visible_line(path), why: why.into() });
        }
        let Found::File(size) = what else { continue };
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(6))
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
            .large_file(*size >= u64::from(u32::MAX) / 2);
        let format = |e: zip::result::ZipError| ZipError::Format { path: target.to_owned(), reason: e.to_string() };
        zip.start_file(path.as_str(), options).map_err(format)?;
        let mut file = File::open(folder.join(path)).map_err(io(&folder.join(path)))?;
        io::copy(&mut file, &mut zip).map_err(io(target))?;
    }
    let format = |e: zip::result::ZipError| ZipError::Format { path: target.to_owned(), reason: e.to_string() };
    zip.finish().map_err(format)?.flush().map_err(io(target))?;
    temp.as_file().sync_all().map_err(io(target))?;
    temp.persist(target).map_err(|e| ZipError::Io { path: target.to_owned(), source: e.error })?;
    Ok(())
}

/// Unpacks a zipped pack into `folder`, which must be empty or absent. Refuses links, names that step out or clash,
/// encryption, and bombs. Says nothing about the content: [`super::verify`] does.
///
/// # Errors
/// See [`ZipError`].
pub fn read_zip(source: &Path, folder: &Path) -> Result<(), ZipError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| ZipError::Io { path, source }
    };
    fs::create_dir_all(folder).map_err(io(folder))?;
    if fs::read_dir(folder).map_err(io(folder))?.next().is_some() {
        return Err(ZipError::Io { path: folder.to_owned(), source: io::Error::other("the folder is not empty") });
    }
    let format = |e: zip::result::ZipError| ZipError::Format { path: source.to_owned(), reason: e.to_string() };
    let file = File::open(source).map_err(io(source))?;
    let zip_size = file.metadata().map_err(io(source))?.len();
    let mut zip = ZipArchive::new(io::BufReader::new(file)).map_err(format)?;
    let budget = MOST_BYTES.min(zip_size.saturating_mul(MOST_RATIO));
    let mut left = budget;
    let mut seen = BTreeSet::new();
    if zip.len() > MOST_ENTRIES {
        return Err(ZipError::Format { path: source.to_owned(), reason: format!("it has {} entries", zip.len()) });
    }
    for n in 0..zip.len() {
        let entry = zip.by_index(n).map_err(format)?;
        let name = entry.name().map_or_else(|_| String::new(), |name| name.into_owned());
        let refuse =
            |why: &str| Err(ZipError::Entry { entry: crate::visible::visible_line(&name), why: why.to_owned() });
        if let Some(problem) = path_problem(&name) {
            return refuse(problem);
        }
        if !entry.is_file() || entry.is_symlink() {
            return refuse("is no regular file");
        }
        if !seen.insert(name.to_lowercase()) {
            return refuse("is there twice, or differs from another by case only");
        }
        let path = folder.join(&name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(io(parent))?;
        }
        let mut out = File::options().write(true).create_new(true).open(&path).map_err(io(&path))?;
        let copied = io::copy(&mut entry.take(left + 1), &mut out).map_err(io(&path))?;
        if copied > left {
            return refuse("expands beyond what a pack can hold");
        }
        left -= copied;
    }
    Ok(())
}
