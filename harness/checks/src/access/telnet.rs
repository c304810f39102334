//! # `access.telnet`
//! **Question.** Does telnet give a shell to whoever connects?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.1-1, 5.5-4, 5.5-5, 5.5-6 and 5.6-4.
//! **Procedure.** Connects, declines every option (RFC 854), and reads up to the first prompt.
//! **Observation.** Whether it asks for a logon, what stands before the prompt, which public defaults let in.
//! **Effect.** Active: one connection.
//! **Does not show.** What a shell may do.

use assay_model::{CheckContext, Deadline, Endpoint, Fault};

use super::found::{Access, Act};
use crate::auth::logon::{telnet, words};

pub(crate) async fn look(cx: &CheckContext, at: &Endpoint, until: Deadline) -> Result<Access, Fault> {
    let text = match telnet::first_prompt(cx, at, until).await? {
        Ok(text) => text,
        Err(why) => return Ok(Access::silent(why)),
    };
    if text.trim().is_empty() {
        return Ok(Access::silent("connected, and nothing came"));
    }
    let mut seen = Access { answered: true, cleartext: true, ..Access::default() };
    text.lines().for_each(|line| seen.tell(line));
    if words::LOGIN.is_match(&text) || words::PASSWORD.is_match(&text) {
        seen.speaks = true;
        seen.ask("login prompt");
    } else if words::SHELL.is_match(&text) {
        seen.speaks = true;
        seen.give(Act::Shell, text.lines().last().unwrap_or_default().trim());
    } else {
        seen = seen.note("no prompt in what it sent");
    }
    Ok(seen)
}
