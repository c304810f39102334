//! One question on a terminal: the text, the answers by word or number, then value, reason and attachments as needed.

use assay_model::{Deadline, touch::operator::Question};

use super::{
    attachment::{self, Attachment},
    escape::escaped,
    terminal::{NoLine, Terminal},
};

/// Answers that need no reason.
const PLAIN: [&str; 3] = ["pass", "done", "value"];
/// Answers that stand without attachments: nothing is stated.
const BARE: [&str; 2] = ["cannot-tell", "stop"];
/// Attempts at something that does not fit, before the question ends unanswered.
const ATTEMPTS: u32 = 20;

/// What a person typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) answer: String,
    pub(super) value: Option<String>,
    pub(super) reason: String,
    pub(super) attachments: Vec<Attachment>,
}

/// Asks `question`.
pub(super) fn ask(terminal: &mut Terminal, question: &Question, until: Deadline) -> Result<Typed, NoLine> {
    terminal.say(&form(question))?;
    let answer = repeat(terminal, until, "answer", |line| chosen(&question.answers, line))?;
    let mut typed = Typed { answer, value: None, reason: String::new(), attachments: Vec::new() };
    if typed.answer == "value" {
        typed.value = Some(value(terminal, question.secret, until)?);
    }
    if !PLAIN.contains(&typed.answer.as_str()) {
        typed.reason = repeat(terminal, until, "reason", |line| {
            if line.is_empty() {
                Err("an answer other than pass, done and value needs a reason".into())
            } else {
                Ok(line.to_owned())
            }
        })?;
    }
    if BARE.contains(&typed.answer.as_str()) {
        return Ok(typed);
    }
    let required = typed.answer != "pass" || question.evidence_for_pass;
    for kind in &question.evidence {
        let prompt = format!("{} (`-` if there is none)", attachment::prompt(kind));
        let given = repeat(terminal, until, &prompt, |line| match line {
            "-" => Ok(None),
            line => attachment::check(kind, line).map(Some),
        })?;
        match given {
            Some(attachment) => typed.attachments.push(attachment),
            None if required => return Ok(without(question, kind, typed)),
            None => {}
        }
    }
    Ok(typed)
}

/// A required attachment is missing: the answer does not stand.
fn without(question: &Question, kind: &str, typed: Typed) -> Typed {
    let fallback = BARE.into_iter().find(|w| question.answers.iter().any(|a| a == w));
    Typed {
        answer: fallback.unwrap_or("cannot-tell").to_owned(),
        value: None,
        reason: [format!("answered {}, but the required {kind} is missing", typed.answer), typed.reason]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(": "),
        attachments: typed.attachments,
    }
}

fn form(question: &Question) -> String {
    let mut text = format!("\n[{}] sample {}\n", escaped(&question.unit), escaped(&question.sample));
    text.push_str(&escaped(&question.text));
    text.push('\n');
    for (i, answer) in question.answers.iter().enumerate() {
        text.push_str(&format!("  {}) {}\n", i + 1, escaped(answer)));
    }
    if !question.evidence.is_empty() {
        text.push_str(&format!("  needs: {}\n", escaped(&question.evidence.join(", "))));
    }
    text
}

/// By word or by number; an empty line is no answer.
fn chosen(answers: &[String], line: &str) -> Result<String, String> {
    let by_number = line.parse::<usize>().ok().and_then(|n| answers.get(n.checked_sub(1)?));
    let by_word = || answers.iter().find(|a| a.eq_ignore_ascii_case(line));
    by_number.or_else(by_word).cloned().ok_or_else(|| format!("one of {} or its number", answers.join(", ")))
}

fn value(terminal: &mut Terminal, secret: bool, until: Deadline) -> Result<String, NoLine> {
    for _ in 0..ATTEMPTS {
        let line = if secret {
            terminal.hidden_line("value (not shown): ", until)?
        } else {
            terminal.say("value: ")?;
            terminal.line(until)?
        };
        // Not trimmed: a password may begin or end with a space.
        if !line.is_empty() {
            return Ok(line);
        }
    }
    Err(NoLine::Ended)
}

fn repeat<T>(
    terminal: &mut Terminal,
    until: Deadline,
    prompt: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T, NoLine> {
    for _ in 0..ATTEMPTS {
        terminal.say(&format!("{prompt}: "))?;
        match read(terminal.line(until)?.trim()) {
            Ok(value) => return Ok(value),
            Err(why) => terminal.say(&format!("  {}\n", escaped(&why)))?,
        }
    }
    Err(NoLine::Ended)
}
