//! What the person at the terminal sees while a run goes on: a line per verdict, and one live line with unit, step and
//! time. With `--json`, one event a line on standard output instead.

use std::io::IsTerminal;
use std::time::Duration;

use assay_engine::run::RunEvent;
use assay_model::Verdict;
use assay_model::results::Counts;
use assay_reports::visible_line;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::say;

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// Verdicts and a live line, on standard error.
    People,
    /// Events as JSON lines, on standard output.
    Json,
    /// Nothing.
    Quiet,
}

/// Shows events until the run ends.
pub(crate) async fn follow(mut events: Receiver<RunEvent>, show: Show) {
    let mut view = View::new(show);
    loop {
        match events.recv().await {
            Ok(event) => view.take(&event),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => break,
        }
    }
    view.bar.finish_and_clear();
}

struct View {
    show: Show,
    bar: ProgressBar,
    plain: bool,
    total: usize,
    /// Of a survey: how many there are, and how many are done. A line for each, and none for its units.
    products: usize,
    products_done: usize,
    ended: usize,
    failed: usize,
    unit: String,
}

impl View {
    fn new(show: Show) -> Self {
        let bar = if show == Show::People { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}") {
            bar.set_style(style);
        }
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self {
            show,
            bar,
            plain: !std::io::stderr().is_terminal(),
            total: 0,
            products: 0,
            products_done: 0,
            ended: 0,
            failed: 0,
            unit: String::new(),
        }
    }

    fn take(&mut self, event: &RunEvent) {
        match self.show {
            Show::Json => say::json(event),
            Show::People => self.people(event),
            Show::Quiet => {}
        }
    }

    fn line(&self, text: String) {
        self.bar.suspend(|| say::note(visible_line(&text)));
    }

    fn people(&mut self, event: &RunEvent) {
        match event {
            RunEvent::RunStarted { folder, bench, units, products, .. } => {
                (self.total, self.products) = (*units, *products);
                let place = if bench.is_empty() { String::new() } else { format!(" on bench {bench}") };
                self.line(format!("{units} units{place}; the record goes to {folder}"));
            }
            RunEvent::BenchReady { samples } if self.products > 0 => self.line(format!("{} products", samples.len())),
            RunEvent::ProductEnded { product, counts } => {
                self.products_done += 1;
                let (product, tally) = (visible_line(product), counted(counts));
                self.line(format!("{}/{} {product}  {tally}", self.products_done, self.products));
            }
            RunEvent::BenchReady { samples } => self.line(format!("samples: {}", samples.join(", "))),
            RunEvent::UnitStarted { unit, title, sample } => {
                self.unit = named(unit, sample.as_deref());
                self.bar.set_message(format!("{}  {}", self.counts(), visible_line(&format!("{} {title}", self.unit))));
            }
            RunEvent::Step { step, check, .. } => self.message(&format!("{step} ({check})")),
            RunEvent::Progress { step, done, total, text, .. } => {
                let share = if *total > 0 { format!("{done}/{total} ") } else { String::new() };
                self.message(&format!("{step}: {share}{text}"));
            }
            RunEvent::UnitEnded { unit, sample, verdict, reasons, .. } => {
                self.ended += 1;
                self.failed += usize::from(*verdict == Verdict::Fail);
                if self.products > 0 {
                    return;
                }
                let why = reasons.first().filter(|_| *verdict != Verdict::Pass);
                let why = why.map(|r| format!("  {}", r.text)).unwrap_or_default();
                self.line(format!("{verdict:<14} {}{why}", named(unit, sample.as_deref())));
            }
            RunEvent::Prompt { unit, sample, .. } => self.message(&format!("waits for an answer: {unit} [{sample}]")),
            RunEvent::Note { text } => self.line(format!("note: {text}")),
            RunEvent::RunEnded { .. } => self.bar.finish_and_clear(),
        }
    }

    fn message(&self, text: &str) {
        if !self.plain {
            self.bar.set_message(format!("{}  {}  {}", self.counts(), self.unit, visible_line(text)));
        }
    }

    fn counts(&self) -> String {
        format!("{} done, {} failed", self.ended, self.failed)
    }
}

/// `16 PASS, 2 FAIL`: what there is any of.
fn counted(counts: &Counts) -> String {
    let of = |verdict: Verdict| (counts.of(verdict) > 0).then(|| format!("{} {verdict}", counts.of(verdict)));
    Verdict::ALL.into_iter().filter_map(of).collect::<Vec<_>>().join(", ")
}

fn named(unit: &str, sample: Option<&str>) -> String {
    sample.map_or_else(|| format!("{unit} [all samples]"), |s| format!("{unit} [{s}]"))
}
