//! The store of dated snapshots: after a run, the end of support that it read on the maker's page goes into a new file of the
//! folder that the dossier names. Files are added and never changed, so that a later run sees every end that was published.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use assay_engine::plan::Product;
use assay_model::results::{Results, StepResult};
use serde_json::Value;

/// The check that reads the page.
const CHECK: &str = "document.support_period";
/// More files of one model and day than this are a fault of something else.
const MOST_A_DAY: u32 = 100;

/// Where a dossier keeps its snapshots, and which page they are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Store {
    folder: PathBuf,
    model: String,
    page: String,
}

/// What a run read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    day: String,
    end: String,
    precision: String,
    url: String,
    sha256: String,
}

impl Store {
    /// `None` where the dossier names no folder, model or page.
    pub(super) fn of(product: &Product) -> Option<Self> {
        let text = |value: &Value| value.as_str().filter(|t| !t.is_empty()).map(str::to_owned);
        let folder = text(product.product.get("documents")?.get("snapshots")?)?;
        let beside = product.file.path.parent().unwrap_or_else(|| Path::new("."));
        Some(Self {
            folder: beside.join(folder),
            model: text(product.product.get("model")?)?,
            page: text(product.ixit.get("user_info")?.pointer("/urls/publication_of_support_period")?)?,
        })
    }

    /// Keeps what the run read. `None`: it read no end, or the store has that end for that day already.
    ///
    /// # Errors
    /// A file or the folder that could not be made, in words.
    pub(super) fn keep(&self, results: &Results) -> Result<Option<PathBuf>, String> {
        let Some(seen) = self.read_in(results) else { return Ok(None) };
        let failed =
            |path: &Path, e: &std::io::Error| format!("the snapshot {} could not be kept: {e}", path.display());
        std::fs::create_dir_all(&self.folder).map_err(|e| failed(&self.folder, &e))?;
        let stem: String =
            self.model.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        let text = self.text(&seen, &results.run_id);
        for number in 1..=MOST_A_DAY {
            let tail = if number == 1 { String::new() } else { format!("-{number}") };
            let path = self.folder.join(format!("{}-{stem}{tail}.yaml", seen.day));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(mut file) => {
                    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|e| failed(&path, &e))?;
                    return Ok(Some(path));
                }
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                    let known = std::fs::read_to_string(&path).map_err(|e| failed(&path, &e))?;
                    if known.lines().any(|line| line == end_line(&seen)) {
                        return Ok(None);
                    }
                }
                Err(e) => return Err(failed(&path, &e)),
            }
        }
        Err(format!("{} holds {MOST_A_DAY} different ends of one day already", self.folder.display()))
    }

    /// The end that a step of the run read on the page for the model.
    fn read_in(&self, results: &Results) -> Option<Seen> {
        let cases = results.units.values().flat_map(|u| u.cross_sample.iter().chain(u.samples.values()));
        let steps = cases.flat_map(|case| &case.steps);
        steps.filter(|s| s.check == CHECK && s.params["source"] == self.page.as_str()).find_map(|s| self.seen(s))
    }

    fn seen(&self, step: &StepResult) -> Option<Seen> {
        let observation = step.observation.as_ref()?;
        let row = observation["models"].as_array()?.iter().find(|row| row["model"] == self.model.as_str())?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let seen = Seen {
            day: text(&observation["today"]),
            end: text(&row["end"]),
            precision: text(&row["precision"]),
            url: text(&observation["document"]["url"]),
            sha256: text(&observation["document"]["sha256"]),
        };
        (!seen.day.is_empty() && !seen.end.is_empty()).then_some(seen)
    }

    fn text(&self, seen: &Seen, run: &str) -> String {
        // JSON strings are YAML strings, whatever is in them.
        let quoted = |text: &str| Value::from(text).to_string();
        format!(
            "# What the maker's page said on this day. Written by a run, never changed; later runs compare with it.\n\
             assay: snapshot/1\nmodel: {}\nseen: {}\n{}\nprecision: {}\nurl: {}\nsha256: {}\nrun: {}\n",
            quoted(&self.model),
            quoted(&seen.day),
            end_line(seen),
            quoted(&seen.precision),
            quoted(&seen.url),
            quoted(&seen.sha256),
            quoted(run),
        )
    }
}

fn end_line(seen: &Seen) -> String {
    format!("end: {}", Value::from(seen.end.as_str()))
}
