//! A public host key as it stands on the wire (RFC 4253 section 6.6, RFC 5656, RFC 8709, OpenSSH certificates).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::wire::take_string;

/// One host key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct HostKey {
    /// The type that the key names: `ssh-rsa`, `ecdsa-sha2-nistp256`, `ssh-ed25519`. Signature algorithms over the same
    /// key (`rsa-sha2-512`) are one key.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Bits of modulus, field or curve; 0 where the type is not known.
    pub(crate) bits: u32,
    /// SHA-256 of the key, base64 without padding, as OpenSSH prints it.
    pub(crate) sha256: String,
}

/// Reads a key. `None` where not even its type can be read.
pub(crate) fn host_key(blob: &[u8]) -> Option<HostKey> {
    let mut rest = blob;
    let kind = String::from_utf8_lossy(take_string(&mut rest)?).into_owned();
    Some(HostKey { bits: bits(&kind, rest).unwrap_or(0), kind, sha256: STANDARD_NO_PAD.encode(Sha256::digest(blob)) })
}

fn bits(kind: &str, mut rest: &[u8]) -> Option<u32> {
    // A certificate carries a nonce before the key's own fields.
    if kind.contains("-cert-v0") {
        take_string(&mut rest)?;
    }
    if kind.starts_with("ssh-rsa") || kind.starts_with("rsa-sha2") {
        take_string(&mut rest)?;
        return significant_bits(take_string(&mut rest)?);
    }
    if kind.starts_with("ssh-dss") {
        return significant_bits(take_string(&mut rest)?);
    }
    if kind.contains("ed25519") {
        return Some(256);
    }
    if kind.contains("ed448") {
        return Some(456);
    }
    [("nistp256", 256), ("nistp384", 384), ("nistp521", 521)]
        .into_iter()
        .find(|(curve, _)| kind.contains(curve))
        .map(|(_, bits)| bits)
}

/// Bits of a positive integer of the wire.
pub(crate) fn significant_bits(number: &[u8]) -> Option<u32> {
    let leading = number.iter().take_while(|b| **b == 0).count();
    let significant = number.get(leading..)?;
    let top = significant.first().map_or(0, |b| 8 - b.leading_zeros());
    Some(u32::try_from(significant.len().saturating_sub(1)).ok()? * 8 + top)
}

#[cfg(test)]
mod tests {
    use super::super::wire::push_string;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_modulus_of_an_rsa_key_is_measured() {
        let mut blob = Vec::new();
        push_string(&mut blob, b"ssh-rsa");
        push_string(&mut blob, &[1, 0, 1]);
        push_string(&mut blob, &[&[0, 0x80][..], &[7; 127]].concat());
        assert_eq!(host_key(&blob).map(|k| (k.kind, k.bits)), Some(("ssh-rsa".into(), 1024)));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(tail in prop::collection::vec(any::<u8>(), 0..120)) {
            let _ = host_key(&tail);
            for kind in ["ssh-rsa", "ssh-dss", "ssh-rsa-cert-v01@openssh.com"] {
                let mut blob = Vec::new();
                push_string(&mut blob, kind.as_bytes());
                blob.extend_from_slice(&tail);
                prop_assert!(host_key(&blob).is_some());
            }
        }
    }
}
