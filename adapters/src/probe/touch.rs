//! The touch: one child, one job at a time, a deadline over each, and a kill for the child that misses it.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use assay_model::touch::probe::{Probe, ProbeAsk, ProbeRequest, ProbeResponse};
use assay_model::{Deadline, DutProbe, Fault, Touch};
use async_trait::async_trait;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Mutex;
use tokio::time::{timeout, timeout_at};

use super::job::{FromChild, Job, MAX_LINE, PROTOCOL};
use super::selector::permitted;

/// A child that says nothing for so long has hung, however late the deadline is: its longest step is the wait for a silent
/// DUT, some 5 s.
const STALLED: Duration = Duration::from_secs(30);

/// What the child printed to stderr is kept to so many bytes, the last ones.
const MAX_STDERR: usize = 4096;

/// How to start the child: usually our own binary with `__probe`.
#[derive(Debug, Clone)]
pub struct ProbeChild {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Variables added to its environment.
    pub environment: Vec<(String, String)>,
}

impl ProbeChild {
    /// This very program with the hidden subcommand `__probe`.
    ///
    /// # Errors
    /// The operating system does not say where this program stands.
    pub fn ourselves() -> Result<Self, Fault> {
        let program = std::env::current_exe()
            .map_err(|e| Fault::adapter("no-own-path", format!("cannot find our own program: {e}")))?;
        Ok(Self { program, arguments: vec!["__probe".into()], environment: Vec::new() })
    }
}

/// The debug probe of one DUT.
pub struct ProbeTouch {
    own: DutProbe,
    /// Selectors of the bench beside those of the DUT: its reference target's.
    owned: Vec<String>,
    child: ProbeChild,
    /// The child between two jobs. While a job runs it belongs to that call, which kills it when it is dropped.
    idle: Mutex<Option<Running>>,
}

impl ProbeTouch {
    /// A touch that starts its child when it is first asked.
    #[must_use]
    pub fn new(own: DutProbe, child: ProbeChild) -> Self {
        let owned = own.golden.iter().map(|golden| golden.selector.clone()).collect();
        Self { own, owned, child, idle: Mutex::new(None) }
    }

    /// The same touch, which may also be asked to go through a probe that the bench owns beside the DUT's.
    #[must_use]
    pub fn owning(mut self, selector: impl Into<String>) -> Self {
        self.owned.push(selector.into());
        self
    }

    fn job(&self, request: &ProbeRequest) -> Result<Job, Fault> {
        let selector = match request.ask {
            // Lists what is plugged in; a bench without a probe may ask this too.
            ProbeAsk::List => self.own.selector.clone(),
            _ => permitted(&self.own.selector, &self.owned, request.probe.as_deref())?,
        };
        Ok(Job { selector, chip: request.chip.clone().or_else(|| self.own.chip.clone()), ask: request.ask })
    }
}

#[async_trait]
impl Touch<Probe> for ProbeTouch {
    async fn call(&self, request: ProbeRequest, until: Deadline) -> Result<ProbeResponse, Fault> {
        let job = self.job(&request)?;
        let deadline = until.instant().into();
        let late = || Fault::timeout(format!("the debug probe {} was busy with another request", job.selector));
        let mut idle = timeout_at(deadline, self.idle.lock()).await.map_err(|_| late())?;
        let mut child = match idle.take().and_then(Running::if_alive) {
            Some(child) => child,
            None => Running::start(&self.child)?,
        };
        let asked = timeout_at(deadline, child.ask(&job)).await;
        let stage = child.stage.clone();
        match asked {
            Ok(Ok(Ok(answer))) => {
                *idle = Some(child);
                Ok(answer)
            }
            // Whatever went wrong inside it may have left it out of order: the next job gets a fresh child.
            Ok(Ok(Err(fault))) => Err(fault),
            Ok(Err(Ended::Broken(how))) => Err(child.post_mortem(&job, &how).await),
            Ok(Err(Ended::Stalled)) => Err(hung(&job, &stage, "did not move for 30 s")),
            Err(_) => Err(hung(&job, &stage, "gave no answer within the deadline")),
        }
    }
}

/// The fault of a child that had to be killed.
fn hung(job: &Job, stage: &str, how: &str) -> Fault {
    Fault::timeout(format!("the debug probe {} {how}; it hung at stage `{stage}` and was killed", job.selector))
        .with_help("unplug the probe and plug it in again; a look at a silent DUT takes up to 10 s")
}

