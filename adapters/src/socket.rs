//! Connecting, and telling what the DUT does apart from what this host cannot do.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;

use assay_model::{Deadline, Fault};
use rustix::io::Errno;
use tokio::net::TcpStream;

/// How a connect ended.
pub(crate) enum Connect {
    /// Connected.
    Connected(TcpStream),
    /// The peer reset.
    Refused,
    /// Silence, or the network said unreachable: in words.
    NoAnswer(String),
}

/// Connects by TCP.
///
/// # Errors
/// This host could not try: out of descriptors or ports, or forbidden.
pub(crate) async fn connect(to: SocketAddr, until: Deadline) -> Result<Connect, Fault> {
    match within(until, TcpStream::connect(to)).await {
        None => Ok(Connect::NoAnswer(format!("{to} did not answer a connection request before the deadline"))),
        Some(Ok(stream)) if is_self(&stream) => Ok(Connect::Refused),
        Some(Ok(stream)) => {
            // Probes are small and wait for their answer. A failure costs speed only.
            let _ = stream.set_nodelay(true);
            Ok(Connect::Connected(stream))
        }
        Some(Err(e)) if e.kind() == ErrorKind::ConnectionRefused => Ok(Connect::Refused),
        Some(Err(e)) => match own_trouble(&e) {
            Some(fault) => Err(fault),
            None => Ok(Connect::NoAnswer(format!("connecting to {to}: {e}"))),
        },
    }
}

/// On loopback a connect whose source port happens to be the port asked for succeeds with itself: nobody listens.
fn is_self(stream: &TcpStream) -> bool {
    matches!((stream.local_addr(), stream.peer_addr()), (Ok(local), Ok(peer)) if local == peer)
}

/// The fault, where an error is this host's and not the peer's.
pub(crate) fn own_trouble(error: &Error) -> Option<Fault> {
    let errno = Errno::from_io_error(error)?;
    let (code, help) = if errno == Errno::MFILE || errno == Errno::NFILE {
        ("out-of-descriptors", "raise the limit of open files (`ulimit -n`), or run fewer benches at once")
    } else if errno == Errno::ADDRNOTAVAIL || errno == Errno::AGAIN || errno == Errno::ADDRINUSE {
        ("out-of-ports", "wait a minute for old connections to expire, or widen net.ipv4.ip_local_port_range")
    } else if errno == Errno::ACCESS || errno == Errno::PERM {
        ("send-forbidden", "look at this host's own firewall and at the sandbox that the run is in")
    } else if errno == Errno::NOBUFS || errno == Errno::NOMEM {
        ("out-of-memory", "free memory on this host, or lower the bench's limits")
    } else if errno == Errno::AFNOSUPPORT {
        ("no-address-family", "this host does not speak that version of IP")
    } else {
        return None;
    };
    Some(Fault::bench(code, format!("this host could not open a connection: {error}")).with_help(help))
}

/// The future's output, or `None` once the deadline has passed.
pub(crate) async fn within<F: Future>(until: Deadline, future: F) -> Option<F::Output> {
    tokio::time::timeout_at(until.instant().into(), future).await.ok()
}
