//! Users of SNMP version 3 (RFC 3414): which of the usual names an agent knows, and whether one is let in without a
//! password or by a password of every list. An agent says that a name is unknown, so names can be found by asking.

use hmac::{Hmac, Mac};
use md5::Md5;
use sha1::{Digest, Sha1};

use super::ber::{self, Value};

/// Names of every manual.
pub(super) const USERS: [&str; 8] = ["admin", "root", "user", "snmp", "snmpuser", "initial", "public", "guest"];
/// Passwords of every list with the eight characters that the standard wants (RFC 3414, 11.2).
pub(super) const PASSWORDS: [&str; 3] = ["password", "12345678", "adminadmin"];
/// sysDescr.
const DESCRIPTION: &[u8] = b"\x2b\x06\x01\x02\x01\x01\x01\x00";
/// Counters of the user-based model, up to the number of one.
const COUNTERS: &[u8] = b"\x2b\x06\x01\x06\x03\x0f\x01\x01";
/// Bytes that a password is spread over (RFC 3414, A.2).
const SPREAD: usize = 1 << 20;
/// Bytes of a digest that are sent.
const CUT: usize = 12;

/// An agent's engine, as its discovery told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Engine {
    pub(super) id: Vec<u8>,
    pub(super) boots: i64,
    pub(super) time: i64,
}

/// How a request is authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Md5,
    Sha1,
}

impl Hash {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
        }
    }

    /// The key that a password comes to at one engine.
    pub(super) fn key(self, password: &str, engine: &Engine) -> Vec<u8> {
        let spread: Vec<u8> = password.bytes().cycle().take(SPREAD).collect();
        let localised = |wide: Vec<u8>| [&wide[..], &engine.id, &wide].concat();
        match self {
            Self::Md5 => Md5::digest(localised(Md5::digest(spread).to_vec())).to_vec(),
            Self::Sha1 => Sha1::digest(localised(Sha1::digest(spread).to_vec())).to_vec(),
        }
    }

    fn seal(self, key: &[u8], message: &[u8]) -> Vec<u8> {
        let mut whole = match self {
            Self::Md5 => <Hmac<Md5> as Mac>::new_from_slice(key)
                .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec()),
            Self::Sha1 => <Hmac<Sha1> as Mac>::new_from_slice(key)
                .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec()),
        }
        .unwrap_or_default(); // a key of any length will do
        whole.truncate(CUT);
        whole
    }
}

/// A request for the description, in the name of `user`; sealed where there is a key.
pub(super) fn request(engine: &Engine, user: &str, seal: Option<(Hash, &[u8])>) -> Vec<u8> {
    let number = |value: i64| {
        let bytes = value.to_be_bytes();
        // As short as its sign allows.
        let spare =
            bytes.windows(2).take_while(|w| (w[0] == 0 && w[1] < 0x80) || (w[0] == 0xFF && w[1] >= 0x80)).count();
        ber::wrap(2, &bytes[spare..])
    };
    let build = |seal_bytes: &[u8]| {
        let flags = if seal.is_some() { 5 } else { 4 };
        let header = [number(7), number(65_507), ber::wrap(4, &[flags]), number(3)].concat();
        let names = [ber::wrap(4, user.as_bytes()), ber::wrap(4, seal_bytes), ber::wrap(4, &[])].concat();
        let security = [ber::wrap(4, &engine.id), number(engine.boots), number(engine.time), names].concat();
        let pair = ber::wrap(0x30, &[ber::wrap(6, DESCRIPTION), ber::wrap(5, &[])].concat());
        let pdu = ber::wrap(0xA0, &[number(7), number(0), number(0), ber::wrap(0x30, &pair)].concat());
        let scoped = ber::wrap(0x30, &[ber::wrap(4, &engine.id), ber::wrap(4, &[]), pdu].concat());
        let security = ber::wrap(4, &ber::wrap(0x30, &security));
        ber::wrap(0x30, &[number(3), ber::wrap(0x30, &header), security, scoped].concat())
    };
    match seal {
        None => build(&[]),
        // The digest is over the message with zeros in its place (RFC 3414, 6.3.1).
        Some((hash, key)) => build(&hash.seal(key, &build(&[0; CUT]))),
    }
}

