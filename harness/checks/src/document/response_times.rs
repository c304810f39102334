//! # `document.response_times`
//! **Question.** Does a policy say when a report is acknowledged, and when status updates follow?
//! **Evidence for.** PSTI Schedule 1 paragraph 2; EN 303 645 V2.1.1 provision 5.2-1; ISO/IEC 29147:2018 6.2.5 and 6.5.
//! **Procedure.** Finds durations, and gives each to the words of its sentence that it belongs to: acknowledging,
//! updating, or fixing (which answers neither question).
//! **Observation.** Per question: a time as an ISO 8601 duration, vague words, or nothing; with the sentence.
//! **Effect.** Passive: nothing reaches the DUT.
//! **Does not show.** Whether the maker keeps to it.

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::durations::{self, Found};
use super::language::is_foreign;
use super::page::Page;
use super::source::{Provenance, Source, read};
use super::words::{excerpt, holds, sentences};

pub(crate) struct ResponseTimes;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The page with the policy: URL, file of the dossier, or a literal.
    source: Source,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Where the text came from.
    document: Provenance,
    /// When a report is acknowledged.
    acknowledgement: Time,
    /// When status updates follow until the issue is resolved.
    updates: Time,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    /// A time is stated; of updates: one that comes again, or lasts until the end.
    Stated,
    /// Updates are tied to named points on the way, without times.
    Milestones,
    /// One time only, which says nothing about the updates after it.
    Single,
    /// Words such as `promptly`.
    Vague,
    /// Nothing was found, and the page is in a language whose words this check does not know.
    Foreign,
    /// Nothing is said.
    #[default]
    Absent,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
struct Time {
    /// What is said.
    state: State,
    /// ISO 8601 duration: `P3D`; empty unless a time is stated.
    iso: String,
    /// The same in hours, a working day as a day; 0 unless a time is stated.
    hours: f64,
    /// Counted in working days.
    working_days: bool,
    /// The vague words; empty otherwise.
    vague: String,
    /// The sentence.
    sentence: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Acknowledge,
    Update,
    Fix,
}

const ACKNOWLEDGE: [&str; 22] = [
    "acknowledge",
    "acknowledges",
    "acknowledged",
    "acknowledgement",
    "acknowledgment",
    "confirm receipt",
    "confirmation",
    "confirm that we",
    "confirm we",
    "receipt of",
    "respond",
    "responds",
    "response",
    "reply",
    "replies",
    "get back to you",
    "hear from us",
    "contact you",
    "answer your report",
    "answer you",
    "we answer",
    "in touch",
];
const UPDATE: [&str; 14] = [
    "status update",
    "status updates",
    "progress update",
    "progress updates",
    "progress report",
    "progress",
    "update you",
    "updates",
    "updated",
    "keep you informed",
    "keep you posted",
    "informed about",
    "status of",
    "an update",
];
/// Updates of something else than the reporter.
const NOT_UPDATE: [&str; 12] = [
    "security update",
    "security updates",
    "software update",
    "software updates",
    "firmware update",
    "firmware updates",
    "last updated",
    "automatic updates",
    "page updated",
    "policy updated",
    "updated firmware",
    "updated software",
];
const FIX: [&str; 18] = [
    "fix",
    "fixes",
    "fixed",
    "patch",
    "resolve it",
    "resolve the",
    "remediate",
    "remediation",
    "publish",
    "publication",
    "disclose",
    "disclosure",
    "embargo",
    "release",
    "validate",
    "triage",
    "assess",
    "mitigate",
];
const VAGUE: [&str; 22] = [
    "promptly",
    "as soon as possible",
    "as soon as we can",
    "as quickly as possible",
    "asap",
    "quickly",
    "in due course",
    "shortly",
    "without undue delay",
    "without delay",
    "timely",
    "regularly",
    "regular",
    "periodically",
    "periodic",
    "from time to time",
    "reasonable time",
    "reasonable period",
    "soon",
    "where appropriate",
    "when possible",
    "as appropriate",
];
const MILESTONES: [&str; 12] = [
    "when we confirm",
    "once we confirm",
    "once confirmed",
    "when confirmed",
    "when a fix",
    "once a fix",
    "when the fix",
    "when we start",
    "at each step",
    "at every step",
    "at each stage",
    "when it is published",
];
/// What makes one time a repeated one.
const UNTIL: [&str; 8] =
    ["until", "till", "each time", "throughout", "thereafter", "no less than", "at intervals", "interval"];

