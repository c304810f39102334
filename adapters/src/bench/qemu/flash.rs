//! A flash drive that holds a saved U-Boot environment, as `saveenv` would have left it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// Size of one of the two flash drives of the `virt` machines.
const FLASH_BYTES: u64 = 64 << 20;
/// `CONFIG_ENV_SIZE` of U-Boot's `qemu_arm` and `qemu_arm64`; the environment stands at the start of the second drive.
pub(super) const ENVIRONMENT_BYTES: usize = 0x4_0000;

/// Writes the drive; sparse, so it takes the environment's space only.
pub(super) fn write(path: &Path, variables: &BTreeMap<String, String>) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.set_len(FLASH_BYTES)?;
    file.write_all(&environment(variables))
}

/// A checksum, then `name=value` strings ended by NUL, then an empty one.
fn environment(variables: &BTreeMap<String, String>) -> Vec<u8> {
    let mut strings = Vec::with_capacity(ENVIRONMENT_BYTES);
    for (name, value) in variables {
        strings.extend_from_slice(format!("{name}={value}\0").as_bytes());
    }
    strings.resize(ENVIRONMENT_BYTES - 4, 0);
    let mut image = crc32(&strings).to_le_bytes().to_vec();
    image.append(&mut strings);
    image
}

/// CRC-32 of IEEE 802.3, bit by bit: it runs over 256 KiB once a bench.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_has_its_checksum_before_it() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let image = environment(&BTreeMap::from([("bootdelay".to_owned(), "-2".to_owned())]));
        assert_eq!(image.len(), ENVIRONMENT_BYTES);
        assert_eq!(&image[4..19], b"bootdelay=-2\0\0\0");
        assert_eq!(image[..4], crc32(&image[4..]).to_le_bytes());
    }
}
