//! A capture file, pcap or pcapng, packet by packet.

use pcap_parser::pcapng::{Block, OptionCode};
use pcap_parser::{PcapBlockOwned, PcapError, create_reader};

/// A packet as captured.
pub(super) struct Packet<'a> {
    /// Nanoseconds since 1970.
    pub(super) at_ns: u64,
    /// How it begins: 1 for Ethernet.
    pub(super) link: i32,
    pub(super) bytes: &'a [u8],
}

/// What a file says of itself.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) packets: u64,
    /// Packets that the one who captured knows to have lost.
    pub(super) dropped: u64,
    /// Packets of which only the beginning was kept.
    pub(super) cut: u64,
    /// Why it could not be read to its end; empty where it could.
    pub(super) note: String,
    /// Whether it is a capture file at all.
    pub(super) is_capture: bool,
}

/// The largest block of a file.
const BLOCK: usize = 4 << 20;
/// Most interfaces of one section.
const INTERFACES: usize = 256;

struct Interface {
    link: i32,
    /// Ticks of a second.
    ticks: u64,
    dropped: u64,
}

/// Reads all packets. A file that breaks off is read up to there.
pub(super) fn read(bytes: &[u8], mut each: impl FnMut(Packet<'_>)) -> Summary {
    let mut summary = Summary::default();
    let capacity = BLOCK.min(bytes.len().max(4096));
    let mut reader = match create_reader(capacity, bytes) {
        Ok(reader) => reader,
        Err(e) => {
            summary.note = format!("no capture file: {}", word(&e));
            return summary;
        }
    };
    summary.is_capture = true;
    let mut interfaces: Vec<Interface> = Vec::new();
    let mut stuck = 0;
    loop {
        match reader.next() {
            Ok((used, block)) => {
                stuck = 0;
                match block {
                    PcapBlockOwned::LegacyHeader(header) => {
                        let ticks = if header.is_nanosecond_precision() { 1_000_000_000 } else { 1_000_000 };
                        interfaces = vec![Interface { link: header.network.0, ticks, dropped: 0 }];
                    }
                    PcapBlockOwned::Legacy(packet) => {
                        summary.packets += 1;
                        summary.cut += u64::from(packet.caplen < packet.origlen);
                        if let Some(on) = interfaces.first() {
                            let at_ns = u64::from(packet.ts_sec) * 1_000_000_000
                                + u64::from(packet.ts_usec) * (1_000_000_000 / on.ticks);
                            let kept = &packet.data[..packet.data.len().min(packet.caplen as usize)];
                            each(Packet { at_ns, link: on.link, bytes: kept });
                        }
                    }
                    PcapBlockOwned::NG(block) => section(&block, &mut interfaces, &mut summary, &mut each),
                }
                reader.consume(used);
            }
            Err(PcapError::Eof) => break,
            Err(PcapError::Incomplete(_)) if stuck < 2 => {
                stuck += 1;
                if reader.refill().is_err() {
                    summary.note = "it breaks off in the middle of a packet".into();
                    break;
                }
            }
            Err(PcapError::Incomplete(_) | PcapError::UnexpectedEof) => {
                summary.note = "it breaks off in the middle of a packet".into();
                break;
            }
            Err(e) => {
                summary.note = format!("after {} packets: {}", summary.packets, word(&e));
                break;
            }
        }
    }
    summary.dropped += interfaces.iter().map(|i| i.dropped).sum::<u64>();
    summary
}

fn section(
    block: &Block<'_>,
    interfaces: &mut Vec<Interface>,
    summary: &mut Summary,
    each: &mut impl FnMut(Packet<'_>),
) {
    match block {
        Block::SectionHeader(_) => {
            summary.dropped += interfaces.drain(..).map(|i| i.dropped).sum::<u64>();
        }
        Block::InterfaceDescription(on) if interfaces.len() < INTERFACES => {
            interfaces.push(Interface {
                link: on.linktype.0,
                ticks: on.ts_resolution().unwrap_or(1_000_000).max(1),
                dropped: 0,
            });
        }
        Block::EnhancedPacket(packet) => {
            summary.packets += 1;
            summary.cut += u64::from(packet.caplen < packet.origlen);
            let Some(on) = interfaces.get(packet.if_id as usize) else { return };
            let ticks = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
            let at_ns = (u128::from(ticks) * 1_000_000_000 / u128::from(on.ticks)) as u64;
            each(Packet { at_ns, link: on.link, bytes: &packet.data[..packet.data.len().min(packet.caplen as usize)] });
        }
        Block::SimplePacket(packet) => {
            summary.packets += 1;
            let Some(on) = interfaces.first() else { return };
            each(Packet { at_ns: 0, link: on.link, bytes: packet.data });
        }
        Block::InterfaceStatistics(counts) => {
            // Counters run on: the last block of an interface has its total.
            let lost =
                counts.options.iter().filter(|o| matches!(o.code, OptionCode::IsbIfDrop | OptionCode::IsbOsDrop));
            let lost = lost.filter_map(|o| Some(u64::from_le_bytes(o.value.get(..8)?.try_into().ok()?))).sum();
            if let Some(on) = interfaces.get_mut(counts.if_id as usize) {
                on.dropped = lost;
            }
        }
        _ => {}
    }
}

fn word<I>(error: &PcapError<I>) -> &'static str {
    match error {
        PcapError::HeaderNotRecognized => "it begins like neither pcap nor pcapng",
        PcapError::BufferTooSmall => "a block is larger than 4 MiB",
        PcapError::Eof | PcapError::UnexpectedEof | PcapError::Incomplete(_) => "it breaks off",
        _ => "a block is malformed",
    }
}
