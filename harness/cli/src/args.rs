//! The command line as users type it. Names and codes here are public.

use std::path::PathBuf;

use assay_reports::Format;
use assay_reports::pack::{Expected, Role};
use clap::{Args, Parser, Subcommand, ValueEnum};

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

/// What decides a run: shared by `run` and `explain`.
#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// Plan files, or folders with a suite.yaml
    #[arg(required = true, value_name = "PLAN")]
    pub(crate) plans: Vec<PathBuf>,
    /// The bench file; may be left out when no unit needs one
    #[arg(long, value_name = "FILE")]
    pub(crate) bench: Option<PathBuf>,
    /// The product's dossier; the bench may name one
    #[arg(long, value_name = "FILE")]
    pub(crate) product: Option<PathBuf>,
    /// Answers for operator steps; the bench may name them
    #[arg(long, value_name = "FILE")]
    pub(crate) answers: Option<PathBuf>,
    /// What a report states beside its results: lab, customer, equipment; added to the bench's; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) lab: Vec<PathBuf>,
    /// Whose signatures beside the answers file count, in OpenSSH's format: a bad one, or none, refuses the run
    #[arg(long, value_name = "FILE")]
    pub(crate) answer_signers: Option<PathBuf>,
    /// Accepted deviations: a FAIL that one covers stays a FAIL, and does not end the run with 1
    #[arg(long, value_name = "FILE")]
    pub(crate) waivers: Option<PathBuf>,
    /// Set a plan parameter
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) set: Vec<(String, String)>,
    /// Run only units for which this CEL expression holds: unit, plan, provision, kind, class, tags, effect
    #[arg(long, value_name = "EXPR")]
    pub(crate) select: Option<String>,
    /// How many samples (virtual benches)
    #[arg(long, value_name = "N")]
    pub(crate) samples: Option<u32>,
    /// A defect to seed in all samples (virtual benches); recorded in the pack
    #[arg(long = "defect", value_name = "NAME")]
    pub(crate) defects: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Where packs go
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub(crate) out: PathBuf,
    /// The key that signs the pack, as in `assay sign --help`; one is made on first use
    #[arg(long, value_name = "KEY", env = "ASSAY_SIGN_KEY")]
    pub(crate) sign: Option<PathBuf>,
    /// A signature that the pack shall not be good without: a role, or ROLE=PRINCIPAL
    #[arg(long = "expect-signature", value_name = "ROLE", value_parser = expected)]
    pub(crate) expect_signature: Vec<Expected>,
    /// An earlier pack: a regression or lost coverage against it ends the run with 6
    #[arg(long, value_name = "PACK")]
    pub(crate) baseline: Option<PathBuf>,
    /// Who runs this, for the record
    #[arg(long, value_name = "NAME", env = "ASSAY_OPERATOR")]
    pub(crate) operator: Option<String>,
    /// Reports to put in the pack beside those that every pack has
    #[arg(long = "export", value_name = "FORMAT", value_parser = report_format)]
    pub(crate) exports: Vec<Format>,
    /// Also write results/junit-rich.xml, with properties on each case
    #[arg(long, value_name = "DIALECT", value_parser = ["default", "rich"], default_value = "default")]
    pub(crate) junit: String,
    /// Resolve everything, say what would run, open nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the pack's path alone
    #[arg(long, conflicts_with = "json")]
    pub(crate) quiet: bool,
    /// Print one event a line as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// The partial pack, or a sealed one in which questions wait: that one is copied first
    pub(crate) pack: PathBuf,
    /// Who goes on with it, for the record
    #[arg(long, value_name = "NAME", env = "ASSAY_OPERATOR")]
    pub(crate) operator: Option<String>,
    /// The key that signs the pack, as in `assay sign --help`
    #[arg(long, value_name = "KEY", env = "ASSAY_SIGN_KEY")]
    pub(crate) sign: Option<PathBuf>,
    /// A signature that the pack shall not be good without: a role, or ROLE=PRINCIPAL
    #[arg(long = "expect-signature", value_name = "ROLE", value_parser = expected)]
    pub(crate) expect_signature: Vec<Expected>,
    /// Print the pack's path alone
    #[arg(long, conflicts_with = "json")]
    pub(crate) quiet: bool,
    /// Print one event a line as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Lint {
    /// Files, or folders to walk
    #[arg(required_unless_present = "report")]
    pub(crate) paths: Vec<PathBuf>,
    /// A pack: everything that keeps its report from being issued
    #[arg(long, value_name = "PACK", conflicts_with = "paths")]
    pub(crate) report: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// One JSON object on the last line
    #[arg(long)]
    pub(crate) json: bool,
}

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

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The pack's folder, or its zip file
    pub(crate) pack: PathBuf,
    /// Whose signatures count, in OpenSSH's format
    #[arg(long, value_name = "FILE")]
    pub(crate) allowed_signers: Option<PathBuf>,
    /// Keys that no longer count: OpenSSH's KRL, or a list of public keys and SHA256: fingerprints
    #[arg(long, value_name = "FILE")]
    pub(crate) revoked: Option<PathBuf>,
    /// Root certificates (PEM) of time stamp authorities that count
    #[arg(long, value_name = "FILE")]
    pub(crate) tsa_ca: Option<PathBuf>,
    /// Judge keys' validity at this moment (RFC 3339) instead of now, for old packs
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) at: Option<time::OffsetDateTime>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Disclose {
    /// The full pack, folder or zip
    pub(crate) pack: PathBuf,
    /// Its folder; `NAME-disclosure` beside the pack otherwise
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Leave out evidence of this kind too: memory, firmware, serial, document, ...
    #[arg(long = "leave-out", value_name = "KIND")]
    pub(crate) leave_out: Vec<String>,
    /// The key that signs it
    #[arg(long, value_name = "KEY", env = "ASSAY_SIGN_KEY")]
    pub(crate) sign: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Leakcheck {
    /// The pack's folder
    pub(crate) pack: PathBuf,
    /// The vault of its run; the one in the user's configuration otherwise
    #[arg(long, value_name = "FILE")]
    pub(crate) vault: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// The pack's folder
    pub(crate) pack: PathBuf,
    /// In which role: bench, operator, reviewer, witness
    #[arg(long, value_parser = role)]
    pub(crate) role: Role,
    /// The key
    ///
    /// A private key file; a public key file whose private half ssh-agent holds; agent:SHA256:... or agent:COMMENT; or
    /// ssh-keygen:FILE for whatever `ssh-keygen -Y sign -f FILE` can use (FIDO tokens, PKCS#11). The passphrase of a file
    /// is asked at the terminal, or read from the environment variable ASSAY_KEY_PASSPHRASE, or from the file descriptor
    /// that ASSAY_KEY_PASSPHRASE_FD names.
    #[arg(long, value_name = "KEY", env = "ASSAY_SIGN_KEY")]
    pub(crate) key: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Ledger {
    /// Print the entries
    List {
        /// This bench's only
        #[arg(long, value_name = "NAME")]
        bench: Option<String>,
        /// One entry a line as JSON, as it stands in the file
        #[arg(long)]
        json: bool,
    },
    /// Verify the chains, and that packs stand in them
    Verify {
        /// Packs whose ledger lines must be in one of the ledgers
        packs: Vec<PathBuf>,
        /// A ledger file, instead of those of this machine
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

/// Only a digest leaves the bench: post the request to an authority from any machine
/// (`curl -H 'Content-Type: application/timestamp-query' --data-binary @FILE.tsq URL > FILE.tsr`), then import what came
/// back. A sealed pack is stamped over its signature; a run that is not sealed yet over its sealed inputs.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("act").required(true))]
pub(crate) struct Stamp {
    /// The pack's folder, or that of a run (.partial)
    pub(crate) pack: PathBuf,
    /// Write a request
    #[arg(long, group = "act")]
    pub(crate) request: bool,
    /// Check this response and keep it in the pack
    #[arg(long, value_name = "FILE", group = "act")]
    pub(crate) import: Option<PathBuf>,
    /// With --request: a copy of the request, to carry to another machine
    #[arg(long, value_name = "FILE", requires = "request")]
    pub(crate) out: Option<PathBuf>,
    /// With --import: refuse a response whose authority does not lead to these root certificates (PEM)
    #[arg(long, value_name = "FILE", requires = "import")]
    pub(crate) tsa_ca: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum PredicateKind {
    /// Verdicts, digests of plans and inputs, head of the journal
    EvidencePack,
    /// in-toto's test-result/v0.1: PASSED, WARNED or FAILED
    TestResult,
}

#[derive(Debug, Args)]
pub(crate) struct Attest {
    /// The pack's folder
    pub(crate) pack: PathBuf,
    /// The key, as in `assay sign --help`; an Ed25519 key in a file or in ssh-agent
    #[arg(long, value_name = "KEY", env = "ASSAY_SIGN_KEY")]
    pub(crate) key: PathBuf,
    /// What the statement says
    #[arg(long, value_name = "KIND", default_value = "evidence-pack")]
    pub(crate) predicate: PredicateKind,
    /// Where to, outside the pack; standard output otherwise
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Zip {
    /// The pack's folder
    pub(crate) pack: PathBuf,
    /// Where to; the pack's name with .evp.zip beside it otherwise
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Rejudge {
    /// The pack's folder
    pub(crate) pack: PathBuf,
    /// Judge by this plan instead of the one in the pack
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Review {
    /// The pack's folder; the new revision is made beside it
    pub(crate) pack: PathBuf,
    /// Who reviews: another person than the operator
    #[arg(long, value_name = "NAME", env = "ASSAY_REVIEWER")]
    pub(crate) by: Option<String>,
    /// The reviewer's own OpenSSH private key; one is made on first use
    #[arg(long, value_name = "KEY", env = "ASSAY_REVIEW_KEY")]
    pub(crate) sign: Option<PathBuf>,
    /// The laboratory's key, as for `run`
    #[arg(long, value_name = "KEY", env = "ASSAY_SIGN_KEY")]
    pub(crate) lab_key: Option<PathBuf>,
    /// What the reviewer says
    #[arg(long, value_name = "TEXT")]
    pub(crate) remark: Option<String>,
    /// Change a verdict; the verdict as judged is kept beside it
    #[arg(long = "override", value_name = "UNIT=VERDICT", value_parser = key_value)]
    pub(crate) overrides: Vec<(String, String)>,
    /// Why a verdict or an issued report is changed
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// On whose authority; the reviewer's own otherwise
    #[arg(long, value_name = "WHO")]
    pub(crate) authority: Option<String>,
    /// The report's number from now on; the run's id otherwise
    #[arg(long, value_name = "NUMBER", value_parser = report_number)]
    pub(crate) number: Option<String>,
    /// What the report states beside its results, where the run did not; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) lab: Vec<PathBuf>,
    /// Issue the report; refused while anything that it must say is missing
    #[arg(long = "final")]
    pub(crate) issue: bool,
    /// Issue it again in place of an earlier issue
    #[arg(long, conflicts_with = "issue")]
    pub(crate) amend: bool,
    /// Say what would keep the report from being issued, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Whose signatures count, in OpenSSH's format
    #[arg(long, value_name = "FILE")]
    pub(crate) allowed_signers: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The older pack, folder or zip
    #[arg(required_unless_present = "first_bad", conflicts_with = "first_bad")]
    pub(crate) old: Option<PathBuf>,
    /// The newer pack, folder or zip
    #[arg(required_unless_present = "first_bad", conflicts_with = "first_bad")]
    pub(crate) new: Option<PathBuf>,
    /// For each unit, the first pack of this folder in which it failed and the last in which it passed
    #[arg(long, value_name = "FOLDER")]
    pub(crate) first_bad: Option<PathBuf>,
    /// Only this unit; may be given several times
    #[arg(long = "unit", value_name = "UNIT")]
    pub(crate) units: Vec<String>,
    /// Whose signatures count, in OpenSSH's format
    #[arg(long, value_name = "FILE")]
    pub(crate) allowed_signers: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The pack's folder
    pub(crate) pack: PathBuf,
    /// Which report
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: String,
    /// Where to; standard output otherwise. For statement, failure-record and consumer, FILE.json takes the JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Whose duties: manufacturer, importer or distributor (html, statement, failure-record, consumer)
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Option<String>,
    /// The JSON of statement, failure-record or consumer instead of the page
    #[arg(long)]
    pub(crate) json: bool,
}

impl Run {
    /// Reports to add to the pack, each once.
    pub(crate) fn exports(&self) -> Vec<Format> {
        let mut all = self.exports.clone();
        all.extend((self.junit == "rich").then_some(Format::JunitRich));
        let mut once: Vec<Format> = Vec::new();
        for format in all {
            if !once.contains(&format) {
                once.push(format);
            }
        }
        once
    }
}

fn report_format(word: &str) -> Result<Format, String> {
    let words = || Format::ALL.iter().map(|f| f.word()).collect::<Vec<_>>().join(", ");
    Format::from_word(word).ok_or_else(|| format!("there is no format `{word}`; take one of: {}", words()))
}

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

fn role(text: &str) -> Result<Role, String> {
    let words = || Role::ALL.map(Role::word).join(", ");
    Role::from_word(text).ok_or_else(|| format!("`{text}` is no role; take one of: {}", words()))
}

fn expected(text: &str) -> Result<Expected, String> {
    let (word, identity) = text.split_once('=').map_or((text, None), |(word, who)| (word, Some(who.to_owned())));
    Ok(Expected { role: role(word)?, identity, fingerprint: None })
}

fn moment(text: &str) -> Result<time::OffsetDateTime, String> {
    time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339)
        .map_err(|_| format!("`{text}` is no moment; write it as 2026-11-22T09:00:00Z"))
}

/// It stands on every page and in style sheets, so it is plain.
fn report_number(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if text.is_empty() || text.len() > 60 || !text.chars().all(plain) {
        return Err("a report's number has 1 to 60 letters, digits, `.`, `_`, `-` and `/`".into());
    }
    Ok(text.to_owned())
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` is not KEY=VALUE")),
    }
}
