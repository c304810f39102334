//! `assay completions` and `assay man`.

use clap::CommandFactory;

use crate::args::{Cli, Completions, Man};
use crate::{exit, say};

/// Prints a completion script.
pub(super) fn completions(args: &Completions) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "assay", &mut script);
    say::bytes(&script);
    exit::OK
}

/// Writes one manual page per command.
pub(super) fn man(args: &Man) -> u8 {
    let written = std::fs::create_dir_all(&args.dir).and_then(|()| clap_mangen::generate_to(Cli::command(), &args.dir));
    match written {
        Ok(()) => exit::OK,
        Err(e) => {
            say::error("man", format!("manual pages could not be written into {}: {e}", args.dir.display()), None);
            exit::INVALID
        }
    }
}
