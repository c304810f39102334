//! A time stamp response (RFC 3161, RFC 5816) taken apart, and its signature checked.
//!
//! Read by hand: the crates for CMS and time stamps have had no stable release for years, and what is needed of them is
//! small. Certificates and their chain are webpki's.

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use time::OffsetDateTime;
use webpki::EndEntityCert;
use webpki::aws_lc_rs as ways;

use super::der::{CONTEXT_0, Der, GENERALIZED_TIME, INTEGER, NULL, OCTET_STRING, OID, SEQUENCE, SET, UTF8, encode};
use super::oid;

/// A token whose signature fits one of the certificates that it carries.
#[derive(Debug)]
pub(super) struct Token<'a> {
    whole: &'a [u8],
    /// SHA-256 that was stamped.
    pub(super) digest: &'a [u8],
    /// As a DER integer.
    pub(super) nonce: Option<&'a [u8]>,
    /// When.
    pub(super) time: OffsetDateTime,
    /// The authority's own certificate.
    pub(super) signer: &'a [u8],
    /// All that it carries, the signer's too.
    pub(super) certificates: Vec<&'a [u8]>,
}

/// Words that follow "the time stamp".
type Why = String;

impl<'a> Token<'a> {
    /// Reads a `.tsr` file.
    ///
    /// # Errors
    /// What is wrong, in words that follow "the time stamp".
    pub(super) fn read(response: &'a [u8]) -> Result<Self, Why> {
        const BROKEN: &str = "is no RFC 3161 response";
        let mut outer = Der(response);
        let mut inner = outer.sequence().filter(|_| outer.is_empty()).ok_or(BROKEN)?;
        granted(inner.sequence().ok_or(BROKEN)?)?;
        let token = inner.value().filter(|_| inner.is_empty()).ok_or("was granted, but the response has none")?;
        signed(token.whole)
    }

    /// The response as it is kept: granted, and no words, since nobody signs those.
    pub(super) fn plain_response(&self) -> Vec<u8> {
        let granted = encode(SEQUENCE, &[&encode(INTEGER, &[&[0]])]);
        encode(SEQUENCE, &[&granted, self.whole])
    }
}

/// PKIStatusInfo: 0 is granted, 1 granted with changes; all else says why not.
fn granted(mut info: Der<'_>) -> Result<(), Why> {
    match info.expect(INTEGER) {
        Some([0 | 1]) => Ok(()),
        Some(status) => {
            let said: Vec<String> = info
                .optional(SEQUENCE)
                .and_then(|texts| Der(texts).all())
                .unwrap_or_default()
                .iter()
                .filter(|t| t.tag == UTF8)
                .map(|t| String::from_utf8_lossy(t.body).chars().take(200).collect())
                .collect();
            Err(format!("was refused by the authority: status {}, {}", hex::encode(status), said.join("; ")))
        }
        None => Err("is no RFC 3161 response".into()),
    }
}

/// ContentInfo with SignedData with TSTInfo.
fn signed(token: &[u8]) -> Result<Token<'_>, Why> {
    const BROKEN: &str = "carries no signed data";
    let mut info = Der(token).sequence().ok_or(BROKEN)?;
    info.expect(OID).filter(|o| *o == oid::SIGNED_DATA).ok_or(BROKEN)?;
    let mut data = Der(info.expect(CONTEXT_0).ok_or(BROKEN)?).sequence().ok_or(BROKEN)?;
    data.expect(INTEGER).filter(|v| *v == [3]).ok_or(BROKEN)?;
    let mut hashes = Der(data.expect(SET).ok_or(BROKEN)?);
    let hash = algorithm(&mut hashes).filter(|_| hashes.is_empty()).ok_or(BROKEN)?;
    let mut content = data.sequence().ok_or(BROKEN)?;
    content.expect(OID).filter(|o| *o == oid::TST_INFO).ok_or("signs something other than a time")?;
    let content = content.expect(CONTEXT_0).and_then(|c| Der(c).expect(OCTET_STRING)).ok_or(BROKEN)?;
    let certificates = data.optional(CONTEXT_0).ok_or("carries no certificates: request it with them")?;
    let certificates = Der(certificates).all().ok_or(BROKEN)?;
    let certificates: Vec<&[u8]> = certificates.iter().filter(|c| c.tag == SEQUENCE).map(|c| c.whole).collect();
    data.optional(CONTEXT_0 | 1); // revocation lists, which nothing here reads
    let mut signers = Der(data.expect(SET).ok_or(BROKEN)?);
    let signer = signers.sequence().filter(|_| signers.is_empty() && data.is_empty());
    let signer = by(signer.ok_or("has not exactly one signer")?, content, hash, &certificates)?;
    let Info { digest, nonce, time } = info_of(content).ok_or("has a malformed time")?;
    Ok(Token { whole: token, digest, nonce, time, signer, certificates })
}

