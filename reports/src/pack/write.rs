//! A file of a pack appears whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Writes or replaces a file: mode 0644, on disk when it returns.
pub(super) fn whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    streamed(path, |out| out.write_all(bytes))
}

/// The same with what `content` writes.
pub(super) fn streamed(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let (file, folder) = beside(path, content)?;
    file.persist(path).map_err(|e| e.error)?;
    folder.sync_all()
}

/// The same, where nothing has that name yet.
pub(super) fn new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (file, folder) = beside(path, |out| out.write_all(bytes))?;
    file.persist_noclobber(path).map_err(|e| e.error)?;
    folder.sync_all()
}

fn beside(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<(tempfile::NamedTempFile, File)> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder)?;
    let file = tempfile::NamedTempFile::new_in(folder)?;
    let mut out = BufWriter::with_capacity(1 << 16, &file);
    content(&mut out)?;
    out.flush()?;
    drop(out);
    file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    file.as_file().sync_all()?;
    Ok((file, File::open(folder)?))
}
