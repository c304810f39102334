//! `assay disclose PACK`.

use std::path::{Path, PathBuf};

use super::pack::Signer;
use crate::args::Disclose;
use crate::{exit, say};

/// Exit 0 with the path of the disclosure edition on standard output.
pub(super) fn run(args: &Disclose) -> u8 {
    let signer = match Signer::ready(args.sign.as_deref(), Vec::new()) {
        Ok(signer) => signer,
        Err(text) => {
            say::error("sign", text, None);
            return exit::INVALID;
        }
    };
    let target = args.out.clone().unwrap_or_else(|| beside(&args.pack));
    match signer.disclose(&args.pack, &target, &args.leave_out) {
        Ok(sealed) => {
            say::note(format!("SHA-256 of SHA256SUMS: {}", sealed.sums_sha256));
            say::result(sealed.folder.display().to_string());
            exit::OK
        }
        Err(error) => {
            say::error("disclose", error.to_string(), None);
            exit::INTEGRITY
        }
    }
}

/// `NAME-disclosure`, also where the pack is a zip.
fn beside(pack: &Path) -> PathBuf {
    let name = pack.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let name = name.trim_end_matches(".zip").trim_end_matches(".evp");
    pack.with_file_name(format!("{name}-disclosure"))
}
