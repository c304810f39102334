//! Logon on the serial console.

use assay_model::{
    CheckContext, Deadline, Fault,
    touch::console::{ConsoleRequest, ConsoleResponse},
};
use async_trait::async_trait;

use super::{
    Attempt,
    dialogue::{self, Done, Line, Seen},
    words,
};

/// What the console shows after a newline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prompt {
    /// It asks for a user.
    Login,
    /// It asks for a password only.
    Password,
    /// A shell, without asking.
    Shell,
    /// Something else.
    Other,
    /// Nothing.
    Nothing,
}

/// Quiet for so long counts as a pause between words, in milliseconds.
const PAUSE_MS: u64 = 150;
/// Pauses without a prompt after which the console counts as silent: six seconds, longer than the usual `login` delay.
const PAUSES: u32 = 40;

struct Terminal<'a> {
    cx: &'a CheckContext,
    until: Deadline,
}

impl Terminal<'_> {
    async fn ask(&self, request: ConsoleRequest) -> Result<ConsoleResponse, Fault> {
        self.cx.touches.console()?.call(request, self.until).await
    }

    async fn look(&mut self, done: Done, pauses: u32) -> Result<String, Fault> {
        let mut text = String::new();
        for _ in 0..pauses {
            if let ConsoleResponse::Text { bytes, .. } = self.ask(ConsoleRequest::Quiet { idle_ms: PAUSE_MS }).await? {
                text = words::visible(&bytes.0); // all that came since the last `send`
            }
            if done(&text) || self.until.passed() {
                break;
            }
        }
        Ok(text)
    }

    /// Sends a newline, twice where the first only wakes the line, and looks at the prompt.
    async fn prompt(&mut self) -> Result<(Prompt, String), Fault> {
        let mut text = String::new();
        for pauses in [12, 20] {
            self.send("").await?;
            text = self.look(dialogue::prompted, pauses).await?;
            if dialogue::prompted(&text) {
                break;
            }
        }
        let prompt = if words::LOGIN.is_match(&text) {
            Prompt::Login
        } else if words::PASSWORD.is_match(&text) {
            Prompt::Password
        } else if words::SHELL.is_match(&text) {
            Prompt::Shell
        } else if text.trim().is_empty() {
            Prompt::Nothing
        } else {
            Prompt::Other
        };
        Ok((prompt, text))
    }
}

#[async_trait]
impl Line for Terminal<'_> {
    async fn send(&mut self, line: &str) -> Result<(), Fault> {
        self.ask(ConsoleRequest::Forget).await?;
        self.ask(ConsoleRequest::Write { bytes: format!("{line}\r").as_bytes().into() }).await.map(|_| ())
    }

    async fn read(&mut self, done: Done) -> Result<Seen, Fault> {
        Ok(Seen::Text(self.look(done, PAUSES).await?))
    }
}

/// Whether the console says anything at all within a few seconds of a newline: a prompt, or what the firmware goes on saying.
pub(crate) async fn speaks(cx: &CheckContext, until: Deadline) -> Result<bool, Fault> {
    let mut terminal = Terminal { cx, until };
    terminal.send("").await?;
    let said = |text: &str| !text.trim().is_empty();
    Ok(said(&terminal.look(said, PAUSES).await?))
}

/// What the console asks for, and the line that says so.
pub(crate) async fn prompt(cx: &CheckContext, until: Deadline) -> Result<(Prompt, String), Fault> {
    let (prompt, text) = Terminal { cx, until }.prompt().await?;
    let last = text.trim_end().lines().last().unwrap_or_default().chars().take(120).collect();
    Ok((prompt, last))
}

pub(super) async fn attempt(cx: &CheckContext, user: &str, password: &str, until: Deadline) -> Result<Attempt, Fault> {
    let mut terminal = Terminal { cx, until };
    if terminal.prompt().await?.0 == Prompt::Password {
        terminal.send("").await?; // someone's unfinished logon: let it fail first
        terminal.look(dialogue::prompted, PAUSES).await?;
    }
    let ended = dialogue::log_on(&mut terminal, user, password).await?;
    if matches!(ended, Attempt::Accepted { .. }) {
        terminal.send("exit").await?; // the next try needs a prompt for a user again
        terminal.look(|t| words::LOGIN.is_match(t), 10).await?;
    }
    Ok(ended)
}
