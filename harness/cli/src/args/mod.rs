//! The command line as users type it. Names and codes here are public.

mod ask;
mod pack;
mod product;
mod report;
mod run;
mod value;

use clap::{Parser, Subcommand};

pub(crate) use ask::{Check, Checks, Completions, Doctor, Man, Schema, Virtual};
pub(crate) use pack::{Attest, Disclose, Leakcheck, Ledger, PredicateKind, Sign, Stamp, Verify, Zip};
pub(crate) use product::{Product, ProductExport, ProductImport, ProductInit, TableFormat};
pub(crate) use report::{Diff, Report, Review};
pub(crate) use run::{Explain, Lint, Rejudge, Resume, Run, Selection};

/// Security conformance of connected products, tested on real hardware.
///
/// YAML plans drive adapters that touch a device over serial, debug probe and network; the run is judged and sealed into
/// an evidence pack that an assessor can verify without Assay.
#[derive(Debug, Parser)]
#[command(name = "assay", version, max_term_width = 110, propagate_version = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run plans on a bench and seal the result into an evidence pack
    Run(Run),
    /// Go on with a run after a crash or a power cut
    Resume(Resume),
    /// Check plans, benches, dossiers, answers, waivers and statements of compliance: every mistake at once
    Lint(Lint),
    /// Say what would run and why, and what would not; nothing is opened
    Explain(Explain),
    /// List the checks, or describe one
    Checks(Checks),
    /// Run one check by hand: its observation as JSON, no verdict
    Check(Check),
    /// Print the JSON Schema of a kind of file, for editors
    Schema(Schema),
    /// Say what is plugged in and usable here
    Doctor(Doctor),
    /// Verify a pack: integrity, journal chain, signatures, set of files
    Verify(Verify),
    /// Sign a sealed pack in another role: operator, reviewer, witness
    Sign(Sign),
    /// The ledger of each bench: every run that it began, every pack that it sealed
    #[command(subcommand)]
    Ledger(Ledger),
    /// Time stamps (RFC 3161): write a request, or keep a response
    Stamp(Stamp),
    /// Write an in-toto statement about a pack, in a signed DSSE envelope
    Attest(Attest),
    /// Write a pack as one zip file: the same pack gives the same bytes
    Zip(Zip),
    /// Judge the recorded observations of a pack again
    Rejudge(Rejudge),
    /// Search every byte of a pack for every secret of its run, in all forms
    Leakcheck(Leakcheck),
    /// Sign a report off, change a verdict with authority and reason, issue it, amend it; keeps old and new
    Review(Review),
    /// Make the disclosure edition of a pack: without originals that are for the lab alone, and what else is left out
    Disclose(Disclose),
    /// Compare two packs: what regressed, what was fixed; or find the first bad build of a series
    Diff(Diff),
    /// Render a report from a pack
    Report(Report),
    /// Dossiers: by asking, and from and to the tables of makers and laboratories
    #[command(subcommand)]
    Product(Product),
    /// Virtual devices, good and with seeded defects
    #[command(subcommand)]
    Virtual(Virtual),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Write manual pages into a folder
    Man(Man),
}
