//! How fast a pack of 1 GB is sealed and verified, beside `sha256sum` over the same files:
//! `cargo run --release -p assay-reports --example seal_speed -- FOLDER [MEGABYTES]`
#![expect(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used, reason = "a small program, not a library")]

#[path = "../tests/fixture/mod.rs"]
mod fixture;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use assay_reports::pack::{SealOptions, SigningKey, seal, verify};

/// Evidence of one run: captures of many sizes, the largest a quarter of all.
fn fill(results: &mut assay_model::results::Results, folder: &Path, megabytes: usize) -> usize {
    let block: Vec<u8> =
        (0..1 << 20).map(|n: u32| u8::try_from(n.wrapping_mul(2_654_435_761) >> 24).unwrap()).collect();
    let (mut left, mut number) = (megabytes, 100);
    let journal = folder.join("journal/journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    let mut events: Vec<(String, serde_json::Value)> = text
        .lines()
        .map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap())
        .map(|l| (l["type"].as_str().unwrap().to_owned(), l["data"].clone()))
        .collect();
    let end = events.pop().unwrap();
    while left > 0 {
        let size = (left / 4).max(1);
        left -= size;
        number += 1;
        let id = format!("E-{number:04}");
        std::fs::create_dir_all(folder.join("evidence").join(&id)).unwrap();
        let bytes = block.repeat(size);
        let path = format!("evidence/{id}/capture.bin");
        std::fs::write(folder.join(&path), &bytes).unwrap();
        let file = serde_json::json!({"path": path, "size": bytes.len(), "sha256": fixture::folder::sha256(&bytes)});
        events.push(("evidence.open".into(), serde_json::json!({"id": id})));
        events.push(("evidence.close".into(), serde_json::json!({"id": id, "files": [file]})));
    }
    events.push(end);
    let events: Vec<(&str, serde_json::Value)> = events.iter().map(|(k, v)| (k.as_str(), v.clone())).collect();
    let bytes = fixture::folder::chain(&results.run_id, &events);
    results.journal_records = events.len() as u64;
    results.journal_head = fixture::folder::sha256(bytes.trim_ascii_end().rsplit(|b| *b == b'\n').next().unwrap());
    std::fs::write(journal, bytes).unwrap();
    megabytes
}

/// The least of five, in seconds: other work on the machine only adds.
fn least(mut act: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        act();
        best = best.min(start.elapsed().as_secs_f64());
    }
    best
}

fn main() {
    let mut args = std::env::args().skip(1);
    let Some(parent) = args.next() else {
        eprintln!("usage: seal_speed FOLDER [MEGABYTES]");
        std::process::exit(2);
    };
    let megabytes = args.next().and_then(|n| n.parse().ok()).unwrap_or(1000);
    let parent = Path::new(&parent);
    let key = SigningKey::throwaway().unwrap();
    let mut results = fixture::results();
    let partial = fixture::folder::write_partial(parent, "speed", &mut results);
    fill(&mut results, &partial, megabytes);
    let mut pack = partial.clone();
    let sealing = least(|| {
        if pack != partial {
            std::fs::rename(&pack, &partial).unwrap();
        }
        pack = seal(&partial, &results, &key, &SealOptions::new("assay@speed")).unwrap().folder;
    });
    let verifying = least(|| assert_eq!(verify(&pack, None).findings, []));
    let stock = least(|| {
        let ok = Command::new("sha256sum").args(["-c", "--quiet", "SHA256SUMS"]).current_dir(&pack).status().unwrap();
        assert!(ok.success());
    });
    let rate = |seconds: f64| format!("{:.0} MB/s", megabytes as f64 / seconds);
    println!("a pack of {megabytes} MB: sha256sum {}, seal {}, verify {}", rate(stock), rate(sealing), rate(verifying));
    println!("  against sha256sum: seal {:.2}, verify {:.2}", stock / sealing, stock / verifying);
}
