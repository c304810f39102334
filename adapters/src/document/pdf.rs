//! The text of PDFs, by `pdftotext` of poppler in a process of its own.
//!
//! Poppler has been fuzzed for many years, and distributions mend it; the crates that read PDFs panic on bad files and know
//! no bounds. The process gets so much time, memory and room for output, and no file of ours. Where it is not installed, a
//! PDF has no text for a check, which says so and leaves the document to a person.

use std::process::Stdio;
use std::time::Duration;

use assay_model::Deadline;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

use crate::socket::within;

/// Longest reading of one document.
const LONGEST: Duration = Duration::from_secs(20);
/// Bytes of text that are kept, at most: some thousand pages.
const MOST_TEXT: u64 = 4 << 20;
const MOST_ERRORS: u64 = 4 << 10;
/// Readers at once: each may take its memory.
static READERS: Semaphore = Semaphore::const_new(2);

/// Memory in KiB and processor time in seconds; no core file, no file written. Only then does the reader start.
const LIMITED: &str =
    "ulimit -c 0 && ulimit -f 0 && ulimit -v 1048576 && ulimit -t 20 && exec pdftotext -enc UTF-8 -l 1000 - -";

/// What could be read, and what stood in the way of the rest.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) text: String,
    /// Empty where nothing stood in the way.
    pub(super) unread: String,
}

/// Whether bytes are those of a PDF: readers take up to a kilobyte of anything before it.
pub(super) fn is_pdf(bytes: &[u8], media_type: &str) -> bool {
    media_type == "application/pdf" || bytes.starts_with(b"%PDF-")
}

/// Reads a PDF. `cut` says that more of it was published than was fetched.
pub(super) async fn read(bytes: &[u8], cut: bool, until: Deadline) -> Read {
    let until = until.capped(LONGEST);
    let read = match within(until, reading(bytes)).await {
        Some(read) => read,
        None => Read { unread: "reading the PDF took longer than is allowed, and was ended".into(), ..Read::default() },
    };
    match (cut, read.unread.is_empty()) {
        (true, true) => Read { unread: "the PDF is longer than what was kept of it".into(), ..read },
        (true, false) => Read { unread: format!("{}; it is longer than what was kept of it", read.unread), ..read },
        (false, _) => read,
    }
}

async fn reading(bytes: &[u8]) -> Read {
    let none = |unread: &str| Read { unread: unread.to_owned(), ..Read::default() };
    if memchr::memmem::find(&bytes[..bytes.len().min(1024)], b"%PDF-").is_none() {
        return none("it says that it is a PDF, and it is none");
    }
    let Ok(_reader) = READERS.acquire().await else { return none("the PDF was not read: the run has ended") };
    let mut child = match start() {
        Ok(child) => child,
        Err(error) => return none(&format!("the PDF was not read: no process for pdftotext ({error})")),
    };
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return none("the PDF was not read: pdftotext has no pipes");
    };
    let feed = async move {
        // A reader that has seen enough closes its end.
        let _ = stdin.write_all(bytes).await;
    };
    let (mut text, mut said) = (Vec::new(), Vec::new());
    let mut output = stdout.take(MOST_TEXT + 1);
    let hear = async {
        let mut errors = stderr;
        let _ = (&mut errors).take(MOST_ERRORS).read_to_end(&mut said).await;
        // A broken file can be complained about without end; a full pipe would stop the reader.
        let _ = tokio::io::copy(&mut errors, &mut tokio::io::sink()).await;
    };
    let listen = async {
        let _ = output.read_to_end(&mut text).await;
        drop(output); // one that still has something to say is not heard any more
    };
    tokio::join!(feed, listen, hear);
    let status = child.wait().await;
    let too_long = text.len() as u64 > MOST_TEXT;
    text.truncate(usize::try_from(MOST_TEXT).unwrap_or(usize::MAX));
    let text = String::from_utf8_lossy(&text).replace('\u{c}', "\n");
    let text = text.trim_end_matches(['\u{fffd}', '\n', ' ']).to_owned();
    let unread = match status.as_ref().ok().and_then(std::process::ExitStatus::code) {
        _ if too_long => format!("the PDF has more than {} MiB of text", MOST_TEXT >> 20),
        Some(0) if text.trim().is_empty() => "the PDF holds no text: pictures alone, or nothing".to_owned(),
        Some(0) => String::new(),
        Some(126 | 127) => {
            "PDFs are read by `pdftotext` of poppler, and it is not installed (package poppler-utils)".to_owned()
        }
        code => why(&String::from_utf8_lossy(&said), code),
    };
    // What a reader that failed had written is no text to conclude from.
    let text = if unread.is_empty() || too_long { text } else { String::new() };
    Read { text, unread }
}

fn why(said: &str, code: Option<i32>) -> String {
    let folded = said.to_lowercase();
    if folded.contains("password") || folded.contains("encrypt") {
        return "the PDF is encrypted: its text is not to be had without a password".into();
    }
    match code {
        Some(code) => format!("the PDF is broken, or no PDF: pdftotext ended with code {code}"),
        None => "the PDF broke its reader, or made it need more memory or time than is allowed".into(),
    }
}

fn start() -> std::io::Result<Child> {
    Command::new("/bin/sh")
        .args(["-c", LIMITED])
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

#[cfg(test)]
mod tests;
