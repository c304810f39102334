//! The `assay` binary: wires checks, adapters, engine and reports, prints, and ends with a documented code.

mod args;
mod command;
mod exit;
mod live;
mod registry;
mod say;

use std::process::ExitCode;

use clap::Parser;

/// What [`assay_adapters::probe::ProbeChild`] starts us with: no command of users, so `--help` does not have it.
const PROBE_CHILD: &str = "__probe";

fn main() -> ExitCode {
    // Before all else: this process may hang, panic or be killed, and must hold nothing that minds.
    if std::env::args_os().nth(1).is_some_and(|first| first == PROBE_CHILD) {
        return assay_adapters::probe::probe_child_main();
    }
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // `--help` and `--version` are no errors; all else is a usage error.
            let code = if error.use_stderr() { exit::INVALID } else { exit::OK };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_env("ASSAY_LOG").unwrap_or_else(|_| "off".into()))
        .with_writer(std::io::stderr)
        .init();
    // What a panic says may hold what a device or a dossier said. The place is enough for a bug report.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        say::error("internal", format!("a bug of Assay at {place}; its text is withheld, it may hold a secret"), None);
    }));
    ExitCode::from(command::dispatch(cli.command))
}