/// Checks a SignerInfo over `content`, hashed by `hash`, and gives the certificate that it is by.
fn by<'a>(mut info: Der<'a>, content: &[u8], hash: &[u8], certificates: &[&'a [u8]]) -> Result<&'a [u8], Why> {
    const BROKEN: &str = "has a malformed signature";
    let version = info.expect(INTEGER).ok_or(BROKEN)?;
    let sid = info.value().ok_or(BROKEN)?;
    algorithm(&mut info).filter(|h| *h == hash).ok_or(BROKEN)?;
    let (way, table) = hashed_by(hash).ok_or("is signed over a digest that is not known here")?;
    let attributes = info.expect(CONTEXT_0).ok_or("has no signed attributes")?;
    let scheme = algorithm(&mut info).ok_or(BROKEN)?;
    let signature = info.expect(OCTET_STRING).ok_or(BROKEN)?;
    if attribute(attributes, oid::CONTENT_TYPE).and_then(|v| Der(v).expect(OID)) != Some(oid::TST_INFO) {
        return Err("is signed as something other than a time".into());
    }
    let said = attribute(attributes, oid::MESSAGE_DIGEST).and_then(|v| Der(v).expect(OCTET_STRING)).ok_or(BROKEN)?;
    if said != digest(way, content).as_ref() {
        return Err("was changed: its digest is not the one that is signed".into());
    }
    let certificate = named(attributes, certificates)
        .ok_or("does not carry the certificate that its signature names, or names none")?;
    // Version 1 names the certificate by issuer and serial, 3 by its key; the signed attributes above are what counts.
    match (version, sid.tag) {
        ([1], SEQUENCE) if issuer_and_serial(certificate).is_some_and(|s| s == sid.body) => {}
        ([3], 0x80) => {}
        _ => return Err("names another signer than its signed attributes do".into()),
    }
    let der = CertificateDer::from(certificate);
    let end = EndEntityCert::try_from(&der).map_err(|e| format!("is by a certificate that cannot be read: {e}"))?;
    // The signature is over the attributes as a SET, not as the [0] that they stand in.
    let message = encode(SET, &[attributes]);
    let mut ways = table.iter().filter(|(schemes, _)| schemes.contains(&scheme));
    if ways.any(|(_, way)| end.verify_signature(*way, &message, signature).is_ok()) {
        Ok(certificate)
    } else {
        Err("is not signed by the certificate that it names, or in a way that is not known here".into())
    }
}

/// Issuer and serial of a certificate, one after the other as a SignerInfo has them.
fn issuer_and_serial(certificate: &[u8]) -> Option<Vec<u8>> {
    let mut tbs = Der(certificate).sequence()?.sequence()?;
    tbs.optional(CONTEXT_0); // version
    let serial = tbs.value()?.whole;
    tbs.sequence()?;
    Some([tbs.value()?.whole, serial].concat())
}

/// The OID of an AlgorithmIdentifier, whose parameters are absent or NULL but for RSA-PSS.
fn algorithm<'a>(der: &mut Der<'a>) -> Option<&'a [u8]> {
    let mut algorithm = der.sequence()?;
    let id = algorithm.expect(OID)?;
    (id == oid::RSA_PSS || algorithm.is_empty() || algorithm.0 == [NULL, 0]).then_some(id)
}

/// Ways to verify, each with the identifiers that stand for it.
type Ways = &'static [(&'static [&'static [u8]], &'static dyn SignatureVerificationAlgorithm)];

