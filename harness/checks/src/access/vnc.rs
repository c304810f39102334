//! # `access.vnc`
//! **Question.** Does a VNC server show its screen to whoever connects?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.1-1, 5.5-4, 5.5-5 and 5.8-2.
//! **Procedure.** The handshake of RFC 6143, 7.1 to 7.3, up to the server's name; the type of security without a logon where
//! it is offered. No picture is asked for.
//! **Observation.** Types of security offered, whether a stranger is let in, the name of the desktop.
//! **Effect.** Active: one connection, shared with who is there.
//! **Does not show.** Whether passwords are weak: VNC's own logon is tried by nobody here.

use assay_model::{CheckContext, Deadline, Endpoint, Fault};

use super::{
    found::{Access, Act},
    talk::Talk,
};

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
    talk.send(if offers_list { b"RFB 003.008\n" } else { b"RFB 003.003\n" }).await?;
    let kinds = if offers_list {
        match talk.exactly(1).await? {
            Some(count) if count[0] > 0 => talk.exactly(count[0].into()).await?.unwrap_or_default(),
            Some(_) => {
                let why = reason(&mut talk).await?;
                return Ok(seen.note(format!("refused: {why}")));
            }
            None => Vec::new(),
        }
    } else {
        number(&mut talk).await?.and_then(|n| u8::try_from(n).ok()).filter(|n| *n > 0).into_iter().collect()
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
    use super::version;

    #[test]
    fn versions_are_read() {
        assert_eq!(version(b"RFB 003.008\n"), Some((3, 8)));
        assert_eq!(version(b"RFB 004.001\n"), Some((4, 1)));
        for other in [&b"RFB 003.008"[..], b"RFB 003-008\n", b"SSH-2.0-x\r\n\0", b"RFB \xFF03.008\n"] {
            assert_eq!(version(other), None);
        }
    }
}
