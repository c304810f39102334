//! What is learnt of a port, and one protocol as it is asked.

/// A logon that a service shows without being tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Logon {
    /// Whether it asks at all; false: it lets in without.
    pub asks: bool,
    /// Whether it is about a password.
    pub password_based: bool,
    /// The scheme or prompt: `login:`, `mqtt connect`, `vnc authentication`.
    pub scheme: String,
}

impl Logon {
    pub(crate) fn password(scheme: &str) -> Option<Self> {
        Some(Self { asks: true, password_based: true, scheme: scheme.to_owned() })
    }

    pub(super) fn none(scheme: &str) -> Option<Self> {
        Some(Self { asks: false, password_based: false, scheme: scheme.to_owned() })
    }

    /// It asks for something that is no password: a key, an answer on its screen.
    pub(super) fn other(scheme: &str) -> Option<Self> {
        Some(Self { asks: true, password_based: false, scheme: scheme.to_owned() })
    }
}

/// What was learnt of a port.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Identified {
    pub service: Option<&'static str>,
    pub version: Option<String>,
    pub tls: bool,
    pub banner: Option<String>,
    pub logon: Option<Logon>,
    /// Whether it sent or answered anything after connecting.
    pub answers: bool,
}

impl Identified {
    pub(super) fn service(service: &'static str) -> Self {
        Self { service: Some(service), answers: true, ..Self::default() }
    }

    /// A service that states its version.
    pub(super) fn versioned(service: &'static str, version: &str) -> Self {
        let version = crate::ports::udp::probe::shown(version);
        Self { version: (!version.is_empty()).then_some(version), ..Self::service(service) }
    }
}

/// One protocol whose services wait to be asked.
pub(super) struct Probe {
    /// Where it usually listens: there it is asked first.
    pub ports: &'static [u16],
    /// Whether other ports are asked too. Not where a question does something to services of other protocols.
    pub everywhere: bool,
    /// What is sent.
    pub send: fn() -> Vec<u8>,
    /// What an answer says; `None` where it is in no words of this protocol.
    pub read: fn(&[u8]) -> Option<Identified>,
}
