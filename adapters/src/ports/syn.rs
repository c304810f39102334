//! SYNs under way: our own TCP segments through one raw socket. An answer is believed where it acknowledges the number
//! that was sent to that port; of what it opens half, this host's kernel, which knows nothing of it, gets rid by a reset.

use std::collections::{HashMap, VecDeque};
use std::io::Error;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use assay_model::Fault;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, connect, ipproto, recv, send, socket_with,
    sockopt,
};

use super::flights::{Answer, Asks, CannotStart, Landed};
use super::segment::{Reply, answer, syn};

/// Answers that wait to be read: some thousand.
const BUFFER: usize = 8 << 20;
/// An IPv4 header with all its options, a TCP header with all of its, and what may follow.
const LARGEST: usize = 2_048;
/// How long a full send queue is waited for.
const QUEUE: Duration = Duration::from_millis(50);

/// SYNs to one host.
pub(super) struct Syns<T> {
    host: IpAddr,
    from: IpAddr,
    patience: Duration,
    socket: OwnedFd,
    /// Two ports of ours, bound so that nobody else on this host gets them, and deaf. The second asks the first's number.
    _held: [OwnedFd; 2],
    ours: [u16; 2],
    /// What makes the sequence numbers of this scan unguessable.
    secret: u32,
    waiting: HashMap<u16, Vec<(u32, Landed<T>)>>,
    under_way: usize,
    /// In order of starting, so in order of expiry: when it started, port, serial.
    order: VecDeque<(Instant, u16, u32)>,
    serial: u32,
}

/// The raw socket that a SYN scan of a host needs.
///
/// # Errors
/// `no-raw-sockets`: this process may not have one. Others: this host has no address towards the DUT, or no ports.
pub(super) fn raw_socket(host: IpAddr) -> Result<OwnedFd, Fault> {
    let family = if host.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    socket_with(family, SocketType::RAW, flags, Some(ipproto::TCP)).map_err(|e| {
        if e == Errno::PERM || e == Errno::ACCESS {
            return Fault::bench(
                "no-raw-sockets",
                "a SYN scan needs raw sockets (the capability CAP_NET_RAW), and this process may not open them",
            )
            .with_help("run as root, or `setcap cap_net_raw+ep` the program, or scan with `method: connect`");
        }
        Fault::bench("cannot-connect", format!("this host cannot open a raw socket: {}", Error::from(e)))
    })
}

impl<T: Copy> Syns<T> {
    /// Gets ready. `secret` is any number that a host cannot guess.
    pub(super) fn new(host: IpAddr, patience: Duration, secret: u32) -> Result<Self, Fault> {
        let socket = raw_socket(host)?;
        let trouble = |e: Error| {
            crate::socket::own_trouble(&e).unwrap_or_else(|| {
                Fault::bench("cannot-connect", format!("this host cannot get ready for SYNs to {host}: {e}"))
            })
        };
        let from = source(host).map_err(trouble)?;
        let [(one, first), (other, second)] = [hold(from).map_err(trouble)?, hold(from).map_err(trouble)?];
        // Beyond the usual limit where this process may; else what the limit gives, and losses slow the scan.
        let _ = sockopt::set_socket_recv_buffer_size_force(&socket, BUFFER)
            .or_else(|_| sockopt::set_socket_recv_buffer_size(&socket, BUFFER));
        bind(&socket, &SocketAddr::new(from, 0)).map_err(|e| trouble(e.into()))?;
        // From here on the kernel gives us this host's segments only.
        connect(&socket, &SocketAddr::new(host, 0)).map_err(|e| trouble(e.into()))?;
        let (waiting, order) = (HashMap::new(), VecDeque::new());
        let (_held, ours) = ([one, other], [first, second]);
        Ok(Self { host, from, patience, socket, _held, ours, secret, waiting, under_way: 0, order, serial: 0 })
    }

    /// The number that our SYN to a port carries.
    fn sequence(&self, port: u16) -> u32 {
        (self.secret ^ u32::from(port)).wrapping_mul(0x9E37_79B1) ^ self.secret.rotate_left(16)
    }

    fn send(&self, port: u16) -> Result<(), CannotStart> {
        let from = SocketAddr::new(self.from, self.ours[usize::from(port == self.ours[0])]);
        let segment = syn(from, SocketAddr::new(self.host, port), self.sequence(port));
        for _ in 0..3 {
            match send(&self.socket, &segment, SendFlags::empty()) {
                Ok(_) => return Ok(()),
                Err(Errno::AGAIN) => {
                    let mut writable = [PollFd::new(&self.socket, PollFlags::OUT)];
                    let _ = poll(&mut writable, Some(&timespec(QUEUE)));
                }
                Err(Errno::INTR) => {}
                // What a router said about an earlier one is told here; it was lost, and its own patience ends it.
                Err(e) if routers_word(e) => {}
                Err(e) => return Err(CannotStart(e.into())),
            }
        }
        // Not sent: silence, and the next try comes.
        Ok(())
    }

