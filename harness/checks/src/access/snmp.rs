//! # `access.snmp`
//! **Question.** What does an SNMP agent tell and let change to whoever knows the usual communities?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.1-1, 5.5-4, 5.5-5, 5.5-6 and 5.6-2.
//! **Procedure.** GET of the system group in versions 1 and 2c with the communities that every list has; with `change`, the
//! contact is set to the value that it has. For version 3, the discovery of the engine (RFC 3414, 4), which takes no logon;
//! then a read in the name of eight usual users, and, for those that exist, with three usual passwords by MD5 and SHA-1.
//! **Observation.** Communities and users that were let in, what they read and wrote, which users the agent tells of, what it
//! and its engine tell.
//! **Effect.** Active: two dozen datagrams, six more for each user that exists; with `change` a value is written over itself.
//! **Does not show.** Communities, users and passwords that no list has; users that must encrypt are let in by none here.

use assay_model::{
    CheckContext, Deadline, Endpoint, Fault,
    touch::udp::{UdpRequest, UdpResponse},
};

use super::{
    ber::{self, Value},
    found::{Access, Act},
    usm::{self, Answer, Engine, Hash},
};
use crate::auth::candidates::Accepted;

/// Communities of every list.
const COMMUNITIES: [&str; 2] = ["public", "private"];
/// sysDescr, sysContact, sysName, sysLocation.
const SYSTEM: [&[u8]; 4] = [
    b"\x2b\x06\x01\x02\x01\x01\x01\x00",
    b"\x2b\x06\x01\x02\x01\x01\x04\x00",
    b"\x2b\x06\x01\x02\x01\x01\x05\x00",
    b"\x2b\x06\x01\x02\x01\x01\x06\x00",
];
const CONTACT: usize = 1;
const GET: u8 = 0xA0;
const SET: u8 = 0xA3;
const RESPONSE: u8 = 0xA2;
/// One datagram is waited for so long.
const WAIT_MS: u32 = 700;

fn integer(value: u8) -> Vec<u8> {
    ber::wrap(2, &[value])
}

fn message(version: u8, community: &str, pdu: u8, pairs: &[(&[u8], Vec<u8>)]) -> Vec<u8> {
    let list: Vec<u8> =
        pairs.iter().flat_map(|(name, value)| ber::wrap(0x30, &[ber::wrap(6, name), value.clone()].concat())).collect();
    let body = [integer(7), integer(0), integer(0), ber::wrap(0x30, &list)].concat();
    let parts = [integer(version), ber::wrap(4, community.as_bytes()), ber::wrap(pdu, &body)];
    ber::wrap(0x30, &parts.concat())
}

/// An empty request of version 3, which an agent answers by saying which engine it is.
fn discovery() -> Vec<u8> {
    let header = [integer(7), ber::wrap(2, &[0, 0xFF, 0xE3]), ber::wrap(4, &[4]), integer(3)].concat();
    let text = || ber::wrap(4, &[]);
    let security = ber::wrap(0x30, &[text(), integer(0), integer(0), text(), text(), text()].concat());
    let pdu = ber::wrap(GET, &[integer(7), integer(0), integer(0), ber::wrap(0x30, &[])].concat());
    let scoped = ber::wrap(0x30, &[text(), text(), pdu].concat());
    ber::wrap(0x30, &[integer(3), ber::wrap(0x30, &header), ber::wrap(4, &security), scoped].concat())
}

/// What a response of versions 1 and 2c says: its error and its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    pub error: i64,
    pub values: Vec<Value>,
}

impl Response {
    /// Whether it shows anything: an error, and values that only say that there is none, show nothing.
    fn shows(&self) -> bool {
        self.error == 0 && self.values.iter().any(|value| !matches!(value, Value::Other(_)))
    }
}

/// Reads a response.
pub(crate) fn response(bytes: &[u8]) -> Option<Response> {
    let mut message = ber::inside(bytes, 0x30)?;
    ber::next(&mut message)?; // version
    ber::next(&mut message)?; // community
    let (kind, mut pdu) = ber::next(&mut message)?;
    if kind != RESPONSE {
        return None;
    }
    ber::next(&mut pdu)?; // number
    let (_, error) = ber::next(&mut pdu)?;
    ber::next(&mut pdu)?; // index
    let mut list = ber::inside(pdu, 0x30)?;
    let mut values = Vec::new();
    while let (Some(mut pair), true) = (ber::next(&mut list).map(|(_, p)| p), values.len() < 16) {
        ber::next(&mut pair)?; // name
        let (kind, value) = ber::next(&mut pair)?;
        values.push(ber::value(kind, value));
    }
    Some(Response { error: ber::number(error)?, values })
}

