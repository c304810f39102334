//! Times the port scanner: `cargo run --release --example port_scan -- 127.0.0.1 1-65535 [connects/s] [half-open]`.
//!
//! Prints what was found, wall time and peak memory. Without limits on the line none apply, so point it at a device of
//! your own only.
#![expect(clippy::print_stdout, reason = "a measuring program")]

use std::time::Duration;

use assay_adapters::document::DocumentSettings;
use assay_adapters::network::network_touches;
use assay_model::touch::ports::{ScanMethod, ScanRequest};
use assay_model::{AddressBook, Deadline, Limits};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "127.0.0.1".into());
    let range = args.next().unwrap_or_else(|| "1-65535".into());
    let (first, last) = range.split_once('-').ok_or("the range is FIRST-LAST")?;
    let mut limit = || args.next().map_or(Ok(0), |n| n.parse::<u32>());
    let limits = Limits { connects_per_s: limit()?, half_open: limit()?, ..Limits::default() };

    let mut book = AddressBook::new();
    let host = book.own(&address, address.parse()?);
    let touches = network_touches(DocumentSettings::default(), book.into())?;
    let request = ScanRequest {
        host,
        tcp: vec![(first.parse()?, last.parse()?)],
        limits,
        silence_ms: 300,
        method: ScanMethod::default(),
    };
    let found = touches.ports()?.call(request, Deadline::after(Duration::from_secs(600))).await?;
    println!("open {:?}", found.open);
    println!("closed {} filtered {} unasked {}", found.closed, found.filtered, found.unasked);
    println!("alive before {} after {}", found.alive_before, found.alive_after);
    println!("{} ms, {} connects", found.duration_ms, found.connects);
    let status = std::fs::read_to_string("/proc/self/status")?;
    println!("{}", status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or_default());
    Ok(())
}
