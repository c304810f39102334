//! Serial wire debug bit by bit, from the target's side. Turnaround clocks are the probe firmware's business and do not
//! appear here.

use super::{Ack, DebugState, DebugTarget};

#[derive(Clone, Copy)]
enum State {
    /// Out of step: silent until a line reset.
    Deaf,
    Idle,
    /// So many bits of a header are in.
    Header {
        bits: u8,
        n: u8,
    },
    /// The target drives `len` bits: an acknowledge, and for a read 33 bits of data.
    Drive {
        bits: u64,
        n: u8,
        len: u8,
        then: Option<Write>,
    },
    /// The host drives the 33 data bits of a write.
    Write {
        bits: u64,
        n: u8,
        write: Write,
    },
}

/// Where a write goes. `execute` is false in the data phase that overrun detection wants after WAIT and FAULT.
#[derive(Clone, Copy)]
struct Write {
    ap: bool,
    address: u8,
    execute: bool,
}

/// The target's end of SWDIO.
pub(super) struct Phy {
    target: DebugTarget,
    state: State,
    ones: u32,
}

impl Phy {
    pub(super) const fn new(target: DebugTarget) -> Self {
        Self { target, state: State::Deaf, ones: 0 }
    }

    /// Drives nRESET.
    pub(super) fn reset_line(&self, low: bool) {
        self.target.reset_line(low);
    }

    /// One clock with the host driving.
    pub(super) fn clock_out(&mut self, bit: bool) {
        self.ones = if bit { self.ones + 1 } else { 0 };
        if self.ones >= 50 {
            self.target.line_reset();
            self.state = State::Idle;
            return;
        }
        self.state = match self.state {
            // The ones of a line reset hold no start bit.
            State::Idle if bit && self.ones < 8 => State::Header { bits: 1, n: 1 },
            State::Header { bits, n } => {
                let bits = bits | u8::from(bit) << n;
                if n == 7 { self.header(bits) } else { State::Header { bits, n: n + 1 } }
            }
            State::Drive { .. } => State::Deaf,
            State::Write { bits, n, write } => {
                let bits = bits | u64::from(bit) << n;
                if n == 32 { self.write(bits, write) } else { State::Write { bits, n: n + 1, write } }
            }
            same => same,
        };
    }

    /// One clock with the host listening.
    pub(super) fn clock_in(&mut self) -> bool {
        self.ones = 0;
        if self.target.state() == DebugState::SwdioStuckLow {
            return false;
        }
        let State::Drive { bits, n, len, then } = self.state else {
            return true; // the pull-up
        };
        self.state = match then {
            _ if n + 1 < len => State::Drive { bits, n: n + 1, len, then },
            Some(write) => State::Write { bits: 0, n: 0, write },
            None => State::Idle,
        };
        bits >> n & 1 != 0
    }

    fn header(&self, header: u8) -> State {
        let (ap, read, address) = (header & 2 != 0, header & 4 != 0, (header >> 1) & 0xc);
        let parity = (header >> 1 & 0xf).count_ones() & 1 == u32::from(header >> 5 & 1);
        if !parity || header & 0x40 != 0 || header & 0x80 == 0 {
            return State::Deaf;
        }
        let refused = if read {
            match self.target.transfer(ap, true, address, 0) {
                Ok(value) => {
                    let corrupt = u64::from(self.target.state().corrupts_reads());
                    let parity = u64::from(value.count_ones() & 1) ^ corrupt;
                    return State::Drive { bits: 1 | u64::from(value) << 3 | parity << 35, n: 0, len: 36, then: None };
                }
                Err(ack) => ack,
            }
        } else {
            match self.target.port().acknowledge(ap, false, address) {
                Ok(()) => {
                    let write = Write { ap, address, execute: true };
                    return State::Drive { bits: 1, n: 0, len: 3, then: Some(write) };
                }
                Err(ack) => ack,
            }
        };
        let bits = match refused {
            Ack::Wait => 2,
            Ack::Fault => 4,
            Ack::Low => 0,
            Ack::Silent => return State::Deaf,
        };
        let data_phase = self.target.port().overrun_detect();
        State::Drive {
            bits,
            n: 0,
            len: if read && data_phase { 36 } else { 3 },
            then: (!read && data_phase).then_some(Write { ap, address, execute: false }),
        }
    }

    fn write(&self, bits: u64, write: Write) -> State {
        let value = (bits & u64::from(u32::MAX)) as u32;
        if write.execute && u64::from(value.count_ones() & 1) == bits >> 32 {
            // It was acknowledged already; an error shows up in the sticky flags.
            let _ = self.target.transfer(write.ap, false, write.address, value);
        }
        State::Idle
    }
}
