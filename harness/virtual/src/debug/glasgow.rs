//! The probe's side of the Glasgow `probe-rs` applet (identifier `probe-rs,v01`), as probe-rs 0.32 speaks it.
//!
//! Frames are COBS of an endpoint number and bytes for it: 0 the probe itself, 1 serial wire debug. As in the real gateware,
//! every queued command is answered, also after a FAULT, and sticky errors stay until the host clears them.

use super::cobs::{stuff, unstuff};
use super::{Ack, DebugState, DebugTarget};

/// Longest frame that is put together; a host never needs more.
const MAX_FRAME: usize = 1 << 20;
const IDENTIFIER: &[u8] = b"probe-rs,v01";
const REF_CLOCK_HZ: u32 = 24_000_000;

/// One connection of a host.
pub(super) struct Session {
    target: DebugTarget,
    /// Bytes of a frame that is not whole yet.
    frame: Vec<u8>,
    /// Bytes for each endpoint that are no whole command yet.
    probe: Vec<u8>,
    wire: Vec<u8>,
    divisor: [u8; 2],
    /// Ones at the end of what was clocked out so far.
    ones: u32,
    commands: u32,
}

impl Session {
    pub(super) const fn new(target: DebugTarget) -> Self {
        Self { target, frame: Vec::new(), probe: Vec::new(), wire: Vec::new(), divisor: [0; 2], ones: 0, commands: 0 }
    }

    /// Takes what arrived and returns the answer; `None` where the host sends no such protocol.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.frame.extend_from_slice(bytes);
        while let Some(end) = self.frame.iter().position(|b| *b == 0) {
            let packet = unstuff(&self.frame[..end])?;
            self.frame.drain(..=end);
            match packet.split_first()? {
                (0, data) => self.probe.extend_from_slice(data),
                (1, data) => self.wire.extend_from_slice(data),
                _ => return None,
            }
        }
        if self.frame.len() > MAX_FRAME {
            return None;
        }
        let mut out = Vec::new();
        for (endpoint, answer) in [(0, self.probe_commands()), (1, self.wire_commands())] {
            if !answer.is_empty() {
                let mut packet = vec![endpoint];
                packet.extend(answer);
                stuff(&packet, &mut out);
            }
        }
        Some(out)
    }

    fn stalled(&self) -> bool {
        matches!(self.target.state(), DebugState::ProbeStalled { after } if self.commands >= after)
    }

    fn probe_commands(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = std::mem::take(&mut self.probe);
        let mut at = 0;
        while let Some(&command) = rest.get(at) {
            let mut len = 1;
            if !self.stalled() {
                match command {
                    0x00 => out.extend_from_slice(IDENTIFIER),
                    0x10 => out.extend_from_slice(&REF_CLOCK_HZ.to_le_bytes()),
                    0x11 => out.extend_from_slice(&self.divisor),
                    0x12 => match rest.get(at + 1..at + 3) {
                        Some(divisor) => {
                            self.divisor.copy_from_slice(divisor);
                            len = 3;
                        }
                        None => break,
                    },
                    0x20 | 0x21 => self.target.reset_line(command == 0x20),
                    _ => {}
                }
            }
            self.commands += 1;
            at += len;
        }
        rest.drain(..at);
        self.probe = rest;
        out
    }

    fn wire_commands(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = std::mem::take(&mut self.wire);
        let mut at = 0;
        while let Some(&command) = rest.get(at) {
            let sequence = command & 0x20 != 0;
            let read = command & 2 != 0;
            let mut data = 0;
            let mut len = 1;
            if sequence || !read {
                let Some(&[a, b, c, d]) = rest.get(at + 1..at + 5) else { break };
                data = u32::from_le_bytes([a, b, c, d]);
                len = 5;
            }
            at += len;
            self.commands += 1;
            if self.stalled() {
                continue;
            }
            if sequence {
                self.clock_out(command & 0x1f, data);
            } else {
                self.transfer(command & 1 != 0, read, command & 0xc, data, &mut out);
            }
        }
        rest.drain(..at);
        self.wire = rest;
        out
    }

    /// Clocks out `len` bits (0 stands for 32); 50 ones in a row reset the line.
    fn clock_out(&mut self, len: u8, bits: u32) {
        for bit in 0..if len == 0 { 32 } else { len } {
            self.ones = if bits >> bit & 1 == 1 { self.ones + 1 } else { 0 };
            if self.ones == 50 {
                self.target.line_reset();
            }
        }
    }

    fn transfer(&mut self, ap: bool, read: bool, address: u8, data: u32, out: &mut Vec<u8>) {
        const NO_DATA: u8 = 0x10;
        const ERROR: u8 = 0x20;
        self.ones = 0;
        match self.target.transfer(ap, read, address, data) {
            Ok(_) if read && self.target.state().corrupts_reads() => out.push(ERROR),
            Ok(value) if read => {
                out.push(1);
                out.extend_from_slice(&value.to_le_bytes());
            }
            Ok(_) => out.push(NO_DATA | 1),
            Err(Ack::Wait) => out.push(NO_DATA | 2),
            Err(Ack::Fault) => out.push(NO_DATA | 4),
            // The applet knows one word for every other acknowledge.
            Err(Ack::Silent | Ack::Low) => out.push(ERROR),
        }
    }
}
