//! `assay zip PACK`: the pack as one file.

use assay_reports::pack;

use crate::args::Zip;
use crate::{exit, say};

/// Writes `PACK.evp.zip`, or the file of `--out`.
pub(super) fn run(args: &Zip) -> u8 {
    let out = args.out.clone().unwrap_or_else(|| {
        let name = args.pack.file_name().map_or_else(|| "pack".into(), |n| n.to_string_lossy().into_owned());
        args.pack.with_file_name(format!("{name}.evp.zip"))
    });
    if !args.pack.join("SHA256SUMS").is_file() {
        let text = format!("{} is no sealed pack: it has no SHA256SUMS", args.pack.display());
        say::error("not-a-pack", text, Some("name the folder that `assay run` printed as its last line"));
        return exit::INVALID;
    }
    match pack::write_zip(&args.pack, &out) {
        Ok(()) => {
            say::result(out.display().to_string());
            exit::OK
        }
        Err(error) => {
            say::error("zip", error.to_string(), None);
            exit::INTEGRITY
        }
    }
}
