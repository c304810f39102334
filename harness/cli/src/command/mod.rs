//! One file per command. Each returns its exit code.

mod answers;
mod attest;
mod check;
mod checks;
mod diff;
mod disclose;
mod doctor;
mod explain;
mod first_bad;
mod leakcheck;
mod ledger;
mod lint;
mod pack;
mod passphrase;
mod product;
mod rejudge;
mod reopen;
mod report;
mod review;
mod review_key;
mod run;
mod schema;
mod selection;
mod shell;
mod sign;
mod snapshots;
mod stamp;
mod verify;
mod virtual_devices;
mod zip;

use crate::args::Command;

/// Does what was asked.
pub(crate) fn dispatch(command: Command) -> u8 {
    match command {
        Command::Run(args) => run::run(args),
        Command::Resume(args) => run::resume(args),
        Command::Lint(args) => lint::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Checks(args) => checks::run(&args),
        Command::Check(args) => check::run(args),
        Command::Schema(args) => schema::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Sign(args) => sign::run(&args),
        Command::Ledger(args) => ledger::run(&args),
        Command::Stamp(args) => stamp::run(&args),
        Command::Attest(args) => attest::run(&args),
        Command::Zip(args) => zip::run(&args),
        Command::Rejudge(args) => rejudge::run(&args),
        Command::Leakcheck(args) => leakcheck::run(&args),
        Command::Disclose(args) => disclose::run(&args),
        Command::Review(args) => review::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Product(args) => product::run(args),
        Command::Virtual(args) => virtual_devices::run(args),
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args),
    }
}

/// A tokio runtime for commands that touch devices.
fn block_on<T>(work: impl Future<Output = T>) -> Result<T, u8> {
    match assay_engine::run::runtime() {
        Ok(runtime) => {
            let done = runtime.block_on(work);
            // A driver thread that hangs past its deadline must not hold up the exit.
            runtime.shutdown_timeout(std::time::Duration::from_secs(2));
            Ok(done)
        }
        Err(e) => {
            crate::say::error(
                "runtime",
                format!("no threads to work with: {e}"),
                Some("raise the limit on processes (ulimit -u)"),
            );
            Err(crate::exit::BENCH)
        }
    }
}
