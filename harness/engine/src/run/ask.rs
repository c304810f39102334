//! Questions to a person: an answers file first, then the terminal, else the unit is not run. Never a hang.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_model::journal::kind;
use assay_model::touch::operator::{Answer, Given, Question};
use assay_model::{Deadline, Direction, EvidenceKind, Recorder, StreamMeta};
use serde_json::{Map, Value, json};

use super::attempt::{Log, RunCx, Sample};
use super::event::RunEvent;
use super::evidence::StepRecorder;
use super::step::{Site, StepEnd, about};
use super::template::fill;
use crate::expr::Scope;
use crate::journal::Entry;
use crate::plan::{Answered, Answers, Ask, Step};

/// `source` of an answer that was typed.
const TERMINAL: &str = "terminal";
/// Longest attachment.
const LARGEST_ATTACHMENT_BYTES: u64 = 256 << 20;

/// Asks, and records question and answer.
pub(super) async fn run_ask(
    cx: &Arc<RunCx>,
    log: &Log,
    site: &Site,
    (step, ask): (&Step, &Ask),
    scope: &Scope,
    sample: Option<&Arc<Sample>>,
    until: Deadline,
) -> StepEnd {
    let about = about(log, step, sample.map(AsRef::as_ref));
    let unit = about.unit.clone().unwrap_or_default();
    let at = about.sample.clone().unwrap_or_else(|| "*".into());
    let text = match fill(&ask.text, scope) {
        Ok(Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(error) => {
            let fault = assay_model::Fault::plan("not-evaluated", format!("the question: {error}"));
            log.put(kind::INFRA_FAULT, about, site.data(step, json!({"fault": fault})));
            return StepEnd::Faulted(fault);
        }
    };
    let question = Question {
        unit: unit.clone(),
        sample: at.clone(),
        text: text.clone(),
        answers: ask.answers.clone(),
        secret: ask.secret,
        evidence: ask.evidence.clone(),
        evidence_for_pass: ask.evidence_for_pass,
    };
    let shown = json!({"text": text, "offered": ask.answers, "evidence": ask.evidence});
    log.put(kind::STEP_START, about.clone(), site.data(step, json!({"params": shown})));
    log.put(kind::PROMPT_SHOWN, about.clone(), site.data(step, shown));

    let recorder = StepRecorder::new(cx.store.clone(), about.clone());
    let from_file = cx.answers.as_ref().and_then(|file| find(file, &unit, &at, step).map(|found| (file, found)));
    let answer = match from_file {
        Some((file, found)) => attach(file, found, &recorder),
        None => terminal(cx, question, sample, step.deadline.map_or(until, |own| until.capped(own))).await,
    };
    let given = match answer {
        Ok(Answer::Given(given)) => identified(given, cx.operator.as_deref()),
        Ok(Answer::Nobody { text }) => return unanswered(log, site, step, about, "nobody", &text),
        Ok(Answer::TimedOut) => {
            return unanswered(log, site, step, about, "timeout", "nobody answered within the time limit");
        }
        Err(AskFailed::Interrupted) => {
            log.put(kind::STEP_START, about, site.data(step, json!({"interrupted": true})));
            return StepEnd::Interrupted;
        }
        Err(AskFailed::Fault(fault)) => {
            log.put(kind::INFRA_FAULT, about, site.data(step, json!({"fault": fault})));
            return StepEnd::Faulted(fault);
        }
    };
    if ask.secret
        && let Some(value) = &given.value
    {
        cx.register(step.name.as_deref().unwrap_or("secret"), value);
    }
    let observation = cx.vault.redact_json(observation(&given));
    let wants_evidence = !ask.evidence.is_empty() && (ask.evidence_for_pass || given.answer != "pass");
    let left = recorder.finish();
    let data = site.data(
        step,
        json!({
            "observation": observation,
            "offered": ask.answers,
            "attachments": given.evidence,
            "lacks_evidence": wants_evidence && given.evidence.is_empty(),
            "evidence": left.evidence,
            "dated": given.dated,
        }),
    );
    log.put_entry(Entry::operator(kind::PROMPT_ANSWERED, &given.operator, about, data));
    cx.sender.settled().await; // an answer outlives a power cut before anything is done on its strength
    if given.answer == "stop" {
        cx.cancel.stop();
        return StepEnd::Stopped;
    }
    StepEnd::Seen(observation)
}

/// Who runs this answers at its terminal; an answers file names its own operator.
fn identified(given: Given, operator: Option<&str>) -> Given {
    match operator {
        Some(operator) if given.source == TERMINAL => Given { operator: operator.to_owned(), ..given },
        _ => given,
    }
}

enum AskFailed {
    Interrupted,
    Fault(assay_model::Fault),
}

/// The answer for a unit, sample and step; a named sample goes before `*`, a named step before none.
fn find<'a>(file: &'a Answers, unit: &str, sample: &str, step: &Step) -> Option<&'a Answered> {
    let fits = |a: &&Answered| {
        a.unit == unit && (a.sample == sample || a.sample == "*") && (a.step.is_none() || a.step == step.name)
    };
    file.answers.iter().filter(fits).max_by_key(|a| (a.sample == sample, a.step.is_some()))
}

