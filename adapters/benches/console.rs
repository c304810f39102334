//! Prints what the console costs on this machine: `cargo bench -p assay-adapters --bench console`.
//!
//! Round trip: the DUT's end of a pty echoes one line; the floor is the same with bare reads and writes. Watch: the DUT
//! talks at a line's speed in pieces of 16 bytes, as a UART's FIFO gives them, while a pattern is waited for in vain.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::fs::File;
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use assay_adapters::console::{ConsoleSettings, LineSettings, Place, SerialConsole};
use assay_model::{
    Deadline, Direction, EvidenceId, EvidenceStream, Exchange, Recorder, StreamMeta, Touch,
    touch::console::ConsoleRequest,
};

const ROUNDS: usize = 5_000;
const WATCH: Duration = Duration::from_secs(5);

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
