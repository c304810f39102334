//! Prints what the console costs on this machine: `cargo bench -p assay-adapters --bench console`.
//!
//! Round trip: the DUT's end of a pty echoes one line; the floor is the same with bare reads and writes. Watch: the DUT
//! talks at a line's speed in pieces of 16 bytes, as a UART's FIFO gives them, while a pattern is waited for in vain.
//! Command: a real `sh` behind a pty (`.ci/bench-console.py shell`) runs `true` and tells its status. Many: 200 DUTs talk
//! at 115,200 baud at once.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::fs::File;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use assay_adapters::console::{ConsoleSettings, LineSettings, Place, SerialConsole};
use assay_model::{
    Deadline, Direction, EvidenceId, EvidenceStream, Exchange, Recorder, StreamMeta, Touch,
    touch::console::ConsoleRequest,
};

const ROUNDS: usize = 5_000;
const WATCH: Duration = Duration::from_secs(5);
const COMMANDS: usize = 500;
const MANY: usize = 200;
const MANY_FOR: Duration = Duration::from_secs(10);

struct Nothing;

impl EvidenceStream for Nothing {
    fn id(&self) -> EvidenceId {
        EvidenceId(1)
    }
    fn append(&mut self, _: Direction, _: &[u8]) {}
    fn dropped(&mut self, _: u64, _: &str) {}
}

impl Recorder for Nothing {
    fn exchange(&self, _: Exchange) {}
    fn stream(&self, _: StreamMeta) -> Box<dyn EvidenceStream> {
        Box::new(Self)
    }
    fn now_ns(&self) -> u64 {
        0
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let floor = floor()?;
    let expect = runtime.block_on(round_trip())?;
    println!("round trip on a pty, median of {ROUNDS}");
    println!("  raw read and write   {:>8.1} us", micros(floor));
    println!(
        "  write and expect     {:>8.1} us  ({:.1} us beyond raw)",
        micros(expect),
        micros(expect.saturating_sub(floor))
    );
    println!("one pattern watched for {} s", WATCH.as_secs());
    for baud in [115_200u32, 921_600] {
        let share = runtime.block_on(watch(baud))?;
        println!("  {baud:>7} baud         {:>8.2} % of a core", share * 100.0);
    }
    let command = runtime.block_on(commands())?;
    println!("a command of a shell, with its status, median of {COMMANDS}");
    println!("  write and expect     {:>8.1} us", micros(command));
    let many = runtime.block_on(many())?;
    println!("{MANY} consoles at 115200 baud at once for {} s", MANY_FOR.as_secs());
    println!("  sent and lost        {:>8} and {} bytes", many.sent, many.sent.saturating_sub(many.received));
    println!("  processor            {:>8.1} % of a core", many.share * 100.0);
    println!("  memory of each       {:>8.0} KiB", many.kib_each);
    Ok(())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The DUT's end of a pty, and ours, raw.
fn pty() -> std::io::Result<(File, String)> {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let path = ptsname(&master, Vec::new())?.to_string_lossy().into_owned();
    Ok((File::from(master), path))
}

fn echo(mut dut: File) {
    std::thread::spawn(move || {
        let mut buffer = [0; 256];
        while let Ok(n @ 1..) = dut.read(&mut buffer) {
            if dut.write_all(&buffer[..n]).is_err() {
                return;
            }
        }
    });
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn floor() -> Result<Duration, Box<dyn std::error::Error>> {
    let (dut, path) = pty()?;
    let mut ours = File::options().read(true).write(true).open(path)?;
    let mut raw = rustix::termios::tcgetattr(&ours)?;
    raw.make_raw();
    rustix::termios::tcsetattr(&ours, rustix::termios::OptionalActions::Now, &raw)?;
    echo(dut);
    let mut times = Vec::with_capacity(ROUNDS);
    let mut answer = [0; 10];
    for _ in 0..ROUNDS {
        let started = Instant::now();
        ours.write_all(b"ping pong\n")?;
        ours.read_exact(&mut answer)?;
        times.push(started.elapsed());
    }
    Ok(median(times))
}

async fn open(path: String) -> Result<SerialConsole, Box<dyn std::error::Error>> {
    let settings = ConsoleSettings { place: Place::Tty(path), line: LineSettings::default() };
    let recorder: Arc<dyn Recorder> = Arc::new(Nothing);
    Ok(SerialConsole::open(&settings, "s1", &recorder).await?)
}

async fn round_trip() -> Result<Duration, Box<dyn std::error::Error>> {
    let (dut, path) = pty()?;
    let console = open(path).await?;
    echo(dut);
    let until = Deadline::after(Duration::from_secs(600));
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        console.call(ConsoleRequest::Write { bytes: "ping pong\n".into() }, until).await?;
        let expect = ConsoleRequest::Expect { patterns: vec!["ping pong\n".into()], within_ms: 10_000 };
        console.call(expect, until).await?;
        times.push(started.elapsed());
    }
    Ok(median(times))
}

/// The share of a core that the console's thread and the runtime's take.
async fn watch(baud: u32) -> Result<f64, Box<dyn std::error::Error>> {
    let (mut dut, path) = pty()?;
    let console = open(path).await?;
    let talker = std::thread::spawn(move || {
        let started = Instant::now();
        let mut sent = 0u64;
        while started.elapsed() < WATCH {
            let due = (started.elapsed().as_secs_f64() * f64::from(baud) / 10.0) as u64;
            while sent + 16 <= due {
                if dut.write_all(b"[   12.345678] a").is_err() {
                    return dut;
                }
                sent += 16;
            }
            std::thread::sleep(Duration::from_secs_f64(160.0 / f64::from(baud)));
        }
        dut
    });
    let before = busy()?;
    let within_ms = WATCH.as_millis() as u64;
    let expect = ConsoleRequest::Expect { patterns: vec![r"(login|password): $".into(), "panic".into()], within_ms };
    console.call(expect, Deadline::after(WATCH)).await?;
    let share = busy()?.saturating_sub(before).as_secs_f64() / WATCH.as_secs_f64();
    let _dut = talker.join().map_err(|_| "the talker ended early")?;
    console.close().await;
    Ok(share)
}

/// What a check does to run a command: the status stands behind a mark that the echo does not have.
async fn commands() -> Result<Duration, Box<dyn std::error::Error>> {
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ci/bench-console.py");
    let mut peer = std::process::Command::new("python3")
        .arg(script)
        .arg("shell")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()?;
    let mut path = String::new();
    let out = peer.stdout.take().ok_or("no output")?;
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut path)?;
    let console = open(path.trim().to_owned()).await?;
    let until = Deadline::after(Duration::from_secs(600));
    let mut times = Vec::with_capacity(COMMANDS);
    for _ in 0..COMMANDS {
        let started = Instant::now();
        console.call(ConsoleRequest::Write { bytes: "true; echo assay-$?\n".into() }, until).await?;
        let expect = ConsoleRequest::Expect { patterns: vec![r"assay-\d+\r?\n".into()], within_ms: 10_000 };
        console.call(expect, until).await?;
        times.push(started.elapsed());
    }
    drop(peer.stdin.take());
    peer.wait()?;
    Ok(median(times))
}

struct Many {
    sent: u64,
    received: u64,
    share: f64,
    kib_each: f64,
}

/// Counts what consoles keep.
struct Counting(Arc<AtomicU64>);

impl EvidenceStream for Counting {
    fn id(&self) -> EvidenceId {
        EvidenceId(1)
    }
    fn append(&mut self, _: Direction, bytes: &[u8]) {
        self.0.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    }
    fn dropped(&mut self, _: u64, _: &str) {}
}

impl Recorder for Counting {
    fn exchange(&self, _: Exchange) {}
    fn stream(&self, _: StreamMeta) -> Box<dyn EvidenceStream> {
        Box::new(Self(Arc::clone(&self.0)))
    }
    fn now_ns(&self) -> u64 {
        0
    }
}

/// Resident memory of this process, in KiB.
fn resident_kib() -> std::io::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    Ok(line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0.0))
}

