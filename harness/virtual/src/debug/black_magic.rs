//! The probe's side of the Black Magic remote protocol, version 0: the host asks for single bits on the wire, so probe-rs
//! runs its own bit-level SWD engine, the one it also uses for J-Link and FTDI probes.

use super::DebugTarget;
use super::phy::Phy;

/// Longest command that is kept.
const MAX_COMMAND: usize = 4096;

/// One connection of a host.
pub(super) struct Session {
    phy: Phy,
    /// The command under way, after its `!`.
    command: Option<String>,
}

impl Session {
    pub(super) const fn new(target: DebugTarget) -> Self {
        Self { phy: Phy::new(target), command: None }
    }

    /// Takes what arrived and returns the answer; `None` where the host sends no such protocol.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        for &byte in bytes {
            match (byte, &mut self.command) {
                (b'!', command) => *command = Some(String::new()),
                (b'#', command) => {
                    if let Some(text) = command.take() {
                        let answer = self.answer(&text).unwrap_or_else(|| "N0".into());
                        out.extend_from_slice(format!("&{answer}#").as_bytes());
                    }
                }
                (_, Some(command)) if command.len() >= MAX_COMMAND => return None,
                (_, Some(command)) => command.push(char::from(byte)),
                _ => {}
            }
        }
        Some(out)
    }

    /// `None`: a command that version 0 does not know.
    fn answer(&mut self, command: &str) -> Option<String> {
        let (name, arguments) = command.split_at_checked(2)?;
        match name {
            "GA" => Some("KVirtual Black Magic Probe".into()),
            "GZ" => {
                self.phy.reset_line(arguments == "1");
                Some("K0".into())
            }
            "GV" | "GP" | "GE" | "GF" | "SS" => Some("K0".into()),
            "Gf" => Some("Kfa0".into()),
            "So" | "SO" => {
                let (len, bits) = arguments.split_at_checked(2)?;
                let (len, bits) = (u32::from_str_radix(len, 16).ok()?, u64::from_str_radix(bits, 16).ok()?);
                for n in 0..len.min(64) {
                    self.phy.clock_out(bits >> n & 1 != 0);
                }
                Some("K0".into())
            }
            "Si" | "SI" => {
                let len = u32::from_str_radix(arguments.get(..2)?, 16).ok()?;
                let bits = (0..len.min(64)).fold(0, |bits, n| bits | u64::from(self.phy.clock_in()) << n);
                Some(format!("K{bits:x}"))
            }
            _ => None,
        }
    }
}
