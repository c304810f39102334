//! `assay attest PACK --key KEY`: a DSSE envelope for supply-chain tools.

use assay_reports::pack::{self, Predicate, SignError, SigningKey};

use super::passphrase;
use crate::args::{Attest, PredicateKind};
use crate::{exit, say};

/// Exit 0 where it was written, 5 where the pack is not whole, 2 for all else.
pub(super) fn run(args: &Attest) -> u8 {
    let predicate = match args.predicate {
        PredicateKind::EvidencePack => Predicate::EvidencePack,
        PredicateKind::TestResult => Predicate::TestResult,
    };
    let made = SigningKey::open(&args.key, &passphrase::ask)
        .map_err(SignError::from)
        .and_then(|key| pack::attest(&args.pack, predicate, &key));
    let envelope = match made {
        Ok(envelope) => envelope,
        Err(error @ SignError::Broken { .. }) => {
            say::error("attest", error.to_string(), Some("`assay verify` says everything that is wrong with the pack"));
            return exit::INTEGRITY;
        }
        Err(error) => {
            say::error("attest", error.to_string(), None);
            return exit::INVALID;
        }
    };
    let Some(path) = &args.out else {
        say::bytes(&envelope);
        return exit::OK;
    };
    if let Err(e) = std::fs::write(path, envelope) {
        say::error("write", format!("{} could not be written: {e}", path.display()), None);
        return exit::INVALID;
    }
    exit::OK
}