async fn many() -> Result<Many, Box<dyn std::error::Error>> {
    let received = Arc::new(AtomicU64::new(0));
    let recorder: Arc<dyn Recorder> = Arc::new(Counting(Arc::clone(&received)));
    let mut duts = Vec::with_capacity(MANY);
    let empty = resident_kib()?;
    let mut consoles = Vec::with_capacity(MANY);
    for _ in 0..MANY {
        let (dut, path) = pty()?;
        let settings = ConsoleSettings { place: Place::Tty(path), line: LineSettings::default() };
        consoles.push(SerialConsole::open(&settings, "s1", &recorder).await?);
        duts.push(dut);
    }
    let before = busy()?;
    // One thread talks for all: pieces of 64 bytes, so that the talking does not take what is measured.
    let talker = std::thread::spawn(move || -> std::io::Result<(u64, Vec<File>)> {
        let (started, mut each) = (Instant::now(), 0u64);
        while started.elapsed() < MANY_FOR {
            let due = (started.elapsed().as_secs_f64() * 11_520.0) as u64;
            while each + 64 <= due {
                for dut in &mut duts {
                    dut.write_all(&[b'x'; 64])?;
                }
                each += 64;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok((each * MANY as u64, duts))
    });
    let waiting = consoles.iter().map(|console| {
        let expect =
            ConsoleRequest::Expect { patterns: vec!["login: $".into()], within_ms: MANY_FOR.as_millis() as u64 };
        console.call(expect, Deadline::after(2 * MANY_FOR))
    });
    for waited in futures_of(waiting.collect()).await {
        waited?;
    }
    let share = busy()?.saturating_sub(before).as_secs_f64() / MANY_FOR.as_secs_f64();
    let (sent, _duts) =
        tokio::task::spawn_blocking(move || talker.join()).await?.map_err(|_| "the talker ended early")??;
    let kib_each = (resident_kib()? - empty) / MANY as f64;
    for console in &consoles {
        console.close().await;
    }
    Ok(Many { sent, received: received.load(Ordering::Relaxed), share, kib_each })
}

/// Waits for all of them at once.
async fn futures_of<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut pinned: Vec<_> = futures.into_iter().map(|f| (Box::pin(f), None)).collect();
    std::future::poll_fn(|cx| {
        let mut all = true;
        for (future, output) in &mut pinned {
            if output.is_none() {
                match future.as_mut().poll(cx) {
                    std::task::Poll::Ready(done) => *output = Some(done),
                    std::task::Poll::Pending => all = false,
                }
            }
        }
        if all { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    pinned.into_iter().filter_map(|(_, output)| output).collect()
}

/// Time on a processor of the threads under test, by the scheduler's own count.
fn busy() -> std::io::Result<Duration> {
    let mut total = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        let name = std::fs::read_to_string(task.join("comm"))?;
        if name.starts_with("console") || name.starts_with("tokio") {
            let times = std::fs::read_to_string(task.join("schedstat"))?;
            total += times.split(' ').next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0);
        }
    }
    Ok(Duration::from_nanos(total))
}
