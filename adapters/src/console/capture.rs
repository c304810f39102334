//! The thread that reads a line from its opening on, and the writing side beside it.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use assay_model::{Deadline, Direction, EvidenceStream, Fault};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use tokio::sync::Notify;

use super::{inbox::Inbox, line::Line};

/// One read takes at most so much.
const READ: usize = 64 * 1024;
/// How often the port is asked whether it lost bytes.
const LOST_EVERY: Duration = Duration::from_millis(250);
/// What is still waiting in the kernel when the console closes is kept, up to here.
const LAST_READS: usize = 64;

/// A line that is being captured.
pub(super) struct Capture {
    pub(super) line: Line,
    /// As the bench file names it.
    place: String,
    pub(super) inbox: Mutex<Inbox>,
    /// Told when the asker should look.
    pub(super) news: Notify,
    transcript: Mutex<Option<Box<dyn EvidenceStream>>>,
    losses: Mutex<Losses>,
    /// Writes so far, wrapping: a DUT that answers is not made to wait.
    writes: AtomicU32,
    /// Readable from the moment the console closes.
    stop: rustix::fd::OwnedFd,
}

/// Locks; a panic elsewhere leaves bytes that are still good.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Capture {
    pub(super) fn new(line: Line, place: String, transcript: Box<dyn EvidenceStream>) -> io::Result<Self> {
        Ok(Self {
            losses: Mutex::new(Losses { known: line.lost(), asked: Instant::now() }),
            line,
            place,
            inbox: Mutex::new(Inbox::new()),
            news: Notify::new(),
            transcript: Mutex::new(Some(transcript)),
            writes: AtomicU32::new(0),
            stop: eventfd(0, EventfdFlags::CLOEXEC)?,
        })
    }

    /// Starts the reader thread. It ends when the line is gone or [`Capture::stop`] was called.
    pub(super) fn start(self: &Arc<Self>) -> io::Result<std::thread::JoinHandle<()>> {
        let capture = Arc::clone(self);
        std::thread::Builder::new().name("console".into()).stack_size(256 * 1024).spawn(move || {
            capture.listen();
            // Dropping the stream completes the evidence item.
            drop(locked(&capture.transcript).take());
        })
    }

    /// Asks the reader thread to end. What the kernel already has is still kept.
    pub(super) fn stop(&self) {
        self.end(&Fault::bench("console-closed", format!("the console at `{}` was closed", self.place)));
        // A counter that is full is as readable as it can be.
        let _full = rustix::io::write(&self.stop, &1u64.to_ne_bytes());
    }

    /// Until the line is gone or the capture is stopped; what the port lost up to then is in the evidence.
    fn listen(&self) {
        self.listen_on();
        self.note_losses();
    }

    /// Asks the port what it lost since it was last asked, and puts that into the evidence. Whoever answers from what was heard
    /// asks first: a loss that is told later would be counted for what comes next.
    pub(super) fn note_losses(&self) {
        let mut losses = locked(&self.losses);
        losses.asked = Instant::now();
        let now = self.line.lost();
        if let (Some(before), Some(now)) = (losses.known, now)
            && now > before
            && let Some(transcript) = locked(&self.transcript).as_mut()
        {
            transcript.dropped(now - before, "the port was not read in time and says that it lost bytes");
        }
        losses.known = now.or(losses.known);
    }

    fn listen_on(&self) {
        let mut buffer = vec![0; READ];
        let mut pace = Pace::default();
        loop {
            let asked = locked(&self.losses).asked;
            if asked.elapsed() >= LOST_EVERY {
                self.note_losses();
            }
            match self.wait(PollFlags::IN, None) {
                Ok(Ready::Line) => {}
                Ok(Ready::Stopped | Ready::NotInTime) => return self.read_the_rest(&mut buffer),
                Err(e) => return self.end(&self.gone(&e.to_string())),
            }
            match rustix::io::read(&self.line.fd, &mut buffer) {
                Ok(0) => return self.end(&self.gone("it hung up")),
                Ok(n) => {
                    self.arrived(&buffer[..n]);
                    if let Some(pause) = pace.after(n, self.writes.load(Ordering::Relaxed), Instant::now()) {
                        std::thread::sleep(pause);
                    }
                }
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                Err(e) => return self.end(&self.gone(&e.to_string())),
            }
        }
    }

    fn read_the_rest(&self, buffer: &mut [u8]) {
        for _ in 0..LAST_READS {
            match rustix::io::read(&self.line.fd, &mut *buffer) {
                Ok(n @ 1..) => self.arrived(&buffer[..n]),
                _ => return,
            }
        }
    }

    fn arrived(&self, bytes: &[u8]) {
        if let Some(transcript) = locked(&self.transcript).as_mut() {
            transcript.append(Direction::In, bytes);
        }
        if locked(&self.inbox).arrived(bytes) {
            self.news.notify_one();
        }
    }

    fn end(&self, fault: &Fault) {
        locked(&self.inbox).set_gone(fault.clone());
        self.news.notify_one();
    }

    fn gone(&self, seen: &str) -> Fault {
        Fault::bench("port-gone", format!("the console at `{}` is gone: {seen}", self.place))
            .with_help("check the cable and the adapter's power; the transcript is kept up to here")
    }

    /// Gives the kernel what it takes at once, and notes it in the transcript in the order of the line.
    pub(super) fn write_some(&self, bytes: &[u8]) -> io::Result<usize> {
        // Held over both, so that an echo cannot be noted before what it echoes.
        let mut transcript = locked(&self.transcript);
        self.writes.fetch_add(1, Ordering::Relaxed);
        match rustix::io::write(&self.line.fd, bytes) {
            Ok(n) => {
                if let Some(transcript) = transcript.as_mut() {
                    transcript.append(Direction::Out, &bytes[..n]);
                }
                Ok(n)
            }
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => Ok(0),
            Err(e) => Err(e.into()),
        }
    }

    /// Writes the rest of `bytes`, from `done` on. Blocking; an asker that goes away does not stop it half-way.
    pub(super) fn write_rest(&self, bytes: &[u8], mut done: usize, until: Deadline) -> Result<(), Fault> {
        while done < bytes.len() {
            match self.wait(PollFlags::OUT, Some(until)) {
                Ok(Ready::Line) => done += self.write_some(&bytes[done..]).map_err(|e| self.gone(&e.to_string()))?,
                Ok(Ready::Stopped) => return Err(self.gone("it was closed")),
                Ok(Ready::NotInTime) => {
                    return Err(Fault::timeout(format!(
                        "the console at `{}` took {done} of {} bytes and no more until the deadline",
                        self.place,
                        bytes.len()
                    ))
                    .with_help("the other end holds the line by flow control or does not read"));
                }
                Err(e) => return Err(self.gone(&e.to_string())),
            }
        }
        Ok(())
    }

    /// A write that the line refused at once.
    pub(super) fn write_failed(&self, error: &io::Error) -> Fault {
        self.gone(&error.to_string())
    }

    fn wait(&self, flags: PollFlags, until: Option<Deadline>) -> io::Result<Ready> {
        loop {
            let mut fds = [PollFd::new(&self.stop, PollFlags::IN), PollFd::new(&self.line.fd, flags)];
            let timeout = until.map(|u| rustix::event::Timespec::try_from(u.remaining())).transpose();
            let timeout = timeout.unwrap_or_default();
            match poll(&mut fds, timeout.as_ref()) {
                Ok(_) if !fds[0].revents().is_empty() => return Ok(Ready::Stopped),
                // A hang-up is for the read or write to tell: bytes may stand before it.
                Ok(_) if !fds[1].revents().is_empty() => return Ok(Ready::Line),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(e.into()),
            }
            if until.is_some_and(Deadline::passed) {
                return Ok(Ready::NotInTime);
            }
        }
    }
}

