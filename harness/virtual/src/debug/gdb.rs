//! Memory of a machine behind a gdb stub, as QEMU has one: real firmware behind the virtual port. It is read and never
//! written.
//!
//! The stub stops the machine whenever somebody connects, and answers only while it is stopped: so the machine is stopped for
//! each block, and goes on at once.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Bytes read at once: what a memory access port's address increment spans.
const BLOCK: u32 = 1024;
/// How old a block may be. A debugger asks word by word, and firmware goes on writing.
const FRESH: Duration = Duration::from_millis(50);
/// How long the stub may take for one answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Longest packet that is put together: a block in hexadecimal, with room for a machine's description.
const MAX_PACKET: usize = 64 * 1024;

/// A gdb stub that listens on loopback.
pub(super) struct GdbStub {
    address: SocketAddr,
    connection: Option<Connection>,
    block: Option<Block>,
}

/// Bytes as they were at a time; `None` where the stub refused to read them.
struct Block {
    base: u32,
    bytes: Option<Vec<u8>>,
    read: Instant,
}

impl GdbStub {
    /// A stub that is connected to when somebody first reads.
    pub(super) const fn new(address: SocketAddr) -> Self {
        Self { address, connection: None, block: None }
    }

    /// Bytes at `address`, which is aligned to their number. `None`: nothing is mapped there, or nobody answers.
    pub(super) fn read(&mut self, address: u32, len: usize) -> Option<&[u8]> {
        let base = address & !(BLOCK - 1);
        let fresh = |block: &Block| block.base == base && block.read.elapsed() < FRESH;
        if !self.block.as_ref().is_some_and(fresh) {
            // A machine that was started again has a new stub: the second try is with a new connection.
            let bytes = self.fetch(base).or_else(|_| self.fetch(base)).ok().flatten();
            self.block = Some(Block { base, bytes, read: Instant::now() });
        }
        let at = (address - base) as usize;
        self.block.as_ref()?.bytes.as_ref()?.get(at..at + len)
    }

    fn fetch(&mut self, base: u32) -> io::Result<Option<Vec<u8>>> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connection::open(self.address)?),
        };
        let read = connection.memory(base, BLOCK);
        if read.is_err() {
            self.connection = None;
        }
        read
    }
}

/// A connection, between two questions with the machine running.
struct Connection {
    stream: TcpStream,
    pending: Vec<u8>,
}

impl Connection {
    fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut connection = Self { stream, pending: Vec::new() };
        connection.send("?")?;
        connection.stopped()?;
        connection.send("c")?;
        Ok(connection)
    }

    /// `None` where the stub says that it cannot read there.
    fn memory(&mut self, address: u32, len: u32) -> io::Result<Option<Vec<u8>>> {
        self.stream.write_all(&[3])?;
        self.stopped()?;
        self.send(&format!("m{address:x},{len:x}"))?;
        let answer = loop {
            let packet = self.packet()?;
            if !is_stop(&packet) {
                break packet;
            }
        };
        self.send("c")?;
        // Shorter than asked is a border of memory: refused as a whole, and the host asks for less.
        Ok(hex::decode(&answer).ok().filter(|bytes| bytes.len() == len as usize))
    }

    fn send(&mut self, packet: &str) -> io::Result<()> {
        let sum = packet.bytes().fold(0_u8, u8::wrapping_add);
        self.stream.write_all(format!("${packet}#{sum:02x}").as_bytes())
    }

    /// Until the machine is stopped.
    fn stopped(&mut self) -> io::Result<()> {
        while !is_stop(&self.packet()?) {}
        Ok(())
    }

    fn packet(&mut self) -> io::Result<Vec<u8>> {
        let until = Instant::now() + PATIENCE;
        let mut buffer = [0; 4096];
        loop {
            let start = self.pending.iter().position(|b| *b == b'$');
            let end = start.and_then(|s| self.pending[s..].iter().position(|b| *b == b'#').map(|len| s + len));
            if let (Some(start), Some(end)) = (start, end)
                && self.pending.len() >= end + 3
            {
                let packet = self.pending[start + 1..end].to_vec();
                self.pending.drain(..end + 3);
                self.stream.write_all(b"+")?;
                return Ok(packet);
            }
            if self.pending.len() > MAX_PACKET || Instant::now() > until {
                return Err(io::ErrorKind::InvalidData.into());
            }
            match self.stream.read(&mut buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                len => self.pending.extend_from_slice(&buffer[..len]),
            }
        }
    }
}

