//! The one writer of the journal: puts everything that happens into one order, stamps it, redacts it, appends it.
//!
//! It is a thread of its own, because it waits for the disk, and because drivers on their own threads send to it too.
//! The channel is bounded: a unit that floods waits for the disk.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::cancel::Cancel;
use crate::journal::{Entry, Journal};
use crate::redact::Vault;

/// Work on the journal itself that ends in a line of it, or in none.
pub(super) type Reworking = Box<dyn FnOnce(&mut Journal) -> Result<Option<Entry>, String> + Send>;

/// Verdicts reach the disk within this time.
const SYNC_WITHIN: Duration = Duration::from_millis(100);
/// Messages on their way; each holds one line at most.
const QUEUE: usize = 1024;

/// Work on files that ends in a line of the journal.
pub(super) type Closing = Box<dyn FnOnce() -> Result<Entry, String> + Send>;

#[expect(clippy::large_enum_variant, reason = "nearly every message is a line; boxing each would cost more")]
enum Message {
    Append(Entry),
    Close(Closing),
    Rework(Reworking),
    /// Answered once everything before is on its way to the disk.
    Barrier(oneshot::Sender<()>),
    /// Nothing after this is kept.
    End,
}

/// Sends to the dispatcher. Cheap to clone.
#[derive(Clone)]
pub(super) struct Sender {
    queue: SyncSender<Message>,
    lost: Lost,
    ended: Arc<AtomicBool>,
}

/// Evidence could not be kept. The first loss is told; the run ends after clean-up.
#[derive(Clone)]
pub(super) struct Lost {
    what: Arc<OnceLock<String>>,
    cancel: Cancel,
}

impl Lost {
    pub(super) fn new(cancel: Cancel) -> Self {
        Self { what: Arc::default(), cancel }
    }

    /// Ends the run.
    pub(super) fn report(&self, what: String) {
        tracing::error!(error = %what, "evidence lost");
        let _ = self.what.set(what);
        self.cancel.stop();
    }

    pub(super) fn text(&self) -> Option<String> {
        self.what.get().cloned()
    }
}

impl Sender {
    /// Appends a line. Waits while the queue is full.
    pub(super) fn append(&self, entry: Entry) {
        self.send(Message::Append(entry));
    }

    /// Closes an evidence item in its turn.
    pub(super) fn close(&self, closing: Closing) {
        self.send(Message::Close(closing));
    }

    /// Reworks what was written so far, in its turn.
    pub(super) fn rework(&self, reworking: Reworking) {
        self.send(Message::Rework(reworking));
    }

    /// Returns once everything sent so far has been handed to the disk.
    pub(super) async fn settled(&self) {
        let (done, wait) = oneshot::channel();
        self.send(Message::Barrier(done));
        let _ = wait.await; // a dispatcher that is gone has reported the loss
    }

    /// Ends the journal. A driver that outlives its bench may still hold a sender; what it sends is no longer kept.
    fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
        self.send(Message::End);
    }

    pub(super) const fn lost(&self) -> &Lost {
        &self.lost
    }

    fn send(&self, message: Message) {
        if self.queue.send(message).is_err() && !self.ended.load(Ordering::Relaxed) {
            self.lost.report("the journal's writer is gone".into());
        }
    }
}

/// The running dispatcher.
pub(super) struct Dispatcher {
    thread: JoinHandle<()>,
}

impl Dispatcher {
    /// Starts it over an open journal.
    ///
    /// # Errors
    /// The host has no thread to give.
    pub(super) fn start(journal: Journal, vault: Arc<Vault>, lost: Lost) -> std::io::Result<(Self, Sender)> {
        let (queue, messages) = sync_channel(QUEUE);
        let sender = Sender { queue, lost: lost.clone(), ended: Arc::default() };
        let thread = std::thread::Builder::new()
            .name("dispatcher".into())
            .spawn(move || write(journal, &vault, &lost, &messages))?;
        Ok((Self { thread }, sender))
    }

    /// Ends the journal and waits until everything is written.
    pub(super) async fn finish(self, sender: &Sender) {
        sender.end();
        let _ = tokio::task::spawn_blocking(move || self.thread.join()).await;
    }
}

fn write(mut journal: Journal, vault: &Vault, lost: &Lost, messages: &Receiver<Message>) {
    let mut waiting = None;
    let mut synced = Instant::now();
    loop {
        // Lines are handed to the operating system as soon as the queue is empty: a killed process loses nothing that
        // came before.
        let message = match waiting.take().map_or_else(|| messages.try_recv(), Ok) {
            Ok(message) => message,
            Err(TryRecvError::Disconnected) => break,
            Err(TryRecvError::Empty) => {
                if let Err(error) = journal.flush() {
                    lost.report(error.to_string());
                }
                let next = if journal.owes_sync() {
                    messages.recv_timeout(SYNC_WITHIN)
                } else {
                    messages.recv().map_err(|_| RecvTimeoutError::Disconnected)
                };
                match next {
                    Ok(message) => waiting = Some(message),
                    Err(RecvTimeoutError::Timeout) => sync(&mut journal, &mut synced, lost),
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                continue;
            }
        };
        if matches!(message, Message::End) {
            break;
        }
        if let Err(text) = handle(&mut journal, vault, message) {
            lost.report(text);
        }
        if journal.owes_sync() && synced.elapsed() >= SYNC_WITHIN {
            sync(&mut journal, &mut synced, lost);
        }
    }
    sync(&mut journal, &mut synced, lost);
}

fn sync(journal: &mut Journal, synced: &mut Instant, lost: &Lost) {
    *synced = Instant::now();
    if let Err(error) = journal.sync() {
        lost.report(error.to_string());
    }
}

fn handle(journal: &mut Journal, vault: &Vault, message: Message) -> Result<(), String> {
    let entry = match message {
        Message::Append(entry) => entry,
        Message::Close(closing) => closing()?,
        Message::Rework(reworking) => match reworking(journal)? {
            Some(entry) => entry,
            None => return Ok(()),
        },
        Message::Barrier(done) => {
            journal.flush().map_err(|e| e.to_string())?;
            let _ = done.send(());
            return Ok(());
        }
        Message::End => return Ok(()),
    };
    let entry = Entry { data: vault.redact_json(entry.data), ..entry };
    journal.append(entry).map_err(|e| e.to_string())?;
    Ok(())
}

/// Where a journal lies in a run's folder.
pub(crate) fn journal_path(folder: &std::path::Path) -> PathBuf {
    folder.join("journal").join("journal.jsonl")
}