    /// Reads what is there.
    fn read(&mut self, landed: &mut Vec<Landed<T>>) -> Result<(), CannotStart> {
        let mut buffer = [0; LARGEST];
        loop {
            let read = match recv(&self.socket, &mut buffer, RecvFlags::empty()) {
                Ok((read, _)) => read,
                Err(Errno::AGAIN) => return Ok(()),
                Err(e) if e == Errno::INTR || routers_word(e) => continue,
                Err(e) => return Err(CannotStart(e.into())),
            };
            let Some(Reply { port, to, acknowledges, open }) = answer(self.host, &buffer[..read]) else { continue };
            if !self.ours.contains(&to) || acknowledges != self.sequence(port).wrapping_add(1) {
                continue;
            }
            let answer = if open { Answer::Open } else { Answer::Closed };
            for (_, one) in self.waiting.remove(&port).unwrap_or_default() {
                self.under_way -= 1;
                landed.push(Landed { answer, ..one });
            }
        }
    }

    /// When the oldest runs out of patience. Forgets those that landed.
    fn next_expiry(&mut self) -> Option<Instant> {
        loop {
            let (started, port, serial) = *self.order.front()?;
            if self.waiting.get(&port).is_some_and(|all| all.iter().any(|(s, _)| *s == serial)) {
                return Some(started + self.patience);
            }
            self.order.pop_front();
        }
    }
}

impl<T: Copy> Asks<T> for Syns<T> {
    fn count(&self) -> usize {
        self.under_way
    }

    fn start(&mut self, port: u16, tag: T, now: Instant) -> Result<Option<Landed<T>>, CannotStart> {
        self.send(port)?;
        self.serial = self.serial.wrapping_add(1);
        self.order.push_back((now, port, self.serial));
        let landed = Landed { port, tag, started: now, answer: Answer::Silent };
        self.waiting.entry(port).or_default().push((self.serial, landed));
        self.under_way += 1;
        Ok(None)
    }

    fn land(&mut self, at_most: Duration, landed: &mut Vec<Landed<T>>) -> Result<(), CannotStart> {
        let before = landed.len();
        self.read(landed)?;
        if landed.len() == before {
            let wait =
                self.next_expiry().map_or(at_most, |at| at_most.min(at.saturating_duration_since(Instant::now())));
            let mut readable = [PollFd::new(&self.socket, PollFlags::IN)];
            match poll(&mut readable, Some(&timespec(wait))) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => self.read(landed)?,
                Err(e) => return Err(CannotStart(e.into())),
            }
        }
        let now = Instant::now();
        while self.next_expiry().is_some_and(|expiry| expiry <= now) {
            let Some((_, port, serial)) = self.order.pop_front() else { break };
            let Some(all) = self.waiting.get_mut(&port) else { continue };
            if let Some(at) = all.iter().position(|(s, _)| *s == serial) {
                landed.push(all.swap_remove(at).1);
                self.under_way -= 1;
            }
            if all.is_empty() {
                self.waiting.remove(&port);
            }
        }
        Ok(())
    }
}

/// The address of this host that a route to `host` begins at. Nothing is sent.
fn source(host: IpAddr) -> Result<IpAddr, Error> {
    let any: SocketAddr = if host.is_ipv4() { ([0; 4], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(any)?;
    socket.connect((host, 9))?;
    Ok(socket.local_addr()?.ip())
}

/// A bound TCP socket that neither listens nor connects, and its port: what comes for it the kernel resets.
fn hold(from: IpAddr) -> Result<(OwnedFd, u16), Error> {
    let domain = if from.is_ipv4() { socket2::Domain::IPV4 } else { socket2::Domain::IPV6 };
    let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(from, 0).into())?;
    let port = socket.local_addr()?.as_socket().map_or(0, |at| at.port());
    Ok((socket.into(), port))
}

/// Whether an error is what the network said of a segment, and no trouble of this host.
fn routers_word(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::HOSTUNREACH
            | Errno::NETUNREACH
            | Errno::CONNREFUSED
            | Errno::PROTO
            | Errno::NOPROTOOPT
            | Errno::HOSTDOWN
            | Errno::TIMEDOUT
    )
}

fn timespec(wait: Duration) -> Timespec {
    Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: wait.subsec_nanos().into() }
}
