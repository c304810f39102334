//! A file of a pack appears whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Writes or replaces a file: mode 0644, on disk when it returns.
pub(super) fn whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (file, folder) = beside(path, bytes)?;
    file.persist(path).map_err(|e| e.error)?;
    folder.sync_all()
}

/// The same, where nothing has that name yet.
pub(super) fn new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (file, folder) = beside(path, bytes)?;
    file.persist_noclobber(path).map_err(|e| e.error)?;
    folder.sync_all()
}

fn beside(path: &Path, bytes: &[u8]) -> io::Result<(tempfile::NamedTempFile, File)> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    file.as_file().sync_all()?;
    Ok((file, File::open(folder)?))
}
