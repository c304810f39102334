//! tar archives, read entry by entry; nothing is unpacked to disk.

use super::{Kind, Outcome, Raw, Unpacker, guarded};

impl Unpacker<'_> {
    pub(super) fn tar(&mut self, place: &str, bytes: &[u8], depth: u8) -> Outcome {
        let mut entries = 0;
        let note = guarded(|| -> Result<(), String> {
            let mut archive = ::tar::Archive::new(bytes);
            for entry in archive.entries().map_err(|e| e.to_string())? {
                let mut entry = entry.map_err(|e| e.to_string())?;
                if self.stopped() {
                    return Err("a bound was met".into());
                }
                let header = entry.header();
                let kind = match header.entry_type() {
                    t if t.is_file() || t.is_gnu_sparse() => Kind::File,
                    t if t.is_dir() => Kind::Folder,
                    t if t.is_symlink() || t.is_hard_link() => Kind::Link,
                    _ => Kind::Special,
                };
                let mode = header.mode().ok().map(|m| m & 0o7777);
                let owner = header.uid().ok().and_then(|uid| u32::try_from(uid).ok());
                let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                let (contents, broken) = match kind {
                    Kind::File => self.read(&mut entry),
                    Kind::Link => (entry.link_name_bytes().unwrap_or_default().into_owned(), None),
                    Kind::Folder | Kind::Special => (Vec::new(), None),
                };
                entries += 1;
                self.entry(place, Raw { path: &path, kind, mode, owner, bytes: &contents }, depth);
                if let Some(text) = broken {
                    return Err(text);
                }
            }
            Ok(())
        });
        let note = match note {
            Ok(Ok(())) => String::new(),
            Ok(Err(text)) | Err(text) => text,
        };
        Outcome { entries, note, used: None }
    }
}
