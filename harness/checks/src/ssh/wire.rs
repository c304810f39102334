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
    /// Both are there.
    Whole(String, Box<KexInit>),
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
    let Some((length, packet)) = rest.split_first_chunk::<4>() else { return Start::Banner(banner) };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if !(2..=MOST_PACKET).contains(&length) {
        return Start::NotSsh("the first packet has no possible length");
    }
    let Some(packet) = packet.get(..length) else { return Start::Banner(banner) };
    match kexinit(packet) {
        Some(lists) => Start::Whole(banner, Box::new(lists)),
        None => Start::NotSsh("the first packet is no KEXINIT"),
    }
}

fn kexinit(packet: &[u8]) -> Option<KexInit> {
    let (padding, payload) = packet.split_first()?;
    let payload = payload.get(..payload.len().checked_sub(usize::from(*padding))?)?;
    let (20, rest) = payload.split_first().map(|(k, r)| (*k, r))? else { return None };
    let mut rest = rest.get(16..)?;
    let mut list = || -> Option<Vec<String>> {
        let (length, tail) = rest.split_first_chunk::<4>()?;
        let (names, tail) = tail.split_at_checked(u32::from_be_bytes(*length).try_into().ok()?)?;
        rest = tail;
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

    fn packet(lists: &[&str]) -> Vec<u8> {
        let mut payload = vec![20];
        payload.extend_from_slice(&[9; 16]);
        for list in lists {
            payload.extend_from_slice(&u32::try_from(list.len()).expect("short").to_be_bytes());
            payload.extend_from_slice(list.as_bytes());
        }
        let mut out = u32::try_from(payload.len() + 5).expect("short").to_be_bytes().to_vec();
        out.push(4);
        out.extend(payload);
        out.extend_from_slice(&[0; 4]);
        out
    }

    const LISTS: [&str; 10] =
        ["curve25519-sha256", "ssh-ed25519,ssh-rsa", "a", "b", "c", "d", "none", "none,zlib@openssh.com", "", ""];

    #[test]
    fn lines_before_the_banner_are_skipped() {
        let stream = [b"hello\r\nSSH-2.0-x\r\n".as_slice(), &packet(&LISTS)].concat();
        let Start::Whole(banner, lists) = start(&stream) else { panic!("whole expected") };
        assert_eq!(banner, "SSH-2.0-x");
        assert_eq!(lists.host_keys, ["ssh-ed25519", "ssh-rsa"]);
        assert_eq!(lists.compression_to_client, ["none", "zlib@openssh.com"]);
    }

    #[test]
    fn every_cut_of_a_good_stream_asks_for_more() {
        let stream = [b"SSH-2.0-x\r\n".as_slice(), &packet(&LISTS)].concat();
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
