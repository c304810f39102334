//! Names and numbers of the IANA TLS registries: versions, extensions, groups, signature schemes, alerts.

/// Protocol versions that can be asked for one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Version {
    Ssl2,
    Ssl3,
    Tls10,
    Tls11,
    Tls12,
    Tls13,
    Dtls10,
    Dtls12,
}

impl Version {
    /// The name in observations, as scripts know it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ssl2 => "SSLv2",
            Self::Ssl3 => "SSLv3",
            Self::Tls10 => "TLSv1.0",
            Self::Tls11 => "TLSv1.1",
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
            Self::Dtls10 => "DTLSv1.0",
            Self::Dtls12 => "DTLSv1.2",
        }
    }

    /// The number on the wire.
    pub(crate) const fn number(self) -> u16 {
        match self {
            Self::Ssl2 => 0x0002,
            Self::Ssl3 => 0x0300,
            Self::Tls10 => 0x0301,
            Self::Tls11 => 0x0302,
            Self::Tls12 => 0x0303,
            Self::Tls13 => 0x0304,
            Self::Dtls10 => 0xFEFF,
            Self::Dtls12 => 0xFEFD,
        }
    }

    /// The version over streams that has the same messages.
    pub(crate) const fn over_streams(self) -> Self {
        match self {
            Self::Dtls10 => Self::Tls11,
            Self::Dtls12 => Self::Tls12,
            other => other,
        }
    }
}

/// Extension numbers that this module writes or reads.
pub(crate) mod extension {
    pub(crate) const SERVER_NAME: u16 = 0;
    pub(crate) const STATUS_REQUEST: u16 = 5;
    pub(crate) const GROUPS: u16 = 10;
    pub(crate) const POINT_FORMATS: u16 = 11;
    pub(crate) const SIGNATURES: u16 = 13;
    pub(crate) const HEARTBEAT: u16 = 15;
    pub(crate) const ALPN: u16 = 16;
    pub(crate) const EXTENDED_MASTER_SECRET: u16 = 23;
    pub(crate) const SESSION_TICKET: u16 = 35;
    pub(crate) const SUPPORTED_VERSIONS: u16 = 43;
    pub(crate) const KEY_SHARE: u16 = 51;
    pub(crate) const RENEGOTIATION: u16 = 0xFF01;
}

/// Groups offered, strongest and commonest first: X25519MLKEM768, X25519, P-256, X448, P-521, P-384, brainpool, FFDHE,
/// then the small and old curves, because a server that has only those must not look as if it refused.
pub(crate) const GROUPS: [u16; 32] = [
    0x11EC, 29, 23, 30, 25, 24, 26, 27, 28, 0x0100, 0x0101, 0x0102, 0x0103, 0x0104, 22, 14, 13, 12, 11, 10, 9, 8, 7, 6,
    21, 19, 18, 17, 16, 15, 20, 1,
];

/// The name of a group in the IANA registry.
pub(crate) fn group_name(id: u16) -> String {
    let name = match id {
        1 => "sect163k1",
        15 => "secp160k1",
        16 => "secp160r1",
        17 => "secp160r2",
        18 => "secp192k1",
        19 => "secp192r1",
        20 => "secp224k1",
        21 => "secp224r1",
        22 => "secp256k1",
        23 => "secp256r1",
        24 => "secp384r1",
        25 => "secp521r1",
        26 => "brainpoolP256r1",
        27 => "brainpoolP384r1",
        28 => "brainpoolP512r1",
        29 => "x25519",
        30 => "x448",
        0x0100 => "ffdhe2048",
        0x0101 => "ffdhe3072",
        0x0102 => "ffdhe4096",
        0x0103 => "ffdhe6144",
        0x0104 => "ffdhe8192",
        0x11EB => "SecP256r1MLKEM768",
        0x11EC => "X25519MLKEM768",
        _ => return format!("group-{id}"),
    };
    name.to_owned()
}

/// The name of an alert (RFC 8446, section 6).
pub(crate) const fn alert_name(description: u8) -> &'static str {
    match description {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        42 => "bad_certificate",
        47 => "illegal_parameter",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => "other alert",
    }
}

/// Signature schemes that can be offered: modern ones first, then SHA-1 and MD5, which old servers need to answer at all.
pub(crate) const SIGNATURE_SCHEMES: [u16; 22] = [
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B, 0x0401, 0x0501, 0x0601,
    0x0402, 0x0303, 0x0301, 0x0302, 0x0203, 0x0201, 0x0202, 0x0101,
];

/// The name of a signature scheme, as RFC 8446 section 4.2.3 writes it.
pub(crate) fn signature_name(id: u16) -> String {
    let name = match id {
        0x0101 => "rsa_pkcs1_md5",
        0x0201 => "rsa_pkcs1_sha1",
        0x0202 => "dsa_sha1",
        0x0203 => "ecdsa_sha1",
        0x0301 => "rsa_pkcs1_sha224",
        0x0302 => "dsa_sha224",
        0x0303 => "ecdsa_sha224",
        0x0401 => "rsa_pkcs1_sha256",
        0x0402 => "dsa_sha256",
        0x0403 => "ecdsa_secp256r1_sha256",
        0x0501 => "rsa_pkcs1_sha384",
        0x0503 => "ecdsa_secp384r1_sha384",
        0x0601 => "rsa_pkcs1_sha512",
        0x0603 => "ecdsa_secp521r1_sha512",
        0x0804 => "rsa_pss_rsae_sha256",
        0x0805 => "rsa_pss_rsae_sha384",
        0x0806 => "rsa_pss_rsae_sha512",
        0x0807 => "ed25519",
        0x0808 => "ed448",
        0x0809 => "rsa_pss_pss_sha256",
        0x080A => "rsa_pss_pss_sha384",
        0x080B => "rsa_pss_pss_sha512",
        _ => return format!("0x{id:04X}"),
    };
    name.to_owned()
}
