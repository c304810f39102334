//! One run of QEMU, from power on to power off: a process group of its own that is killed whole, also when we die.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use assay_model::{Deadline, Fault};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::{mpsc, oneshot, watch};

use super::qmp::{Qmp, QmpError};

/// Complaints that are kept for the message.
const SAID: u64 = 4 * 1024;
/// QEMU gives a break in milliseconds.
const BREAK: Duration = Duration::from_secs(5);
/// A killed process is gone in milliseconds.
const REAPED: Duration = Duration::from_secs(10);

/// What to start.
#[derive(Debug, Clone)]
pub(super) struct GuestCommand {
    /// `qemu-system-arm`.
    pub(super) program: String,
    /// The Debian package that has it.
    pub(super) package: &'static str,
    /// Its arguments, without those that stop it at the start and open its monitor.
    pub(super) arguments: Vec<String>,
}

/// A running guest. Killed when dropped.
#[derive(Debug)]
pub(super) struct Guest {
    /// The process group, until the process has been reaped: its number may then belong to another.
    group: Arc<Mutex<Option<Pid>>>,
    ended: watch::Receiver<bool>,
    /// Orders for breaks, answered when they have arrived.
    breaks: mpsc::Sender<oneshot::Sender<bool>>,
}

/// The character device of a guest's console.
pub(super) const CONSOLE: &str = "console";

impl Guest {
    /// Starts the process, waits until the guest is set up, and lets it run.
    ///
    /// # Errors
    /// `qemu-missing`, `qemu-start` with what QEMU said.
    pub(super) async fn start(command: &GuestCommand, until: Deadline) -> Result<Self, Fault> {
        let Launched { group, ended, stdin, stdout, stderr } = launch(command).await?;
        let (breaks, ordered) = mpsc::channel(1);
        let mut guest = Self { group, ended, breaks };
        let mut qmp = Qmp::new(stdout, stdin);
        let answer = match qmp.greet(until).await {
            Ok(()) => qmp.cont(until).await,
            refused => refused,
        };
        if let Err(error) = answer {
            guest.kill().await;
            let mut complaints = Vec::new();
            let _ended = stderr.take(SAID).read_to_end(&mut complaints).await;
            return Err(not_started(command, &error, &complaints));
        }
        tokio::spawn(attend(qmp, ordered));
        forget(stderr);
        Ok(guest)
    }

    /// Where to order breaks of the console. Whoever is answered by nobody has sent none.
    pub(super) fn breaks(&self) -> mpsc::Sender<oneshot::Sender<bool>> {
        self.breaks.clone()
    }

    /// Whether the process still runs; a guest may turn itself off.
    pub(super) fn runs(&self) -> bool {
        !*self.ended.borrow()
    }

    /// The number of its process group; 0 once it has ended.
    #[cfg(test)]
    pub(super) fn group(&self) -> i32 {
        self.group.lock().expect("lock").map_or(0, |pid| pid.as_raw_nonzero().get())
    }

    /// Kills it and waits until it is gone: its ports and files are free then.
    pub(super) async fn kill(&mut self) {
        self.cut();
        let _gone = tokio::time::timeout(REAPED, self.ended.wait_for(|ended| *ended)).await;
    }

