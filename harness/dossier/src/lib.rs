//! Dossiers in the shapes that makers and laboratories exchange: workbooks, comma-separated tables, JSON, Markdown.
//!
//! One way in: files → [`read::Table`]s with a place for every cell → a document (the JSON form of a dossier) with the
//! place of each of its values. One way out: a document → tables → a file. [`yaml`] writes a document as people edit it,
//! and [`questions`] lists what a dossier asks of its author. What a standard asks is data: see [`Shape`].
//!
//! Nothing is guessed, and no file is trusted: sizes are bounded before anything is unpacked, macros are not run, formulas
//! count by their stored values.

mod cell;
mod ident;
mod place;
pub mod questions;
pub mod read;
mod shape;
mod tables;
pub mod write;
pub mod yaml;

pub use place::{Finding, Origins, Place, Weight};
pub use shape::{Field, Holds, Provision, Shape, Table};
