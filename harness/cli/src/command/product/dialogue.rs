//! Questions and answers, line by line.

use std::io::{self, BufRead, Write};

use assay_dossier::{Shape, questions};
use serde_json::Value;

/// How the questions ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Every question has its answer, or was left blank.
    Done,
    /// Whoever answered went away.
    Stopped,
}

/// Longest answer.
const MAX_ANSWER: u64 = 64 << 10;

/// Asks whatever `known` does not answer. Each answer is held against the rules by `check`, whose messages are told before
/// the question is asked again, and kept by `keep`.
///
/// # Errors
/// The answers could not be kept, or the terminal is gone.
pub(super) fn ask(
    known: &mut Value,
    shape: &Shape,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
    check: &dyn Fn(&Value, &[String]) -> Vec<String>,
    keep: &dyn Fn(&Value) -> io::Result<()>,
) -> io::Result<End> {
    let mut part = String::new();
    while let Some(question) = questions::next(known, shape) {
        let now = question.path.iter().take(2).cloned().collect::<Vec<_>>().join("/");
        let now = if question.path[0] == "ics" { "ics".to_owned() } else { now };
        if question.path.len() > 2 && now != part {
            writeln!(out, "\n--- {now}")?;
            part = now;
        }
        write!(out, "{} [{}]\n> ", question.ask, question.hint)?;
        out.flush()?;
        let mut line = String::new();
        let read = io::Read::take(&mut *input, MAX_ANSWER).read_line(&mut line)?;
        if read == 0 {
            return Ok(End::Stopped);
        }
        match line.trim() {
            "?" => {
                writeln!(out, "  answer with {}; `-` leaves it blank, Ctrl-C stops", question.hint)?;
                continue;
            }
            "-" => questions::put(known, &question.path, Some(Value::Null)),
            text => {
                let value = match questions::answer(text, &question.kind) {
                    Ok(value) => value,
                    Err(text) => {
                        writeln!(out, "  {text}")?;
                        continue;
                    }
                };
                questions::put(known, &question.path, Some(value));
                let wrong = check(known, &question.path);
                if !wrong.is_empty() {
                    questions::put(known, &question.path, None);
                    for text in wrong {
                        writeln!(out, "  {text}")?;
                    }
                    continue;
                }
            }
        }
        keep(known)?;
    }
    Ok(End::Done)
}
