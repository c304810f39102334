//! zip archives.

use std::io::Cursor;

use super::{Kind, Outcome, Raw, Unpacker, guarded};

impl Unpacker<'_> {
    pub(super) fn zip(&mut self, place: &str, bytes: &[u8], depth: u8) -> Outcome {
        let mut entries = 0;
        let mut unread = 0u64;
        let note = guarded(|| -> Result<(), String> {
            let mut archive = ::zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| e.to_string())?;
            for n in 0..archive.len() {
                if self.stopped() {
                    return Err("a bound was met".into());
                }
                let Ok(mut file) = archive.by_index(n) else {
                    unread += 1; // encrypted, or packed by a method that is not here
                    continue;
                };
                let mode = file.unix_mode();
                let kind = match mode.map(|m| m >> 12 & 0xf) {
                    Some(0xa) => Kind::Link,
                    _ if file.is_dir() => Kind::Folder,
                    _ => Kind::File,
                };
                let path = String::from_utf8_lossy(file.name_raw()).into_owned();
                let (contents, broken) = self.read(&mut file);
                entries += 1;
                let raw = Raw { path: &path, kind, mode: mode.map(|m| m & 0o7777), owner: None, bytes: &contents };
                self.entry(place, raw, depth);
                unread += u64::from(broken.is_some());
            }
            Ok(())
        });
        let note = match note {
            Ok(Ok(())) if unread > 0 => {
                format!("{unread} of its files could not be read: encrypted, damaged or packed otherwise")
            }
            Ok(Ok(())) => String::new(),
            Ok(Err(text)) | Err(text) => text,
        };
        Outcome { entries, note, used: None }
    }
}
