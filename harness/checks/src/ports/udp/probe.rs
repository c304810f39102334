//! One protocol as a port scan needs it: what to send, and what an answer says.

/// One protocol over datagrams.
pub(in crate::ports) struct Probe {
    /// The word in observations.
    pub service: &'static str,
    /// Where it usually listens.
    pub ports: &'static [u16],
    /// Datagrams, sent one after the other until one is answered.
    pub send: fn() -> Vec<Vec<u8>>,
    /// What an answer says; `None` where it is in no words of this protocol.
    pub read: fn(&[u8]) -> Option<Told>,
}

/// What an answer says of its service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::ports) struct Told {
    /// Product and version, or the protocol's version, as stated.
    pub version: Option<String>,
    /// Anything else that it says of itself, at most 200 visible characters.
    pub banner: Option<String>,
}

impl Told {
    /// Only that it speaks the protocol.
    pub(in crate::ports) fn only() -> Option<Self> {
        Some(Self::default())
    }

    /// A version.
    pub(in crate::ports) fn version(text: impl Into<String>) -> Option<Self> {
        Some(Self { version: Some(shown(&text.into())), ..Self::default() })
    }

    /// A self-description.
    pub(in crate::ports) fn banner(bytes: &[u8]) -> Option<Self> {
        let text = shown(&String::from_utf8_lossy(bytes));
        Some(Self { banner: (!text.is_empty()).then_some(text), ..Self::default() })
    }
}

/// Text of a DUT as it may stand in an observation.
pub(in crate::ports) fn shown(text: &str) -> String {
    let visible: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect()
}

/// The value of a header in an answer that is written like HTTP's.
pub(in crate::ports) fn header(text: &str, wanted: &str) -> Option<String> {
    let mut lines = text.lines().skip(1).take_while(|l| !l.trim().is_empty());
    let (_, value) = lines.find_map(|l| l.split_once(':').filter(|(n, _)| n.trim().eq_ignore_ascii_case(wanted)))?;
    Some(shown(value)).filter(|v| !v.is_empty())
}