#[async_trait]
impl TypedCheck for ResponseTimes {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "document.response_times";
    const QUESTION: &'static str = "Does a policy say when a report is acknowledged, and when status updates follow?";
    const EVIDENCE_FOR: &'static str = "PSTI Sch. 1 para. 2; EN 303 645 V2.1.1 5.2-1; ISO/IEC 29147:2018 6.2.5, 6.5";
    const DOES_NOT_SHOW: &'static str = "whether the maker keeps to it";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &["documents"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let reading = read(cx, &p.source).await?;
        let (mut acknowledgement, mut updates) =
            if reading.speaks() { times(&reading.page) } else { Default::default() };
        if reading.speaks() && is_foreign(&reading.page) {
            for time in [&mut acknowledgement, &mut updates].into_iter().filter(|t| t.state == State::Absent) {
                time.state = State::Foreign;
            }
        }
        Ok(Observation { document: reading.provenance, acknowledgement, updates })
    }
}

fn times(page: &Page) -> (Time, Time) {
    let mut best = (Time::default(), Time::default());
    for block in page.blocks.iter().filter(|b| b.heading == 0) {
        for sentence in sentences(&block.text) {
            // A cell or a definition says its subject in its label, a short line under a heading in the heading.
            let mut whole = sentence.to_lowercase();
            for title in [&block.label, &block.column, &block.section] {
                if subjects(&whole).is_empty() {
                    whole = format!("{}: {}", title.to_lowercase(), sentence.to_lowercase());
                }
            }
            let (acknowledgement, updates) = of_sentence(&whole, sentence);
            better(&mut best.0, acknowledgement);
            better(&mut best.1, updates);
        }
    }
    best
}

/// The more definite of two; of equals, the first on the page.
fn better(best: &mut Time, other: Time) {
    let rank = |t: &Time| match t.state {
        State::Stated => 4,
        State::Milestones => 3,
        State::Single => 2,
        State::Vague => 1,
        State::Absent | State::Foreign => 0,
    };
    if rank(&other) > rank(best) {
        *best = other;
    }
}