/// The engine's id, boots and time of a report of version 3.
pub(crate) fn engine(bytes: &[u8]) -> Option<(Vec<u8>, i64, i64)> {
    let mut message = ber::inside(bytes, 0x30)?;
    let (_, version) = ber::next(&mut message)?;
    ber::next(&mut message)?; // header
    let (_, security) = ber::next(&mut message)?;
    let mut security = ber::inside(security, 0x30)?;
    let (_, id) = ber::next(&mut security)?;
    let (_, boots) = ber::next(&mut security)?;
    let (_, time) = ber::next(&mut security)?;
    (ber::number(version)? == 3 && !id.is_empty())
        .then(|| Some((id.to_vec(), ber::number(boots)?, ber::number(time)?)))?
}

async fn ask(cx: &CheckContext, at: &Endpoint, payload: Vec<u8>, until: Deadline) -> Result<UdpResponse, Fault> {
    let request = UdpRequest::new(at.clone(), payload, WAIT_MS, 1);
    cx.touches.udp()?.call(request, until).await
}

/// Looks for users of version 3.
async fn users(
    cx: &CheckContext,
    at: &Endpoint,
    engine: &Engine,
    seen: &mut Access,
    until: Deadline,
) -> Result<(), Fault> {
    let mut said = Vec::new();
    for user in usm::USERS {
        let answer = ask(cx, at, usm::request(engine, user, None), until).await?;
        let Some(datagram) = answer.replies.first() else { return Ok(()) };
        said.push((user, usm::answer(&datagram.bytes.0)));
    }
    seen.tried += usm::USERS.len() as u32;
    // An agent that knows none of them, or says the same of all, tells nothing.
    if said.iter().all(|(_, answer)| *answer == said[0].1) && !matches!(said[0].1, Some(Answer::Response(0, Some(_)))) {
        return Ok(());
    }
    for (user, answer) in said {
        match answer {
            Some(Answer::Response(0, Some(value))) => let_in(seen, user, "no password, version 3", Some(&value)),
            // Some agents say at once that it is too little; others know the user and show it nothing.
            Some(Answer::WantsMore | Answer::Response(..)) => {
                seen.tell(&format!("user {user} of version 3 exists, and needs a password"));
                passwords(cx, at, engine, user, seen, until).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Tries usual passwords of a user that exists.
async fn passwords(
    cx: &CheckContext,
    at: &Endpoint,
    engine: &Engine,
    user: &str,
    seen: &mut Access,
    until: Deadline,
) -> Result<(), Fault> {
    for (number, password) in (1..).zip(usm::PASSWORDS) {
        for hash in [Hash::Sha1, Hash::Md5] {
            if until.passed() {
                return Ok(());
            }
            let key = hash.key(password, engine);
            let answer = ask(cx, at, usm::request(engine, user, Some((hash, &key))), until).await?;
            seen.tried += 1;
            if let Some(Answer::Response(error, value)) = answer.replies.first().and_then(|d| usm::answer(&d.bytes.0)) {
                let credential = format!("usual password {number} by {}, version 3", hash.name());
                let_in(seen, user, &credential, value.as_ref().filter(|_| error == 0));
                return Ok(());
            }
        }
    }
    Ok(())
}

fn let_in(seen: &mut Access, user: &str, credential: &str, value: Option<&Value>) {
    seen.accepted.push(Accepted { user: user.to_owned(), credential: credential.to_owned() });
    // A password may be right and the user have no right to this.
    if let Some(value) = value {
        seen.give(Act::Read, &format!("the system group by user {user}, {credential}"));
        seen.tell(&value.to_string());
    }
}

pub(crate) async fn look(cx: &CheckContext, at: &Endpoint, change: bool, until: Deadline) -> Result<Access, Fault> {
    let mut seen = Access::default();
    let (mut alive, mut refused) = (false, false);
    for version in [1_u8, 0] {
        for community in COMMUNITIES {
            let nothing: Vec<(&[u8], Vec<u8>)> = SYSTEM.iter().map(|name| (*name, ber::wrap(5, &[]))).collect();
            let answer = ask(cx, at, message(version, community, GET, &nothing), until).await?;
            if answer.unreachable {
                return Ok(Access::silent("the host says that nothing listens"));
            }
            let Some(datagram) = answer.replies.first() else { continue };
            alive = true;
            let Some(mut read) = response(&datagram.bytes.0) else { continue };
            seen = Access { answered: true, speaks: true, cleartext: true, ..seen };
            if !read.shows() {
                // Version 1 refuses the whole request for one name that is not there.
                let answer = ask(cx, at, message(version, community, GET, &nothing[..1]), until).await?;
                match answer.replies.first().and_then(|d| response(&d.bytes.0)).filter(Response::shows) {
                    Some(first) => read = first,
                    None => {
                        refused = true;
                        continue;
                    }
                }
            }
            let name = if version == 1 { "2c" } else { "1" };
            let credential = format!("community {community}, version {name}");
            seen.give(Act::Read, &format!("the system group by {credential}"));
            seen.accepted.push(Accepted { user: String::new(), credential });
            read.values.iter().for_each(|value| seen.tell(&value.to_string()));
            if change && let Some(Value::Text(contact)) = read.values.get(CONTACT) {
                let same = [(SYSTEM[CONTACT], ber::wrap(4, contact))];
                let written = ask(cx, at, message(version, community, SET, &same), until).await?;
                let took = written.replies.first().and_then(|d| response(&d.bytes.0)).is_some_and(|r| r.error == 0);
                if took {
                    seen.give(Act::Write, &format!("the contact by community {community}, version {name}"));
                }
            }
        }
    }
    seen.tried = 2 * COMMUNITIES.len() as u32;
    if refused && seen.open.is_empty() {
        seen.ask("community");
    }
    let answer = ask(cx, at, discovery(), until).await?;
    if let Some(datagram) = answer.replies.first() {
        alive = true;
        if let Some((id, boots, time)) = engine(&datagram.bytes.0) {
            seen = Access { answered: true, speaks: true, ..seen };
            seen.schemes.push("version 3".into());
            seen.tell(&format!("engine {}, {boots} starts, up {time} s", hex::encode(&id)));
            users(cx, at, &Engine { id, boots, time }, &mut seen, until).await?;
            if seen.open.is_empty() {
                seen.ask("user of version 3");
            }
        }
    }
    seen.answered |= alive;
    if !alive {
        return Ok(Access::silent("no answer: nothing listens, or it takes none of the communities asked with"));
    }
    Ok(if seen.speaks { seen } else { seen.note("what answers is no SNMP") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reply(error: u8, values: &[(&[u8], Vec<u8>)]) -> Vec<u8> {
        let mut bytes = message(1, "public", RESPONSE, values);
        // The error stands after the number of the request, which is one byte here.
        let at = bytes.windows(3).position(|w| w == [2, 1, 7]).unwrap() + 5;
        bytes[at] = error;
        bytes
    }

    #[test]
    fn responses_are_read() {
        let read = response(&reply(0, &[(SYSTEM[0], ber::wrap(4, b"Linux cam"))])).unwrap();
        assert_eq!((read.error, read.values[0].to_string().as_str()), (0, "Linux cam"));
        assert_eq!(response(&reply(2, &[])).unwrap().error, 2);
        let no_such_object = ber::wrap(0x80, &[]);
        for (error, value, shows) in
            [(0, ber::wrap(4, b"cam"), true), (0, no_such_object, false), (16, ber::wrap(4, b"cam"), false)]
        {
            assert_eq!(response(&reply(error, &[(SYSTEM[0], value)])).unwrap().shows(), shows, "error {error}");
        }
        assert_eq!(response(&message(1, "public", GET, &[])), None, "an echo is no answer");
        assert_eq!(response(b"\x30\x84\xFF\xFF\xFF\xFF"), None);
    }

    #[test]
    fn the_engine_of_a_report_is_read() {
        let security = [ber::wrap(4, b"\x80\0\x1f\x88x"), integer(3), integer(99), ber::wrap(4, b"")].concat();
        let report =
            [integer(3), ber::wrap(0x30, &[]), ber::wrap(4, &ber::wrap(0x30, &security)), ber::wrap(0xA8, &[])];
        assert_eq!(engine(&ber::wrap(0x30, &report.concat())), Some((b"\x80\0\x1f\x88x".to_vec(), 3, 99)));
        assert_eq!(engine(&discovery()), None, "an echo has no engine");
    }

    proptest! {
        #[test]
        fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = (response(&bytes), engine(&bytes));
        }
    }
}
