//! What bytes are, by how they begin.

use schemars::JsonSchema;
use serde::Serialize;

/// Containers, opened or only known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Format {
    Squashfs,
    Cpio,
    Tar,
    Zip,
    Gzip,
    Xz,
    Lzma,
    Zstd,
    /// U-Boot's image header of 64 bytes.
    Uimage,
    /// Unsorted block images: volumes in erase blocks of flash.
    Ubi,
    /// Known by name; no reader here.
    Ubifs,
    /// Known by name; no reader here.
    Jffs2,
    /// Known by name; no reader here.
    Cramfs,
    /// Known by name; no reader here.
    Ext,
    /// Known by name; no reader here.
    Romfs,
    /// A device tree or a flattened image tree; what stands in it is found by its own beginning.
    DeviceTree,
    /// Known by name; no reader here.
    Bzip2,
    /// Known by name; no reader here.
    Lzop,
    /// Known by name; no reader here.
    SevenZip,
    /// `openssl enc` with a password: encrypted.
    OpensslEncrypted,
}

/// Beginnings that are enough by themselves.
const MAGICS: [(&[u8], Format); 17] = [
    (b"hsqs", Format::Squashfs),
    (b"sqsh", Format::Squashfs),
    (b"070701", Format::Cpio),
    (b"070702", Format::Cpio),
    (b"PK\x03\x04", Format::Zip),
    (b"\x1f\x8b\x08", Format::Gzip),
    (b"\xfd7zXZ\0", Format::Xz),
    (b"\x28\xb5\x2f\xfd", Format::Zstd),
    (b"\x27\x05\x19\x56", Format::Uimage),
    (b"UBI#\x01", Format::Ubi),
    (b"\x31\x18\x10\x06", Format::Ubifs),
    (b"-rom1fs-", Format::Romfs),
    (b"\xd0\x0d\xfe\xed", Format::DeviceTree),
    (b"\x89LZO\0\r\n\x1a\n", Format::Lzop),
    (b"7z\xbc\xaf\x27\x1c", Format::SevenZip),
    (b"Salted__", Format::OpensslEncrypted),
    (b"\x45\x3d\xcd\x28", Format::Cramfs),
];

impl Format {
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        if let Some((_, format)) = MAGICS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
            return Some(*format);
        }
        let at = |from: usize, len: usize| bytes.get(from..from + len);
        if at(257, 5) == Some(b"ustar") {
            return Some(Self::Tar);
        }
        if bytes.starts_with(b"BZh") && at(4, 6) == Some(b"\x31\x41\x59\x26\x53\x59") {
            return Some(Self::Bzip2);
        }
        if is_lzma(bytes) {
            return Some(Self::Lzma);
        }
        // A JFFS2 node: magic, then one of its node types.
        if matches!(at(0, 4), Some([0x85, 0x19, 1..=6, 0x20 | 0xe0] | [0x19, 0x85, 0x20 | 0xe0, 1..=6])) {
            return Some(Self::Jffs2);
        }
        (at(1080, 2) == Some(b"\x53\xef")).then_some(Self::Ext)
    }
}

/// A beginning that is looked for anywhere in bytes that are nothing themselves.
pub(super) struct Sought {
    pub(super) magic: &'static [u8],
    /// Bytes before the magic.
    pub(super) offset: usize,
    pub(super) format: Format,
    /// Whether there is a reader.
    pub(super) opens: bool,
    /// Whether a header stands there, and not only its first bytes: a program that knows the format has those too.
    pub(super) plausible: fn(&[u8]) -> bool,
}

const fn opened(magic: &'static [u8], format: Format, plausible: fn(&[u8]) -> bool) -> Sought {
    Sought { magic, offset: 0, format, opens: true, plausible }
}

const fn named(magic: &'static [u8], offset: usize, format: Format, plausible: fn(&[u8]) -> bool) -> Sought {
    Sought { magic, offset, format, opens: false, plausible }
}

