//! A logon as a person types it: wait for a prompt, answer it, look at what comes.

use std::time::Instant;

use assay_model::Fault;
use async_trait::async_trait;

use super::{Attempt, LimitedBy, words};

/// Says that a text is complete.
pub(super) type Done = fn(&str) -> bool;

/// What arrived, and whether the line is still there.
pub(super) enum Seen {
    Text(String),
    Closed(String),
}

/// A terminal line: telnet or a serial console.
#[async_trait]
pub(super) trait Line: Send {
    /// Sends one line with its end.
    async fn send(&mut self, line: &str) -> Result<(), Fault>;
    /// Reads until `done`, the DUT closes, or it has been quiet for seconds.
    async fn read(&mut self, done: Done) -> Result<Seen, Fault>;
}

/// A prompt of any kind stands at the end.
pub(super) fn prompted(text: &str) -> bool {
    words::LOGIN.is_match(text) || words::PASSWORD.is_match(text) || words::SHELL.is_match(text)
}

fn user_answered(text: &str) -> bool {
    words::PASSWORD.is_match(text) || words::SHELL.is_match(text) || words::LOCKOUT.is_match(text)
}

/// After a password: a prompt again, or words of lockout. Words of refusal alone are not the end: a prompt follows, and
/// what is still under way would confuse the next try.
fn password_answered(text: &str) -> bool {
    prompted(text) || words::LOCKOUT.is_match(text)
}

/// Logs on once, from whatever the line shows now.
pub(super) async fn log_on(line: &mut dyn Line, user: &str, password: &str) -> Result<Attempt, Fault> {
    match line.read(prompted).await? {
        Seen::Closed(text) => return Ok(closed(&text)),
        Seen::Text(text) if words::LOGIN.is_match(&text) => {
            line.send(user).await?;
            match line.read(user_answered).await? {
                Seen::Closed(text) => return Ok(closed(&text)),
                Seen::Text(text) if words::PASSWORD.is_match(&text) => {}
                Seen::Text(text) if words::SHELL.is_match(&text) => return Ok(Attempt::Accepted { token: None }),
                Seen::Text(text) if words::LOCKOUT.is_match(&text) => return Ok(closed(&text)),
                Seen::Text(_) => return Ok(Attempt::Silent),
            }
        }
        Seen::Text(text) if words::PASSWORD.is_match(&text) => {}
        Seen::Text(text) if words::SHELL.is_match(&text) => return Ok(Attempt::Accepted { token: None }),
        Seen::Text(text) if text.trim().is_empty() => return Ok(Attempt::Silent),
        Seen::Text(_) => return Ok(Attempt::Unusable { text: "no login prompt in what it sent".into() }),
    }
    let asked = Instant::now();
    line.send(password).await?;
    let (text, gone) = match line.read(password_answered).await? {
        Seen::Text(text) => (text, false),
        Seen::Closed(text) => (text, true),
    };
    Ok(if words::LOCKOUT.is_match(&text) {
        closed(&text)
    } else if words::REFUSAL.is_match(&text) || words::LOGIN.is_match(&text) || words::PASSWORD.is_match(&text) {
        Attempt::Refused { after_ms: asked.elapsed().as_millis() as u64 }
    } else if words::SHELL.is_match(&text) {
        Attempt::Accepted { token: None }
    } else if gone {
        Attempt::Dropped
    } else {
        Attempt::Silent
    })
}

fn closed(text: &str) -> Attempt {
    if words::LOCKOUT.is_match(text) {
        Attempt::Limited { by: LimitedBy::Message, retry_after_s: words::seconds(text) }
    } else {
        Attempt::Dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    struct Script(VecDeque<Seen>, Vec<String>);

    #[async_trait]
    impl Line for Script {
        async fn send(&mut self, line: &str) -> Result<(), Fault> {
            self.1.push(line.to_owned());
            Ok(())
        }
        async fn read(&mut self, _: Done) -> Result<Seen, Fault> {
            Ok(self.0.pop_front().unwrap_or(Seen::Text(String::new())))
        }
    }

    async fn play(seen: &[&str]) -> (Attempt, Vec<String>) {
        let seen = seen.iter().map(|t| match t.strip_suffix('!') {
            Some(t) => Seen::Closed(t.to_owned()),
            None => Seen::Text((*t).to_owned()),
        });
        let mut script = Script(seen.collect(), Vec::new());
        let ended = log_on(&mut script, "root", "pw").await.unwrap();
        (ended, script.1)
    }

    #[tokio::test]
    async fn logons_end_as_the_words_say() {
        let accepted = Attempt::Accepted { token: None };
        assert_eq!(play(&["cam login: ", "Password: ", "\r\nLast login: Tue\r\n# "]).await.0, accepted);
        assert_eq!(play(&["cam login: ", "# "]).await, (accepted, vec!["root".to_owned()]));
        let (ended, sent) = play(&["Password: ", "Login incorrect\r\nPassword: "]).await;
        assert!(matches!(ended, Attempt::Refused { .. }));
        assert_eq!(sent, ["pw"]);
        let limited = play(&["login: ", "Password: ", "Too many tries, wait 30 s\r\n"]).await.0;
        assert_eq!(limited, Attempt::Limited { by: LimitedBy::Message, retry_after_s: Some(30) });
    }

    #[tokio::test]
    async fn a_dead_line_never_accepts() {
        assert_eq!(play(&[]).await.0, Attempt::Silent);
        assert_eq!(play(&["login: ", "Password: "]).await.0, Attempt::Silent);
        assert_eq!(play(&["!"]).await.0, Attempt::Dropped);
        assert!(matches!(play(&["220 hello"]).await.0, Attempt::Unusable { .. }));
    }
}
