//! Facts of an X.509 certificate, as a plan computes with them.

use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};
use x509_parser::public_key::PublicKey;

/// One certificate of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct CertificateFacts {
    /// Distinguished name.
    pub(crate) subject: String,
    /// Distinguished name of the issuer.
    pub(crate) issuer: String,
    /// Whether subject and issuer are the same.
    pub(crate) self_signed: bool,
    /// Start of validity, UTC RFC 3339.
    pub(crate) not_before: String,
    /// End of validity, UTC RFC 3339.
    pub(crate) not_after: String,
    /// Past its end when it was seen.
    pub(crate) expired: bool,
    /// Before its start when it was seen.
    pub(crate) not_yet_valid: bool,
    /// DNS names and addresses of the subject alternative name.
    pub(crate) names: Vec<String>,
    /// `RSA`, `EC`, `Ed25519`, or the algorithm's OID.
    pub(crate) key_type: String,
    /// Bits of the key; 0 where unknown.
    pub(crate) key_bits: u32,
    /// `sha256WithRSAEncryption`, or the OID.
    pub(crate) signature: String,
    /// Whether it may issue certificates.
    pub(crate) ca: bool,
    /// SHA-256 of the whole certificate, hex.
    pub(crate) sha256: String,
    /// SHA-256 of the public key info, hex: the same on two units means a shared key.
    pub(crate) key_sha256: String,
    /// Why it could not be read; all else is empty then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) invalid: Option<String>,
}

/// Reads one DER certificate. What cannot be read is a fact too.
pub(crate) fn facts(der: &[u8]) -> CertificateFacts {
    let sha256 = hex::encode(Sha256::digest(der));
    match X509Certificate::from_der(der) {
        Ok((_, certificate)) => read(&certificate, sha256),
        Err(error) => CertificateFacts {
            subject: String::new(),
            issuer: String::new(),
            self_signed: false,
            not_before: String::new(),
            not_after: String::new(),
            expired: false,
            not_yet_valid: false,
            names: Vec::new(),
            key_type: String::new(),
            key_bits: 0,
            signature: String::new(),
            ca: false,
            sha256,
            key_sha256: String::new(),
            invalid: Some(format!("not a certificate: {error}")),
        },
    }
}

fn read(certificate: &X509Certificate<'_>, sha256: String) -> CertificateFacts {
    let key = certificate.public_key();
    let (key_type, key_bits) = match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => ("RSA".to_owned(), rsa.key_size()),
        // The field of P-521 fills its last byte with one bit only.
        Ok(PublicKey::EC(point)) => ("EC".to_owned(), if point.key_size() == 528 { 521 } else { point.key_size() }),
        // The public value is as long as the prime, give or take a leading zero.
        Ok(PublicKey::DSA(value)) => ("DSA".to_owned(), value.len().next_multiple_of(32) * 8),
        _ => match key.algorithm.algorithm.to_id_string().as_str() {
            "1.3.101.112" => ("Ed25519".to_owned(), 256),
            "1.3.101.113" => ("Ed448".to_owned(), 456),
            other => (other.to_owned(), 0),
        },
    };
    let names = certificate
        .subject_alternative_name()
        .ok()
        .flatten()
        .map(|san| san.value.general_names.iter().filter_map(name).collect())
        .unwrap_or_default();
    let validity = certificate.validity();
    let now = x509_parser::time::ASN1Time::now();
    CertificateFacts {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        self_signed: certificate.subject() == certificate.issuer(),
        not_before: rfc3339(validity.not_before),
        not_after: rfc3339(validity.not_after),
        expired: now > validity.not_after,
        not_yet_valid: now < validity.not_before,
        names,
        key_type,
        key_bits: u32::try_from(key_bits).unwrap_or(0),
        signature: signature(&certificate.signature_algorithm.algorithm.to_id_string()),
        ca: certificate.is_ca(),
        sha256,
        key_sha256: hex::encode(Sha256::digest(key.raw)),
        invalid: None,
    }
}

fn rfc3339(time: x509_parser::time::ASN1Time) -> String {
    let t = time.to_datetime();
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        t.year(),
        u8::from(t.month()),
        t.day(),
        t.hour(),
        t.minute(),
        t.second()
    )
}

fn name(general: &GeneralName<'_>) -> Option<String> {
    match general {
        GeneralName::DNSName(dns) => Some((*dns).to_owned()),
        GeneralName::IPAddress(bytes) => match *bytes {
            [a, b, c, d] => Some(format!("{a}.{b}.{c}.{d}")),
            bytes => <[u8; 16]>::try_from(bytes).ok().map(|b| std::net::Ipv6Addr::from(b).to_string()),
        },
        _ => None,
    }
}

fn signature(oid: &str) -> String {
    match oid {
        "1.2.840.113549.1.1.2" => "md2WithRSAEncryption",
        "1.2.840.113549.1.1.4" | "1.3.14.3.2.3" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.10" => "rsassaPss",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.113549.1.1.14" => "sha224WithRSAEncryption",
        "1.2.840.10040.4.3" => "dsa-with-sha1",
        "2.16.840.1.101.3.4.3.2" => "dsa-with-sha256",
        "1.2.840.10045.4.3.1" => "ecdsa-with-SHA224",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_said_and_does_not_panic() {
        let facts = facts(b"\x30\x82\xff\xff");
        assert!(facts.invalid.is_some());
        assert_eq!(facts.sha256.len(), 64);
    }
}
