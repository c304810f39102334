//! Packs: verified, signed, stamped, attested, searched, packed.

use std::path::PathBuf;

use assay_reports::pack::Role;
use clap::{Args, Subcommand, ValueEnum};

use super::value::{moment, role};

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
