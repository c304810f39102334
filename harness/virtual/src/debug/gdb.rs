//! Memory of a machine behind a gdb stub, as QEMU has one: real firmware behind the virtual port. It is read and never
//! written.
//!
//! The stub stops the machine whenever somebody connects, and answers only while it is stopped: so the machine is stopped for
//! each window of memory, and goes on at once. Where no machine answers any more, nobody answers on the wire either.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Bytes read by one question: what a memory access port's address increment spans.
const BLOCK: usize = 1024;
/// Blocks read while the machine stands still.
const BLOCKS: usize = 32;
/// How old a window may be. A debugger asks word by word, and firmware goes on writing.
const FRESH: Duration = Duration::from_millis(50);
/// How long the stub may take for one answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Longest packet that is put together: a block in hexadecimal, with room for a machine's description.
const MAX_PACKET: usize = 64 * 1024;

/// Where a gdb stub listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GdbAddress {
    /// Loopback TCP: `-gdb tcp:127.0.0.1:1234`.
    Tcp(SocketAddr),
    /// A unix socket: `-gdb unix:PATH,server=on,wait=off`.
    Unix(PathBuf),
}

/// A gdb stub.
pub(super) struct GdbStub {
    address: GdbAddress,
    connection: Option<Connection>,
    window: Option<Window>,
    /// Nobody answered when last asked.
    gone: bool,
}

/// Memory as it was at a time.
struct Window {
    base: u32,
    /// `None` where the stub refused to read.
    blocks: Vec<Option<Vec<u8>>>,
    read: Instant,
}

impl GdbStub {
    /// A stub that is connected to when somebody first asks.
    pub(super) const fn new(address: GdbAddress) -> Self {
        Self { address, connection: None, window: None, gone: false }
    }

    /// Whether no machine answered when last asked: it has no power.
    pub(super) const fn is_gone(&self) -> bool {
        self.gone
    }

    /// Asks whether a machine is there.
    pub(super) fn look(&mut self) {
        self.window = None;
        self.asked(|connection| connection.stop().and_then(|()| connection.send("c")));
    }

    /// Bytes at `address`, which is aligned to their number. `None`: nothing is mapped there, or nobody answers.
    pub(super) fn read(&mut self, address: u32, len: usize) -> Option<&[u8]> {
        let base = address & !((BLOCK * BLOCKS) as u32 - 1);
        let fresh = |window: &Window| window.base == base && window.read.elapsed() < FRESH;
        if !self.window.as_ref().is_some_and(fresh) {
            let blocks = self.asked(|connection| connection.memory(base));
            self.window = blocks.map(|blocks| Window { base, blocks, read: Instant::now() });
        }
        let at = (address - base) as usize;
        let block = self.window.as_ref()?.blocks.get(at / BLOCK)?.as_ref()?;
        block.get(at % BLOCK..at % BLOCK + len)
    }

    /// An answer, where a machine gives one. One that was started again has a new stub: the second try is with a new
    /// connection.
    fn asked<T>(&mut self, question: impl Fn(&mut Connection) -> io::Result<T>) -> Option<T> {
        for _ in 0..2 {
            let connection = match self.connection.take() {
                Some(connection) => Ok(connection),
                None => Connection::open(&self.address),
            };
            let answer = connection.and_then(|mut c| question(&mut c).map(|answer| (c, answer)));
            if let Ok((connection, answer)) = answer {
                self.connection = Some(connection);
                self.gone = false;
                return Some(answer);
            }
        }
        self.gone = true;
        None
    }
}

trait Stream: Read + Write + Send {}
impl<S: Read + Write + Send> Stream for S {}

/// A connection, between two questions with the machine running.
struct Connection {
    stream: Box<dyn Stream>,
    pending: Vec<u8>,
}

