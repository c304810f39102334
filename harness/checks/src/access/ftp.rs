//! # `access.ftp`
//! **Question.** What does an FTP server give to `anonymous`?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.1-1, 5.5-4, 5.5-5 and 5.6-2.
//! **Procedure.** The greeting, then USER and PASS of `anonymous` (RFC 959, RFC 1635), inside TLS (AUTH TLS, RFC 4217) where
//! the server wants that. Where it is let in, the listing comes over the control connection (`STAT .`); with `change`, a
//! folder is made and removed again.
//! **Observation.** Whether a logon is needed, what could be listed and written, which public defaults let in.
//! **Effect.** Active: one connection; with `change` a folder for a moment.
//! **Does not show.** Rights of users that exist.

use assay_model::{CheckContext, Deadline, Endpoint, Fault};

use super::{
    found::{Access, Act},
    talk::Talk,
};
use crate::auth::logon::{Attempt, LimitedBy, words};

/// Lines of one answer, at most.
const LINES: usize = 200;
/// The folder that is made and removed.
const PROBE: &str = "assay-probe";

/// The code at the start of an answer's line, and whether more lines follow.
pub(crate) fn code(line: &str) -> Option<(u16, bool)> {
    let digits = line.get(..3)?;
    let more = match line.as_bytes().get(3) {
        Some(b'-') => true,
        Some(b' ') | None => false,
        Some(_) => return None,
    };
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok().map(|code| (code, more)))?
}

/// A whole answer: its code, and its lines.
type Said = (u16, Vec<String>);

/// The next answer; `logon`: to a password.
async fn answer(talk: &mut Talk<'_>, logon: bool) -> Result<Option<Said>, Fault> {
    let mut lines = Vec::new();
    let mut first = None;
    while lines.len() < LINES {
        let line = if logon { talk.line_after_logon().await? } else { talk.line().await? };
        let Some(line) = line else { break };
        let read = code(&line);
        lines.push(line);
        match (first, read) {
            (None, None) => return Ok(Some((0, lines))), // no FTP
            (None, Some((code, false))) => return Ok(Some((code, lines))),
            (None, Some((code, true))) => first = Some(code),
            (Some(code), Some((last, false))) if code == last => return Ok(Some((code, lines))),
            _ => {}
        }
    }
    Ok(first.map(|code| (code, lines)))
}

async fn ask(talk: &mut Talk<'_>, line: &str) -> Result<Option<Said>, Fault> {
    talk.send(format!("{line}\r\n").as_bytes()).await?;
    answer(talk, line.starts_with("PASS ")).await
}

/// Whether a refusal asks for TLS first.
fn wants_tls(said: &Option<Said>) -> bool {
    let words = |lines: &[String]| {
        let text = lines.join(" ").to_lowercase();
        ["ssl", "tls", "encrypt", "secure"].iter().any(|word| text.contains(word))
    };
    matches!(said, Some((400..=599, lines)) if words(lines))
}

/// A conversation that has changed to TLS by AUTH TLS.
async fn secured<'a>(cx: &'a CheckContext, at: &Endpoint, until: Deadline) -> Result<Option<Talk<'a>>, Fault> {
    let Ok(mut talk) = Talk::open(cx, at, false, until).await? else { return Ok(None) };
    let ready = matches!(answer(&mut talk, false).await?, Some((120..=399, _)))
        && matches!(ask(&mut talk, "AUTH TLS").await?, Some((234, _)))
        && talk.start_tls().await?;
    if ready {
        return Ok(Some(talk));
    }
    talk.close().await?;
    Ok(None)
}

/// What a logon came to, and whether the server wanted TLS before it and got it: by a new conversation, because some
/// servers hang up on who comes without.
async fn log_on<'a>(
    cx: &'a CheckContext,
    at: &Endpoint,
    talk: &mut Talk<'a>,
    (user, password): (&str, &str),
    until: Deadline,
) -> Result<(Option<Said>, bool), Fault> {
    let first = credentials(talk, user, password).await?;
    if !wants_tls(&first) {
        return Ok((first, false));
    }
    let Some(secured) = secured(cx, at, until).await? else { return Ok((first, false)) };
    std::mem::replace(talk, secured).close().await?;
    Ok((credentials(talk, user, password).await?, true))
}

/// USER, and PASS where that is asked for.
async fn credentials(talk: &mut Talk<'_>, user: &str, password: &str) -> Result<Option<Said>, Fault> {
    let said = ask(talk, &format!("USER {user}")).await?;
    match said {
        Some((331 | 332, _)) => ask(talk, &format!("PASS {password}")).await,
        other => Ok(other),
    }
}

