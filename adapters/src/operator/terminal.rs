//! A terminal that is read line by line up to a deadline, with or without echo.

use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use assay_model::Deadline;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::termios::{LocalModes, OptionalActions, Termios, isatty, tcgetattr, tcsetattr};

/// A line longer than this is cut.
const LONGEST_LINE: usize = 16 * 1024;

/// Where questions are written and answers typed.
pub struct Terminal {
    input: OwnedFd,
    output: Box<dyn Write + Send>,
    /// Typed and not yet asked for.
    typed: Vec<u8>,
    /// Readable once the asker of the present question has gone.
    withdrawn: Option<Arc<OwnedFd>>,
}

/// Why no line came.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoLine {
    /// The deadline passed.
    #[error("the time limit passed")]
    TimedOut,
    /// The asker went away.
    #[error("the question was withdrawn")]
    Withdrawn,
    /// End of input.
    #[error("the input ended")]
    Ended,
    /// The terminal failed.
    #[error("the terminal failed: {0}")]
    Failed(#[from] io::Error),
}

impl From<rustix::io::Errno> for NoLine {
    fn from(errno: rustix::io::Errno) -> Self {
        Self::Failed(errno.into())
    }
}

impl Terminal {
    /// A terminal that reads `input` and writes `output`.
    pub fn new(input: OwnedFd, output: impl Write + Send + 'static) -> Self {
        Self { input, output: Box::new(output), typed: Vec::new(), withdrawn: None }
    }

    /// Standard input and standard error of this process; `None` where standard input is no terminal.
    #[must_use]
    pub fn standard() -> Option<Self> {
        use std::os::fd::AsFd;
        let input = io::stdin();
        if !isatty(&input) {
            return None;
        }
        Some(Self::new(input.as_fd().try_clone_to_owned().ok()?, io::stderr()))
    }

    /// Begins a question: what was typed before it is forgotten. Writing to what comes back withdraws the question.
    pub(super) fn begin(&mut self) -> io::Result<Arc<OwnedFd>> {
        // One for each question, so that a late withdrawal of the last one cannot end this one.
        let withdrawn = Arc::new(eventfd(0, EventfdFlags::CLOEXEC)?);
        self.withdrawn = Some(Arc::clone(&withdrawn));
        self.typed.clear();
        if isatty(&self.input) {
            // Not all that is a terminal can do this; then an answer may be an old one, and the person sees it.
            let _kept = rustix::termios::tcflush(&self.input, rustix::termios::QueueSelector::IFlush);
        }
        Ok(withdrawn)
    }

    /// Writes `text` at once.
    pub(super) fn say(&mut self, text: &str) -> Result<(), NoLine> {
        self.output.write_all(text.as_bytes())?;
        Ok(self.output.flush()?)
    }

    /// The next line, without its end.
    pub(super) fn line(&mut self, until: Deadline) -> Result<String, NoLine> {
        loop {
            if let Some(end) = self.typed.iter().position(|&b| b == b'\n' || b == b'\r') {
                let line = String::from_utf8_lossy(&self.typed[..end]).into_owned();
                self.typed.drain(..=end);
                return Ok(line);
            }
            if self.typed.len() > LONGEST_LINE {
                self.typed.truncate(LONGEST_LINE);
                self.typed.push(b'\n');
                continue;
            }
            self.wait(until)?;
            let mut piece = [0; 1024];
            match rustix::io::read(&self.input, &mut piece) {
                Ok(0) | Err(rustix::io::Errno::IO) => return Err(NoLine::Ended),
                Ok(n) => self.typed.extend_from_slice(&piece[..n]),
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                Err(e) => return Err(e.into()),
            }
        }
    }

    /// Asks for a line that is not shown while it is typed. Echo is off before the prompt and back afterwards, whatever
    /// happens.
    pub(super) fn hidden_line(&mut self, prompt: &str, until: Deadline) -> Result<String, NoLine> {
        let echo = Echo::off(&self.input)?;
        self.say(prompt)?;
        let line = self.line(until);
        drop(echo);
        self.say("\n")?;
        line
    }

    fn wait(&self, until: Deadline) -> Result<(), NoLine> {
        loop {
            let left = until.remaining();
            if left.is_zero() {
                return Err(NoLine::TimedOut);
            }
            let mut fds = vec![PollFd::new(&self.input, PollFlags::IN)];
            fds.extend(self.withdrawn.iter().map(|w| PollFd::new(&**w, PollFlags::IN)));
            match poll(&mut fds, Timespec::try_from(left).ok().as_ref()) {
                Ok(_) if fds[1..].iter().any(|w| !w.revents().is_empty()) => return Err(NoLine::Withdrawn),
                Ok(_) if !fds[0].revents().is_empty() => return Ok(()),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
    }
}

/// Echo that is off and comes back on drop; nothing where the input is no terminal.
struct Echo(Option<(OwnedFd, Termios)>);

impl Echo {
    fn off(input: &OwnedFd) -> Result<Self, NoLine> {
        if !isatty(input) {
            return Ok(Self(None));
        }
        let before = tcgetattr(input)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        let own = input.try_clone()?;
        tcsetattr(input, OptionalActions::Now, &silent)?;
        Ok(Self(Some((own, before))))
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        if let Some((input, before)) = &self.0 {
            // The terminal may be gone; then nobody sees it either.
            let _gone = tcsetattr(input, OptionalActions::Now, before);
        }
    }
}