impl Connection {
    fn open(address: &GdbAddress) -> io::Result<Self> {
        let stream: Box<dyn Stream> = match address {
            GdbAddress::Tcp(address) => {
                let stream = TcpStream::connect_timeout(address, PATIENCE)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                Box::new(stream)
            }
            GdbAddress::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                Box::new(stream)
            }
        };
        let mut connection = Self { stream, pending: Vec::new() };
        connection.send("?")?;
        connection.stopped()?;
        connection.send("c")?;
        Ok(connection)
    }

    /// All blocks from `base` on; `None` for one that the stub says it cannot read.
    fn memory(&mut self, base: u32) -> io::Result<Vec<Option<Vec<u8>>>> {
        self.stop()?;
        let blocks = (0..BLOCKS as u32).map(|n| self.block(base.saturating_add(n * BLOCK as u32))).collect();
        self.send("c")?;
        blocks
    }

    fn block(&mut self, address: u32) -> io::Result<Option<Vec<u8>>> {
        self.send(&format!("m{address:x},{BLOCK:x}"))?;
        loop {
            let packet = self.packet()?;
            if !is_stop(&packet) {
                // Shorter than asked is a border of memory: refused as a whole, and the host asks for less.
                return Ok(hex::decode(&packet).ok().filter(|bytes| bytes.len() == BLOCK));
            }
        }
    }

    fn stop(&mut self) -> io::Result<()> {
        self.stream.write_all(&[3])?;
        self.stopped()
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
    use crate::debug::{Ack, DebugState, DebugTarget, Family};
    use std::net::TcpListener;

    /// A stub over one KiB from `base` on; the machine stands still unless it was told to go on.
    fn stub(base: u32, memory: Vec<u8>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                serve(stream, base, &memory, usize::MAX);
            }
        });
        address
    }

    /// Ends after so many windows: then the machine is dead.
    fn serve(mut stream: impl Stream, base: u32, memory: &[u8], windows: usize) {
        let mut left = windows.saturating_mul(BLOCKS);
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
                    "c" if left == 0 => return,
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
                        left -= 1;
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
        target.transfer(false, false, 0, 0x1e).unwrap();
        target.transfer(false, false, 4, 0x5000_0000).unwrap();
    }

    #[test]
    fn real_memory_is_read_and_locks_lie_over_it() {
        let base = Family::Stm32f407.flash_base();
        let mut memory = vec![0; 1024];
        memory[16..20].copy_from_slice(b"here");
        let address = stub(base, memory);
        let target = DebugTarget::behind_gdb(Family::Stm32f407, DebugState::Open, GdbAddress::Tcp(address));
        attached(&target);
        assert_eq!(word(&target, base + 16), Some(u32::from_le_bytes(*b"here")));
        assert_eq!(word(&target, base + 2048), None, "nothing is mapped there");
        assert_eq!(word(&target, 0xE000_ED00), Some(0x410F_C241), "the core is the port's own");
        target.set_state(DebugState::StmRdp1);
        assert_eq!(word(&target, base + 16), None, "locked");
    }

    #[test]
    fn a_stub_that_is_gone_or_talks_nonsense_is_a_machine_without_power() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let target = DebugTarget::behind_gdb(Family::Stm32f407, DebugState::Open, GdbAddress::Tcp(free));
        target.line_reset();
        assert_eq!(target.transfer(false, true, 0, 0), Err(Ack::Silent));

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut nonsense = GdbStub::new(GdbAddress::Tcp(listener.local_addr().unwrap()));
        let talks = std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok).take(2) {
                let _ = stream.write_all(&[b'x'; 2 * MAX_PACKET]);
            }
        });
        assert_eq!(nonsense.read(0, 4), None);
        assert!(nonsense.is_gone());
        talks.join().unwrap();
    }

    #[test]
    fn a_machine_that_dies_in_mid_session_falls_silent_and_is_found_again_once_it_is_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gdb");
        let base = Family::Stm32f407.flash_base();
        let target = DebugTarget::behind_gdb(Family::Stm32f407, DebugState::Open, GdbAddress::Unix(path.clone()));
        for life in [b"one ", b"two "] {
            let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
            let mut memory = vec![0; BLOCK];
            memory[..4].copy_from_slice(life);
            let machine = std::thread::spawn(move || serve(listener.accept().unwrap().0, base, &memory, 1));
            attached(&target);
            assert_eq!(word(&target, base), Some(u32::from_le_bytes(*life)));
            machine.join().unwrap();
            std::fs::remove_file(&path).unwrap();
            std::thread::sleep(FRESH);
            assert_eq!(word(&target, base), None);
            assert_eq!(target.transfer(false, true, 0, 0), Err(Ack::Silent));
        }
    }
}
