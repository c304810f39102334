//! A writer of pcapng with nanoseconds, the interface's name, and counters of what was lost. The kept crates read the format;
//! writing it takes four kinds of block.

/// How a link's packets begin, as pcapng numbers it.
pub const ETHERNET: u16 = 1;

/// A file in the making, in memory.
pub struct Writer {
    out: Vec<u8>,
    packets: u64,
    last_ns: u64,
}

impl Writer {
    /// A file of packets of one interface, cut to `snaplen` bytes where they are longer.
    #[must_use]
    pub fn new(interface: &str, link: u16, snaplen: u32) -> Self {
        let mut writer = Self { out: Vec::new(), packets: 0, last_ns: 0 };
        let mut head = 0x1A2B_3C4D_u32.to_le_bytes().to_vec(); // byte order
        head.extend([1, 0, 0, 0]); // version 1.0
        head.extend([0xff; 8]); // length of the section: unknown
        option(&mut head, 4, concat!("assay ", env!("CARGO_PKG_VERSION")).as_bytes());
        option(&mut head, 0, b"");
        writer.block(0x0A0D_0D0A, &head);
        let mut on = link.to_le_bytes().to_vec();
        on.extend([0, 0]);
        on.extend(snaplen.to_le_bytes());
        option(&mut on, 2, interface.as_bytes());
        option(&mut on, 9, &[9]); // ticks of 10^-9 s
        option(&mut on, 0, b"");
        writer.block(1, &on);
        writer
    }

    /// Adds a packet: when, in nanoseconds since 1970; what was kept of it; how long it was.
    pub fn packet(&mut self, at_ns: u64, kept: &[u8], length: u32) {
        let mut body = vec![0; 4];
        body.extend(((at_ns >> 32) as u32).to_le_bytes());
        body.extend((at_ns as u32).to_le_bytes());
        body.extend((kept.len() as u32).to_le_bytes());
        body.extend(length.to_le_bytes());
        body.extend(kept);
        self.block(6, &body);
        self.packets += 1;
        self.last_ns = self.last_ns.max(at_ns);
    }

    /// Packets so far.
    #[must_use]
    pub const fn packets(&self) -> u64 {
        self.packets
    }

    /// Bytes so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether there is no packet yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.packets == 0
    }

    /// Ends it, with how many packets passed and are not in it.
    #[must_use]
    pub fn finish(mut self, dropped: u64) -> Vec<u8> {
        let mut body = vec![0; 4];
        body.extend(((self.last_ns >> 32) as u32).to_le_bytes());
        body.extend((self.last_ns as u32).to_le_bytes());
        option(&mut body, 4, &(self.packets + dropped).to_le_bytes()); // received
        option(&mut body, 7, &dropped.to_le_bytes()); // dropped by the system
        option(&mut body, 0, b"");
        self.block(5, &body);
        self.out
    }

    fn block(&mut self, kind: u32, body: &[u8]) {
        let length = (12 + body.len().next_multiple_of(4)) as u32;
        self.out.extend(kind.to_le_bytes());
        self.out.extend(length.to_le_bytes());
        self.out.extend(body);
        self.out.resize(self.out.len().next_multiple_of(4), 0);
        self.out.extend(length.to_le_bytes());
    }
}

fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    out.extend(code.to_le_bytes());
    out.extend((value.len() as u16).to_le_bytes());
    out.extend(value);
    out.resize(out.len().next_multiple_of(4), 0);
}
