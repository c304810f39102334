//! One direction of a flow: TCP put in order again, and what its bytes look like.

use std::collections::BTreeMap;

/// Bytes of one direction that are kept.
const KEPT: usize = 1 << 20;
/// Segments that wait for one before them.
const WAITING: usize = 512;

/// Bytes of one direction.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) bytes: Vec<u8>,
    next: Option<u32>,
    waiting: BTreeMap<u32, Vec<u8>>,
    /// Bytes that were not kept, for their number or because something before them is missing.
    pub(super) beyond: u64,
    pub(super) total: u64,
}

impl Stream {
    /// A datagram.
    pub(super) fn datagram(&mut self, payload: &[u8]) {
        self.total += payload.len() as u64;
        self.keep(payload);
    }

    /// A TCP segment; `begins` with a SYN, whose number comes before the first byte.
    pub(super) fn segment(&mut self, sequence: u32, begins: bool, payload: &[u8]) {
        if begins {
            self.next = Some(sequence.wrapping_add(1));
            return;
        }
        if payload.is_empty() {
            return;
        }
        let next = *self.next.get_or_insert(sequence);
        let ahead = sequence.wrapping_sub(next) as i32;
        if ahead > 0 {
            if self.waiting.len() < WAITING {
                self.waiting.insert(sequence, payload.to_vec());
            } else {
                self.beyond += payload.len() as u64;
            }
            return;
        }
        self.take(sequence, payload);
        while let Some(sequence) =
            self.next.and_then(|next| self.waiting.keys().copied().find(|s| (s.wrapping_sub(next) as i32) <= 0))
        {
            let payload = self.waiting.remove(&sequence).unwrap_or_default();
            self.take(sequence, &payload);
        }
    }

    /// What is new of a segment that does not lie ahead.
    fn take(&mut self, sequence: u32, payload: &[u8]) {
        let next = self.next.unwrap_or(sequence);
        let known = next.wrapping_sub(sequence) as usize;
        let Some(new) = payload.get(known..).filter(|new| !new.is_empty()) else { return };
        self.total += new.len() as u64;
        self.next = Some(next.wrapping_add(new.len() as u32));
        self.keep(new);
    }

    fn keep(&mut self, payload: &[u8]) {
        let room = KEPT.saturating_sub(self.bytes.len()).min(payload.len());
        self.bytes.extend_from_slice(&payload[..room]);
        self.beyond += (payload.len() - room) as u64;
    }

    /// Ends it: what still waits has a gap before it, and is looked at behind the gap.
    pub(super) fn finish(&mut self) {
        for payload in std::mem::take(&mut self.waiting).into_values() {
            self.total += payload.len() as u64;
            self.keep(&payload);
        }
    }
}

/// The protocol that bytes begin like.
pub(super) fn protocol(client: &[u8], server: &[u8], udp: bool, port: u16) -> &'static str {
    if udp {
        return match (port, client) {
            (53, _) => "dns",
            (5353, _) => "mdns",
            (67 | 68, _) => "dhcp",
            (123, _) => "ntp",
            (1900, _) => "ssdp",
            (5683, _) => "coap",
            (161 | 162, _) => "snmp",
            (_, [20..=25, 0xfe, 0xfd | 0xff, ..]) => "dtls",
            (_, [first, 0, 0, 0, 1, ..]) if first & 0xc0 == 0xc0 => "quic",
            _ => "",
        };
    }
    let either = |test: fn(&[u8]) -> bool| test(client) || test(server);
    const METHODS: [&[u8]; 8] = [b"GET ", b"POST ", b"PUT ", b"HEAD ", b"DELETE ", b"OPTIONS ", b"PATCH ", b"HTTP/1."];
    if either(|b| matches!(b, [20..=23, 3, 0..=4, ..])) {
        "tls"
    } else if either(|b| b.starts_with(b"SSH-")) {
        "ssh"
    } else if either(|b| {
        memchr::memmem::find(&b[..b.len().min(256)], b" RTSP/1.").is_some() || b.starts_with(b"RTSP/1.")
    }) {
        "rtsp"
    } else if either(|b| METHODS.iter().any(|m| b.starts_with(m))) {
        "http"
    } else if client.first() == Some(&0x10) && memchr::memmem::find(&client[..client.len().min(16)], b"MQ").is_some() {
        "mqtt"
    } else if server.starts_with(b"220 ") || server.starts_with(b"220-") {
        if port == 21 { "ftp" } else { "smtp" }
    } else if server.starts_with(&[0xff, 0xfd]) || server.starts_with(&[0xff, 0xfb]) {
        "telnet"
    } else {
        ""
    }
}

/// What bytes are worth to somebody who listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Encrypted, or packed: nothing can be told from them.
    Opaque,
    /// Text, or numbers with a pattern.
    Readable,
    /// Too few.
    TooFew,
}

/// By the spread of their values. Random bytes come close to what so many can have; text and structures do not.
pub(super) fn look(bytes: &[u8]) -> (Look, f64) {
    let sample = &bytes[..bytes.len().min(64 * 1024)];
    let mut counts = [0u32; 256];
    sample.iter().for_each(|b| counts[usize::from(*b)] += 1);
    let length = sample.len().max(1) as f64;
    let entropy: f64 =
        counts.iter().filter(|c| **c > 0).map(|c| f64::from(*c) / length).map(|share| -share * share.log2()).sum();
    let printable = sample.iter().filter(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()).count();
    // Random bytes have close to log2(n) bits while they are few, 8 when they are many, and the least of what is possible
    // in between: 7.17 of 8 for 256 of them.
    let most = length.log2().min(8.0);
    let look = match sample.len() {
        0..32 if printable * 10 < sample.len() * 9 => Look::TooFew,
        _ if printable * 10 >= sample.len() * 9 && !sample.is_empty() => Look::Readable,
        0..32 => Look::TooFew,
        _ if entropy >= 0.87 * most => Look::Opaque,
        _ => Look::Readable,
    };
    (look, entropy)
}