fn hashed_by(hash: &[u8]) -> Option<(&'static Algorithm, Ways)> {
    use oid::{EC, ECDSA_256, ECDSA_384, ECDSA_512, ED25519, RSA, RSA_256, RSA_384, RSA_512, RSA_PSS};
    static BY_256: Ways = &[
        (&[RSA, RSA_256], ways::RSA_PKCS1_2048_8192_SHA256),
        (&[EC, ECDSA_256], ways::ECDSA_P256_SHA256),
        (&[EC, ECDSA_256], ways::ECDSA_P384_SHA256),
        (&[RSA_PSS], ways::RSA_PSS_2048_8192_SHA256_LEGACY_KEY),
    ];
    static BY_384: Ways = &[
        (&[RSA, RSA_384], ways::RSA_PKCS1_2048_8192_SHA384),
        (&[EC, ECDSA_384], ways::ECDSA_P256_SHA384),
        (&[EC, ECDSA_384], ways::ECDSA_P384_SHA384),
        (&[RSA_PSS], ways::RSA_PSS_2048_8192_SHA384_LEGACY_KEY),
    ];
    static BY_512: Ways = &[
        (&[RSA, RSA_512], ways::RSA_PKCS1_2048_8192_SHA512),
        (&[EC, ECDSA_512], ways::ECDSA_P256_SHA512),
        (&[EC, ECDSA_512], ways::ECDSA_P384_SHA512),
        (&[EC, ECDSA_512], ways::ECDSA_P521_SHA512),
        (&[ED25519], ways::ED25519),
        (&[RSA_PSS], ways::RSA_PSS_2048_8192_SHA512_LEGACY_KEY),
    ];
    match hash {
        oid::SHA256 => Some((&SHA256, BY_256)),
        oid::SHA384 => Some((&SHA384, BY_384)),
        oid::SHA512 => Some((&SHA512, BY_512)),
        _ => None,
    }
}

/// The only value of an attribute.
fn attribute<'a>(attributes: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    let mut found = None;
    for attribute in Der(attributes).all()? {
        let mut attribute = Der(attribute.body);
        if attribute.expect(OID)? == wanted && found.replace(attribute.expect(SET)?).is_some() {
            return None;
        }
    }
    found
}

/// The certificate that the signed attributes name by its digest (ESSCertIDv2, or the older ESSCertID with SHA-1).
fn named<'a>(attributes: &[u8], certificates: &[&'a [u8]]) -> Option<&'a [u8]> {
    let first = |kind| {
        let mut ids = Der(attribute(attributes, kind)?).sequence()?.sequence()?;
        ids.sequence()
    };
    let (way, hash) = if let Some(mut id) = first(oid::SIGNING_CERTIFICATE_V2) {
        let way = match id.optional(SEQUENCE) {
            Some(algorithm) => hashed_by(Der(algorithm).expect(OID)?)?.0,
            None => &SHA256,
        };
        (way, id.expect(OCTET_STRING)?)
    } else {
        (&SHA1_FOR_LEGACY_USE_ONLY, first(oid::SIGNING_CERTIFICATE)?.expect(OCTET_STRING)?)
    };
    certificates.iter().copied().find(|c| digest(way, c).as_ref() == hash)
}

/// What counts of a TSTInfo.
struct Info<'a> {
    digest: &'a [u8],
    nonce: Option<&'a [u8]>,
    time: OffsetDateTime,
}

fn info_of(content: &[u8]) -> Option<Info<'_>> {
    let mut outer = Der(content);
    let mut info = outer.sequence().filter(|_| outer.is_empty())?;
    info.expect(INTEGER).filter(|v| *v == [1])?;
    info.expect(OID)?; // policy
    let mut imprint = info.sequence()?;
    algorithm(&mut imprint).filter(|a| *a == oid::SHA256)?;
    let digest = imprint.expect(OCTET_STRING)?;
    info.expect(INTEGER)?; // serial
    let time = moment(info.expect(GENERALIZED_TIME)?)?;
    info.optional(SEQUENCE); // accuracy
    info.optional(super::der::BOOLEAN); // ordering
    Some(Info { digest, nonce: info.optional(INTEGER), time })
}

/// `YYYYMMDDHHMMSS[.f...]Z`. Fractions are dropped: keys and certificates count in seconds.
fn moment(text: &[u8]) -> Option<OffsetDateTime> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if whole.len() != 14 || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| whole[from..to].parse::<u8>().ok();
    let month = time::Month::try_from(part(4, 6)?).ok()?;
    let date = time::Date::from_calendar_date(whole[..4].parse().ok()?, month, part(6, 8)?).ok()?;
    Some(date.with_hms(part(8, 10)?, part(10, 12)?, part(12, 14)?).ok()?.assume_utc())
}
