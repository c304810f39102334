//! Single questions: checks by hand, schemas, what is plugged in, help for shells.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::value::key_value;

#[derive(Debug, Args)]
pub(crate) struct Checks {
    /// Describe this one
    pub(crate) name: Option<String>,
    /// As JSON, with schemas
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The check, as `assay checks` lists it
    pub(crate) name: String,
    /// A bench of this one address
    #[arg(long, value_name = "HOST", required_unless_present = "bench", conflicts_with = "bench")]
    pub(crate) host: Option<String>,
    /// A bench file
    #[arg(long, value_name = "FILE")]
    pub(crate) bench: Option<PathBuf>,
    /// The sample to touch, on a bench of several
    #[arg(long, value_name = "ID")]
    pub(crate) sample: Option<String>,
    /// A parameter: a value that parses as JSON is taken as such, all else as text
    #[arg(long = "with", value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) with: Vec<(String, String)>,
    /// The whole call's limit, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub(crate) deadline: u64,
    /// A defect to seed (virtual benches)
    #[arg(long = "defect", value_name = "NAME")]
    pub(crate) defects: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FileKind {
    Plan,
    Bench,
    Product,
    Answers,
    Lab,
    Suite,
    Waivers,
    Statement,
}

impl FileKind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Bench => "bench",
            Self::Product => "product",
            Self::Answers => "answers",
            Self::Lab => "lab",
            Self::Suite => "suite",
            Self::Waivers => "waivers",
            Self::Statement => "statement",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Which kind of file
    pub(crate) kind: FileKind,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Look at what this bench needs, too
    #[arg(long, value_name = "FILE")]
    pub(crate) bench: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Virtual {
    /// The virtual devices and the defects that can be seeded in each
    List {
        /// As JSON, with the units that each defect fails
        #[arg(long)]
        json: bool,
    },
    /// Start one device on its own, until Ctrl-C
    Start {
        /// Which device
        model: String,
        /// A defect to seed
        #[arg(long = "defect", value_name = "NAME")]
        defects: Vec<String>,
        /// How many samples
        #[arg(long, default_value_t = 1)]
        samples: u8,
        /// The loopback network that the samples listen on
        #[arg(long, default_value = "127.21.0.0")]
        network: std::net::Ipv4Addr,
        /// Endpoints as one JSON object
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The folder; made where it does not exist
    pub(crate) dir: PathBuf,
}
