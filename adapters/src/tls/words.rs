//! TLS facts and failures in plain words.

use rustls::{AlertDescription, CipherSuite, ProtocolVersion};

/// `TLSv1.3`.
pub(super) fn version(version: ProtocolVersion) -> String {
    match version {
        ProtocolVersion::TLSv1_3 => "TLSv1.3".into(),
        ProtocolVersion::TLSv1_2 => "TLSv1.2".into(),
        other => format!("{other:?}"),
    }
}

/// The IANA name. rustls marks the suites of version 1.3 in its own way.
pub(super) fn suite(suite: CipherSuite) -> String {
    let name = format!("{suite:?}");
    match name.strip_prefix("TLS13_") {
        Some(rest) => format!("TLS_{rest}"),
        None => name,
    }
}

/// Why a handshake failed. `first` is how the peer's answer began.
pub(super) fn failure(error: &std::io::Error, first: &[u8]) -> String {
    let tls = error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::AlertReceived(alert)) => format!("alert: {}", alert_name(*alert)),
        _ if !first.is_empty() && !looks_like_tls(first) => {
            format!("not TLS: the answer began with {}", quote(first))
        }
        Some(rustls::Error::PeerIncompatible(why)) => format!("no common ground: {why:?}"),
        Some(other) => format!("broken TLS: {other}"),
        None if first.is_empty() => format!("closed without an answer to the TLS greeting ({})", error.kind()),
        None => format!("closed in the middle of the handshake ({})", error.kind()),
    }
}

/// Whether bytes begin like a TLS record: alert or handshake, version 3.x. A plain SSLv2 server falls outside.
fn looks_like_tls(first: &[u8]) -> bool {
    matches!(first, [20..=23, 3, ..] | [20..=23])
}

/// RFC 8446's name: `protocol_version`.
fn alert_name(alert: AlertDescription) -> String {
    let mut name = String::new();
    for c in format!("{alert:?}").chars() {
        if c.is_ascii_uppercase() && !name.is_empty() && !name.ends_with('_') && !ends_in_initials(&name) {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

/// `CA` in `UnknownCA` is one word.
fn ends_in_initials(name: &str) -> bool {
    name.ends_with("unknown_c")
}

/// Hostile bytes as they may stand in a message: printable ASCII, the rest escaped.
pub(super) fn quote(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_registry() {
        assert_eq!(alert_name(AlertDescription::ProtocolVersion), "protocol_version");
        assert_eq!(alert_name(AlertDescription::UnknownCA), "unknown_ca");
        assert_eq!(alert_name(AlertDescription::HandshakeFailure), "handshake_failure");
        assert_eq!(suite(CipherSuite::TLS13_AES_128_GCM_SHA256), "TLS_AES_128_GCM_SHA256");
        assert_eq!(suite(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    }

    #[test]
    fn hostile_bytes_are_escaped() {
        assert_eq!(quote(b"\x1b[2J<b>\xff"), r#""\x1b[2J<b>\xff""#);
    }
}
