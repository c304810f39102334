//! `assay product init`: a dossier by asking, or a form with its questions where nobody is there to answer.

use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};

use assay_dossier::{Shape, questions, read, yaml};
use assay_engine::plan::Registry;
use assay_model::Severity;
use serde_json::{Value, json};

use super::dialogue::{self, End};
use super::document;
use crate::args::ProductInit;
use crate::registry::{registry, shape};
use crate::{exit, say};

/// Exit 0 where a dossier or a form was written; 2 where nothing could be; 130 where the answers stopped before the end.
pub(super) fn run(args: &ProductInit) -> u8 {
    let Some(shape) = shape() else { return exit::INVALID };
    if args.out.exists() {
        let text = format!("{} is there already", args.out.display());
        let help = "name another file by `--out`; to fill in what it leaves blank, `--from` it";
        say::error("init::exists", text, Some(help));
        return exit::INVALID;
    }
    let asking = std::io::stdin().is_terminal();
    let draft = draft(&args.out);
    let known = match start(args, &draft, asking, &shape) {
        Ok(known) => known,
        Err(code) => return code,
    };
    if !asking {
        return finish(&args.out, &known, &shape, &registry());
    }
    let mut known = known;
    let registry = registry();
    say::note(format!(
        "Answers are kept in {} after each one: Ctrl-C leaves, the same command goes on.\n\
         `-` leaves a question blank for now, `?` says how to answer.",
        draft.display()
    ));
    let keep = |known: &Value| {
        let text = yaml::text(&questions::without_blanks(known), &shape, false).text;
        document::save(&draft, text.as_bytes())
    };
    let check = |known: &Value, path: &[String]| wrong(known, path, &args.out, &shape, &registry);
    let (stdin, mut out) = (std::io::stdin(), std::io::stderr());
    match dialogue::ask(&mut known, &shape, &mut stdin.lock(), &mut out, &check, &keep) {
        Ok(End::Done) => {
            let code = finish(&args.out, &known, &shape, &registry);
            if code == exit::OK {
                let _ = std::fs::remove_file(&draft);
            }
            code
        }
        Ok(End::Stopped) => {
            let _ = writeln!(out);
            say::note(format!("stopped; the answers so far are in {}", draft.display()));
            exit::INTERRUPTED
        }
        Err(e) => {
            say::error("init::write", format!("{} cannot be written: {e}", draft.display()), None);
            exit::INVALID
        }
    }
}

/// Where answers are kept until all are there.
fn draft(out: &Path) -> PathBuf {
    let mut name = out.file_name().map(std::ffi::OsStr::to_os_string).unwrap_or_default();
    name.push(".draft");
    out.with_file_name(name)
}

/// What is known before the first question: the draft, or what `--from` names.
fn start(args: &ProductInit, draft: &Path, asking: bool, shape: &Shape) -> Result<Value, u8> {
    let yaml = |path: &Path| {
        document::read(path).map(|known| questions::without_blanks(&known)).map_err(|mistake| {
            say::diagnostics(&[*mistake]);
            exit::INVALID
        })
    };
    if asking && draft.exists() {
        if !args.from.is_empty() {
            let text = format!("there is a draft, {}, and `--from` besides", draft.display());
            say::error("init::two-starts", text, Some("remove the draft, or leave `--from` out to go on with it"));
            return Err(exit::INVALID);
        }
        say::note(format!("going on with {}", draft.display()));
        return yaml(draft);
    }
    match &args.from[..] {
        [] => {
            Ok(json!({"assay": "product/1", "editions": {"en303645": shape.edition, "ts103701": shape.tests_edition}}))
        }
        [one] if one.extension().is_some_and(|e| e == "yaml" || e == "yml") => yaml(one),
        files => {
            let reading = read::read(files, None, shape);
            document::findings(&reading.findings);
            if reading.is_sound() { Ok(reading.document) } else { Err(exit::INVALID) }
        }
    }
}

/// Writes the dossier, blanks and all, and says what is missing.
fn finish(out: &Path, known: &Value, shape: &Shape, registry: &Registry) -> u8 {
    let written = yaml::text(known, shape, true);
    if let Err(e) = document::save(out, written.text.as_bytes()) {
        say::error("init::write", format!("{} cannot be written: {e}", out.display()), None);
        return exit::INVALID;
    }
    say::result(out.display().to_string());
    let found = document::lint(&written, out, registry);
    let errors = found.iter().filter(|d| d.severity == Severity::Error).count();
    if errors > 0 {
        say::note(format!(
            "{errors} blank{} or mistake{} left: `assay lint {}` names each",
            if errors == 1 { "" } else { "s" },
            if errors == 1 { " is" } else { "s are" },
            out.display()
        ));
    }
    exit::OK
}

/// What the rules say against the answer at `path`, and nothing else.
fn wrong(known: &Value, path: &[String], out: &Path, shape: &Shape, registry: &Registry) -> Vec<String> {
    let written = yaml::text(known, shape, false);
    let asked = path.join("/");
    let found = document::lint(&written, out, registry).into_iter().filter(|d| d.severity == Severity::Error);
    let here = found.filter(|d| {
        document::path_of(d, &written).is_some_and(|at| {
            at == asked || asked.strip_suffix("/detail") == Some(at) // a reason that is missing is pointed at above it
        })
    });
    here.map(|d| d.help.map_or(d.message.clone(), |help| format!("{}\n  = help: {help}", d.message))).collect()
}