/// How a job ended without its last line.
enum Ended {
    /// The child ended or broke the protocol: what was seen.
    Broken(String),
    /// It says nothing any more.
    Stalled,
}

impl From<String> for Ended {
    fn from(seen: String) -> Self {
        Self::Broken(seen)
    }
}

/// A child process at work. Dropping it kills it and all it started.
struct Running {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    stderr: Arc<StdMutex<Vec<u8>>>,
    ready: bool,
    /// What it said it would try next.
    stage: String,
}

impl Running {
    fn start(how: &ProbeChild) -> Result<Self, Fault> {
        let cannot = |what: String| Fault::adapter("probe-child", format!("cannot start the probe's child: {what}"));
        let mut child = Command::new(&how.program)
            .args(&how.arguments)
            .envs(how.environment.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| cannot(format!("{}: {e}", how.program.display())))?;
        let (Some(stdin), Some(stdout), Some(mut errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(cannot("it has no pipes".into()));
        };
        let stderr = Arc::new(StdMutex::new(Vec::new()));
        let tail = Arc::clone(&stderr);
        tokio::spawn(async move {
            let mut buffer = [0; 1024];
            while let Ok(len @ 1..) = errors.read(&mut buffer).await {
                let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
                tail.extend_from_slice(&buffer[..len]);
                let surplus = tail.len().saturating_sub(MAX_STDERR);
                tail.drain(..surplus);
            }
        });
        Ok(Self { child, stdin, stdout: BufReader::new(stdout), stderr, ready: false, stage: "start".into() })
    }

    /// Itself, unless it ended meanwhile.
    fn if_alive(mut self) -> Option<Self> {
        matches!(self.child.try_wait(), Ok(None)).then_some(self)
    }

    /// Sends a job and reads until its last line.
    ///
    /// # Errors
    /// See [`Ended`].
    async fn ask(&mut self, job: &Job) -> Result<Result<ProbeResponse, Fault>, Ended> {
        let mut line = serde_json::to_vec(job).map_err(|e| e.to_string())?;
        line.push(b'\n');
        self.stage = "start".into();
        self.stdin.write_all(&line).await.map_err(|e| format!("it took no job: {e}"))?;
        loop {
            let line = timeout(STALLED, self.line()).await.map_err(|_| Ended::Stalled)??;
            match serde_json::from_slice(&line) {
                Ok(FromChild::Ready { protocol: PROTOCOL }) => self.ready = true,
                Ok(FromChild::Ready { protocol }) => return Err(format!("it speaks version {protocol}").into()),
                // A loader or a test harness may print before the child is ready.
                _ if !self.ready => {}
                Ok(FromChild::Trying { stage }) => self.stage = stage,
                Ok(FromChild::Answer(response)) => return Ok(Ok(*response)),
                Ok(FromChild::Fault(fault)) => return Ok(Err(fault)),
                Err(e) => return Err(format!("it sent a line that is no answer: {e}").into()),
            }
        }
    }

    async fn line(&mut self) -> Result<Vec<u8>, String> {
        let mut line = Vec::new();
        let mut limited = (&mut self.stdout).take(MAX_LINE as u64);
        match limited.read_until(b'\n', &mut line).await {
            Ok(0) => Err("it ended".into()),
            Ok(_) if !line.ends_with(b"\n") => Err("its answer was cut off or too long".into()),
            Ok(_) => Ok(line),
            Err(e) => Err(format!("its answer could not be read: {e}")),
        }
    }

    /// The fault for a child that ended by itself.
    async fn post_mortem(mut self, job: &Job, ended: &str) -> Fault {
        self.kill();
        let status = self.child.wait().await.map_or_else(|e| e.to_string(), |s| s.to_string());
        let stderr = self.stderr.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let stderr = String::from_utf8_lossy(&stderr);
        let last = stderr.lines().filter(|l| !l.trim().is_empty()).take(3).collect::<Vec<_>>().join("; ");
        let last = if last.is_empty() { String::new() } else { format!("; it said: {last}") };
        Fault::adapter(
            "probe-died",
            format!("the probe's child failed on {} at stage `{}`: {ended} ({status}){last}", job.selector, self.stage),
        )
        .with_help("the probe was probably unplugged; plug it in again")
    }

    fn kill(&self) {
        let group = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(group) = group {
            // Gone already is as good as killed.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}
