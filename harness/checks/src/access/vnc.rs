//! # `access.vnc`
//! **Question.** Does a VNC server show its screen to whoever connects?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.1-1, 5.5-4, 5.5-5 and 5.8-2.
//! **Procedure.** The handshake of RFC 6143, 7.1 to 7.3, up to the server's name; the type of security without a logon where
//! it is offered. No picture is asked for.
//! Public defaults are tried by VNC's own logon (7.2.2), a password without a user of which eight characters count.
//! **Observation.** Types of security offered, whether a stranger is let in, the name of the desktop, defaults that let in.
//! **Effect.** Active: one connection, shared with who is there.
//! **Does not show.** Whether passwords of other types of security are weak.

use assay_model::{CheckContext, Deadline, Endpoint, Fault};

use des::Des;
use des::cipher::{BlockCipherEncrypt as _, KeyInit as _};

use super::{
    found::{Access, Act},
    talk::Talk,
};
use crate::auth::logon::{Attempt, LimitedBy, words};

/// The type whose logon is tried here.
const VNC_AUTHENTICATION: u8 = 2;

/// Types of security (RFC 6143 and its registry).
fn scheme(kind: u8) -> String {
    match kind {
        1 => "none".into(),
        2 => "vnc authentication".into(),
        5 | 6 | 13 | 129 | 130 | 133 => "ra2".into(),
        16 => "tight".into(),
        18 => "tls".into(),
        19 => "vencrypt".into(),
        30 => "apple remote desktop".into(),
        other => format!("type {other}"),
    }
}

