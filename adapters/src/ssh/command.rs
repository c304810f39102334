//! One command after a logon, its output bounded in size and time.

use std::io::Read;
use std::os::fd::BorrowedFd;

use rustix::event::{PollFd, PollFlags, poll};
use ssh2::Channel;

use super::session::Greeted;

/// Output that is kept.
const MOST: usize = 64 * 1024;

/// Runs `command` and returns stdout, then stderr, and the exit status where the server told one.
///
/// Whatever goes wrong here does not undo the logon: then there is no exit status, and the output is what came.
pub(super) fn run(greeted: &Greeted, command: &str) -> (Vec<u8>, Option<i32>) {
    greeted.allow();
    let Ok(mut channel) = greeted.session.channel_session() else { return (Vec::new(), None) };
    greeted.allow();
    if channel.exec(command).is_err() {
        return (Vec::new(), None);
    }
    let (mut out, mut err) = (Vec::new(), Vec::new());
    greeted.session.set_blocking(false);
    let ended = read_both(greeted, &mut channel, &mut out, &mut err);
    greeted.session.set_blocking(true);
    let exit = if ended { exit_status(greeted, &mut channel) } else { None };
    out.append(&mut err);
    out.truncate(MOST);
    (out, exit)
}

/// Reads both streams in turn, because a server stops when the window of either is full. True: both have ended.
fn read_both(greeted: &Greeted, channel: &mut Channel, out: &mut Vec<u8>, err: &mut Vec<u8>) -> bool {
    while out.len() + err.len() < MOST && !greeted.until().passed() {
        let read = read_some(channel, out) | read_some(&mut channel.stderr(), err);
        if channel.eof() {
            return true;
        }
        if !read && !wait(greeted) {
            return false;
        }
    }
    false
}

/// False: nothing is there now.
fn read_some(stream: &mut impl Read, kept: &mut Vec<u8>) -> bool {
    let mut buffer = [0; 8 * 1024];
    match stream.read(&mut buffer) {
        Ok(n) => {
            kept.extend_from_slice(&buffer[..n]);
            n > 0
        }
        Err(_) => false,
    }
}

/// Waits for bytes. False: the deadline passed or the socket is gone.
fn wait(greeted: &Greeted) -> bool {
    let socket = greeted.socket();
    let mut fds = [PollFd::new(&socket, PollFlags::IN)];
    let Ok(timeout) = greeted.until().remaining().try_into() else { return false };
    matches!(poll(&mut fds, Some(&timeout)), Ok(1..)) && !closed(socket)
}

/// Whether the peer has closed and nothing more stands in the socket.
fn closed(socket: BorrowedFd<'_>) -> bool {
    let mut byte = [0u8; 1];
    let peek = rustix::net::RecvFlags::PEEK | rustix::net::RecvFlags::DONTWAIT;
    match rustix::net::recv(socket, &mut byte[..], peek) {
        Ok((_, n)) => n == 0,
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => false,
        Err(_) => true,
    }
}

fn exit_status(greeted: &Greeted, channel: &mut Channel) -> Option<i32> {
    greeted.allow();
    channel.close().ok()?;
    greeted.allow();
    channel.wait_close().ok()?;
    // libssh2 says 0 too where a signal ended the command.
    if channel.exit_signal().ok()?.exit_signal.is_some() {
        return None;
    }
    channel.exit_status().ok()
}
