//! A public key as OpenSSH writes it, and whether a signature is by it.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::wire::{Wire, put};

/// Kind and numbers in the wire encoding. Two keys are the same where these bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::pack) struct PublicKey(Vec<u8>);

impl PublicKey {
    /// `None` where the bytes do not start with a kind.
    pub(in crate::pack) fn from_wire(blob: &[u8]) -> Option<Self> {
        Wire(blob).text().filter(|kind| !kind.is_empty())?;
        Some(Self(blob.to_vec()))
    }

    /// `ssh-ed25519 AAAA... [comment]`.
    pub(in crate::pack) fn from_openssh(text: &str) -> Option<Self> {
        let mut fields = text.split_ascii_whitespace();
        let (kind, blob) = (fields.next()?, fields.next()?);
        let key = Self::from_wire(&STANDARD.decode(blob).ok()?)?;
        (key.kind() == kind).then_some(key)
    }

    /// The kind of a key of 32 bytes.
    pub(in crate::pack) fn ed25519(key: &[u8]) -> Self {
        let mut blob = Vec::new();
        put(&mut blob, b"ssh-ed25519");
        put(&mut blob, key);
        Self(blob)
    }

    pub(in crate::pack) fn wire(&self) -> &[u8] {
        &self.0
    }

    /// `ssh-ed25519`, `ecdsa-sha2-nistp256`, ...
    pub(in crate::pack) fn kind(&self) -> &str {
        Wire(&self.0).text().unwrap_or_default()
    }

    /// Whether it is a certificate rather than a plain key.
    pub(in crate::pack) fn is_certificate(&self) -> bool {
        self.kind().ends_with("-cert-v01@openssh.com")
    }

    /// `SHA256:...`, as `ssh-keygen -l` prints it.
    pub(in crate::pack) fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(digest(&SHA256, &self.0)))
    }

    /// `ssh-ed25519 AAAA...`, without comment.
    pub(in crate::pack) fn openssh(&self) -> String {
        format!("{} {}", self.kind(), STANDARD.encode(&self.0))
    }

    /// Checks a signature in SSH's encoding (`string kind, string signature, ...`) over `data`.
    ///
    /// # Errors
    /// What is wrong, in words that follow "the signature".
    pub(in crate::pack) fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), &'static str> {
        const BROKEN: &str = "is malformed";
        const KEY: &str = "carries a malformed public key";
        let mut key = Wire(&self.0);
        let kind = key.text().ok_or(KEY)?;
        let mut signature = Wire(signature);
        let named = signature.text().ok_or(BROKEN)?;
        let body = signature.string().ok_or(BROKEN)?;
        let fits = match kind {
            "ssh-rsa" => matches!(named, "rsa-sha2-256" | "rsa-sha2-512"),
            other => named == other,
        };
        if !fits {
            return Err("is of another kind than its key, or of one that is no longer safe");
        }
        let good = match kind {
            "ssh-rsa" => {
                let (e, n) = (key.positive().ok_or(KEY)?, key.positive().ok_or(KEY)?);
                if n.len() < 256 {
                    return Err(
                        "is by an RSA key shorter than 2048 bits, which anyone with enough computers can forge",
                    );
                }
                let rsa = RsaPublicKeyComponents { n, e };
                let way =
                    if named == "rsa-sha2-256" { &RSA_PKCS1_2048_8192_SHA256 } else { &RSA_PKCS1_2048_8192_SHA512 };
                rsa.verify(way, data, body).is_ok()
            }
            "ssh-ed25519" => UnparsedPublicKey::new(&ED25519, key.string().ok_or(KEY)?).verify(data, body).is_ok(),
            "sk-ssh-ed25519@openssh.com" => {
                let point = key.string().ok_or(KEY)?;
                let shown = shown_by_token(data, key.string().ok_or(KEY)?, &mut signature).ok_or(BROKEN)?;
                UnparsedPublicKey::new(&ED25519, point).verify(&shown, body).is_ok()
            }
            "sk-ecdsa-sha2-nistp256@openssh.com" => {
                let (_, point) = (key.string().ok_or(KEY)?, key.string().ok_or(KEY)?);
                let shown = shown_by_token(data, key.string().ok_or(KEY)?, &mut signature).ok_or(BROKEN)?;
                ecdsa(&ECDSA_P256_SHA256_FIXED, 32, point, &shown, body).ok_or(BROKEN)?
            }
            "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521" => {
                let (_, point) = (key.string().ok_or(KEY)?, key.string().ok_or(KEY)?);
                let (way, n): (&'static dyn VerificationAlgorithm, usize) = match kind {
                    "ecdsa-sha2-nistp256" => (&ECDSA_P256_SHA256_FIXED, 32),
                    "ecdsa-sha2-nistp384" => (&ECDSA_P384_SHA384_FIXED, 48),
                    _ => (&ECDSA_P521_SHA512_FIXED, 66),
                };
                ecdsa(way, n, point, data, body).ok_or(BROKEN)?
            }
            _ => return Err("is by a kind of key that is not known here; `ssh-keygen -Y verify` may know it"),
        };
        if !key.is_empty() {
            return Err(KEY);
        }
        if !signature.is_empty() {
            return Err(BROKEN);
        }
        if good { Ok(()) } else { Err("was not made over these bytes by this key") }
    }
}

/// What a FIDO token signs: application, flags and counter around the digest of the data.
fn shown_by_token(data: &[u8], application: &[u8], rest: &mut Wire<'_>) -> Option<Vec<u8>> {
    let (flags, counter) = (rest.byte()?, rest.u32()?);
    let mut shown = digest(&SHA256, application).as_ref().to_vec();
    shown.push(flags);
    shown.extend_from_slice(&counter.to_be_bytes());
    shown.extend_from_slice(digest(&SHA256, data).as_ref());
    Some(shown)
}

/// SSH has r and s as integers; AWS-LC wants both at the curve's width of `n` bytes.
fn ecdsa(way: &'static dyn VerificationAlgorithm, n: usize, point: &[u8], data: &[u8], body: &[u8]) -> Option<bool> {
    let mut body = Wire(body);
    let mut fixed = Vec::with_capacity(2 * n);
    for _ in 0..2 {
        let number = body.positive()?;
        fixed.resize(fixed.len() + n.checked_sub(number.len())?, 0);
        fixed.extend_from_slice(number);
    }
    body.is_empty().then(|| UnparsedPublicKey::new(way, point).verify(data, &fixed).is_ok())
}
