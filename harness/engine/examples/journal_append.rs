//! How long 100,000 journal lines take, each handed to the operating system, without fsync. Run it in release.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figure")]

use std::time::Instant;

use assay_engine::journal::{Clock, Entry, Journal, JournalError, verify};
use assay_model::journal::Ref;
use serde_json::json;

const LINES: u64 = 100_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("journal.jsonl");
    let mut journal = Journal::create(&path, "bench", Clock::start())?;
    let about = Ref { unit: Some("5.6-1-2 b".into()), sample: Some("s1".into()), ..Ref::default() };
    let started = Instant::now();
    for n in 0..LINES {
        let data = json!({"observation": {"open": [{"port": 8443, "service": "https"}], "n": n}});
        // `stimulus` is no line that asks for fsync.
        journal.append(Entry::tool("stimulus", about.clone(), data))?;
        journal.flush()?;
    }
    println!("{LINES} journal lines: {:.2} s", started.elapsed().as_secs_f64());
    let started = Instant::now();
    let verified = verify(&path).map_err(|e: JournalError| e.to_string())?;
    println!("verified {} lines: {:.2} s", verified.records, started.elapsed().as_secs_f64());
    Ok(())
}
