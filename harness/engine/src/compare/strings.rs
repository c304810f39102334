//! Text in observations with what two runs can never share taken out: times, addresses, label data, tags of secrets.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use assay_model::results::Results;
use serde_json::Value;

/// Values of one run's samples that stand for a place, not for a finding: `127.21.0.1` is `<host of s1>`.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Longest first, so that `C1-0123` does not cut `C1-012345` in two.
    known: Vec<(String, String)>,
}

impl Names {
    pub(super) fn of(results: &Results) -> Self {
        let mut known = BTreeMap::new();
        for sample in &results.samples {
            if let Some(host) = &sample.host {
                known.insert(host.clone(), format!("<host of {}>", sample.id));
            }
            // Facts of the type, such as the model, are the same on every sample and must stay visible.
            for key in ["serial", "mac", "ssid"] {
                if let Some(text) = sample.label.get(key).and_then(Value::as_str).filter(|t| t.len() >= 4) {
                    known.insert(text.to_owned(), format!("<{key} of {}>", sample.id));
                }
            }
        }
        let mut known: Vec<_> = known.into_iter().collect();
        known.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        Self { known }
    }

    /// The text with names, times and the harness's own addresses taken out. Tags of secrets stay: see [`tags`].
    pub(super) fn plain(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (value, name) in &self.known {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), name);
            }
        }
        times(&own_addresses(&text))
    }
}

/// `2026-11-22T09:00:01.5Z` and the seconds that kernels print, `[    1.234567]`.
fn times(text: &str) -> String {
    const STAMP: &str = "dddd-dd-ddTdd:dd:dd";
    let bytes = text.as_bytes();
    let (mut out, mut at, mut kept) = (String::with_capacity(text.len()), 0, 0);
    while at < bytes.len() {
        let end = if like(&bytes[at..], STAMP) {
            at + STAMP.len() + zone(&bytes[at + STAMP.len()..])
        } else if let Some(len) = kernel_time(&bytes[at..]) {
            at + len
        } else {
            at += 1;
            continue;
        };
        out.push_str(&text[kept..at]);
        out.push_str("<time>");
        (at, kept) = (end, end);
    }
    out.push_str(&text[kept..]);
    out
}

/// `d` is a digit, all else itself.
fn like(bytes: &[u8], shape: &str) -> bool {
    bytes.len() >= shape.len()
        && shape.bytes().zip(bytes).all(|(want, have)| if want == b'd' { have.is_ascii_digit() } else { want == *have })
}

/// Length of a fraction and a zone.
fn zone(bytes: &[u8]) -> usize {
    let mut len = 0;
    if bytes.first() == Some(&b'.') {
        len = 1 + bytes[1..].iter().take_while(|b| b.is_ascii_digit()).count();
    }
    let rest = &bytes[len..];
    match rest.first() {
        Some(b'Z') => len + 1,
        Some(b'+' | b'-') if like(&rest[1..], "dd:dd") => len + 6,
        _ => len,
    }
}

fn kernel_time(bytes: &[u8]) -> Option<usize> {
    let rest = bytes.strip_prefix(b"[")?;
    let blanks = rest.iter().take_while(|b| **b == b' ').count();
    let rest = &rest[blanks..];
    let whole = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let fraction = rest.get(whole + 1..)?.iter().take_while(|b| b.is_ascii_digit()).count();
    let shaped = whole > 0 && fraction >= 3 && rest[whole] == b'.' && rest.get(whole + 1 + fraction) == Some(&b']');
    shaped.then_some(1 + blanks + whole + 1 + fraction + 1)
}

/// Loopback addresses that are no sample's are listeners of the harness itself; their ports are the system's choice, and
/// so is any port from 32768 on behind an address.
fn own_addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        out.push_str(&rest[..start]);
        let word = &rest[start..];
        let end = word.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(word.len());
        let (address, after) = word.split_at(end);
        rest = after;
        let Some(ip) = address.parse::<Ipv4Addr>().ok().map(IpAddr::V4) else {
            out.push_str(address);
            continue;
        };
        let own = ip.is_loopback();
        out.push_str(if own { "<own address>" } else { address });
        let digits = after.strip_prefix(':').map_or(0, |p| p.bytes().take_while(u8::is_ascii_digit).count());
        let chosen = digits > 0 && after[1..=digits].parse::<u32>().is_ok_and(|port| own || port >= 32_768);
        if chosen {
            out.push_str(":<port>");
            rest = &after[1 + digits..];
        }
    }
    out.push_str(rest);
    out
}

/// Rewrites each `[[REDACTED R-0007 password 12ch #k3f9a1c2]]` and each bare tag `#k3f9a1c2` by what `name` makes of its
/// tag. The number is the run's own and is dropped; kind and length stay.
pub(super) fn tags(text: &str, name: &mut impl FnMut(&str) -> String) -> String {
    if is_tag(text) {
        return name(&text[1..]);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("[[REDACTED ") {
        let Some(len) = rest[start..].find("]]") else { break };
        let token = &rest[start + 2..start + len];
        let mut words = token.split(' ').skip(2);
        let (kind, length) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        out.push_str(&rest[..start]);
        let tag = words.next().map(|t| name(t.trim_start_matches('#'))).unwrap_or_default();
        out.push_str(&format!("<secret {kind} {length} {tag}>"));
        rest = &rest[start + len + 2..];
    }
    out.push_str(rest);
    out
}

fn is_tag(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|t| t.len() == 8 && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_own_addresses_go_and_findings_stay() {
        let names = Names { known: vec![("127.21.0.1".into(), "<host of s1>".into())] };
        for (text, plain) in [
            ("at 2026-11-22T09:00:01.5Z, é", "at <time>, é"),
            ("2026-11-22T09:00:01+01:00x", "<time>x"),
            ("[    1.234567] init", "<time> init"),
            ("support ends 2029-12-31", "support ends 2029-12-31"),
            ("[1] and [2.5]", "[1] and [2.5]"),
            ("127.21.0.1:9999 answers", "<host of s1>:9999 answers"),
            ("from 127.0.0.1:8080", "from <own address>:<port>"),
            ("192.0.2.7:443, 192.0.2.7:49152", "192.0.2.7:443, 192.0.2.7:<port>"),
            ("OpenSSH_9.2p1 1.2.3", "OpenSSH_9.2p1 1.2.3"),
            ("version 1.2.3.4.5", "version 1.2.3.4.5"),
            ("", ""),
        ] {
            assert_eq!(names.plain(text), plain, "{text}");
        }
    }

    #[test]
    fn tokens_keep_kind_length_and_a_tag_and_lose_their_number() {
        let mut as_x = |tag: &str| format!("x{tag}");
        assert_eq!(
            tags("a [[REDACTED R-0007 password 12ch #k3f9a1c2]] b", &mut as_x),
            "a <secret password 12ch xk3f9a1c2> b"
        );
        assert_eq!(tags("#k3f9a1c2", &mut as_x), "xk3f9a1c2");
        for same in ["#fff", "# heading", "[[REDACTED R-0007", "plain"] {
            assert_eq!(tags(same, &mut as_x), same);
        }
    }
}
