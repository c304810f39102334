//! `assay report PACK --format F`: any report again, from the record alone.

use assay_model::results::Results;
use assay_reports::{Format, Reader, Role, Trace};

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
    let reader = match reader(args, format) {
        Ok(reader) => reader,
        Err((text, help)) => {
            say::error("report", text, Some(&help));
            return exit::INVALID;
        }
    };
    let results = match read_results(&args.pack) {
        Ok(results) => results,
        Err(text) => {
            say::error("not-a-pack", text, Some("name the folder that `assay run` printed as its last line"));
            return exit::INVALID;
        }
    };
    let rendered = match format.render_for(&results, &Trace::read(&args.pack, &results), reader) {
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

/// Whom the report is for; what the format cannot give is refused, not passed over.
fn reader(args: &Report, format: Format) -> Result<Reader, (String, String)> {
    let words = |wanted: fn(Format) -> bool| {
        Format::ALL.into_iter().filter(|f| wanted(*f)).map(Format::word).collect::<Vec<_>>().join(", ")
    };
    let role = match args.role.as_deref() {
        None => None,
        Some(_) if !format.takes_role() => {
            let text = format!("`{}` is the same for every role", format.word());
            return Err((text, format!("--role goes with {}", words(Format::takes_role))));
        }
        Some(word) => Some(Role::from_word(word).ok_or_else(|| {
            let roles = Role::ALL.map(Role::word).join(", ");
            (format!("there is no role `{word}`"), format!("take one of: {roles}"))
        })?),
    };
    if args.json && !format.has_twin() {
        let text = format!("`{}` has no JSON beside it", format.word());
        return Err((text, format!("--json goes with {}; the whole record is --format json", words(Format::has_twin))));
    }
    let named_json = args.out.as_ref().is_some_and(|p| p.extension().is_some_and(|e| e.eq_ignore_ascii_case("json")));
    Ok(Reader { role, json: format.has_twin() && (args.json || named_json) })
}

/// results/results.json of a pack.
pub(super) fn read_results(pack: &std::path::Path) -> Result<Results, String> {
    let path = pack.join("results/results.json");
    let text = std::fs::read(&path).map_err(|e| format!("{} could not be read: {e}", path.display()))?;
    serde_json::from_slice(&text).map_err(|e| format!("{} is not the results of a run: {e}", path.display()))
}
