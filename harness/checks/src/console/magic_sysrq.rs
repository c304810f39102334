//! # `console.magic_sysrq`
//! **Question.** Does the kernel take System Request commands from whoever reaches the serial console?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.6-3 and 5.6-4; TS 103 701 V1.1.1 case 5.6-4-2 (functional).
//! **Procedure.** A newline first, to see that the console answers. Then a break and `h`, which asks Linux for the list of its
//! System Request commands and changes nothing. The list names those that the kernel was built with; whether one is
//! permitted is only known by using it, which this check does not.
//! **Observation.** Whether a break could be sent, and the commands that the kernel lists.
//! **Effect.** Active: a break, and a letter that is taken back where nothing came of it.
//! **Does not show.** Which commands the kernel's mask permits, sequences that replace the break, consoles of other kernels.

use std::sync::LazyLock;
use std::time::Duration;

use assay_model::{
    CheckContext, CheckKind, Effect, Fault, TypedCheck,
    touch::console::{ConsoleRequest, ConsoleResponse},
};
use async_trait::async_trait;
use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::listen::{Heard, Listener};
use crate::auth::logon::console;

/// Longer than a character at 1,200 baud, and what terminals send.
const BREAK_MS: u32 = 250;
/// The kernel waits five seconds for the key behind a break, and answers at once.
const ANSWER: Duration = Duration::from_secs(3);
/// What Linux says of it, since version 2.6 and since 4.11.
const ANSWERED: &str = r"(?i)sysrq ?: ?(?:HELP ?:[^\r\n]{0,1200}|[^\r\n]{0,200}disabled\.?)[\r\n]";
/// Commands that give away memory or take the system down.
const HARMFUL: [&str; 9] = [
    "crash",
    "reboot",
    "terminate-all-tasks",
    "kill-all-tasks",
    "poweroff",
    "show-registers",
    "show-memory-usage",
    "dump-ftrace-buffer",
    "unmount",
];

static COMMAND: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"([a-zA-Z][a-zA-Z0-9-]*)\(([^)]{1,5})\)").expect("a constant that the tests compile"));

pub(crate) struct MagicSysrq;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// How long the break is, in milliseconds.
    #[serde(default = "quarter_of_a_second")]
    break_ms: u32,
}

const fn quarter_of_a_second() -> u32 {
    BREAK_MS
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Whether the console said anything to a newline.
    answered: bool,
    /// Whether this line can send a break; a pty cannot.
    break_sent: bool,
    /// Whether the kernel took the request.
    taken: bool,
    /// Whether it took it and said that it is disabled.
    disabled: bool,
    /// Commands that it lists, as it calls them.
    commands: Vec<String>,
    /// Those of them that give away memory or take the system down.
    harmful: Vec<String>,
}

#[async_trait]
impl TypedCheck for MagicSysrq {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "console.magic_sysrq";
    const QUESTION: &'static str =
        "Does the kernel take System Request commands from whoever reaches the serial console?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 V2.1.1 5.6-3, 5.6-4; TS 103 701 V1.1.1 5.6-4-2 (functional)";
    const DOES_NOT_SHOW: &'static str =
        "which commands the kernel's mask permits, sequences that replace the break, consoles of other kernels";
    const EFFECT: Effect = Effect::Active;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["console"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let (prompt, _) = console::prompt(cx, cx.deadline.capped(Duration::from_secs(15))).await?;
        let mut seen = Observation { answered: prompt != console::Prompt::Nothing, ..Observation::default() };
        let mut line = Listener::new(cx);
        line.forget().await?;
        let request = ConsoleRequest::Break { for_ms: p.break_ms };
        let sent = cx.touches.console()?.call(request, cx.deadline).await?;
        seen.break_sent = matches!(sent, ConsoleResponse::Done);
        if !seen.break_sent {
            return Ok(seen);
        }
        line.write(b"h").await?;
        match line.expect(&[ANSWERED], ANSWER).await? {
            Heard::Match(_, _, text) => {
                seen.taken = true;
                seen.disabled = text.contains("disabled");
                seen.commands = COMMAND.captures_iter(&text).map(|c| c[1].to_ascii_lowercase()).collect();
                seen.harmful = seen.commands.iter().filter(|c| HARMFUL.contains(&c.as_str())).cloned().collect();
            }
            // A letter in somebody's prompt: take it back.
            Heard::Nothing(_) => line.write(b"\x15").await?,
        }
        Ok(seen)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        vec![
            Case::good(Dut::good(), json!({}))
                .shows(json!({"answered": true, "break_sent": true, "taken": false, "commands": [], "harmful": []})),
            Case::weak(Dut::weak(), json!({})).shows(json!({
                "answered": true, "taken": true, "disabled": false, "commands": ["loglevel", "reboot", "crash"],
                "harmful": ["reboot", "crash"],
            })),
            Case::dead(Dut::silent(), json!({})).shows(json!({"answered": false, "taken": false, "harmful": []})),
        ]
    }

    #[test]
    fn what_kernels_say_is_read() {
        let answered = Regex::new(ANSWERED).unwrap();
        let six =
            "[    9.1] sysrq: HELP : loglevel(0-9) reboot(b) crash(c) show-all-locks(d) terminate-all-tasks(e)\r\n";
        let two = "SysRq : HELP : loglevel(0-9) reBoot Crashdump\r\n";
        assert!(answered.is_match(six) && answered.is_match(two));
        assert!(answered.is_match("[ 1.0] sysrq: This sysrq operation is disabled.\r\n"));
        assert!(!answered.is_match("cam login: h"));
        let commands: Vec<_> = COMMAND.captures_iter(six).map(|c| c[1].to_owned()).collect();
        assert_eq!(commands, ["loglevel", "reboot", "crash", "show-all-locks", "terminate-all-tasks"]);
    }
}