    fn cut(&self) {
        if let Some(group) = *self.group.lock().unwrap_or_else(PoisonError::into_inner) {
            // It may have ended by itself: that is what is wanted.
            let _killed = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.cut();
    }
}

/// Holds the monitor, which QEMU watches, while the guest lives.
async fn attend(mut qmp: Qmp<ChildStdout, ChildStdin>, mut ordered: mpsc::Receiver<oneshot::Sender<bool>>) {
    loop {
        let asked = tokio::select! {
            asked = ordered.recv() => asked,
            () = qmp.pass_over() => None,
        };
        let Some(asked) = asked else { return };
        let sent = qmp.send_break(CONSOLE, Deadline::after(BREAK)).await;
        // Whoever asked may be past its deadline.
        let _ = asked.send(sent.is_ok());
    }
}

/// Reads what nobody asks for, so that QEMU is never held up by a full pipe.
fn forget(mut stream: impl AsyncRead + Unpin + Send + 'static) {
    tokio::spawn(async move { tokio::io::copy(&mut stream, &mut tokio::io::sink()).await });
}

struct Launched {
    group: Arc<Mutex<Option<Pid>>>,
    ended: watch::Receiver<bool>,
    stdin: ChildStdin,
    stdout: ChildStdout,
    stderr: ChildStderr,
}

/// Starts the process from a thread that lives as long as it: the kernel's death signal is sent when the *thread* that
/// started a process ends, and threads of a pool end when they like.
async fn launch(command: &GuestCommand) -> Result<Launched, Fault> {
    let mut process = std::process::Command::new("setpriv");
    process
        .args(["--pdeathsig", "KILL", "--", &command.program, "-S", "-qmp", "stdio"])
        .args(&command.arguments)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if !in_path(&command.program) {
        return Err(Fault::bench("qemu-missing", format!("`{}` is not installed", command.program))
            .with_help(format!("install it: apt install {}", command.package)));
    }
    let (tell, told) = oneshot::channel();
    let (ending, ended) = watch::channel(false);
    let thread = std::thread::Builder::new().name("qemu".into()).stack_size(256 * 1024);
    let failed =
        |e: &std::io::Error| Fault::bench("qemu-start", format!("`{}` cannot be started: {e}", command.program));
    thread
        .spawn(move || {
            let mut child = match process.spawn() {
                Ok(child) => child,
                Err(e) => return drop(tell.send(Err(e))),
            };
            let group = Arc::new(Mutex::new(Pid::from_child(&child).into()));
            let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
            if tell.send(Ok((Arc::clone(&group), pipes))).is_err() {
                let _killed = kill_process_group(Pid::from_child(&child), Signal::KILL);
            }
            reap(child, &group);
            ending.send_replace(true);
        })
        .map_err(|e| failed(&e))?;
    let (group, pipes) = told
        .await
        .map_err(|_| Fault::adapter("qemu-start", "the thread that starts QEMU ended early"))?
        .map_err(|e| failed(&e).with_help("`setpriv` of util-linux starts it; check that it is there"))?;
    let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
        return Err(Fault::adapter("qemu-start", "QEMU was started without its pipes"));
    };
    let stdin = ChildStdin::from_std(stdin).map_err(|e| failed(&e))?;
    let stdout = ChildStdout::from_std(stdout).map_err(|e| failed(&e))?;
    let stderr = ChildStderr::from_std(stderr).map_err(|e| failed(&e))?;
    Ok(Launched { group, ended, stdin, stdout, stderr })
}

/// Waits for the end, and forgets the number before the kernel may give it to another process.
fn reap(mut child: Child, group: &Mutex<Option<Pid>>) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(Pid::from_child(&child)), options) {}
    group.lock().unwrap_or_else(PoisonError::into_inner).take();
    let _status = child.wait();
}

fn in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn not_started(command: &GuestCommand, error: &QmpError, complaints: &[u8]) -> Fault {
    let said = String::from_utf8_lossy(complaints).trim().escape_debug().to_string();
    let text = match (said.is_empty(), error) {
        (true, error) => format!("`{}` did not start a guest: {error}", command.program),
        (false, _) => format!("`{}` did not start a guest: {said}", command.program),
    };
    let help = if matches!(error, QmpError::Silent) {
        "the host may be overloaded; try again with fewer samples"
    } else if said.contains("orward") {
        "another program has that port; choose another in `forward`, or another `network`"
    } else {
        "compare `provider:` of the bench file with what this QEMU takes (`-machine help`, `-cpu help`)"
    };
    Fault::bench("qemu-start", text).with_help(help)
}
