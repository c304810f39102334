//! Unkeyed digests of a seed, in the encodings that generators print them in.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use data_encoding::BASE32_NOPAD;
use md5::{Digest as _, Md5};
use sha1::Sha1;
use sha2::Sha256;

/// One encoding of one digest (or of the seed itself) of one seed.
pub(super) struct Encoded {
    /// `plain`, `md5`, `sha1`, `sha256`.
    pub digest: &'static str,
    /// `hex`, `base32`, `base64`, `base64url`.
    pub encoding: &'static str,
    /// The text, in lower case where case says nothing.
    pub text: String,
    /// Whether upper and lower case are the same character here.
    pub folds: bool,
    /// Bits per character.
    pub bits: f64,
}

/// All of them for one seed.
pub(super) fn all(seed: &[u8]) -> Vec<Encoded> {
    let digests: [(&'static str, Vec<u8>); 4] = [
        ("plain", seed.to_vec()),
        ("md5", Md5::digest(seed).to_vec()),
        ("sha1", Sha1::digest(seed).to_vec()),
        ("sha256", Sha256::digest(seed).to_vec()),
    ];
    digests
        .into_iter()
        .flat_map(|(digest, bytes)| {
            let encoded = |encoding, text, folds, bits| Encoded { digest, encoding, text, folds, bits };
            [
                encoded("hex", hex::encode(&bytes), true, 4.0),
                encoded("base32", BASE32_NOPAD.encode(&bytes).to_ascii_lowercase(), true, 5.0),
                encoded("base64", STANDARD_NO_PAD.encode(&bytes), false, 6.0),
                encoded("base64url", URL_SAFE_NO_PAD.encode(&bytes), false, 6.0),
            ]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_match_published_vectors() {
        let of = |digest: &str, encoding: &str| {
            all(b"abc").into_iter().find(|e| e.digest == digest && e.encoding == encoding).map(|e| e.text).unwrap()
        };
        assert_eq!(of("md5", "hex"), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(of("sha1", "hex"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert!(of("sha256", "hex").starts_with("ba7816bf8f01cfea"));
        assert_eq!(of("plain", "base64"), "YWJj");
        assert_eq!(of("plain", "base32"), "mfrgg");
    }
}
