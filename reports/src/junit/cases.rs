//! Results as test suites: one per test group or requirement, a test case per unit and sample.

use std::collections::HashMap;
use std::fmt::Write as _;

use assay_model::results::{EvidenceItem, Results, SampleResult};
use assay_model::{Reason, ReasonClass, Verdict};
use junit_report::{Duration, OffsetDateTime, Report, TestCase, TestResult, TestSuite};
use time::format_description::well_known::Rfc3339;

use super::text::{attribute, body};
use super::xml::{self, Property};
use crate::ReportError;
use crate::entry::{Entry, EvidenceIndex, Scope, catalogue, group};
use crate::law::{NO_ADVICE, editions};

/// Which readers it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// All of them.
    Default,
    /// Those that take properties on cases.
    Rich,
}

/// Renders junit.xml.
pub(crate) fn render(results: &Results, dialect: Dialect) -> Result<Vec<u8>, ReportError> {
    let evidence = EvidenceIndex::of(results);
    let mut suites: Vec<(TestSuite, Vec<Vec<Property>>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for entry in Entry::all(results) {
        let (package, name) = (catalogue(entry.unit), group(entry.unit));
        let name = attribute(&format!("{package} {name}"));
        let place = *places.entry(name).or_insert_with_key(|name| {
            let mut suite = TestSuite::new(name);
            suite.package = package;
            suite.hostname = attribute(if results.bench.is_empty() { "none" } else { &results.bench });
            suite.timestamp = timestamp(&results.started);
            suites.push((suite, Vec::new()));
            suites.len() - 1
        });
        let (suite, of_cases) = &mut suites[place];
        suite.add_testcase(case(results, &entry, &evidence.of_entry(&entry)));
        of_cases.push(if dialect == Dialect::Rich { case_properties(results, &entry) } else { Vec::new() });
    }
    let (suites, of_cases): (Vec<_>, Vec<_>) = suites.into_iter().unzip();
    let mut report = Report::new();
    report.add_testsuites(suites);
    let mut raw = Vec::new();
    report.write_xml(&mut raw).map_err(|e| ReportError::Junit(e.to_string()))?;
    let of_cases: Vec<Vec<Property>> = of_cases.into_iter().flatten().collect();
    xml::finish(&raw, &properties(results), &of_cases).map_err(ReportError::Junit)
}

fn case(results: &Results, entry: &Entry<'_>, evidence: &[&EvidenceItem]) -> TestCase {
    let suffix = match entry.scope {
        Scope::Sample(name) => format!(" [sample={name}]"),
        Scope::All => format!(" [samples={}]", entry.samples(results)),
        Scope::Unit => String::new(),
    };
    let name = attribute(&format!("{} {}", entry.id, entry.unit.title)) + &attribute(&suffix);
    let millis = entry.result.map_or(0, |r| i64::try_from(r.duration_ms).unwrap_or(i64::MAX));
    let mut case = TestCase::success(&name, Duration::milliseconds(millis));
    let place: String =
        group(entry.unit).chars().map(|c| if c == '.' || c.is_whitespace() { '_' } else { c }).collect();
    case.set_classname(&attribute(&format!("{}.{place}", catalogue(entry.unit))));
    case.result = outcome(results, entry, evidence);
    let attachments = attachments(evidence);
    if !attachments.is_empty() {
        case.set_system_out(&format!("\n{attachments}\n"));
    }
    case
}

/// The mapping: FAIL is a failure, what says nothing about the DUT is an error, and skipped means "need not hold".
fn outcome(results: &Results, entry: &Entry<'_>, evidence: &[&EvidenceItem]) -> TestResult {
    let verdict = entry.verdict;
    let message = attribute(&format!("{verdict}: {}", said(entry)));
    let cause = Some(body(&details(results, entry, evidence)));
    let type_ = format!("verdict.{}", verdict.word().to_lowercase().replace('_', "-"));
    match verdict {
        Verdict::Pass => TestResult::Success,
        Verdict::Fail => match entry.waiver() {
            Some(w) => TestResult::SkippedWithCause {
                type_: "waived".into(),
                message: attribute(&format!("FAIL waived by {} until {}: {}", w.id, w.expires, w.reason)),
                cause,
            },
            None => TestResult::Failure { type_, message, cause },
        },
        Verdict::NotApplicable => TestResult::SkippedWithCause { type_, message, cause },
        Verdict::NotRun if deselected(entry) => TestResult::SkippedWithCause { type_, message, cause },
        Verdict::Inconclusive | Verdict::Error | Verdict::NotRun => TestResult::Error { type_, message, cause },
    }
}

fn said<'a>(entry: &Entry<'a>) -> &'a str {
    match entry.reason() {
        "" => "no reason was recorded",
        text => text,
    }
}

