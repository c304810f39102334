//! A console behind a raw TCP port, as ser2net's `raw` mode and terminal servers give it.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use assay_model::Fault;

use super::line::Line;

/// How long a terminal server may take to accept.
const CONNECT: Duration = Duration::from_secs(5);

/// Connects to a terminal server. Blocking, for at most five seconds.
///
/// # Errors
/// `port-missing`: nothing accepts there.
pub(super) fn open(written: &str, address: SocketAddr) -> Result<Line, Fault> {
    let failed = |e: std::io::Error| {
        Fault::bench("port-missing", format!("the console at `{written}` ({address}) cannot be reached: {e}"))
            .with_help("check that the terminal server runs and that this port is in raw mode, not telnet")
    };
    let stream = TcpStream::connect_timeout(&address, CONNECT).map_err(failed)?;
    // Keystrokes must not wait for each other.
    stream.set_nodelay(true).map_err(failed)?;
    stream.set_nonblocking(true).map_err(failed)?;
    Ok(Line { fd: stream.into(), port: None, remote: None, breaks: None, can_break: false })
}
