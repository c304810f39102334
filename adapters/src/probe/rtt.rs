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
/// Bytes that are read at a time while the block is looked for: it mostly stands near the start.
const SEARCH_STEP: usize = 16 * 1024;
/// Bytes of a control block with all channels that are read.
const BLOCK: usize = 24 + MAX_CHANNELS * DESCRIPTOR as usize;
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
    let ports = reachable(&mut link)?;
    let mut most = RttLog { stopped: link.last().cloned(), ..RttLog::default() };
    for (tried, port) in ports.iter().enumerate() {
        let log = log_through(&mut link, port, &chip, within, max_bytes);
        if log.control_block.is_some() {
            return Ok(log);
        }
        if tried == 0 || log.searched > most.searched {
            most = log;
        }
    }
    Ok(most)
}

/// The same through one memory access port.
fn log_through(
    link: &mut Link<'_>,
    port: &FullyQualifiedApAddress,
    chip: &Chip,
    within: Duration,
    max_bytes: usize,
) -> RttLog {
    let len = (chip.sram.end - chip.sram.start).min(MAX_SEARCH) as usize;
    let base = chip.sram.start;
    let mut sram = vec![0; len];
    let (at, read, stopped) = find(link, port, base, &mut sram);
    let mut log = RttLog { searched: read as u64, stopped, ..RttLog::default() };
    let Some(at) = at else { return log };
    log.control_block = Some(base + at as u64);
    let mut rings = Vec::new();
    for (ring, name) in rings_of(&sram[..read], base, len, at) {
        let mut held = vec![0; ring.size];
        let (got, stopped) = pieces(link, port, ring.buffer, &mut held);
        if got < held.len() {
            log.stopped = stopped;
            return log;
        }
        let held = oldest_first(&held, ring.write);
        let bytes = held[held.len().saturating_sub(max_bytes)..].to_vec();
        log.channels.push(RttChannel { name: text_at(link, port, base, len, name), bytes: bytes.into() });
        rings.push(ring);
    }
    let end = Instant::now() + within;
    while Instant::now() < end && !rings.is_empty() {
        std::thread::sleep(POLL);
        for (ring, channel) in rings.iter_mut().zip(&mut log.channels) {
            let room = max_bytes.saturating_sub(channel.bytes.0.len());
            match fresh(link, port, ring) {
                Ok(bytes) => channel.bytes.0.extend_from_slice(&bytes[..bytes.len().min(room)]),
                Err(stage) => {
                    log.stopped = Some(stage);
                    return log;
                }
            }
        }
    }
    log
}

/// Reads SRAM until the control block with all its descriptors is there: where it is, how much was read, and what stopped it.
fn find(
    link: &mut Link<'_>,
    port: &FullyQualifiedApAddress,
    base: u64,
    sram: &mut [u8],
) -> (Option<usize>, usize, Option<Stage>) {
    let mut read = 0;
    let mut found = None;
    loop {
        let wanted = match found {
            Some(at) => at + BLOCK,
            None => read + SEARCH_STEP,
        };
        let end = wanted.min(sram.len());
        if end <= read {
            return (found, read, None);
        }
        let (got, stopped) = pieces(link, port, base + read as u64, &mut sram[read..end]);
        // The mark may lie across the border.
        let from = read.saturating_sub(MARK.len());
        read += got;
        if found.is_none() {
            found = sram[from..read].windows(MARK.len()).position(|w| w == MARK).map(|at| from + at);
        }
        if stopped.is_some() {
            return (found, read, stopped);
        }
    }
}

/// The up channels whose descriptors make sense, each with the address of its name: the DUT may hold anything there. `sram` is
/// what was read of the `len` bytes from `base` on.
fn rings_of(sram: &[u8], base: u64, len: usize, at: usize) -> Vec<(Ring, u32)> {
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
            let inside = start.checked_add(size)? <= len;
            let ring = Ring { descriptor: base + (at + descriptor) as u64, buffer, size, write };
            (inside && size > 0 && write < size).then(|| (ring, name.unwrap_or(0)))
        })
        .collect()
}

/// A name that stands in SRAM; in flash it is not looked up.
fn text_at(link: &mut Link<'_>, port: &FullyQualifiedApAddress, base: u64, len: usize, address: u32) -> String {
    let Some(room) = u64::from(address).checked_sub(base).and_then(|at| (len as u64).checked_sub(at)) else {
        return String::new();
    };
    let mut bytes = vec![0; room.min(64) as usize];
    let (got, _) = pieces(link, port, address.into(), &mut bytes);
    let text = bytes[..got].iter().take_while(|b| **b != 0).map(|b| char::from(*b));
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
        assert_eq!(rings_of(&sram(1, 0x2000_0100, 64, 3), 0x2000_0000, 1024, 64).len(), 1);
        for (buffer, size, write) in
            [(0x2000_0100, u32::MAX, 0), (0x1000_0000, 64, 0), (0x2000_0100, 64, 64), (0x2000_03f0, 64, 0), (0, 0, 0)]
        {
            assert!(
                rings_of(&sram(1, buffer, size, write), 0x2000_0000, 1024, 64).is_empty(),
                "{buffer:#x} {size} {write}"
            );
        }
        assert!(rings_of(&sram(u32::MAX, 0x2000_0100, 64, 3), 0x2000_0000, 1024, 64).len() <= MAX_CHANNELS);
    }

    #[test]
    fn a_ring_that_wrapped_is_put_in_order() {
        assert_eq!(oldest_first(b"world hello ", 6), b"hello world ");
        assert_eq!(oldest_first(b"boot\0\0\0\0", 4), b"boot");
    }
}
