//! Prints how fast memory is read through the virtual port: `cargo bench -p assay-adapters --bench debug_port`.
//!
//! The whole way of a run: the touch, its child process, the stock Glasgow driver, a socket, the virtual port, and back.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use assay_adapters::probe::{ProbeChild, ProbeTouch, probe_child_main};
use assay_model::touch::probe::{MAX_READ, ProbeAsk, ProbeRequest, ProbeResponse};
use assay_model::{Deadline, DutProbe, Touch as _};
use assay_virtual::debug::{DebugListener, DebugState, DebugTarget, Family, Image, serve_glasgow};

const ROUNDS: u32 = 40;

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let child = ProbeChild::ourselves()?;
    if std::env::args().nth(1).as_deref() == child.arguments.first().map(String::as_str) {
        return Ok(probe_child_main());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let speed = runtime.block_on(async {
        let target = DebugTarget::new(Family::Nrf52840, DebugState::Open, Image::blank(Family::Nrf52840));
        let server = serve_glasgow(target, DebugListener::loopback().await?)?;
        let own = DutProbe { selector: server.selector().to_owned(), ..DutProbe::default() };
        read(&ProbeTouch::new(own, child)).await
    })?;
    println!("memory through the virtual debug port, {} MiB", MAX_READ * ROUNDS / (1 << 20));
    println!("  read in pieces of {} KiB {speed:>8.1} MB/s", MAX_READ >> 10);
    Ok(ExitCode::SUCCESS)
}

/// MB a second. The first read, which starts the child, does not count.
async fn read(touch: &ProbeTouch) -> Result<f64, Box<dyn std::error::Error>> {
    let ask = ProbeAsk::ReadMemory { address: 0, length: MAX_READ };
    let (mut bytes, mut spent) = (0, Duration::ZERO);
    for round in 0..=ROUNDS {
        let started = Instant::now();
        let answer = touch.call(ProbeRequest::new(ask), Deadline::after(Duration::from_secs(60))).await?;
        let ProbeResponse::Memory { bytes: got, stopped: None } = answer else { return Err("it did not come".into()) };
        if round > 0 {
            bytes += got.as_slice().len();
            spent += started.elapsed();
        }
    }
    Ok(bytes as f64 / 1e6 / spent.as_secs_f64())
}
