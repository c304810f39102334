//! A switch behind a command of the lab: `command: [relay, "3"]` is called as `relay 3 on`, `relay 3 off` and
//! `relay 3 state`. Never through a shell.

use std::path::PathBuf;
use std::process::Stdio;

use assay_model::{Deadline, Fault};
use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::timeout_at;

use super::Switch;

/// Output that is kept for the message.
const SAID: u64 = 4 * 1024;

/// Runs the lab's own program.
///
/// Exit status 0 is success. `state` prints `on` or `off`; a program that does not know `state` may exit with a failure,
/// and then the switch cannot be read back.
#[derive(Debug, Clone)]
pub struct CommandSwitch {
    argv: Vec<String>,
    folder: PathBuf,
}

impl CommandSwitch {
    /// `argv`: program and arguments, at least the program; `folder`: where it runs, the bench file's.
    #[must_use]
    pub const fn new(argv: Vec<String>, folder: PathBuf) -> Self {
        Self { argv, folder }
    }

    async fn run(&self, word: &str, until: Deadline) -> Result<Ran, Fault> {
        let shown = || format!("`{} {word}`", self.argv.join(" "));
        let Some((program, arguments)) = self.argv.split_first() else {
            return Err(Fault::bench("power-command", "the bench names no program for the power switch"));
        };
        let mut child = Command::new(program)
            .args(arguments)
            .arg(word)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| {
                Fault::bench("power-command", format!("{} cannot be started: {e}", shown()))
                    .with_help("check the program's path and that it is executable; it is not run by a shell")
            })?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let running = async { tokio::join!(child.wait(), said(out), said(err)) };
        let (status, out, err) = timeout_at(until.instant().into(), running).await.map_err(|_| {
            Fault::timeout(format!("{} did not end before the deadline and was killed", shown()))
                .with_help("run it by hand; the state of the switch is not known now")
        })?;
        let status = status.map_err(|e| Fault::bench("power-command", format!("{}: {e}", shown())))?;
        Ok(Ran { good: status.success(), how: format!("{} ended with {status}", shown()), out, err })
    }
}

struct Ran {
    good: bool,
    how: String,
    out: String,
    err: String,
}

/// The first of what it says; the rest is read and forgotten, so that it does not block.
async fn said(stream: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut stream) = stream else { return String::new() };
    let mut kept = Vec::new();
    // A pipe that breaks ends the output, no more.
    let _ended = (&mut stream).take(SAID).read_to_end(&mut kept).await;
    let _rest = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&kept).trim().to_owned()
}

#[async_trait]
impl Switch for CommandSwitch {
    async fn set(&self, on: bool, until: Deadline) -> Result<(), Fault> {
        let ran = self.run(if on { "on" } else { "off" }, until).await?;
        if ran.good {
            return Ok(());
        }
        let said = if ran.err.is_empty() { ran.out } else { ran.err };
        Err(Fault::bench("power-command", format!("{}: {}", ran.how, said.escape_debug()))
            .with_help("run it by hand; the state of the switch is not known now"))
    }

    async fn state(&self, until: Deadline) -> Result<Option<bool>, Fault> {
        let ran = self.run("state", until).await?;
        Ok(match (ran.good, ran.out.to_ascii_lowercase().as_str()) {
            (true, "on" | "1") => Some(true),
            (true, "off" | "0") => Some(false),
            _ => None,
        })
    }
}
