//! Real servers: found, started on an address of their own, stopped when dropped.

#![expect(clippy::print_stdout, reason = "says that a peer is missing")]

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The program, where it is installed.
///
/// # Panics
/// It is not, and `ASSAY_REQUIRE_PEERS` is set.
pub(crate) fn installed(program: &str, package: &str) -> Option<PathBuf> {
    let found = ["/usr/sbin", "/usr/bin", "/bin", "/usr/local/bin"]
        .into_iter()
        .map(|folder| Path::new(folder).join(program))
        .find(|path| path.exists());
    if found.is_none() {
        missing(package);
    }
    found
}

/// Says that a peer is missing, or fails where all are required.
pub(crate) fn missing(package: &str) {
    assert!(
        std::env::var_os("ASSAY_REQUIRE_PEERS").is_none_or(|v| v != "1"),
        "{package} is required and not installed"
    );
    println!("skipped: {package} is not installed");
}

/// A port of `address` that nobody listens on now.
pub(crate) fn free_port(address: &str) -> u16 {
    TcpListener::bind((address, 0)).expect("binds").local_addr().expect("bound").port()
}

/// A server process with the folder that its files are in.
pub(crate) struct Peer {
    child: Child,
    pub(crate) host: String,
    pub(crate) port: u16,
    folder: Option<tempfile::TempDir>,
}

impl Peer {
    /// Starts `command` and waits until the port accepts.
    pub(crate) fn start(command: &mut Command, host: &str, port: u16, folder: Option<tempfile::TempDir>) -> Self {
        let mut peer = Self::spawn(command, host, port, folder);
        let at = SocketAddr::new(host.parse().expect("an address"), port);
        for _ in 0..400 {
            if TcpStream::connect(at).is_ok() {
                return peer;
            }
            if let Ok(Some(status)) = peer.child.try_wait() {
                panic!("{command:?} ended at once: {status}");
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("{command:?} does not listen on {at}");
    }

    /// The folder that its files are in.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(tempfile::TempDir::path)
    }

    /// Starts `command` without waiting: for datagrams.
    pub(crate) fn spawn(command: &mut Command, host: &str, port: u16, folder: Option<tempfile::TempDir>) -> Self {
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("{command:?}: {e}"));
        Self { child, host: host.to_owned(), port, folder }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
