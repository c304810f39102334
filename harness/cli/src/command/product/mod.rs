//! `assay product`: dossiers by asking, from the tables of makers and laboratories, and back.

mod dialogue;
mod document;
mod export;
mod import;
mod init;

use crate::args::Product;

/// Does what was asked.
pub(super) fn run(args: Product) -> u8 {
    match args {
        Product::Init(args) => init::run(&args),
        Product::Import(args) => import::run(&args),
        Product::Export(args) => export::run(&args),
    }
}