/// Whether a packet says that the machine has stopped.
fn is_stop(packet: &[u8]) -> bool {
    matches!(packet.first(), Some(b'T' | b'S'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::debug::{DebugState, DebugTarget, Family};
    use std::net::TcpListener;

    /// A stub over one KiB from `base` on; the machine stands still unless it was told to go on.
    fn stub(base: u32, memory: Vec<u8>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                serve(stream, base, &memory);
            }
        });
        address
    }

    fn serve(mut stream: TcpStream, base: u32, memory: &[u8]) {
        let (mut runs, mut bytes, mut buffer) = (false, Vec::new(), [0; 512]);
        while let Ok(len @ 1..) = stream.read(&mut buffer) {
            bytes.extend_from_slice(&buffer[..len]);
            bytes.retain(|b| *b != b'+');
            let mut say = |text: &str| {
                let sum = text.bytes().fold(0_u8, u8::wrapping_add);
                let _ = stream.write_all(format!("+${text}#{sum:02x}").as_bytes());
            };
            while !bytes.is_empty() {
                if bytes[0] == 3 {
                    bytes.remove(0);
                    runs = false;
                    say("T02thread:01;");
                    continue;
                }
                let Some(end) = bytes.iter().position(|b| *b == b'#').filter(|end| bytes.len() >= end + 3) else {
                    break;
                };
                let packet = String::from_utf8(bytes[1..end].to_vec()).unwrap();
                bytes.drain(..end + 3);
                match packet.as_str() {
                    "?" => say("T05thread:01;"),
                    "c" => runs = true,
                    read => {
                        assert!(!runs, "memory is asked for while the machine stands still");
                        let (at, len) = read.strip_prefix('m').unwrap().split_once(',').unwrap();
                        let at = u32::from_str_radix(at, 16).unwrap().wrapping_sub(base) as usize;
                        let len = usize::from_str_radix(len, 16).unwrap();
                        match memory.get(at..at.saturating_add(len)) {
                            Some(part) => say(&hex::encode(part)),
                            None => say("E14"),
                        }
                    }
                }
            }
        }
    }

    fn word(target: &DebugTarget, address: u32) -> Option<u32> {
        target.transfer(false, false, 0, 0x1e).unwrap(); // clears what stuck
        target.transfer(false, false, 8, 0).unwrap();
        target.transfer(true, false, 4, address).ok()?;
        target.transfer(true, true, 0xc, 0).ok()?;
        target.transfer(false, true, 0xc, 0).ok()
    }

    fn attached(target: &DebugTarget) {
        target.line_reset();
        target.transfer(false, true, 0, 0).unwrap();
        target.transfer(false, false, 4, 0x5000_0000).unwrap();
    }

    #[test]
    fn real_memory_is_read_and_locks_lie_over_it() {
        let base = Family::Stm32f407.flash_base();
        let mut memory = vec![0; 1024];
        memory[16..20].copy_from_slice(b"here");
        let address = stub(base, memory);
        let target = DebugTarget::behind_gdb(Family::Stm32f407, DebugState::Open, address);
        attached(&target);
        assert_eq!(word(&target, base + 16), Some(u32::from_le_bytes(*b"here")));
        assert_eq!(word(&target, base + 2048), None, "nothing is mapped there");
        assert_eq!(word(&target, 0xE000_ED00), Some(0x410F_C241), "the core is the port's own");
        target.set_state(DebugState::StmRdp1);
        assert_eq!(word(&target, base + 16), None, "locked");
    }

    #[test]
    fn a_stub_that_is_gone_or_talks_nonsense_is_memory_that_faults() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(GdbStub::new(free).read(0, 4), None);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut nonsense = GdbStub::new(listener.local_addr().unwrap());
        let talks = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok).take(2) {
                let mut stream = stream;
                let _ = stream.write_all(&[b'x'; 2 * MAX_PACKET]);
            }
        });
        assert_eq!(nonsense.read(0, 4), None);
        talks.join().unwrap();
    }
}