/// Where each subject is named, in order.
fn subjects(sentence: &str) -> Vec<(usize, Subject)> {
    let blanked =
        NOT_UPDATE.iter().fold(sentence.to_owned(), |text, other| text.replace(other, &" ".repeat(other.len())));
    let lists: [(&[&str], Subject); 3] =
        [(&ACKNOWLEDGE, Subject::Acknowledge), (&UPDATE, Subject::Update), (&FIX, Subject::Fix)];
    let mut found: Vec<(usize, Subject)> = Vec::new();
    for (words, subject) in lists {
        for word in words {
            let hits = blanked.match_indices(word).filter(|(at, _)| is_whole(&blanked, *at, word));
            found.extend(hits.map(|(at, _)| (at, subject)));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    found
}

fn is_whole(text: &str, at: usize, word: &str) -> bool {
    let open = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    open(text[..at].chars().next_back()) && open(text[at + word.len()..].chars().next())
}

/// What one sentence, in lower case, says on both questions. `shown` is the sentence as written.
fn of_sentence(sentence: &str, shown: &str) -> (Time, Time) {
    let subjects = subjects(sentence);
    let mut out = (Time::default(), Time::default());
    for duration in durations::find(sentence) {
        let time = |state| Time {
            state,
            iso: duration.iso.clone(),
            hours: duration.hours,
            working_days: duration.working,
            vague: String::new(),
            sentence: excerpt(shown),
        };
        match subject_of(&duration, &subjects) {
            Some(Subject::Acknowledge) => better(&mut out.0, time(State::Stated)),
            Some(Subject::Update) => {
                let again = duration.repeating || UNTIL.iter().any(|w| holds(sentence, w));
                better(&mut out.1, time(if again { State::Stated } else { State::Single }));
            }
            Some(Subject::Fix) | None => {}
        }
    }
    let named = |subject| subjects.iter().any(|(_, s)| *s == subject);
    let vague = VAGUE.iter().filter(|w| holds(sentence, w)).max_by_key(|w| w.len());
    let vague =
        vague.map(|w| Time { state: State::Vague, vague: (*w).into(), sentence: excerpt(shown), ..Time::default() });
    if let Some(vague) = vague {
        if named(Subject::Acknowledge) {
            better(&mut out.0, vague.clone());
        }
        if named(Subject::Update) {
            better(&mut out.1, vague);
        }
    }
    if named(Subject::Update) && MILESTONES.iter().filter(|w| sentence.contains(**w)).count() > 0 {
        better(&mut out.1, Time { state: State::Milestones, sentence: excerpt(shown), ..Time::default() });
    }
    out
}

/// An interval belongs to updates where the sentence names them; any other duration to what was named last before it, or
/// else to what comes first after it.
fn subject_of(duration: &Found, subjects: &[(usize, Subject)]) -> Option<Subject> {
    if duration.repeating && subjects.iter().any(|(_, s)| *s == Subject::Update) {
        return Some(Subject::Update);
    }
    let before = subjects.iter().rev().find(|(at, _)| *at < duration.at.start);
    before.or_else(|| subjects.iter().find(|(at, _)| *at >= duration.at.start)).map(|(_, s)| *s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::fake::Site;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const NAME: &str = "document.response_times";

    fn policy() -> Value {
        json!({"source": "http://maker.test:8088/security"})
    }

    #[tokio::test]
    async fn a_good_policy_states_both_times() {
        let seen = Site::of("good").ask(NAME, policy()).await;
        assert_eq!(seen["acknowledgement"]["iso"], "P3D");
        assert_eq!(seen["acknowledgement"]["working_days"], true);
        assert_eq!((&seen["updates"]["state"], &seen["updates"]["iso"]), (&json!("stated"), &json!("P14D")));
    }

    #[tokio::test]
    async fn pages_that_leave_one_out_and_dead_sources_do_not_state_it() {
        for (variant, acknowledgement, updates) in [
            ("no-acknowledgement-time", "absent", "stated"),
            ("no-status-updates", "stated", "absent"),
            ("no-policy-page", "absent", "absent"),
            ("policy-behind-login", "absent", "absent"),
            ("policy-asks-email", "absent", "absent"),
            ("policy-pdf-paywalled", "absent", "absent"),
            ("policy-in-french", "foreign", "foreign"),
            ("dead", "absent", "absent"),
            ("garbage", "absent", "absent"),
        ] {
            let seen = Site::of(variant).ask(NAME, policy()).await;
            assert_eq!(
                (&seen["acknowledgement"]["state"], &seen["updates"]["state"]),
                (&json!(acknowledgement), &json!(updates)),
                "{variant}"
            );
        }
    }

    #[test]
    fn each_time_goes_to_what_it_is_about() {
        use State::{Absent, Milestones, Single, Stated, Vague};
        for (text, acknowledgement, ack_iso, updates, update_iso) in [
            (
                "We acknowledge your report within 3 working days and send updates every 14 days.",
                Stated,
                "P3D",
                Stated,
                "P14D",
            ),
            (
                "Within 24 hours you will hear from us; every week we update you on progress.",
                Stated,
                "PT24H",
                Stated,
                "P1W",
            ),
            ("You will receive a response within five business days.", Stated, "P5D", Absent, ""),
            ("We fix critical issues within 30 days.", Absent, "", Absent, ""),
            ("We acknowledge reports promptly and keep you informed regularly.", Vague, "", Vague, ""),
            ("We will update you within 10 days.", Absent, "", Single, "P10D"),
            ("We give a status update after 10 days and then until it is resolved.", Absent, "", Stated, "P10D"),
            ("Security updates are released every month.", Absent, "", Absent, ""),
            ("We send an update when we confirm the issue and when a fix is ready.", Absent, "", Milestones, ""),
            ("We aim to reply in 24-48 hours.", Stated, "PT48H", Absent, ""),
            ("This page was last updated 3 days ago.", Absent, "", Absent, ""),
        ] {
            let (a, u) = times(&Page::of_text(text));
            assert_eq!(
                (a.state, a.iso.as_str(), u.state, u.iso.as_str()),
                (acknowledgement, ack_iso, updates, update_iso),
                "{text}"
            );
        }
        let table = "<table><tr><th>Step<th>Time</tr><tr><td>Acknowledgement<td>2 working days</tr><tr><td>Status updates<td>every 2 weeks</tr></table>";
        let (a, u) = times(&Page::of_html(table));
        assert_eq!((a.iso.as_str(), u.iso.as_str()), ("P2D", "P2W"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in r"(acknowledge |update you |security updates |every |[0-9]{1,3} days |é|\. |fix ){0,16}") {
            let _ = times(&Page::of_text(&text));
        }
    }
}
