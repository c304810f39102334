//! Dossiers and their tables.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum Product {
    /// Write a dossier by asking; a form to fill in where standard input is no terminal
    Init(ProductInit),
    /// Make a dossier of workbooks, tables, JSON and Markdown: every mistake at once, nothing guessed
    Import(ProductImport),
    /// Write a dossier as the tables that makers and laboratories work with
    Export(ProductExport),
}

#[derive(Debug, Args)]
pub(crate) struct ProductInit {
    /// The dossier to write; answers are kept in FILE.draft until all are there
    #[arg(long, value_name = "FILE", default_value = "dossier.yaml")]
    pub(crate) out: PathBuf,
    /// What is known already: a dossier, or files that can be imported
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) from: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ProductImport {
    /// Files that together are one dossier: .xlsx, .csv, .json, .md
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The dossier to write; standard output otherwise
    #[arg(long, value_name = "DOSSIER")]
    pub(crate) out: Option<PathBuf>,
    /// The edition of EN 303 645 that the files follow, where they do not say it
    #[arg(long, value_name = "EDITION")]
    pub(crate) edition: Option<String>,
    /// Write over a dossier that is there
    #[arg(long)]
    pub(crate) replace: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ProductExport {
    /// The dossier
    #[arg(value_name = "DOSSIER")]
    pub(crate) dossier: PathBuf,
    /// As what
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: TableFormat,
    /// The file to write, for csv the folder; standard output otherwise
    #[arg(long, value_name = "PATH")]
    pub(crate) out: Option<PathBuf>,
}

/// The tables that a dossier can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    Xlsx,
    Csv,
    Json,
    Markdown,
}
