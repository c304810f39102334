//! A packet socket of Linux: every frame of one interface, and how many the kernel had no room for.

use std::io::{self, Read as _};
use std::os::fd::AsRawFd as _;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

/// Room for frames between two reads.
const BUFFER: usize = 8 << 20;
/// Between two looks at the clock.
const WAIT: Duration = Duration::from_millis(50);

pub(super) struct PacketSocket(Socket);

impl PacketSocket {
    /// Listens on an interface. Needs `CAP_NET_RAW`.
    pub(super) fn open(interface: &str) -> io::Result<Self> {
        // No protocol yet: nothing of another interface comes in before it is bound.
        let socket = Socket::new(Domain::PACKET, Type::RAW, Some(Protocol::from(0)))?;
        socket.set_read_timeout(Some(WAIT))?;
        // More than the system allows is cut to what it allows.
        let _ = socket.set_recv_buffer_size(BUFFER);
        let index = rustix::net::netdevice::name_to_index(&socket, interface)?;
        let index = i32::try_from(index).map_err(io::Error::other)?;
        match kind(interface)? {
            libc::ARPHRD_LOOPBACK => set(&socket, libc::PACKET_IGNORE_OUTGOING, &1_i32)?,
            // Also what passes by on a mirror port.
            libc::ARPHRD_ETHER => set(&socket, libc::PACKET_ADD_MEMBERSHIP, &promiscuous(index))?,
            other => {
                let text = format!("its frames are not Ethernet's (its type is {other})");
                return Err(io::Error::new(io::ErrorKind::Unsupported, text));
            }
        }
        bind(&socket, index)?;
        Ok(Self(socket))
    }

    /// The next frame; `None` where none came for a while.
    pub(super) fn frame<'b>(&mut self, buffer: &'b mut [u8]) -> io::Result<Option<&'b [u8]>> {
        match self.0.read(buffer) {
            Ok(n) => Ok(Some(&buffer[..n])),
            Err(e)
                if matches!(
                    e.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
                ) =>
            {
                Ok(None)
            }
            Err(e) => Err(e),
        }
    }

    /// Frames that the kernel dropped since it was last asked.
    pub(super) fn dropped(&self) -> io::Result<u64> {
        statistics(&self.0)
    }
}

/// How an interface's frames begin, as the kernel numbers it.
fn kind(interface: &str) -> io::Result<u16> {
    let text = std::fs::read_to_string(format!("/sys/class/net/{interface}/type"))?;
    text.trim().parse().map_err(io::Error::other)
}

fn promiscuous(index: i32) -> libc::packet_mreq {
    libc::packet_mreq { mr_ifindex: index, mr_type: libc::PACKET_MR_PROMISC as u16, mr_alen: 0, mr_address: [0; 8] }
}

#[expect(unsafe_code, reason = "no crate here binds packet sockets")]
fn bind(socket: &Socket, index: i32) -> io::Result<()> {
    let all = (libc::ETH_P_ALL as u16).to_be();
    let address = libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: all,
        sll_ifindex: index,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    let length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
    // SAFETY: the address is a whole `sockaddr_ll`, alive over the call, and its length is given.
    let bound = unsafe { libc::bind(socket.as_raw_fd(), std::ptr::from_ref(&address).cast(), length) };
    if bound == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[expect(unsafe_code, reason = "no crate here sets options of packet sockets")]
fn set<T: Copy>(socket: &Socket, option: libc::c_int, value: &T) -> io::Result<()> {
    let length = size_of::<T>() as libc::socklen_t;
    // SAFETY: the value is plain, alive over the call, and its length is given.
    let done = unsafe {
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_PACKET, option, std::ptr::from_ref(value).cast(), length)
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[expect(unsafe_code, reason = "no crate here reads the counters of packet sockets")]
fn statistics(socket: &Socket) -> io::Result<u64> {
    let mut counters = libc::tpacket_stats { tp_packets: 0, tp_drops: 0 };
    let mut length = size_of::<libc::tpacket_stats>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes, which is the size of what is given.
    let done = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            libc::PACKET_STATISTICS,
            std::ptr::from_mut(&mut counters).cast(),
            &raw mut length,
        )
    };
    if done == 0 { Ok(u64::from(counters.tp_drops)) } else { Err(io::Error::last_os_error()) }
}