/// Major and minor of a protocol version: `RFB 003.008`.
pub(crate) fn version(line: &[u8]) -> Option<(u16, u16)> {
    let text = std::str::from_utf8(line.get(..12)?).ok()?;
    let (major, minor) = text.strip_prefix("RFB ")?.strip_suffix('\n')?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

async fn number(talk: &mut Talk<'_>) -> Result<Option<u32>, Fault> {
    Ok(talk.exactly(4).await?.and_then(|b| b.try_into().ok()).map(u32::from_be_bytes))
}

/// The text of a refusal, at most 4 KiB.
async fn reason(talk: &mut Talk<'_>) -> Result<String, Fault> {
    let length = number(talk).await?.unwrap_or(0).min(4_096) as usize;
    Ok(String::from_utf8_lossy(&talk.exactly(length).await?.unwrap_or_default()).into_owned())
}

pub(crate) async fn look(cx: &CheckContext, at: &Endpoint, tls: bool, until: Deadline) -> Result<Access, Fault> {
    let mut talk = match Talk::open(cx, at, tls, until).await? {
        Ok(talk) => talk,
        Err(why) => return Ok(why.into()),
    };
    let Some(greeting) = talk.exactly(12).await? else {
        return Ok(match talk.is_empty() {
            true => Access::silent("no greeting"),
            false => Access::other("the greeting is no VNC"),
        });
    };
    let Some((major, minor)) = version(&greeting) else { return Ok(Access::other("the greeting is no VNC")) };
    let mut seen = Access::speaking();
    seen.tell(&String::from_utf8_lossy(&greeting));
    let offers_list = (major, minor) >= (3, 7);
    let kinds = match offered(&mut talk, offers_list).await? {
        Ok(kinds) => kinds,
        Err(why) => return Ok(seen.note(format!("refused: {why}"))),
    };
    for kind in kinds.iter().filter(|k| **k != 1) {
        seen.ask(&scheme(*kind));
    }
    if kinds.contains(&1) && enter(&mut talk, offers_list, minor, &mut seen).await? {
        seen.schemes.push(scheme(1));
    }
    if kinds.is_empty() {
        seen = seen.note("no type of security came");
    }
    talk.close().await?;
    Ok(seen)
}

/// Agrees on a version and reads the types of security; the reason of a refusal.
async fn offered(talk: &mut Talk<'_>, offers_list: bool) -> Result<Result<Vec<u8>, String>, Fault> {
    talk.send(if offers_list { b"RFB 003.008\n" } else { b"RFB 003.003\n" }).await?;
    if !offers_list {
        let kind = number(talk).await?.and_then(|n| u8::try_from(n).ok()).filter(|n| *n > 0);
        return Ok(Ok(kind.into_iter().collect()));
    }
    Ok(match talk.exactly(1).await? {
        Some(count) if count[0] > 0 => Ok(talk.exactly(count[0].into()).await?.unwrap_or_default()),
        Some(_) => Err(reason(talk).await?),
        None => Ok(Vec::new()),
    })
}

/// The answer to a challenge: DES under the password, whose bytes VNC takes with their bits in reverse.
fn response(password: &str, challenge: &[u8]) -> Vec<u8> {
    let mut key = [0; 8];
    for (byte, of) in key.iter_mut().zip(password.bytes()) {
        *byte = of.reverse_bits();
    }
    let des = Des::new(&key.into());
    let blocks = challenge.chunks_exact(8).flat_map(|chunk| {
        let mut block = [0; 8];
        block.copy_from_slice(chunk);
        let mut block = block.into();
        des.encrypt_block(&mut block);
        <[u8; 8]>::from(block)
    });
    blocks.collect()
}

/// One logon. There is no user.
pub(crate) async fn attempt(
    cx: &CheckContext,
    at: &Endpoint,
    tls: bool,
    password: &str,
    until: Deadline,
) -> Result<Attempt, Fault> {
    let mut talk = match Talk::open(cx, at, tls, until).await? {
        Ok(talk) => talk,
        Err(why) => return Ok(why.into()),
    };
    let said = log_on(&mut talk, password).await?;
    let ended = talk.end().await?;
    Ok(match said {
        Some(Said::In) => Attempt::Accepted { token: None },
        Some(Said::Out) => ended.refused(),
        Some(Said::TooMany) => Attempt::Limited { by: LimitedBy::Message, retry_after_s: None },
        Some(Said::Other(text)) => Attempt::Unusable { text },
        None => ended.unanswered(),
    })
}

/// What a logon came to.
enum Said {
    In,
    Out,
    TooMany,
    Other(String),
}

/// `None`: no whole answer came.
async fn log_on(talk: &mut Talk<'_>, password: &str) -> Result<Option<Said>, Fault> {
    let Some(greeting) = talk.exactly(12).await? else { return Ok(None) };
    let Some(version) = version(&greeting) else { return Ok(Some(Said::Other("the greeting is no VNC".into()))) };
    let offers_list = version >= (3, 7);
    let kinds = match offered(talk, offers_list).await? {
        Ok(kinds) => kinds,
        Err(why) if words::LOCKOUT.is_match(&why) => return Ok(Some(Said::TooMany)),
        Err(why) => return Ok(Some(Said::Other(format!("refused: {why}")))),
    };
    if kinds.is_empty() {
        return Ok(None);
    }
    if !kinds.contains(&VNC_AUTHENTICATION) {
        return Ok(Some(Said::Other("VNC's own logon is not offered".into())));
    }
    if offers_list {
        talk.send(&[VNC_AUTHENTICATION]).await?;
    }
    let Some(challenge) = talk.exactly(16).await? else { return Ok(None) };
    talk.send(&response(password, &challenge)).await?;
    Ok(match number(talk).await? {
        Some(0) => Some(Said::In),
        // From 3.8 on it says why.
        Some(1) if version >= (3, 8) && words::LOCKOUT.is_match(&reason(talk).await?) => Some(Said::TooMany),
        Some(1) => Some(Said::Out),
        Some(2) => Some(Said::TooMany),
        Some(other) => Some(Said::Other(format!("answered {other} to a logon"))),
        None => None,
    })
}

/// Goes in without a logon, as far as the desktop's name.
async fn enter(talk: &mut Talk<'_>, choose: bool, minor: u16, seen: &mut Access) -> Result<bool, Fault> {
    if choose {
        talk.send(&[1]).await?;
        // Before 3.8 no result follows where there was no logon.
        if minor >= 8 && number(talk).await? != Some(0) {
            return Ok(false);
        }
    }
    talk.send(&[1]).await?; // shared
    let Some(head) = talk.exactly(20).await? else { return Ok(false) };
    let size = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    seen.give(Act::View, &format!("a screen of {} x {}", size(0), size(2)));
    let name = reason(talk).await?;
    seen.tell(&name);
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::{response, version};

    /// As OpenSSL computes it, under the key c6 a6 c6 4e a6 2e 8c 4c.
    #[test]
    fn a_challenge_is_answered_as_by_others() {
        let challenge: Vec<u8> = (0..16).collect();
        assert_eq!(hex::encode(response("secret12", &challenge)), "adcd997f8e16fee575e973f93c2b62b4");
        assert_eq!(response("secret12", &challenge), response("secret123", &challenge), "eight characters count");
        assert_ne!(response("secret12", &challenge), response("secret", &challenge));
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(version(b"RFB 003.008\n"), Some((3, 8)));
        assert_eq!(version(b"RFB 004.001\n"), Some((4, 1)));
        for other in [&b"RFB 003.008"[..], b"RFB 003-008\n", b"SSH-2.0-x\r\n\0", b"RFB \xFF03.008\n"] {
            assert_eq!(version(other), None);
        }
    }
}
