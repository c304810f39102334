//! RFC 3161 time stamps: over the bench's signature, and over the sealed inputs of a run that waits.
//!
//! Only a digest leaves the bench: `request` writes it, any machine with a network posts it, `import` checks what came back
//! before it is kept.

mod der;
mod look;
mod oid;
mod request;
mod token;
mod trust;

use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand_core::RngCore as _;
use time::OffsetDateTime;

use super::write;
pub(super) use look::look;
use request::Request;
use token::Token;

/// Longer files are no tokens.
const LARGEST: u64 = 1024 * 1024;
/// Longer first lines are no journal of ours.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

/// What a time stamp stands over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamped {
    /// `SHA256SUMS.sshsig`: the pack was signed by then.
    Signature,
    /// The journal's first line, `inputs.sealed`: plan and dossier were fixed by then.
    Start,
}

impl Stamped {
    const ALL: [Self; 2] = [Self::Signature, Self::Start];

    /// What a folder can still be stamped for: a sealed pack its signature, a run that is not sealed yet its start.
    #[must_use]
    pub fn of(folder: &Path) -> Self {
        if folder.join("SHA256SUMS").is_file() { Self::Signature } else { Self::Start }
    }

    /// The token's file.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            Self::Signature => "SHA256SUMS.tsr",
            Self::Start => "journal/anchor-start.tsr",
        }
    }

    /// The request's file: it has the nonce that the token must have.
    #[must_use]
    pub const fn request(self) -> &'static str {
        match self {
            Self::Signature => "SHA256SUMS.tsq",
            Self::Start => "journal/anchor-start.tsq",
        }
    }

    /// The certificates that the token carries, for people and stock tools.
    #[must_use]
    pub const fn chain(self) -> &'static str {
        match self {
            Self::Signature => "SHA256SUMS.tsa.pem",
            Self::Start => "journal/anchor-start.tsa.pem",
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Signature => "SHA256SUMS.sshsig",
            Self::Start => "the journal's first line",
        }
    }

    fn digest(self, folder: &Path) -> io::Result<[u8; 32]> {
        let bytes = match self {
            Self::Signature => std::fs::read(folder.join("SHA256SUMS.sshsig"))?,
            Self::Start => {
                use std::io::{BufRead as _, Read as _};
                let file = std::fs::File::open(folder.join("journal/journal.jsonl"))?;
                let mut line = Vec::new();
                io::BufReader::new(file.take(LONGEST_LINE)).read_until(b'\n', &mut line)?;
                line.pop().filter(|b| *b == b'\n').ok_or_else(|| io::Error::other("the journal has no line yet"))?;
                line
            }
        };
        digest(&SHA256, &bytes).as_ref().try_into().map_err(io::Error::other)
    }
}

/// A time stamp that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// What it stands over.
    pub over: Stamped,
    /// When, by the authority's clock.
    pub time: OffsetDateTime,
    /// Subject of the authority's certificate, and its SHA-256.
    pub authority: String,
    /// Whether its chain leads to the given roots; `false` where none were given.
    pub trusted: bool,
}

/// A time stamp that was not asked for or not kept. The pack is as it was.
#[derive(Debug, thiserror::Error)]
pub enum StampError {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is a token already.
    #[error("{} is there already; move it away to stamp anew", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The response is not the one that was asked for, or not good.
    #[error("the time stamp {why}; nothing was kept")]
    Refused {
        /// In words that follow "the time stamp".
        why: String,
    },
}

/// Writes the request into the pack and gives its bytes (70 or so: a digest and a nonce) for a `.tsq` file.
///
/// # Errors
/// Not sealed, stamped already, or not writable.
pub fn stamp_request(folder: &Path, over: Stamped) -> Result<Vec<u8>, StampError> {
    free(folder, over)?;
    let digest = over.digest(folder).map_err(|source| io_at(folder, source))?;
    let request = Request::new(digest, rand_core::OsRng.next_u64()).encode();
    let path = folder.join(over.request());
    write::whole(&path, &request).map_err(|source| StampError::Io { path, source })?;
    Ok(request)
}

/// Checks a response and keeps it in the pack, with the certificates that it carries.
///
/// # Errors
/// It was refused, is over other bytes, answers another request, or does not lead to the given roots.
pub fn stamp_import(folder: &Path, over: Stamped, response: &[u8], tsa_ca: Option<&Path>) -> Result<Stamp, StampError> {
    free(folder, over)?;
    let digest = over.digest(folder).map_err(|source| io_at(folder, source))?;
    let request = std::fs::read(folder.join(over.request())).ok();
    let refused = |why| StampError::Refused { why };
    let good = check(over, response, &digest, request.as_deref(), tsa_ca).map_err(refused)?;
    for (name, bytes) in [(over.chain(), good.chain.as_bytes()), (over.token(), &good.response)] {
        let path = folder.join(name);
        write::whole(&path, bytes).map_err(|source| StampError::Io { path, source })?;
    }
    Ok(good.stamp)
}

fn free(folder: &Path, over: Stamped) -> Result<(), StampError> {
    let path = folder.join(over.token());
    if path.symlink_metadata().is_ok() { Err(StampError::Exists { path }) } else { Ok(()) }
}

fn io_at(folder: &Path, source: io::Error) -> StampError {
    StampError::Io { path: folder.to_owned(), source }
}

/// A response that holds.
struct Good {
    stamp: Stamp,
    /// As it is kept.
    response: Vec<u8>,
    /// Its certificates as PEM.
    chain: String,
}

/// Everything that can be said of a response.
fn check(
    over: Stamped,
    response: &[u8],
    digest: &[u8],
    request: Option<&[u8]>,
    tsa_ca: Option<&Path>,
) -> Result<Good, String> {
    let token = Token::read(response)?;
    if token.digest != digest {
        return Err(format!("is over other bytes than {}", over.what()));
    }
    if let Some(request) = request {
        let request = Request::read(request).ok_or("cannot be held against its request, which was changed")?;
        if request.digest != digest {
            return Err(format!("cannot be held against its request, which is over other bytes than {}", over.what()));
        }
        if token.nonce != Some(&request.nonce) {
            return Err("answers another request: its nonce is not the one that was sent".into());
        }
    }
    if let Some(roots) = tsa_ca {
        trust::lead_to(roots, &token)?;
    }
    let stamp = Stamp { over, time: token.time, authority: authority(token.signer), trusted: tsa_ca.is_some() };
    let chain = token.certificates.iter().map(|c| pem(c)).collect();
    Ok(Good { stamp, response: token.plain_response(), chain })
}

fn authority(certificate: &[u8]) -> String {
    use x509_parser::prelude::{FromDer as _, X509Certificate};
    let subject =
        X509Certificate::from_der(certificate).map_or_else(|_| String::new(), |(_, c)| c.subject().to_string());
    format!("{subject} (SHA-256 {})", hex::encode(digest(&SHA256, certificate)))
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines = text.as_bytes().chunks(64).map(|l| String::from_utf8_lossy(l).into_owned() + "\n");
    format!("-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n", lines.collect::<String>())
}
