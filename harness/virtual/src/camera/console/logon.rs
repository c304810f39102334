//! Login prompt and shell on the console.

use std::sync::Arc;

use super::port::ConsoleLine;
use crate::camera::body::Camera;
use crate::camera::line_editor::{LineEditor, Typed};
use crate::camera::shell::{Shell, Then, User};
use crate::camera::state::LogOn;

/// Prompts, logs on, runs the shell, and prompts again; ends when the port is gone. `to_shell`: a root shell, and no logon.
pub(crate) async fn attend(camera: Arc<Camera>, line: ConsoleLine, to_shell: bool) {
    let mut terminal = Terminal { line, editor: LineEditor::default(), pending: Vec::new() };
    if to_shell {
        terminal.forget().await;
        while run(Shell::new(camera.clone(), User::ROOT), &mut terminal).await.is_some() {}
        return;
    }
    while let Some(()) = log_on(&camera, &mut terminal).await {
        let shell = Shell::new(camera.clone(), User::SERVICE);
        if run(shell, &mut terminal).await.is_none() {
            return;
        }
    }
}

/// Until the right password; `None` when the port is gone.
async fn log_on(camera: &Camera, terminal: &mut Terminal) -> Option<()> {
    // Keys pressed at a bootloader that ignores them are no user name.
    terminal.forget().await;
    loop {
        terminal.line.say("\r\nc1 login: ");
        let user = loop {
            match terminal.line(false).await? {
                Typed::Line(user) if !user.trim().is_empty() => break user,
                _ => terminal.line.say("c1 login: "),
            }
        };
        terminal.line.say("Password: ");
        let Typed::Line(password) = terminal.line(true).await? else { continue };
        let result = camera.state().log_on_console(user.trim(), &password);
        match result {
            LogOn::Accepted => return Some(()),
            LogOn::Wrong { wait } => {
                tokio::time::sleep(wait).await;
                terminal.line.say("Login incorrect\r\n");
            }
            LogOn::Locked { left } => {
                let seconds = left.as_secs() + 1;
                terminal.line.say(format!("too many attempts, try again in {seconds} s\r\n"));
            }
            LogOn::NotSetUp => terminal.line.say("Login incorrect\r\n"),
        }
    }
}

async fn run(mut shell: Shell, terminal: &mut Terminal) -> Option<()> {
    loop {
        terminal.line.say(shell.user.prompt);
        let outcome = match terminal.line(false).await? {
            Typed::Line(line) => shell.run(&line),
            Typed::End => shell.run("exit"),
            Typed::Interrupt | Typed::More => shell.run(""),
        };
        terminal.line.say(&outcome.text);
        if outcome.then == Then::Exit {
            return Some(());
        }
    }
}

struct Terminal {
    line: ConsoleLine,
    editor: LineEditor,
    /// Typed and not yet looked at, last byte first.
    pending: Vec<u8>,
}

impl Terminal {
    /// The next line, interrupt or end; never [`Typed::More`]. `None` when the port is gone.
    async fn line(&mut self, hidden: bool) -> Option<Typed> {
        loop {
            while let Some(byte) = self.pending.pop() {
                let mut echo = Vec::new();
                let typed = self.editor.feed(byte, hidden, &mut echo);
                self.line.say(&echo);
                if typed != Typed::More {
                    return Some(typed);
                }
            }
            self.pending = self.line.hear().await?;
            self.pending.reverse();
        }
    }

    async fn forget(&mut self) {
        self.pending.clear();
        self.editor = LineEditor::default();
        self.line.forget_input().await;
    }
}
