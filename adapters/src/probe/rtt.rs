//! The SEGGER RTT log, read out of SRAM as plain memory: no halt, no read pointer moved, so the firmware notices nothing.

use std::time::{Duration, Instant};

use assay_model::Fault;
use assay_model::touch::probe::{RttChannel, RttLog, Stage};
use probe_rs::architecture::arm::FullyQualifiedApAddress;

use super::chips::Chip;
use super::link::{Link, Trying};
use super::memory::{pieces, reachable};

const MARK: &[u8] = b"SEGGER RTT\0\0\0\0\0\0";
/// Bytes of a channel's descriptor: name, buffer, size, write, read, flags.
const DESCRIPTOR: u64 = 24;
/// Channels that are read at most; a DUT may state any number.
const MAX_CHANNELS: usize = 8;
/// SRAM that is searched at most, in bytes.
const MAX_SEARCH: u64 = 1 << 20;
const POLL: Duration = Duration::from_millis(20);

/// One ring as the DUT describes it, found plausible.
struct Ring {
    descriptor: u64,
    buffer: u64,
    size: usize,
    write: usize,
}

/// Finds the control block and reads its up channels.
pub(super) fn log(
    selector: &str,
    chip: Option<&str>,
    within: Duration,
    max_bytes: usize,
    trying: Trying<'_>,
) -> Result<RttLog, Fault> {
    let chip = Chip::named(chip)?;
    let mut link = Link::open(selector, trying)?;
    let Some(port) = reachable(&mut link)? else {
        return Ok(RttLog { stopped: link.last().cloned(), ..RttLog::default() });
    };
    let len = (chip.sram.end - chip.sram.start).min(MAX_SEARCH);
    let mut sram = vec![0; len as usize];
    let (read, stopped) = pieces(&mut link, &port, chip.sram.start, &mut sram);
    let mut log = RttLog { searched: read as u64, stopped, ..RttLog::default() };
    let Some(at) = sram[..read].windows(MARK.len()).position(|w| w == MARK) else { return Ok(log) };
    let block = chip.sram.start + at as u64;
    log.control_block = Some(block);
    let mut rings = rings(&sram[..read], chip.sram.start, at);
    for (ring, name) in &rings {
        let start = (ring.buffer - chip.sram.start) as usize;
        let held = oldest_first(&sram[start..start + ring.size], ring.write);
        let bytes = held[held.len().saturating_sub(max_bytes)..].to_vec();
        log.channels.push(RttChannel { name: name.clone(), bytes: bytes.into() });
    }
    let end = Instant::now() + within;
    while Instant::now() < end && !rings.is_empty() {
        std::thread::sleep(POLL);
        for ((ring, _), channel) in rings.iter_mut().zip(&mut log.channels) {
            let room = max_bytes.saturating_sub(channel.bytes.0.len());
            match fresh(&mut link, &port, ring) {
                Ok(bytes) => channel.bytes.0.extend_from_slice(&bytes[..bytes.len().min(room)]),
                Err(stage) => {
                    log.stopped = Some(stage);
                    return Ok(log);
                }
            }
        }
    }
    Ok(log)
}

/// The up channels whose descriptors make sense: the DUT may hold anything there.
fn rings(sram: &[u8], base: u64, at: usize) -> Vec<(Ring, String)> {
    let word = |offset: usize| {
        let bytes = sram.get(at + offset..at + offset + 4)?;
        Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    };
    let count = word(16).unwrap_or(0) as usize;
    (0..count.min(MAX_CHANNELS))
        .filter_map(|n| {
            let descriptor = 24 + n * DESCRIPTOR as usize;
            let [name, buffer, size, write] = [0, 4, 8, 12].map(|o| word(descriptor + o));
            let (buffer, size, write) = (u64::from(buffer?), size? as usize, write? as usize);
            let start = usize::try_from(buffer.checked_sub(base)?).ok()?;
            let inside = start.checked_add(size)? <= sram.len();
            let ring = Ring { descriptor: base + (at + descriptor) as u64, buffer, size, write };
            (inside && size > 0 && write < size).then(|| (ring, text_at(sram, base, name.unwrap_or(0))))
        })
        .collect()
}

/// A name that stands in SRAM; in flash it is not looked up.
fn text_at(sram: &[u8], base: u64, address: u32) -> String {
    let bytes =
        u64::from(address).checked_sub(base).and_then(|at| sram.get(usize::try_from(at).ok()?..)).unwrap_or(&[]);
    let text = bytes.iter().take(64).take_while(|b| **b != 0).map(|b| char::from(*b));
    text.filter(|c| !c.is_control()).collect()
}

/// A ring's bytes in the order they were written; places never written (zero at the old end) are left out.
fn oldest_first(ring: &[u8], write: usize) -> Vec<u8> {
    let (new, old) = ring.split_at(write);
    let unwritten = old.iter().take_while(|b| **b == 0).count();
    [&old[unwritten..], new].concat()
}

/// What was written into the ring since the last look.
fn fresh(link: &mut Link<'_>, port: &FullyQualifiedApAddress, ring: &mut Ring) -> Result<Vec<u8>, Stage> {
    let write = link.word("rtt", port, ring.descriptor + 12)? as usize;
    if write == ring.write || write >= ring.size {
        return Ok(Vec::new());
    }
    let wrapped = write < ring.write;
    let spans = if wrapped { [ring.write..ring.size, 0..write] } else { [ring.write..write, 0..0] };
    let mut bytes = Vec::new();
    for span in spans.into_iter().filter(|s| !s.is_empty()) {
        let mut part = vec![0; span.len()];
        let (_, stopped) = pieces(link, port, ring.buffer + span.start as u64, &mut part);
        if let Some(stage) = stopped {
            return Err(stage);
        }
        bytes.extend(part);
    }
    ring.write = write;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sram(count: u32, buffer: u32, size: u32, write: u32) -> Vec<u8> {
        let mut sram = vec![0; 1024];
        sram[64..80].copy_from_slice(MARK);
        for (n, word) in [count, 0, 0x2000_0200, buffer, size, write].into_iter().enumerate() {
            sram[80 + 4 * n..84 + 4 * n].copy_from_slice(&word.to_le_bytes());
        }
        sram
    }

    #[test]
    fn a_lying_control_block_gives_no_ring() {
        assert_eq!(rings(&sram(1, 0x2000_0100, 64, 3), 0x2000_0000, 64).len(), 1);
        for (buffer, size, write) in
            [(0x2000_0100, u32::MAX, 0), (0x1000_0000, 64, 0), (0x2000_0100, 64, 64), (0x2000_03f0, 64, 0), (0, 0, 0)]
        {
            assert!(rings(&sram(1, buffer, size, write), 0x2000_0000, 64).is_empty(), "{buffer:#x} {size} {write}");
        }
        assert!(rings(&sram(u32::MAX, 0x2000_0100, 64, 3), 0x2000_0000, 64).len() <= MAX_CHANNELS);
    }

    #[test]
    fn a_ring_that_wrapped_is_put_in_order() {
        assert_eq!(oldest_first(b"world hello ", 6), b"hello world ");
        assert_eq!(oldest_first(b"boot\0\0\0\0", 4), b"boot");
    }
}