/// What is known of lost bytes.
struct Losses {
    known: Option<u64>,
    asked: Instant,
}

enum Ready {
    Line,
    Stopped,
    NotInTime,
}

/// Lets a DUT that talks without end in small pieces fill the kernel's buffer a little, instead of waking for each.
///
/// A dialogue is never slowed: whatever is written starts the count anew.
#[derive(Default)]
struct Pace {
    since: Option<Instant>,
    reads: u32,
    writes: u32,
}

impl Pace {
    /// Half of what the kernel holds for a tty; larger reads are no waste, and must not be put off.
    const SMALL: usize = 2048;
    /// So many small reads within [`Self::WINDOW`], and nothing written, are a stream.
    const STREAM: u32 = 32;
    const WINDOW: Duration = Duration::from_millis(100);
    const PAUSE: Duration = Duration::from_millis(4);

    /// How long to let bytes gather after a read of `read` bytes. `writes`: how many there were up to now.
    fn after(&mut self, read: usize, writes: u32, now: Instant) -> Option<Duration> {
        let talks_on = self.since.is_some_and(|since| now - since < Self::WINDOW);
        if read >= Self::SMALL || writes != self.writes || !talks_on {
            (self.since, self.reads, self.writes) = (Some(now), 0, writes);
            return None;
        }
        self.reads += 1;
        if self.reads < Self::STREAM {
            return None;
        }
        // It stays a stream for as long as reads follow each other.
        self.since = Some(now);
        Some(Self::PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(mut reads: impl FnMut(u32) -> (u64, usize, u32)) -> usize {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let each = (0..1000).map(|i| {
            let (at_us, bytes, writes) = reads(i);
            pace.after(bytes, writes, start + Duration::from_micros(at_us))
        });
        each.flatten().count()
    }

    #[test]
    fn only_a_stream_of_small_pieces_is_paced() {
        assert!(pauses(|i| (u64::from(i) * 1_400, 16, 0)) > 900, "a boot log at 115,200 baud");
        assert_eq!(pauses(|i| (u64::from(i) * 70, 10, i)), 0, "a dialogue");
        assert_eq!(pauses(|i| (u64::from(i) * 10, 4096, 0)), 0, "a flood");
        assert_eq!(pauses(|i| (u64::from(i) * 50_000, 16, 0)), 0, "a word now and then");
    }
}
