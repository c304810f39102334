//! The child's side: reads a job a line, answers a line, ends with its parent.

use std::io::{BufRead, Read as _, Write as _};
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use assay_model::Fault;
use assay_model::touch::probe::{ProbeAsk, ProbeResponse};

use super::chips::Chip;
use super::job::{FromChild, Job, MAX_LINE, PROTOCOL};
use super::link::Trying;
use super::{identify, jtag, list, look, memory, rtt};

/// Runs as the probe's child process: JSON lines on stdin and stdout, until stdin ends. `assay __probe` calls this and
/// nothing else.
///
/// A job that hangs inside probe-rs does not keep the process alive: when the parent goes, stdin ends, and so does it.
#[must_use]
pub fn probe_child_main() -> ExitCode {
    // The line break ends whatever a wrapper has begun to print.
    let _ = std::io::stdout().write_all(b"\n");
    say(&FromChild::Ready { protocol: PROTOCOL });
    let (jobs, queue) = mpsc::channel::<Job>();
    std::thread::spawn(move || {
        for job in queue {
            say(&finished(&job));
        }
    });
    let mut stdin = std::io::stdin().lock();
    loop {
        let mut line = Vec::new();
        match stdin.by_ref().take(MAX_LINE as u64).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return ExitCode::SUCCESS,
            Ok(_) => match serde_json::from_slice(&line) {
                Ok(job) => {
                    if jobs.send(job).is_err() {
                        return ExitCode::FAILURE;
                    }
                }
                Err(e) => say(&FromChild::Fault(Fault::adapter("bad-job", format!("the probe child got no job: {e}")))),
            },
        }
    }
}

/// The last line of a job, whatever happens inside probe-rs.
fn finished(job: &Job) -> FromChild {
    let mut trying = |stage: &str| say(&FromChild::Trying { stage: stage.to_owned() });
    let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| answer(job, &mut trying)));
    match answer {
        Ok(Ok(response)) => FromChild::Answer(Box::new(response)),
        Ok(Err(fault)) => FromChild::Fault(fault),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            FromChild::Fault(Fault::adapter("probe-panicked", format!("the probe library panicked: {text}")))
        }
    }
}

/// Does a job, in this process.
pub(super) fn answer(job: &Job, trying: Trying<'_>) -> Result<ProbeResponse, Fault> {
    let (selector, chip) = (job.selector.as_str(), job.chip.as_deref());
    match job.ask {
        ProbeAsk::List => Ok(ProbeResponse::Probes { probes: list::list() }),
        ProbeAsk::Identify => identify::identify(selector, chip, trying).map(ProbeResponse::Identity),
        ProbeAsk::LockState => look::look(selector, chip, trying).map(ProbeResponse::Look),
        ProbeAsk::MemoryMap => Chip::named(chip).map(|chip| ProbeResponse::MemoryMap(chip.map())),
        ProbeAsk::JtagScan => jtag::scan(selector, trying).map(ProbeResponse::JtagScan),
        ProbeAsk::ReadMemory { address, length } => memory::read(selector, address, length, trying),
        ProbeAsk::RttLog { within_ms, max_bytes } => {
            let within = Duration::from_millis(within_ms.into());
            rtt::log(selector, chip, within, max_bytes as usize, trying).map(ProbeResponse::Rtt)
        }
    }
}

fn say(line: &FromChild) {
    let Ok(mut json) = serde_json::to_vec(line) else { return };
    json.push(b'\n');
    let mut stdout = std::io::stdout().lock();
    // Nobody listens any more: stdin ends too, and with it the process.
    let _ = stdout.write_all(&json).and_then(|()| stdout.flush());
}
