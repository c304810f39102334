//! The clear-text start of SSH: identification line and KEXINIT (RFC 4253 sections 4.2, 6 and 7.1).

/// The ten name-lists of a KEXINIT, in the order of the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KexInit {
    pub(crate) kex: Vec<String>,
    pub(crate) host_keys: Vec<String>,
    pub(crate) ciphers_to_server: Vec<String>,
    pub(crate) ciphers_to_client: Vec<String>,
    pub(crate) macs_to_server: Vec<String>,
    pub(crate) macs_to_client: Vec<String>,
    pub(crate) compression_to_server: Vec<String>,
    pub(crate) compression_to_client: Vec<String>,
}

/// What the start of a server's stream holds so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    /// More bytes are needed.
    More,
    /// The identification line is there; the KEXINIT is not yet whole.
    Banner(String),
    /// Both are there, and so many bytes were they.
    Whole(String, Box<KexInit>, usize),
    /// These bytes are no SSH: why.
    NotSsh(&'static str),
}

/// Lines before the identification, and bytes in each, at most (RFC 4253 allows further lines).
const MOST_BEFORE: usize = 8 * 1024;
/// RFC 4253 section 6.1: 35,000 bytes are the least that must be accepted; nobody's lists are longer.
const MOST_PACKET: usize = 35_000;

/// Reads the start of a server's stream.
pub(crate) fn start(stream: &[u8]) -> Start {
    let mut rest = stream;
    let banner = loop {
        let Some(end) = rest.iter().position(|b| *b == b'\n') else {
            return if stream.len() > MOST_BEFORE { Start::NotSsh("no identification line") } else { Start::More };
        };
        let line = &rest[..end];
        rest = &rest[end + 1..];
        if line.starts_with(b"SSH-") {
            break String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
        }
        if stream.len() - rest.len() > MOST_BEFORE {
            return Start::NotSsh("no identification line");
        }
    };
    let before = stream.len() - rest.len();
    match packet(rest) {
        Packet::More => Start::Banner(banner),
        Packet::Impossible => Start::NotSsh("the first packet has no possible length"),
        Packet::Whole(payload, used) => match kexinit(payload) {
            Some(lists) => Start::Whole(banner, Box::new(lists), before + used),
            None => Start::NotSsh("the first packet is no KEXINIT"),
        },
    }
}

/// The first packet of a clear-text stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packet<'a> {
    /// More bytes are needed.
    More,
    /// No SSH packet begins like this.
    Impossible,
    /// Its payload, and the bytes that it takes in the stream.
    Whole(&'a [u8], usize),
}

/// Reads one packet (RFC 4253 section 6), before encryption begins.
pub(crate) fn packet(stream: &[u8]) -> Packet<'_> {
    let Some((length, rest)) = stream.split_first_chunk::<4>() else { return Packet::More };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if !(2..=MOST_PACKET).contains(&length) {
        return Packet::Impossible;
    }
    let Some(packet) = rest.get(..length) else { return Packet::More };
    let payload = packet
        .split_first()
        .and_then(|(padding, rest)| rest.len().checked_sub(usize::from(*padding)).and_then(|end| rest.get(..end)));
    payload.map_or(Packet::Impossible, |payload| Packet::Whole(payload, 4 + length))
}

/// One packet to send, padded to a multiple of eight.
pub(crate) fn to_packet(payload: &[u8]) -> Vec<u8> {
    let padding = 8 - (payload.len() + 5) % 8;
    let padding = if padding < 4 { padding + 8 } else { padding };
    let mut out = u32::try_from(payload.len() + padding + 1).unwrap_or(0).to_be_bytes().to_vec();
    out.push(u8::try_from(padding).unwrap_or(0));
    out.extend_from_slice(payload);
    out.resize(out.len() + padding, 0);
    out
}

/// A string of the wire: its length, then its bytes.
pub(crate) fn push_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(0).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Takes a string of the wire off the front.
pub(crate) fn take_string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, tail) = rest.split_first_chunk::<4>()?;
    let (bytes, tail) = tail.split_at_checked(u32::from_be_bytes(*length).try_into().ok()?)?;
    *rest = tail;
    Some(bytes)
}

fn kexinit(payload: &[u8]) -> Option<KexInit> {
    let (20, rest) = payload.split_first().map(|(k, r)| (*k, r))? else { return None };
    let mut rest = rest.get(16..)?;
    let mut list = || -> Option<Vec<String>> {
        let names = take_string(&mut rest)?;
        let text = String::from_utf8_lossy(names);
        Some(text.split(',').filter(|n| !n.is_empty()).map(str::to_owned).collect())
    };
    Some(KexInit {
        kex: list()?,
        host_keys: list()?,
        ciphers_to_server: list()?,
        ciphers_to_client: list()?,
        macs_to_server: list()?,
        macs_to_client: list()?,
        compression_to_server: list()?,
        compression_to_client: list()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lists_packet(lists: &[&str]) -> Vec<u8> {
        let mut payload = vec![20];
        payload.extend_from_slice(&[9; 16]);
        for list in lists {
            push_string(&mut payload, list.as_bytes());
        }
        to_packet(&payload)
    }

    const LISTS: [&str; 10] =
        ["curve25519-sha256", "ssh-ed25519,ssh-rsa", "a", "b", "c", "d", "none", "none,zlib@openssh.com", "", ""];

    #[test]
    fn lines_before_the_banner_are_skipped() {
        let stream = [b"hello\r\nSSH-2.0-x\r\n".as_slice(), &lists_packet(&LISTS)].concat();
        let Start::Whole(banner, lists, used) = start(&stream) else { panic!("whole expected") };
        assert_eq!((banner.as_str(), used), ("SSH-2.0-x", stream.len()));
        assert_eq!(lists.host_keys, ["ssh-ed25519", "ssh-rsa"]);
        assert_eq!(lists.compression_to_client, ["none", "zlib@openssh.com"]);
    }

    #[test]
    fn every_cut_of_a_good_stream_asks_for_more() {
        let stream = [b"SSH-2.0-x\r\n".as_slice(), &lists_packet(&LISTS)].concat();
        for cut in 0..stream.len() {
            assert!(matches!(start(&stream[..cut]), Start::More | Start::Banner(_)), "cut at {cut}");
        }
    }

    #[test]
    fn a_lying_length_is_refused() {
        assert!(matches!(start(b"SSH-2.0-x\r\n\xff\xff\xff\xff"), Start::NotSsh(_)));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(tail in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = start(&tail);
            let _ = start(&[b"SSH-2.0-x\r\n".as_slice(), &tail].concat());
        }
    }
}