pub(crate) async fn look(
    cx: &CheckContext,
    at: &Endpoint,
    tls: bool,
    change: bool,
    until: Deadline,
) -> Result<Access, Fault> {
    let mut talk = match Talk::open(cx, at, tls, until).await? {
        Ok(talk) => talk,
        Err(why) => return Ok(why.into()),
    };
    let mut seen = match answer(&mut talk, false).await? {
        None => return Ok(Access::silent("no greeting")),
        Some((120..=399, lines)) => {
            let mut seen = Access::speaking();
            lines.iter().for_each(|line| seen.tell(line));
            seen
        }
        Some((400..=599, lines)) => {
            return Ok(Access { answered: true, speaks: true, ..Access::default() }.note(lines.join(" ")));
        }
        Some((_, lines)) => return Ok(Access::other(lines.join(" "))),
    };
    let (let_in, encrypted) = log_on(cx, at, &mut talk, ("anonymous", "assay@example.org"), until).await?;
    seen.cleartext &= !encrypted;
    match let_in {
        Some((230 | 202, lines)) => {
            lines.iter().for_each(|line| seen.tell(line));
            seen.give(Act::Read, "logon as anonymous");
            inside(&mut talk, &mut seen, change).await?;
        }
        // Too busy for anybody: no word on who is let in.
        Some((421, lines)) => seen = seen.note(lines.join(" ")),
        Some((400..=599, _)) => {
            seen.ask(if encrypted { "ftp user, after AUTH TLS" } else { "ftp user" });
        }
        Some((code, _)) => seen = seen.note(format!("answered {code} to a logon as anonymous")),
        None => seen = seen.note("no answer to a logon as anonymous"),
    }
    talk.send(b"QUIT\r\n").await?;
    talk.close().await?;
    Ok(seen)
}

async fn inside(talk: &mut Talk<'_>, seen: &mut Access, change: bool) -> Result<(), Fault> {
    if let Some((211..=213, lines)) = ask(talk, "STAT .").await? {
        let listed = lines.iter().filter(|l| code(l).is_none()).count();
        if listed > 0 {
            seen.give(Act::Read, "the listing of its folder");
        }
        lines.iter().for_each(|line| seen.tell(line));
    }
    if change && let Some((257, _)) = ask(talk, &format!("MKD {PROBE}")).await? {
        seen.give(Act::Write, "/");
        if !matches!(ask(talk, &format!("RMD {PROBE}")).await?, Some((200..=299, _))) {
            seen.note = Some(format!("the folder {PROBE} could be made and not removed again"));
        }
    }
    Ok(())
}

/// One logon.
pub(crate) async fn attempt(
    cx: &CheckContext,
    at: &Endpoint,
    tls: bool,
    user: &str,
    password: &str,
    until: Deadline,
) -> Result<Attempt, Fault> {
    let mut talk = match Talk::open(cx, at, tls, until).await? {
        Ok(talk) => talk,
        Err(why) => return Ok(why.into()),
    };
    let mut said = answer(&mut talk, false).await?;
    if matches!(said, Some((120..=399, _))) {
        (said, _) = log_on(cx, at, &mut talk, (user, password), until).await?;
    }
    let ended = talk.end().await?;
    Ok(match said {
        Some((230 | 202, _)) => Attempt::Accepted { token: None },
        Some((421, _)) => Attempt::Limited { by: LimitedBy::Disconnect, retry_after_s: None },
        Some((400..=599, lines)) if words::LOCKOUT.is_match(&lines.join(" ")) => {
            Attempt::Limited { by: LimitedBy::Message, retry_after_s: words::seconds(&lines.join(" ")) }
        }
        Some((430 | 530 | 331 | 332, _)) => ended.refused(),
        Some((code, _)) => Attempt::Unusable { text: format!("answered {code} to a logon") },
        None => ended.unanswered(),
    })
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn codes_are_read_and_nothing_else_is_one() {
        assert_eq!(code("220 ready"), Some((220, false)));
        assert_eq!(code("220-first of many"), Some((220, true)));
        assert_eq!(code("230"), Some((230, false)));
        for other in ["", "22", "2200 x", "SSH-2.0", "+OK", "2é0 x", " 220 x"] {
            assert_eq!(code(other), None, "{other}");
        }
    }
}
