//! squashfs file systems.

use std::io::Cursor;

use backhand::kind::{BE_V4_0, Kind as Layout, LE_V4_0};
use backhand::{FilesystemReader, InnerNode};

use super::{Kind, Outcome, Raw, Unpacker, guarded};

/// The tables of inodes and folders, packed, at most: they are unpacked as a whole before the first file is seen.
const TABLES: u64 = 4 << 20;
/// Most inodes.
const INODES: u32 = 500_000;

impl Unpacker<'_> {
    pub(super) fn squashfs(&mut self, place: &str, bytes: &[u8], depth: u8) -> Outcome {
        let head = match Head::of(bytes) {
            Ok(head) => head,
            Err(note) => return Outcome::not(note),
        };
        let image = &bytes[..head.used];
        let mut entries = 0;
        let mut unread = 0u64;
        let note = guarded(|| -> Result<(), String> {
            let layout = Layout::from_const(if head.big_endian { BE_V4_0 } else { LE_V4_0 });
            let layout = layout.map_err(|e| e.to_string())?;
            let system = FilesystemReader::from_reader_with_offset_and_kind(Cursor::new(image), 0, layout)
                .map_err(|e| e.to_string())?;
            for node in system.files() {
                if self.stopped() {
                    return Err("a bound was met".into());
                }
                let (kind, contents) = match &node.inner {
                    InnerNode::File(file) => {
                        let (contents, broken) = match system.file(file).reader_checked() {
                            Ok(reader) => self.read(reader),
                            Err(e) => (Vec::new(), Some(e.to_string())),
                        };
                        unread += u64::from(broken.is_some());
                        (Kind::File, contents)
                    }
                    InnerNode::Symlink(link) => (Kind::Link, link.link.as_os_str().as_encoded_bytes().to_vec()),
                    InnerNode::Dir(_) => (Kind::Folder, Vec::new()),
                    _ => (Kind::Special, Vec::new()),
                };
                entries += 1;
                let mode = Some(u32::from(node.header.permissions) & 0o7777);
                let path = node.fullpath.to_string_lossy();
                let raw = Raw { path: &path, kind, mode, owner: Some(node.header.uid), bytes: &contents };
                self.entry(place, raw, depth);
            }
            Ok(())
        });
        let note = match note {
            Ok(Ok(())) if unread > 0 => format!("{unread} of its files could not be read to their end"),
            Ok(Ok(())) => String::new(),
            Ok(Err(text)) | Err(text) => text,
        };
        Outcome { entries, note, used: Some(head.used as u64) }
    }
}

/// What the superblock says, as far as it bounds the rest.
struct Head {
    big_endian: bool,
    used: usize,
}

impl Head {
    fn of(bytes: &[u8]) -> Result<Self, String> {
        let head = bytes.get(..96).ok_or("it is shorter than a superblock")?;
        let big_endian = head.starts_with(b"sqsh");
        let number = |at: usize, len: usize| {
            let part = &head[at..at + len];
            let fold = |n: u64, b: &u8| n << 8 | u64::from(*b);
            if big_endian { part.iter().fold(0, fold) } else { part.iter().rev().fold(0, fold) }
        };
        if (number(28, 2), number(30, 2)) != (4, 0) {
            return Err(format!("squashfs {}.{}; 4.0 is read here", number(28, 2), number(30, 2)));
        }
        if number(20, 2) == 3 {
            return Err("its compression is LZO, which is not read here".into());
        }
        let used = number(40, 8);
        let tables = number(64, 8);
        if used > bytes.len() as u64 || used < 96 {
            return Err(format!("it says to have {used} bytes, and {} are here", bytes.len()));
        }
        if number(4, 4) > u64::from(INODES) || used.saturating_sub(tables) > TABLES {
            return Err("its tables are larger than any firmware's".into());
        }
        Ok(Self { big_endian, used: usize::try_from(used).unwrap_or(usize::MAX) })
    }
}
