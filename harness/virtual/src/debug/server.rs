//! Sockets in front of a virtual debug port.

use std::io;
use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinHandle;

use super::{DebugState, DebugTarget, black_magic, glasgow};

/// Where a probe's host connects to.
#[derive(Debug)]
pub enum DebugListener {
    /// Loopback TCP.
    Tcp(TcpListener),
    /// A unix socket.
    Unix(UnixListener),
}

impl DebugListener {
    /// Loopback TCP on a free port.
    ///
    /// # Errors
    /// No port is free.
    pub async fn loopback() -> io::Result<Self> {
        TcpListener::bind(("127.0.0.1", 0)).await.map(Self::Tcp)
    }

    /// The address as probe selectors write it: `tcp:127.0.0.1:4711`, `unix:/run/x.sock`.
    fn address(&self) -> io::Result<String> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(|a| format!("tcp:{a}")),
            Self::Unix(listener) => {
                let path = listener.local_addr()?.as_pathname().map(PathBuf::from);
                Ok(format!("unix:{}", path.unwrap_or_default().display()))
            }
        }
    }
}

/// A virtual probe that listens until it is dropped.
#[derive(Debug)]
pub struct DebugServer {
    selector: String,
    task: JoinHandle<()>,
}

impl DebugServer {
    /// The selector under which a bench finds it: `20b7:9db1:tcp:127.0.0.1:4711`.
    #[must_use]
    pub fn selector(&self) -> &str {
        &self.selector
    }
}

impl Drop for DebugServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The probe's side of one connection.
trait Host: Send + 'static {
    /// The answer to what arrived; `None` ends the connection.
    fn feed(&mut self, bytes: &[u8]) -> Option<Vec<u8>>;
}

impl Host for glasgow::Session {
    fn feed(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.feed(bytes)
    }
}

impl Host for black_magic::Session {
    fn feed(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.feed(bytes)
    }
}

/// Serves `target` to the stock Glasgow driver, one host after the other, as a real probe does.
///
/// In state [`DebugState::ProbeMissing`] the listener is closed at once: connections are refused from then on.
///
/// # Errors
/// The listener has no address.
pub fn serve_glasgow(target: DebugTarget, listener: DebugListener) -> io::Result<DebugServer> {
    serve_glasgow_between(target, listener, |_| {})
}

/// As [`serve_glasgow`]; `between` is called before each host's session and after it, with nobody attached.
///
/// # Errors
/// As [`serve_glasgow`].
pub fn serve_glasgow_between(
    target: DebugTarget,
    listener: DebugListener,
    between: impl Fn(&DebugTarget) + Send + 'static,
) -> io::Result<DebugServer> {
    let selector = format!("20b7:9db1:{}", listener.address()?);
    Ok(serve(selector, target, listener, glasgow::Session::new, between))
}

/// Serves `target` bit by bit to the stock Black Magic driver.
///
/// # Errors
/// The listener is no TCP listener: that driver knows no unix sockets.
pub fn serve_black_magic(target: DebugTarget, listener: DebugListener) -> io::Result<DebugServer> {
    let address = listener.address()?;
    let Some(address) = address.strip_prefix("tcp:") else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the Black Magic driver connects to TCP only"));
    };
    Ok(serve(format!("1d50:6018:{address}"), target, listener, black_magic::Session::new, |_| {}))
}

fn serve<H: Host>(
    selector: String,
    target: DebugTarget,
    listener: DebugListener,
    session: fn(DebugTarget) -> H,
    between: impl Fn(&DebugTarget) + Send + 'static,
) -> DebugServer {
    let task = tokio::spawn(async move {
        while target.state() != DebugState::ProbeMissing {
            let host = session(target.clone());
            // A connection that failed is the host's loss; the next one is served.
            let _ = match &listener {
                DebugListener::Tcp(listener) => match listener.accept().await {
                    Ok((stream, _)) => {
                        let _ = stream.set_nodelay(true);
                        between(&target);
                        talk(stream, host).await
                    }
                    Err(e) => Err(e),
                },
                DebugListener::Unix(listener) => match listener.accept().await {
                    Ok((stream, _)) => {
                        between(&target);
                        talk(stream, host).await
                    }
                    Err(e) => Err(e),
                },
            };
            between(&target);
        }
    });
    DebugServer { selector, task }
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin, H: Host>(mut stream: S, mut host: H) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let len = stream.read(&mut buffer).await?;
        if len == 0 {
            return Ok(());
        }
        let Some(answer) = host.feed(&buffer[..len]) else { return Ok(()) };
        stream.write_all(&answer).await?;
    }
}
