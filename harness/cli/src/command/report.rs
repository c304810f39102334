//! `assay report PACK --format F`: any report again, from the record alone.

use assay_model::results::Results;
use assay_reports::{Format, Trace};

use crate::args::Report;
use crate::{exit, say};

/// Renders to a file or to standard output.
pub(super) fn run(args: &Report) -> u8 {
    let Some(format) = Format::from_word(&args.format) else {
        let words = Format::ALL.iter().map(|f| f.word()).collect::<Vec<_>>().join(", ");
        say::error(
            "unknown-format",
            format!("there is no format `{}`", args.format),
            Some(&format!("take one of: {words}")),
        );
        return exit::INVALID;
    };
    let results = match read_results(&args.pack) {
        Ok(results) => results,
        Err(text) => {
            say::error("not-a-pack", text, Some("name the folder that `assay run` printed as its last line"));
            return exit::INVALID;
        }
    };
    let rendered = match format.render_with(&results, &Trace::read(&args.pack, &results)) {
        Ok(bytes) => bytes,
        Err(e) => {
            say::error("report", e.to_string(), None);
            return exit::INTEGRITY;
        }
    };
    match &args.out {
        None => say::bytes(&rendered),
        Some(path) => {
            if let Err(e) = std::fs::write(path, rendered) {
                say::error("write", format!("{} could not be written: {e}", path.display()), None);
                return exit::INVALID;
            }
        }
    }
    exit::OK
}

/// results/results.json of a pack.
pub(super) fn read_results(pack: &std::path::Path) -> Result<Results, String> {
    let path = pack.join("results/results.json");
    let text = std::fs::read(&path).map_err(|e| format!("{} could not be read: {e}", path.display()))?;
    serde_json::from_slice(&text).map_err(|e| format!("{} is not the results of a run: {e}", path.display()))
}
