//! The operator's dialogue on a real terminal: a pty with the person's hands at the other end.

use std::fs::File;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use assay_model::{
    Deadline, Direction, EvidenceKind, Touch,
    touch::operator::{Answer, Given, Question},
};

use super::*;
use crate::doubles::{MemoryRecorder, pty};

/// What the terminal was told to show.
#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Screen {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("lock")).into_owned()
    }

    /// Waits until the screen shows `text`, as a person would before typing.
    async fn shows(&self, text: &str) {
        while !self.text().contains(text) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

struct Bench {
    hands: File,
    screen: Screen,
    kept: Arc<MemoryRecorder>,
    operator: TerminalOperator,
}

fn bench() -> Bench {
    let (hands, path) = pty();
    let input = File::options().read(true).write(true).open(path).expect("opens");
    let screen = Screen::default();
    let (kept, recorder) = MemoryRecorder::new();
    let terminal = Terminal::new(input.into(), screen.clone());
    let terminal = Arc::new(tokio::sync::Mutex::new(terminal));
    Bench { hands, screen, kept, operator: TerminalOperator::new(Some(terminal), "op-1".into(), recorder) }
}

fn question(answers: &[&str]) -> Question {
    Question {
        unit: "5.6-4-1 a".into(),
        sample: "s1".into(),
        text: "Look at the board: is there a debug header?".into(),
        answers: answers.iter().map(|a| (*a).to_owned()).collect(),
        secret: false,
        evidence: Vec::new(),
        evidence_for_pass: true,
    }
}

/// Asks, and types each line once the screen shows what it answers.
async fn asked(bench: &mut Bench, question: Question, typing: &[(&str, &str)]) -> Answer {
    let operator = bench.operator.clone();
    let asking = tokio::spawn(async move { operator.call(question, Deadline::after(Duration::from_secs(20))).await });
    for (prompt, line) in typing {
        bench.screen.shows(prompt).await;
        writeln!(bench.hands, "{line}").expect("typed");
    }
    asking.await.expect("task").expect("no fault")
}

fn given(answer: &Answer) -> &Given {
    match answer {
        Answer::Given(given) => given,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_chosen_by_word_or_number_and_never_by_default() {
    let mut bench = bench();
    let all = ["pass", "fail", "cannot-tell"];
    let answer =
        asked(&mut bench, question(&all), &[("answer: ", ""), ("or its number", "4"), ("answer: ", "PASS")]).await;
    assert_eq!((given(&answer).answer.as_str(), given(&answer).operator.as_str()), ("pass", "op-1"));
    assert!(bench.screen.text().contains("  2) fail\n"), "{}", bench.screen.text());

    bench.screen.0.lock().expect("lock").clear();
    let typing = [("answer: ", "2"), ("reason: ", ""), ("needs a reason", "a header is fitted")];
    let answer = asked(&mut bench, question(&all), &typing).await;
    assert_eq!((given(&answer).answer.as_str(), given(&answer).reason.as_str()), ("fail", "a header is fitted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_value_is_not_echoed_and_echo_comes_back() {
    let mut bench = bench();
    let secret = Question { secret: true, ..question(&["value", "cannot-tell"]) };
    let answer = asked(&mut bench, secret, &[("answer: ", "value"), ("(not shown): ", " k7-Pass word ")]).await;
    assert_eq!(given(&answer).value.as_deref(), Some(" k7-Pass word "), "spaces belong to it");
    assert!(!bench.screen.text().contains("k7-"));

    bench.screen.0.lock().expect("lock").clear();
    let answer = asked(&mut bench, question(&["done"]), &[("answer: ", "done")]).await;
    assert_eq!(given(&answer).answer, "done");
    let mut echoed = [0; 1024];
    let n = bench.hands.read(&mut echoed).expect("read");
    let echoed = String::from_utf8_lossy(&echoed[..n]).into_owned();
    assert!(echoed.contains("value") && echoed.contains("done") && !echoed.contains("k7-"), "{echoed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn required_attachments_become_evidence() {
    let mut bench = bench();
    let folder = tempfile::tempdir().expect("folder");
    let photo = folder.path().join("board.jpg");
    let bytes: Vec<u8> = (0..200_000u32).map(|i| (i % 253) as u8).collect();
    std::fs::write(&photo, &bytes).expect("written");
    let asks = Question { evidence: vec!["photo".into(), "text".into()], ..question(&["pass", "cannot-tell"]) };
    let path = photo.display().to_string();
    let typing = [
        ("answer: ", "pass"),
        ("path of the photo", "/nonexistent.jpg"),
        ("cannot be read", &path),
        ("text (`-`", "no header, pads covered"),
    ];
    let answer = asked(&mut bench, asks, &typing).await;
    assert_eq!(given(&answer).evidence, [format!("E-0001 {path}"), "E-0002 terminal".to_owned()]);
    let kept = bench.kept.streams();
    let kinds: Vec<_> = kept.iter().map(|k| k.meta.as_ref().expect("meta").kind).collect();
    assert_eq!(kinds, [EvidenceKind::Image, EvidenceKind::Statement]);
    assert!(kept[0].complete && kept[0].bytes(Direction::In) == bytes);
    assert_eq!(kept[1].bytes(Direction::In), b"no header, pads covered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_without_its_photo_is_no_pass() {
    let mut bench = bench();
    let asks = Question { evidence: vec!["photo".into()], ..question(&["pass", "fail", "cannot-tell"]) };
    let answer = asked(&mut bench, asks, &[("answer: ", "pass"), ("path of the photo", "-")]).await;
    assert_eq!(given(&answer).answer, "cannot-tell");
    assert_eq!(given(&answer).reason, "answered pass, but the required photo is missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fail_is_attached_too_and_a_pass_only_where_the_plan_says_so() {
    let mut bench = bench();
    let asks = |for_pass| Question {
        evidence: vec!["text".into()],
        evidence_for_pass: for_pass,
        ..question(&["pass", "fail", "cannot-tell"])
    };
    let typing = [("answer: ", "fail"), ("reason: ", "pads are open"), ("text (`-`", "J4 has 3.3 V")];
    let answer = asked(&mut bench, asks(false), &typing).await;
    assert_eq!((given(&answer).answer.as_str(), given(&answer).evidence.len()), ("fail", 1));
    let typing = [("answer: ", "fail"), ("reason: ", "pads are open"), ("text (`-`", "-")];
    let answer = asked(&mut bench, asks(false), &typing).await;
    assert_eq!(given(&answer).answer, "cannot-tell");
    assert_eq!(given(&answer).reason, "answered fail, but the required text is missing: pads are open");
    let answer = asked(&mut bench, asks(false), &[("answer: ", "pass"), ("text (`-`", "-")]).await;
    assert_eq!(given(&answer).answer, "pass");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_nobody_answers_and_nothing_hangs() {
    let (_, recorder) = MemoryRecorder::new();
    let nobody = TerminalOperator::new(None, "op-1".into(), recorder);
    let answer = nobody.call(question(&["pass"]), Deadline::after(Duration::from_secs(20))).await.expect("no fault");
    assert!(matches!(answer, Answer::Nobody { text } if text.contains("no terminal")));

    let mut gone = bench();
    drop(std::mem::replace(&mut gone.hands, File::open("/dev/null").expect("opens")));
    let answer = gone.operator.call(question(&["pass"]), Deadline::after(Duration::from_secs(20))).await;
    assert!(matches!(answer.expect("no fault"), Answer::Nobody { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_ends_at_its_deadline_and_a_withdrawn_one_frees_the_terminal() {
    let mut bench = bench();
    let late = bench.operator.call(question(&["pass"]), Deadline::after(Duration::from_millis(50))).await;
    assert_eq!(late, Ok(Answer::TimedOut));
    let withdrawn = bench.operator.call(question(&["pass"]), Deadline::after(Duration::from_secs(3600)));
    assert!(tokio::time::timeout(Duration::from_millis(50), withdrawn).await.is_err());
    writeln!(bench.hands, "typed for an old question").expect("typed");
    bench.screen.0.lock().expect("lock").clear();
    let answer = asked(&mut bench, question(&["pass", "fail"]), &[("answer: ", "pass")]).await;
    assert_eq!(given(&answer).answer, "pass");
    assert!(!bench.screen.text().contains("or its number"), "what was typed before it is no answer to it");
}

#[tokio::test(flavor = "multi_thread")]
async fn text_of_a_dut_cannot_drive_the_terminal() {
    let mut bench = bench();
    let hostile = Question { text: "The DUT says \u{1b}[2J\u{1b}]0;owned\u{7}".into(), ..question(&["done"]) };
    asked(&mut bench, hostile, &[("answer: ", "1")]).await;
    assert!(!bench.screen.text().contains('\u{1b}') && bench.screen.text().contains("\\u{1b}[2J"));
}
