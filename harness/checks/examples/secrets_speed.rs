//! How fast `secrets.search` goes through an image of 1 GB on one core: text without hits, noise as compressed parts are, and
//! text with a password in every 64 KiB. `cargo run --release -p assay-checks --example secrets_speed`.
#![expect(clippy::print_stdout, reason = "it prints its figures")]

use std::time::Instant;

use assay_checks::secrets::{Search, SearchError, SearchOptions};

/// Bytes of the image.
const IMAGE: usize = 1_000_000_000;
const PIECE: usize = 1 << 20;

fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// Seconds that this thread has had a processor, so that other load does not count; since `begun` where Linux does not say.
fn seconds(begun: Instant) -> f64 {
    let said = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let ran = said.as_deref().and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    ran.map_or_else(|| begun.elapsed().as_secs_f64(), |ns| ns / 1e9)
}

fn main() -> Result<(), SearchError> {
    let licence = include_bytes!("../../../LICENSE-APACHE");
    let text: Vec<u8> = licence.iter().copied().cycle().take(PIECE).collect();
    let mut settings = text.clone();
    for at in (0..PIECE).step_by(64 * 1024) {
        let line = b"\nadmin_password=Tr0ub4dor-x\n";
        settings[at..at + line.len()].copy_from_slice(line);
    }
    let begun = Instant::now();
    for (name, piece) in
        [("text without hits", text), ("noise", noise(PIECE)), ("a password in every 64 KiB", settings)]
    {
        let before = seconds(begun);
        let mut search = Search::new(SearchOptions::default())?;
        for _ in 0..IMAGE / PIECE {
            search.feed(&piece);
        }
        let result = search.finish();
        let speed = result.searched as f64 / 1e6 / (seconds(begun) - before);
        println!("{name}: {speed:.0} MB/s on one core ({} found, {} only counted)", result.found.len(), result.omitted);
    }
    Ok(())
}