/// What an agent answers to who names a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A response, whose sender was taken for the user: its error, and its value where there is one.
    Response(i64, Option<Value>),
    /// The user is there, and this is too little to let it in.
    WantsMore,
    /// Nobody of that name.
    Unknown,
    /// The user is there, and the digest is wrong.
    Wrong,
    /// Another report.
    Other,
}

/// Reads an answer.
pub(crate) fn answer(bytes: &[u8]) -> Option<Answer> {
    let mut message = ber::inside(bytes, 0x30)?;
    let (_, version) = ber::next(&mut message)?;
    ber::next(&mut message)?; // header
    ber::next(&mut message)?; // security
    let (0x30, mut scoped) = ber::next(&mut message)? else { return None };
    if ber::number(version)? != 3 {
        return None;
    }
    ber::next(&mut scoped)?; // engine
    ber::next(&mut scoped)?; // context
    let (kind, mut pdu) = ber::next(&mut scoped)?;
    ber::next(&mut pdu)?; // number
    let (_, error) = ber::next(&mut pdu)?;
    ber::next(&mut pdu)?; // index
    let mut list = ber::inside(pdu, 0x30)?;
    let mut pair = ber::next(&mut list).map(|(_, pair)| pair).unwrap_or_default();
    let name = ber::next(&mut pair).map(|(_, name)| name).unwrap_or_default();
    match kind {
        0xA2 => Some(Answer::Response(
            ber::number(error)?,
            ber::next(&mut pair).map(|(kind, value)| ber::value(kind, value)).filter(|v| !matches!(v, Value::Other(_))),
        )),
        0xA8 => Some(match name.strip_prefix(COUNTERS)?.first()? {
            1 => Answer::WantsMore,
            3 => Answer::Unknown,
            5 => Answer::Wrong,
            _ => Answer::Other,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn engine() -> Engine {
        Engine { id: [&[0; 11][..], &[2]].concat(), boots: 300, time: -1 }
    }

    /// The examples of RFC 3414, A.3.
    #[test]
    fn keys_are_those_of_the_standard_s_examples() {
        let key = |hash: Hash| hex::encode(hash.key("maplesyrup", &engine()));
        assert_eq!(key(Hash::Md5), "526f5eed9fcce26f8964c2930787d82b");
        assert_eq!(key(Hash::Sha1), "6695febc9288e36282235fc7151f128497b38f3f");
    }

    #[test]
    fn answers_are_told_apart() {
        let answering = |kind: u8, error: u8, name: &[u8], value: Vec<u8>| {
            let pair = ber::wrap(0x30, &[ber::wrap(6, name), value].concat());
            let ints = [ber::wrap(2, &[7]), ber::wrap(2, &[error]), ber::wrap(2, &[0])].concat();
            let pdu = ber::wrap(kind, &[ints, ber::wrap(0x30, &pair)].concat());
            let scoped = ber::wrap(0x30, &[ber::wrap(4, b"e"), ber::wrap(4, b""), pdu].concat());
            let head = [ber::wrap(2, &[3]), ber::wrap(0x30, b""), ber::wrap(4, b"")].concat();
            answer(&ber::wrap(0x30, &[head, scoped].concat()))
        };
        let report = |counter: u8| answering(0xA8, 0, &[COUNTERS, &[counter, 0]].concat(), ber::wrap(0x41, &[1]));
        assert_eq!([report(1), report(3), report(5)], [Answer::WantsMore, Answer::Unknown, Answer::Wrong].map(Some));
        let text = Value::Text(b"cam".to_vec());
        let read = answering(0xA2, 0, DESCRIPTION, ber::wrap(4, b"cam"));
        assert_eq!(read, Some(Answer::Response(0, Some(text))));
        assert_eq!(answering(0xA2, 16, DESCRIPTION, ber::wrap(5, b"")), Some(Answer::Response(16, None)));
        assert_eq!(answer(&request(&engine(), "admin", None)), None, "an echo is no answer");
    }

    proptest! {
        #[test]
        fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = answer(&bytes);
        }
    }
}
