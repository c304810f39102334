//! Whether a time stamp authority's certificate leads to a root that the reader trusts.

use std::path::Path;

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, UnixTime};
use time::OffsetDateTime;
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::token::Token;

/// id-kp-timeStamping.
const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];

/// Follows the chain from the token's signer to a certificate in `roots` (PEM), as it stood when the token was made.
///
/// # Errors
/// The file cannot be read, or the chain does not hold: words that follow "the time stamp".
pub(super) fn lead_to(roots: &Path, token: &Token<'_>) -> Result<(), String> {
    let shown = roots.display();
    let unreadable = |e: String| format!("could not be held against {shown}: {e}");
    let text = std::fs::read(roots).map_err(|e| unreadable(e.to_string()))?;
    let roots: Vec<CertificateDer<'_>> =
        CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>().map_err(|e| unreadable(format!("{e:?}")))?;
    let anchors: Vec<_> = roots
        .iter()
        .map(anchor_from_trusted_cert)
        .collect::<Result<_, _>>()
        .map_err(|e| unreadable(format!("it has a certificate that cannot be read: {e}")))?;
    if anchors.is_empty() {
        return Err(unreadable("it has no certificate".into()));
    }
    let signer = CertificateDer::from(token.signer);
    let end = EndEntityCert::try_from(&signer).map_err(|e| format!("is by a certificate that cannot be read: {e}"))?;
    let between: Vec<CertificateDer<'_>> = token.certificates.iter().map(|c| CertificateDer::from(*c)).collect();
    let usage = KeyUsage::required(TIME_STAMPING);
    end.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &between, unix(token.time), usage, None, None)
        .map(|_| ())
        .map_err(|e| format!("is by an authority that does not lead to {shown}: {e}"))
}

fn unix(time: OffsetDateTime) -> UnixTime {
    let seconds = u64::try_from(time.unix_timestamp()).unwrap_or(0);
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
}
