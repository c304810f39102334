//! UBI: volumes in erase blocks of flash. No kept crate reads them, and the two headers are short. What the volumes hold is
//! opened further: squashfs is, UBIFS is only named.

use std::collections::BTreeMap;

use super::{Outcome, Unpacker};

/// Volumes with a higher number are UBI's own.
const INTERNAL: u32 = 0x7fff_ef00;
/// Most erase blocks.
const BLOCKS: usize = 1 << 17;

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn be64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

impl Unpacker<'_> {
    pub(super) fn ubi(&mut self, place: &str, bytes: &[u8], depth: u8) -> Outcome {
        let Some(block) = block_size(bytes) else { return Outcome::not("its erase blocks have no common size") };
        // Volume, block number in it: the newest copy, by its sequence number.
        let mut volumes: BTreeMap<u32, BTreeMap<u32, (u64, &[u8])>> = BTreeMap::new();
        let (mut used, mut blank) = (0, 0u64);
        for (n, peb) in bytes.chunks_exact(block).take(BLOCKS).enumerate() {
            if !peb.starts_with(b"UBI#") {
                break;
            }
            used = (n + 1) * block;
            let place = (be32(peb, 16), be32(peb, 20));
            let (Some(vid), Some(data)) = (place.0.map(|n| n as usize), place.1.map(|n| n as usize)) else { continue };
            let Some(header) = peb.get(vid..).filter(|h| h.starts_with(b"UBI!")) else {
                blank += 1;
                continue;
            };
            let (Some(volume), Some(number), Some(sequence)) = (be32(header, 8), be32(header, 12), be64(header, 40))
            else {
                continue;
            };
            if volume >= INTERNAL {
                continue;
            }
            // A static volume says how much of the block is data.
            let length = be32(header, 20).map(|n| n as usize).filter(|n| header[5] == 2 && *n > 0);
            let Some(data) = peb.get(data..).map(|d| &d[..length.unwrap_or(d.len()).min(d.len())]) else { continue };
            let held = volumes.entry(volume).or_default().entry(number).or_insert((sequence, data));
            if sequence >= held.0 {
                *held = (sequence, data);
            }
        }
        let entries = volumes.len() as u64;
        for (volume, blocks) in volumes {
            let contents: Vec<u8> = blocks.values().flat_map(|(_, data)| data.iter().copied()).collect();
            self.unpacked += contents.len() as u64;
            if self.unpacked > self.bounds.unpacked {
                self.exhausted.insert("bytes");
                return Outcome { entries, note: "the bound on bytes was met".into(), used: Some(used as u64) };
            }
            self.stream(place, &format!("volume{volume}"), &contents, depth);
        }
        let note = if entries == 0 { format!("no volume stands in its {blank} erase blocks") } else { String::new() };
        Outcome { entries, note, used: Some(used as u64) }
    }
}

/// From the first header to the second.
fn block_size(bytes: &[u8]) -> Option<usize> {
    let sizes = (12..=22).map(|n| 1usize << n);
    let fits = |size: &usize| bytes.get(*size..*size + 4) == Some(b"UBI#");
    sizes.clone().find(fits).or_else(|| sizes.clone().find(|size| *size == bytes.len()))
}
