//! `assay sign PACK --role R --key KEY`: another signature for a sealed pack.

use assay_reports::pack::{self, SignError, SigningKey};

use super::passphrase;
use crate::args::Sign;
use crate::{exit, say};

/// Exit 0 where it was signed, 5 where the pack is not whole, 2 for all else.
pub(super) fn run(args: &Sign) -> u8 {
    let signed = SigningKey::open(&args.key, &passphrase::ask)
        .map_err(SignError::from)
        .and_then(|key| Ok((pack::sign(&args.pack, args.role, &key)?, key)));
    match signed {
        Ok((path, key)) => {
            say::note(format!("signed as {} by {}", args.role.word(), key.fingerprint()));
            say::note(format!(
                "give assessors this line for their allowed signers, with your own name first:\n  {}",
                { key.allowed_signers_line("NAME") }
            ));
            say::result(path.display().to_string());
            exit::OK
        }
        Err(error @ SignError::Broken { .. }) => {
            say::error("sign", error.to_string(), Some("`assay verify` says everything that is wrong with the pack"));
            exit::INTEGRITY
        }
        Err(error) => {
            say::error("sign", error.to_string(), None);
            exit::INVALID
        }
    }
}