async fn terminal(
    cx: &RunCx,
    question: Question,
    sample: Option<&Arc<Sample>>,
    until: Deadline,
) -> Result<Answer, AskFailed> {
    let Some(operator) = sample.map_or(&cx.ways.operator, |s| &s.touches.operator).clone() else {
        let text = "there is no terminal, and the answers file has no answer for this unit";
        return Ok(Answer::Nobody { text: text.into() });
    };
    let shown = RunEvent::Prompt {
        unit: question.unit.clone(),
        sample: question.sample.clone(),
        text: cx.vault.redact_str(&question.text).into_owned(),
    };
    tokio::select! {
        biased;
        () = cx.cancel.cancelled() => Err(AskFailed::Interrupted),
        answer = async {
            let _one_at_a_time = cx.prompt.lock().await;
            cx.tell(shown);
            // Past the recording seam: a secret value must be registered before anything records it.
            operator.call(question, until).await
        } => answer.map_err(AskFailed::Fault),
        () = tokio::time::sleep_until(until.instant().into()) => Ok(Answer::TimedOut),
    }
}

/// An answer of the file, its attachments copied into evidence.
fn attach(file: &Answers, found: &Answered, recorder: &StepRecorder) -> Result<Answer, AskFailed> {
    let mut kept = Vec::new();
    for path in &found.evidence {
        copy(path, recorder).map_err(|error| {
            let text = format!("attachment {} could not be read: {error}", path.display());
            AskFailed::Fault(
                assay_model::Fault::plan("attachment", text).with_help("see `evidence` in the answers file"),
            )
        })?;
        kept.push(path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned()));
    }
    let operator = file.operator.get("id").or_else(|| file.operator.get("name"));
    Ok(Answer::Given(Given {
        answer: found.answer.clone(),
        value: found.value.as_ref().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)),
        reason: found.reason.clone(),
        evidence: kept,
        operator: operator.and_then(Value::as_str).unwrap_or_default().to_owned(),
        source: file.file.path.display().to_string(),
        signed: Some(file.signed.is_some()),
        dated: found.dated.clone(),
    }))
}

fn copy(path: &Path, recorder: &StepRecorder) -> std::io::Result<()> {
    let mut input = File::open(path)?;
    let size = input.metadata()?.len();
    if size > LARGEST_ATTACHMENT_BYTES {
        return Err(std::io::Error::other(format!("it has {size} bytes; at most 256 MiB are kept")));
    }
    let name = path.file_name().map_or_else(|| "attachment.bin".into(), |n| n.to_string_lossy().into_owned());
    let file = if name.contains('.') { name.clone() } else { format!("{name}.bin") };
    let mut stream = recorder.stream(StreamMeta {
        kind: kind_of(path),
        title: format!("attachment {name}"),
        source: path.display().to_string(),
        file,
        settings: Map::new(),
    });
    let mut chunk = vec![0; 1 << 16];
    loop {
        match input.read(&mut chunk)? {
            0 => return Ok(()),
            length => stream.append(Direction::In, &chunk[..length]),
        }
    }
}

fn kind_of(path: &Path) -> EvidenceKind {
    let ending = PathBuf::from(path).extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "png" | "jpg" | "jpeg" | "webp" | "gif" | "heic" => EvidenceKind::Image,
        "txt" | "md" => EvidenceKind::Statement,
        _ => EvidenceKind::Document,
    }
}

fn observation(given: &Given) -> Value {
    let mut value = json!({
        "answer": given.answer,
        "reason": given.reason,
        "operator": given.operator,
        "source": given.source,
    });
    if let Some(text) = &given.value {
        value["value"] = json!(text);
    }
    if let Some(signed) = given.signed {
        value["signed"] = json!(signed);
    }
    value
}

fn unanswered(
    log: &Log,
    site: &Site,
    step: &Step,
    about: assay_model::journal::Ref,
    code: &str,
    text: &str,
) -> StepEnd {
    log.put(kind::PROMPT_TIMEOUT, about, site.data(step, json!({"code": code, "text": text})));
    StepEnd::Unanswered
}
