//! The `telnet-root` defect: a telnet logon (RFC 854) that takes an entry of every default list.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use super::body::Camera;
use super::line_editor::{LineEditor, Typed};
use super::shell::{Shell, Then, User};
use crate::tap::Tapped;

const ACCOUNT: (&str, &str) = ("root", "root");
/// Wrong logons on one connection; telnetd closes then, and a new connection starts again.
const TRIES: u32 = 3;
const IDLE: Duration = Duration::from_secs(60);
const WRONG_DELAY: Duration = Duration::from_millis(20);

const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
const SB: u8 = 250;
const SE: u8 = 240;
const ECHO: u8 = 1;
const SUPPRESS_GO_AHEAD: u8 = 3;

pub(super) async fn serve(stream: Tapped, camera: Arc<Camera>) {
    let mut terminal =
        Terminal { stream, options: Options::default(), editor: LineEditor::default(), pending: Vec::new() };
    if let Err(error) = converse(&mut terminal, camera).await {
        tracing::debug!(%error, "telnet");
    }
}

async fn converse(terminal: &mut Terminal, camera: Arc<Camera>) -> io::Result<()> {
    terminal.write(&[IAC, WILL, ECHO, IAC, WILL, SUPPRESS_GO_AHEAD, IAC, DO, SUPPRESS_GO_AHEAD]).await?;
    for _ in 0..TRIES {
        terminal.write(b"\r\nc1 login: ").await?;
        let user = terminal.line(false).await?;
        terminal.write(b"Password: ").await?;
        let password = terminal.line(true).await?;
        if (&*user, &*password) == ACCOUNT {
            return shell(terminal, Shell::new(camera, User::ROOT)).await;
        }
        sleep(WRONG_DELAY).await;
        terminal.write(b"Login incorrect\r\n").await?;
    }
    Ok(())
}

async fn shell(terminal: &mut Terminal, mut shell: Shell) -> io::Result<()> {
    loop {
        terminal.write(shell.user.prompt.as_bytes()).await?;
        let outcome = shell.run(&terminal.line(false).await?);
        terminal.write(outcome.text.as_bytes()).await?;
        if outcome.then == Then::Exit {
            return Ok(());
        }
    }
}

/// A network virtual terminal.
struct Terminal {
    stream: Tapped,
    options: Options,
    editor: LineEditor,
    /// Read and not yet looked at, last byte first.
    pending: Vec<u8>,
}

impl Terminal {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        timeout(IDLE, self.stream.write_all(bytes)).await?
    }

    /// The next typed line; the end of the stream, and a minute without a byte, are errors.
    async fn line(&mut self, hidden: bool) -> io::Result<String> {
        loop {
            while let Some(byte) = self.pending.pop() {
                let mut answer = Vec::new();
                let typed = match self.options.feed(byte, &mut answer) {
                    Some(data) => self.editor.feed(data, hidden, &mut answer),
                    None => Typed::More,
                };
                if !answer.is_empty() {
                    self.write(&answer).await?;
                }
                match typed {
                    Typed::More => {}
                    Typed::Line(line) => return Ok(line),
                    Typed::Interrupt => return Ok(String::new()),
                    Typed::End => return Err(io::ErrorKind::UnexpectedEof.into()),
                }
            }
            let mut bytes = [0; 512];
            let read = timeout(IDLE, self.stream.read(&mut bytes)).await??;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.pending.extend(bytes[..read].iter().rev());
        }
    }
}

/// Option negotiation (RFC 1143, cut down to two options that never change).
#[derive(Debug, Default)]
enum Options {
    #[default]
    Data,
    Command,
    /// After WILL, WONT, DO or DONT.
    Verb(u8),
    Subnegotiation,
    SubnegotiationCommand,
}

impl Options {
    /// Takes one byte from the wire: data comes back, what the peer must hear goes to `answer`.
    fn feed(&mut self, byte: u8, answer: &mut Vec<u8>) -> Option<u8> {
        let (next, data) = match (&*self, byte) {
            (Self::Data, IAC) => (Self::Command, None),
            (Self::Data, data) => (Self::Data, Some(data)),
            (Self::Command, IAC) => (Self::Data, Some(IAC)),
            (Self::Command, WILL | WONT | DO | DONT) => (Self::Verb(byte), None),
            (Self::Command, SB) => (Self::Subnegotiation, None),
            (Self::Command, _) => (Self::Data, None),
            (Self::Verb(verb), option) => {
                let ours = matches!(option, ECHO | SUPPRESS_GO_AHEAD);
                match *verb {
                    // What was announced at the start is agreed; answering again would loop.
                    DO if !ours => answer.extend([IAC, WONT, option]),
                    WILL if option != SUPPRESS_GO_AHEAD => answer.extend([IAC, DONT, option]),
                    _ => {}
                }
                (Self::Data, None)
            }
            (Self::Subnegotiation, IAC) => (Self::SubnegotiationCommand, None),
            (Self::Subnegotiation, _) => (Self::Subnegotiation, None),
            (Self::SubnegotiationCommand, SE) => (Self::Data, None),
            (Self::SubnegotiationCommand, _) => (Self::Subnegotiation, None),
        };
        *self = next;
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let (mut options, mut answer) = (Options::default(), Vec::new());
        let data = bytes.iter().filter_map(|byte| options.feed(*byte, &mut answer)).collect();
        (data, answer)
    }

    #[test]
    fn negotiation_is_answered_and_kept_out_of_the_data() {
        let window_size = [IAC, SB, 31, 0, 80, IAC, IAC, 24, IAC, SE];
        let bytes =
            [&b"ro"[..], &[IAC, WILL, 31], &window_size, &[IAC, DO, ECHO, IAC, DO, 99], b"ot", &[IAC, IAC]].concat();
        let (data, answer) = feed(&bytes);
        assert_eq!(data, [b"root".as_slice(), &[IAC]].concat());
        assert_eq!(answer, [IAC, DONT, 31, IAC, WONT, 99]);
    }
}
