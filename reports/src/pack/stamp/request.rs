//! A time stamp request (RFC 3161): a SHA-256 and a nonce, and nothing else leaves the bench.

use super::der::{BOOLEAN, Der, INTEGER, NULL, OCTET_STRING, OID, SEQUENCE, encode};
use super::oid;

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) digest: [u8; 32],
    /// As a positive DER integer.
    pub(super) nonce: Vec<u8>,
}

impl Request {
    /// With a nonce of 64 random bits.
    pub(super) fn new(digest: [u8; 32], random: u64) -> Self {
        // Top bit off and lowest byte on: positive, and without a leading zero to think about.
        let nonce = (random >> 1 | 1 << 62).to_be_bytes().to_vec();
        Self { digest, nonce }
    }

    /// The bytes of a `.tsq` file.
    pub(super) fn encode(&self) -> Vec<u8> {
        let algorithm = encode(SEQUENCE, &[&encode(OID, &[oid::SHA256]), &encode(NULL, &[])]);
        let imprint = encode(SEQUENCE, &[&algorithm, &encode(OCTET_STRING, &[&self.digest])]);
        let nonce = encode(INTEGER, &[&self.nonce]);
        let with_certificates = encode(BOOLEAN, &[&[0xff]]);
        encode(SEQUENCE, &[&encode(INTEGER, &[&[1]]), &imprint, &nonce, &with_certificates])
    }

    /// Reads one that was made here; `None` for any other, so that every changed byte shows.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut request = Der(bytes).sequence()?;
        request.expect(INTEGER)?;
        let mut imprint = request.sequence()?;
        imprint.sequence()?;
        let digest = imprint.expect(OCTET_STRING)?.try_into().ok()?;
        let request = Self { digest, nonce: request.expect(INTEGER)?.to_vec() };
        (request.encode() == bytes).then_some(request)
    }
}
