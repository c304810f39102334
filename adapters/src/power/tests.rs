//! Switches against a relay that is a script, and an operator who is one.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use assay_model::{
    Blame, Deadline, Fault, Touch,
    touch::operator::{Answer, Given, Operator, Question},
    touch::power::{PowerRequest, PowerResponse},
};
use async_trait::async_trait;

use super::*;

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

/// A relay that writes each turn into `turns` and its state into `state-N`.
fn relay(folder: &Path, script: &str) -> PowerSwitch {
    let path = folder.join("relay");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("executable");
    let argv = vec![path.display().to_string(), "3; touch shell-was-here".to_owned()];
    PowerSwitch::new(CommandSwitch::new(argv, folder.to_owned()))
}

const GOOD: &str = r#"case "$2" in state) cat now;; *) echo "$2" >> turns; echo "$2" > now;; esac"#;

#[tokio::test]
async fn a_relay_is_turned_and_read_back_without_a_shell() {
    let folder = tempfile::tempdir().expect("folder");
    let power = relay(folder.path(), GOOD);
    let is = |on| Ok(PowerResponse::Is { on: Some(on) });
    assert_eq!(power.call(PowerRequest::On, soon()).await, is(true));
    assert_eq!(power.call(PowerRequest::Off, soon()).await, is(false));
    assert_eq!(power.call(PowerRequest::State, soon()).await, is(false));
    assert_eq!(power.call(PowerRequest::Cycle { off_ms: 5 }, soon()).await, is(true));
    let turns = std::fs::read_to_string(folder.path().join("turns")).expect("turns");
    assert_eq!(turns, "on\noff\noff\non\n");
    assert!(!folder.path().join("shell-was-here").exists());
}

#[tokio::test]
async fn a_cycle_is_finished_even_if_nobody_waits_for_it() {
    let folder = tempfile::tempdir().expect("folder");
    let power = relay(folder.path(), GOOD);
    let cancelled =
        tokio::time::timeout(Duration::from_millis(20), power.call(PowerRequest::Cycle { off_ms: 100 }, soon()));
    assert!(cancelled.await.is_err());
    // Waits for its turn behind the cycle.
    assert_eq!(power.call(PowerRequest::State, soon()).await, Ok(PowerResponse::Is { on: Some(true) }));
}

#[tokio::test]
async fn a_relay_that_fails_hangs_floods_or_is_not_there_is_the_labs_trouble() {
    let folder = tempfile::tempdir().expect("folder");
    let fails = relay(folder.path(), "echo 'no relay 3' >&2; exit 7").call(PowerRequest::On, soon()).await;
    let fails = fails.expect_err("failed");
    assert!(fails.blame == Blame::Bench && fails.text.contains("exit status: 7: no relay 3"), "{fails:?}");

    let until = Deadline::after(Duration::from_millis(200));
    let hangs = relay(folder.path(), "exec sleep 60").call(PowerRequest::On, until).await.expect_err("hung");
    assert_eq!(hangs.blame, Blame::Timeout);

    let floods = relay(folder.path(), "yes | head -c 5000000; exit 1").call(PowerRequest::On, soon()).await;
    assert!(floods.expect_err("failed").text.len() < 20_000);

    let none = CommandSwitch::new(vec!["/nonexistent/relay".into()], folder.path().to_owned());
    let none = PowerSwitch::new(none).call(PowerRequest::On, soon()).await.expect_err("not there");
    assert!(none.code == "power-command" && !none.help.is_empty(), "{none:?}");
}

#[tokio::test]
async fn a_relay_without_a_state_says_unknown_not_on() {
    let folder = tempfile::tempdir().expect("folder");
    let power = relay(folder.path(), r#"test "$2" != state"#);
    assert_eq!(power.call(PowerRequest::On, soon()).await, Ok(PowerResponse::Is { on: None }));
}

struct Person {
    answer: Answer,
    asked: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl Touch<Operator> for Person {
    async fn call(&self, question: Question, _: Deadline) -> Result<Answer, Fault> {
        self.asked.lock().expect("lock").push(question.text);
        Ok(self.answer.clone())
    }
}

#[tokio::test]
async fn a_person_turns_it_or_says_why_not() {
    let asked = Arc::default();
    let given = |answer: &str, reason: &str| {
        Answer::Given(Given {
            answer: answer.into(),
            value: None,
            reason: reason.into(),
            evidence: Vec::new(),
            operator: "op-1".into(),
            source: "terminal".into(),
            signed: None,
            dated: None,
        })
    };
    let by = |answer| {
        let person = Person { answer, asked: Arc::clone(&asked) };
        PowerSwitch::new(ByHand::new(Arc::new(person), "s1", "socket 3"))
    };
    let done = by(given("done", "")).call(PowerRequest::Off, soon()).await;
    assert_eq!(done, Ok(PowerResponse::Is { on: None }));
    let stopped = by(given("stop", "the switch is stuck")).call(PowerRequest::On, soon()).await.expect_err("stopped");
    assert!(stopped.text.ends_with("the switch is stuck"), "{stopped:?}");
    let nobody = by(Answer::Nobody { text: "no terminal".into() }).call(PowerRequest::On, soon()).await;
    assert_eq!(nobody.expect_err("nobody").code, "power-by-hand");
    assert_eq!(asked.lock().expect("lock")[0], "Turn the power of s1 off: socket 3.");
}
