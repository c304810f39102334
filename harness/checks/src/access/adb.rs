//! # `access.adb`
//! **Question.** Does the Android debug bridge take commands from whoever connects?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.5-4, 5.5-5 and 5.6-4.
//! **Procedure.** A CONNECT message (the transport protocol of the debug bridge). A device that trusts nobody asks for a
//! signature or for TLS; one that is open says what it is.
//! **Observation.** Whether a logon is needed, what the device says of itself.
//! **Effect.** Active: one connection, no command.
//! **Does not show.** What a shell could do there.

use assay_model::{CheckContext, Deadline, Endpoint, Fault};

use super::{
    found::{Access, Act},
    talk::Talk,
};

const CONNECT: u32 = 0x4E58_4E43;
const AUTH: u32 = 0x4854_5541;
const TLS: u32 = 0x534C_5453;
/// A banner is no longer.
const BANNER: usize = 4_096;

/// Command and length of the payload of a message's 24 bytes.
pub(crate) fn head(bytes: &[u8]) -> Option<(u32, usize)> {
    let word = |n: usize| Some(u32::from_le_bytes(bytes.get(4 * n..4 * n + 4)?.try_into().ok()?));
    let (command, length, magic) = (word(0)?, word(3)?, word(5)?);
    (magic == !command && matches!(command, CONNECT | AUTH | TLS)).then_some((command, length as usize))
}

fn connect() -> Vec<u8> {
    let payload = b"host::\0";
    let sum = payload.iter().map(|b| u32::from(*b)).sum();
    let words = [CONNECT, 0x0100_0000, 4_096, payload.len() as u32, sum, !CONNECT];
    words.iter().flat_map(|w| w.to_le_bytes()).chain(payload.iter().copied()).collect()
}

pub(crate) async fn look(cx: &CheckContext, at: &Endpoint, tls: bool, until: Deadline) -> Result<Access, Fault> {
    let mut talk = match Talk::open(cx, at, tls, until).await? {
        Ok(talk) => talk,
        Err(why) => return Ok(why.into()),
    };
    talk.send(&connect()).await?;
    let Some(bytes) = talk.exactly(24).await? else {
        return Ok(match talk.is_empty() {
            true => Access::silent("no answer to CONNECT"),
            false => Access::other("what answers CONNECT is no debug bridge"),
        });
    };
    let mut seen = Access::speaking();
    match head(&bytes) {
        Some((CONNECT, length)) => {
            let banner = talk.exactly(length.min(BANNER)).await?.unwrap_or_default();
            seen.tell(&String::from_utf8_lossy(&banner));
            seen.give(Act::Shell, "the debug bridge");
        }
        Some((AUTH, _)) => seen.ask("signature of a key"),
        Some((_, _)) => seen.ask("tls"),
        None => return Ok(Access::other("what answers CONNECT is no debug bridge")),
    }
    talk.close().await?;
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_known_by_their_magic() {
        let said = connect();
        assert_eq!(head(&said), Some((CONNECT, 7)));
        assert_eq!(head(&said[..23]), None);
        let mut wrong = said;
        wrong[20] ^= 1;
        assert_eq!(head(&wrong), None);
        assert_eq!(head(&[0xFF; 24]), None);
    }
}
