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

    /// Beginnings that are looked for anywhere in bytes that are nothing themselves.
    pub(super) fn carved() -> impl Iterator<Item = (&'static [u8], Self)> {
        let sought = |format: Self| {
            matches!(
                format,
                Self::Squashfs | Self::Cpio | Self::Gzip | Self::Xz | Self::Zstd | Self::Uimage | Self::Ubi | Self::Zip
            )
        };
        MAGICS.iter().copied().filter(move |(_, format)| sought(*format))
    }
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