fn deselected(entry: &Entry<'_>) -> bool {
    let reasons = entry.result.map_or(&[][..], |r| &r.reasons);
    reasons.iter().any(|r| r.class == ReasonClass::Selection && r.code == "deselected")
}

/// Reasons, expectations that did not hold, evidence with digests, and which pack this is.
fn details(results: &Results, entry: &Entry<'_>, evidence: &[&EvidenceItem]) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{} on {}: {}", entry.id, place(results, entry), entry.verdict);
    let _ = writeln!(out, "question: {}", entry.unit.question);
    if let Some(result) = entry.result {
        result.reasons.iter().for_each(|r| reason(&mut out, r));
        expectations(&mut out, result);
    }
    if let Some(o) = &entry.unit.overridden {
        let _ = writeln!(out, "overridden: {} to {} by {} at {}: {}", o.old, o.new, o.authority, o.time, o.remark);
    }
    for file in evidence.iter().flat_map(|e| &e.files) {
        let _ = writeln!(out, "evidence: {} sha256:{}", file.path, file.sha256);
    }
    let _ = writeln!(out, "run: {}", results.run_id);
    out
}

fn place(results: &Results, entry: &Entry<'_>) -> String {
    match entry.samples(results) {
        none if none.is_empty() => "no sample".into(),
        names => names,
    }
}

fn reason(out: &mut String, reason: &Reason) {
    let class = format!("{:?}", reason.class).to_lowercase();
    let _ = writeln!(out, "reason: {class}/{}: {}", reason.code, reason.text);
}

fn expectations(out: &mut String, result: &SampleResult) {
    for e in result.expectations.iter().filter(|e| e.result != Some(true)) {
        let _ = writeln!(out, "expected: {}", e.that);
        if let Some(show) = &e.show {
            let _ = writeln!(out, "observed: {show}");
        }
        if let Some(why) = e.why.iter().chain(&e.error).next() {
            let _ = writeln!(out, "why: {why}");
        }
    }
}

/// `[[ATTACHMENT|path]]` alone on a line, from the pack's root; none for paths that break the path rule of packs.
fn attachments(evidence: &[&EvidenceItem]) -> String {
    let files = evidence.iter().flat_map(|e| &e.files);
    let lines = files.filter(|f| crate::pack::path_problem(&f.path).is_none());
    lines.take(50).map(|f| format!("[[ATTACHMENT|{}]]", f.path)).collect::<Vec<_>>().join("\n")
}

/// What a reader can sort and link by.
fn case_properties(results: &Results, entry: &Entry<'_>) -> Vec<Property> {
    let reasons = entry.result.map_or(&[][..], |r| &r.reasons);
    let code = reasons.first().map(|r| format!("{}/{}", format!("{:?}", r.class).to_lowercase(), r.code));
    let refs: Vec<&str> = reasons.iter().flat_map(|r| &r.refs).map(String::as_str).collect();
    let all = [
        ("verdict", entry.verdict.word().to_owned()),
        ("unit", entry.id.to_owned()),
        ("samples", entry.samples(results)),
        ("provision", entry.unit.provision.clone()),
        ("test_case", entry.unit.case.clone()),
        ("method", entry.unit.class.clone()),
        ("attempts", entry.result.map(|r| r.attempts.to_string()).unwrap_or_default()),
        ("reason", code.unwrap_or_default()),
        ("evidence", refs.join(" ")),
        ("waiver", entry.waiver().map(|w| w.id.clone()).unwrap_or_default()),
        ("operator", entry.result.and_then(|r| r.manual.as_ref()).map(|m| m.operator.clone()).unwrap_or_default()),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| Property::new(name, &value)).collect()
}

fn properties(results: &Results) -> Vec<Property> {
    let mut list = vec![
        Property::new("run_id", &results.run_id),
        Property::new("tool", &format!("{} {}", results.tool.name, results.tool.version)),
        Property::new("product_verdict", results.conformance().word()),
        Property::new("partial", if results.partial { "true" } else { "false" }),
        Property::new("inputs_sha256", &results.inputs_sha256),
        Property::new("journal_head", &results.journal_head),
    ];
    for plan in &results.plans {
        list.push(Property::new("plan", &plan.plan));
        list.push(Property::new("plan_sha256", &plan.sha256));
    }
    for (id, (_, edition)) in editions(results) {
        list.push(Property::new("edition", &format!("{id}: {edition}")));
    }
    list.push(Property::new("note", NO_ADVICE));
    list
}

/// 1970 for a time that cannot be read: a report never fails on a clock.
fn timestamp(text: &str) -> OffsetDateTime {
    let parsed = OffsetDateTime::parse(text, &Rfc3339).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let utc = parsed.checked_to_offset(time::UtcOffset::UTC).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    if (1970..=9999).contains(&utc.year()) { utc } else { OffsetDateTime::UNIX_EPOCH }
}
