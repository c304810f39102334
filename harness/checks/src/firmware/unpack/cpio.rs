//! cpio archives in the form of initial RAM disks ("newc"). The one crate for it has not been kept for years, and the format
//! is a header of hexadecimal numbers.

use super::{Kind, Outcome, Raw, Unpacker};

const HEADER: usize = 110;
/// Longest path that is read.
const NAME: usize = 4096;

impl Unpacker<'_> {
    pub(super) fn cpio(&mut self, place: &str, bytes: &[u8], depth: u8) -> Outcome {
        let (mut at, mut entries) = (0, 0);
        let note = loop {
            if self.stopped() {
                break "a bound was met".to_owned();
            }
            let Some(header) = bytes.get(at..at + HEADER).filter(|h| h.starts_with(b"07070")) else {
                break if at == bytes.len() { "it ends without a trailer" } else { "an entry has no header" }
                    .to_owned();
            };
            let field = |n: usize| {
                std::str::from_utf8(&header[6 + 8 * n..14 + 8 * n])
                    .ok()
                    .and_then(|text| u32::from_str_radix(text, 16).ok())
            };
            let (Some(mode), Some(owner), Some(size), Some(name)) = (field(1), field(2), field(6), field(11)) else {
                break "a header holds no numbers".to_owned();
            };
            let (size, name) = (size as usize, name as usize);
            let name_end = at + HEADER + name;
            let start = name_end.next_multiple_of(4);
            let raw = bytes.get(at + HEADER..name_end).filter(|_| (1..=NAME).contains(&name));
            let contents = start.checked_add(size).and_then(|end| bytes.get(start..end));
            let (Some(raw), Some(contents)) = (raw, contents) else {
                break "an entry is longer than the archive".to_owned();
            };
            let path = String::from_utf8_lossy(raw.strip_suffix(b"\0").unwrap_or(raw)).into_owned();
            at = (start + size).next_multiple_of(4);
            if path == "TRAILER!!!" {
                break String::new();
            }
            let kind = match mode >> 12 & 0xf {
                0x8 => Kind::File,
                0x4 => Kind::Folder,
                0xa => Kind::Link,
                _ => Kind::Special,
            };
            entries += 1;
            self.unpacked += contents.len() as u64;
            let raw = Raw { path: &path, kind, mode: Some(mode & 0o7777), owner: Some(owner), bytes: contents };
            self.entry(place, raw, depth);
        };
        Outcome { entries, note, used: Some(at.min(bytes.len()) as u64) }
    }
}
