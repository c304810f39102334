//! # `access.redis`
//! **Question.** What does a Redis server give to a client that names no user?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.1-1, 5.5-4, 5.5-5 and 5.6-2.
//! **Procedure.** PING without AUTH. Where it answers: the server section of INFO, and one setting read by CONFIG GET.
//! **Observation.** Whether a logon is needed, what could be read, which public defaults let in.
//! **Effect.** Active: one connection that reads.
//! **Does not show.** Rights of users that exist.

use assay_model::{CheckContext, Deadline, Endpoint, Fault};

use super::{
    found::{Access, Act},
    talk::Talk,
};
use crate::auth::logon::Attempt;

/// What a reply's first line says (RESP, version 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    /// `+PONG`
    Simple(String),
    /// `-NOAUTH ...`
    Error(String),
    /// `$9`: so many bytes follow; `None` for no value.
    Bulk(Option<usize>),
    /// `*2`, `:1`
    Other,
}

/// Reads a first line.
pub(crate) fn reply(line: &str) -> Option<Reply> {
    let rest = line.get(1..)?;
    Some(match line.as_bytes()[0] {
        b'+' => Reply::Simple(rest.to_owned()),
        b'-' => Reply::Error(rest.to_owned()),
        b'$' => Reply::Bulk(match rest.parse::<i64>().ok()? {
            -1 => None,
            length => Some(usize::try_from(length).ok()?),
        }),
        b'*' | b':' => Reply::Other,
        _ => return None,
    })
}

async fn ask(talk: &mut Talk<'_>, line: &str) -> Result<Option<Reply>, Fault> {
    talk.send(format!("{line}\r\n").as_bytes()).await?;
    Ok(talk.line().await?.and_then(|line| reply(&line)))
}

/// Errors by which a server says that it wants a logon.
fn wants_logon(error: &str) -> bool {
    ["NOAUTH", "NOPERM", "WRONGPASS"].iter().any(|word| error.starts_with(word))
}

pub(crate) async fn look(cx: &CheckContext, at: &Endpoint, tls: bool, until: Deadline) -> Result<Access, Fault> {
    let mut talk = match Talk::open(cx, at, tls, until).await? {
        Ok(talk) => talk,
        Err(why) => return Ok(why.into()),
    };
    let mut seen = match ask(&mut talk, "PING").await? {
        Some(Reply::Simple(text)) if text == "PONG" => Access::speaking(),
        Some(Reply::Error(text)) if wants_logon(&text) => {
            let mut seen = Access::speaking();
            seen.ask("redis auth");
            seen
        }
        Some(Reply::Error(text)) if text.starts_with("DENIED") => {
            let mut seen = Access::speaking();
            seen.ask("protected mode"); // only its own host is let in
            return Ok(seen.note(text));
        }
        _ if talk.is_empty() => return Ok(Access::silent("no answer to PING")),
        _ => return Ok(Access::other("what answers PING is no Redis")),
    };
    if seen.schemes.is_empty() {
        seen.give(Act::Read, "ping");
        if let Some(Reply::Bulk(Some(length))) = ask(&mut talk, "INFO server").await?
            && let Some(text) = talk.exactly(length.min(65_536)).await?
        {
            seen.give(Act::Read, "its data");
            for line in String::from_utf8_lossy(&text).lines() {
                if ["redis_version", "os", "config_file", "executable"].iter().any(|k| line.starts_with(k)) {
                    seen.tell(line);
                }
            }
            talk.line().await?; // the end of the text
        }
        if let Some(Reply::Other) = ask(&mut talk, "CONFIG GET dir").await? {
            seen.give(Act::Control, "its configuration");
        }
    }
    talk.close().await?;
    Ok(seen)
}

/// One logon. The empty user is the default one, which older servers know alone.
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
    let words: Vec<&str> = ["AUTH", user, password].into_iter().filter(|w| !w.is_empty()).collect();
    let bulk: String = words.iter().map(|w| format!("${}\r\n{w}\r\n", w.len())).collect();
    talk.send(format!("*{}\r\n{bulk}", words.len()).as_bytes()).await?;
    let said = talk.line().await?;
    let ended = talk.end().await?;
    Ok(match said.as_deref().and_then(reply) {
        Some(Reply::Simple(_)) => Attempt::Accepted { token: None },
        Some(Reply::Error(text)) if wants_logon(&text) || text.contains("invalid") => ended.refused(),
        Some(Reply::Error(text)) => Attempt::Unusable { text },
        Some(_) => Attempt::Unusable { text: "no answer to AUTH".into() },
        None if said.is_some() => Attempt::Unusable { text: "what answers AUTH is no Redis".into() },
        None => ended.unanswered(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines_are_told_apart() {
        assert_eq!(reply("+PONG"), Some(Reply::Simple("PONG".into())));
        assert_eq!(reply("$-1"), Some(Reply::Bulk(None)));
        assert_eq!(reply("$12"), Some(Reply::Bulk(Some(12))));
        for other in ["", "$", "$-2", "$99999999999999999999", "HTTP/1.1 400", "é"] {
            assert_eq!(reply(other), None, "{other}");
        }
        assert!(wants_logon("NOAUTH Authentication required.") && !wants_logon("ERR unknown"));
    }
}