/// What is looked for anywhere.
pub(super) const SOUGHT: [Sought; 18] = [
    opened(b"hsqs", Format::Squashfs, |b| matches!(little(b, 28), Some(1..=4)) && matches!(little(b, 30), Some(0 | 1))),
    opened(b"sqsh", Format::Squashfs, |b| matches!(big(b, 28), Some(1..=4)) && matches!(big(b, 30), Some(0 | 1))),
    opened(b"070701", Format::Cpio, never),
    opened(b"070702", Format::Cpio, never),
    opened(b"PK\x03\x04", Format::Zip, never),
    opened(b"\x1f\x8b\x08", Format::Gzip, never),
    opened(b"\xfd7zXZ\0", Format::Xz, |b| matches!(b.get(6..8), Some([0, 0 | 1 | 4 | 10]))),
    opened(b"\x28\xb5\x2f\xfd", Format::Zstd, never),
    opened(b"\x27\x05\x19\x56", Format::Uimage, never),
    opened(b"UBI#\x01", Format::Ubi, never),
    // A node: its length, and one of thirteen kinds.
    named(b"\x31\x18\x10\x06", 0, Format::Ubifs, |b| {
        matches!(little(b, 18), Some(0..=8)) && b.get(20).is_some_and(|kind| *kind <= 12)
    }),
    named(b"-rom1fs-", 0, Format::Romfs, |b| {
        let size = b.get(8..12).map(|s| u32::from_be_bytes([s[0], s[1], s[2], s[3]]) as usize);
        size.is_some_and(|size| (32..=b.len()).contains(&size))
    }),
    named(b"Compressed ROMFS", 16, Format::Cramfs, |b| {
        matches!(b.get(..4), Some(b"\x45\x3d\xcd\x28" | b"\x28\xcd\x3d\x45"))
    }),
    named(b"\x89LZO\0\r\n\x1a\n", 0, Format::Lzop, |b| b.len() > 64),
    named(b"7z\xbc\xaf\x27\x1c\0", 0, Format::SevenZip, |b| b.len() > 32),
    named(b"\x31\x41\x59\x26\x53\x59", 4, Format::Bzip2, |b| {
        matches!(b.get(..4), Some([b'B', b'Z', b'h', b'1'..=b'9']))
    }),
    // A node of a folder and one behind it.
    named(b"\x85\x19\x01\xe0", 0, Format::Jffs2, |b| {
        let length = b.get(4..8).map(|s| u32::from_le_bytes([s[0], s[1], s[2], s[3]]) as usize);
        let next = length.filter(|n| (40..=300).contains(n)).map(|n| n.next_multiple_of(4));
        next.and_then(|next| b.get(next..next + 2)) == Some(b"\x85\x19")
    }),
    // The superblock: state, what to do on errors, revision, size of a block.
    named(b"\x53\xef", 1080, Format::Ext, |b| {
        matches!(little(b, 1082), Some(1 | 2))
            && matches!(little(b, 1084), Some(1..=3))
            && matches!(little(b, 1048), Some(0..=6))
            && matches!(little(b, 1050), Some(0))
            && matches!(little(b, 1100), Some(0 | 1))
            && matches!(little(b, 1102), Some(0))
    }),
];

/// Nothing but its opening shows that it is there.
const fn never(_: &[u8]) -> bool {
    false
}

fn little(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).map(|b| u16::from_le_bytes([b[0], b[1]]))
}

fn big(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).map(|b| u16::from_be_bytes([b[0], b[1]]))
}

/// LZMA alone has no magic: properties 0x5d, a dictionary of a power of two, and a size that is unknown or likely.
fn is_lzma(bytes: &[u8]) -> bool {
    let Some(head) = bytes.get(..13) else { return false };
    let dictionary = u32::from_le_bytes([head[1], head[2], head[3], head[4]]);
    let size = head[5..13].iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
    head[0] == 0x5d
        && dictionary.is_power_of_two()
        && (1 << 12..=1 << 27).contains(&dictionary)
        && (size == u64::MAX || (1..1 << 32).contains(&size))
}
