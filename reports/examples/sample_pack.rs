//! Writes a sealed pack with every verdict in it, to look at the reports without a bench:
//! `cargo run -p assay-reports --example sample_pack -- FOLDER`
#![expect(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used, reason = "a small program, not a library")]

#[path = "../tests/fixture/mod.rs"]
mod fixture;

use assay_reports::Format;
use assay_reports::pack::{SealOptions, SigningKey, seal};

fn main() {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: sample_pack FOLDER");
        std::process::exit(2);
    };
    let mut results = fixture::results();
    let partial = fixture::folder::write_partial(folder.as_ref(), "sample", &mut results);
    let mut options = SealOptions::new("assay@example");
    options.exports = vec![Format::Csv, Format::Sarif, Format::Oscal];
    let sealed = seal(&partial, &results, &SigningKey::throwaway().unwrap(), &options).unwrap();
    println!("{}", assay_reports::tally(&results));
    println!("{}", sealed.folder.display());
}
