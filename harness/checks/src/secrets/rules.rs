//! The rules, as data. Each pattern is tried only where one of its keywords stands, and only in a window around it.

/// What to look for.
#[derive(Debug)]
pub(super) struct Rule {
    /// `private-key-pem`: public, plans name it.
    pub(super) name: &'static str,
    /// What a hit is, for a person.
    pub(super) what: &'static str,
    /// One of these stands in every hit, letter for letter. Three bytes or more.
    pub(super) keywords: &'static [&'static [u8]],
    /// The hit, as a byte pattern; group 1 is the secret itself, where the hit is more than the secret.
    pub(super) pattern: &'static str,
    /// Shannon entropy of the secret, in bits a byte, at least.
    pub(super) entropy: f64,
    /// A byte that stands in every hit within 200 bytes after the keyword: cheaper to look for than the pattern.
    pub(super) near: Option<u8>,
    /// Whether the secret holds a digit: tells a password from a variable's name in program text.
    pub(super) digit: bool,
    /// How far behind its keyword a hit may end, in bytes.
    pub(super) reach: usize,
}

impl Rule {
    const fn new(
        name: &'static str,
        what: &'static str,
        keywords: &'static [&'static [u8]],
        pattern: &'static str,
    ) -> Self {
        Self { name, what, keywords, pattern, entropy: 0.0, near: None, digit: false, reach: 700 }
    }

    const fn entropy(mut self, bits: f64) -> Self {
        self.entropy = bits;
        self
    }

    const fn digit(mut self) -> Self {
        self.digit = true;
        self
    }

    const fn reach(mut self, bytes: usize) -> Self {
        self.reach = bytes;
        self
    }

    const fn near(mut self, byte: u8) -> Self {
        self.near = Some(byte);
        self
    }
}

/// Every rule. Patterns have no Unicode classes and no unbounded repetition before their keyword.
pub(super) static RULES: [Rule; 26] = [
    Rule::new(
        "private-key-pem",
        "private key (PEM)",
        &[b"PRIVATE KEY-----"],
        r"-----BEGIN (?:[A-Z0-9]{2,12} ){0,2}PRIVATE KEY-----([A-Za-z0-9+/=\s:,\\\[\].<>-]{40,}?)-----END",
    )
    .reach(16 * 1024),
    Rule::new(
        "private-key-pkcs8",
        "RSA private key (DER, PKCS #8)",
        &[b"\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"],
        r"\x30\x82[\s\S]{2}\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x04\x82[\s\S]{64}",
    ),
    Rule::new(
        "private-key-pkcs1",
        "RSA private key (DER, PKCS #1)",
        &[b"\x02\x01\x00\x02\x82\x01", b"\x02\x01\x00\x02\x82\x02"],
        r"\x30\x82[\x02-\x09][\s\S]\x02\x01\x00\x02\x82[\x01\x02]\x01\x00[\s\S]{64}",
    )
    .entropy(4.0),
    Rule::new(
        "private-key-ec",
        "elliptic-curve private key (DER)",
        &[b"\x30\x77\x02\x01\x01\x04\x20", b"\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"],
        r"\x30\x77\x02\x01\x01\x04\x20[\s\S]{32}\xa0\x0a|\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08[\s\S]{8}\x04[\s\S]{32}",
    ),
    Rule::new(
        "private-key-ed25519",
        "Ed25519 private key (DER, PKCS #8)",
        &[b"\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"],
        r"\x30[\s\S]\x02\x01[\x00\x01]\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20[\s\S]{32}",
    ),
    Rule::new(
        "private-key-openssh",
        "SSH private key (OpenSSH's own format)",
        &[b"openssh-key-v1\0"],
        r"openssh-key-v1\x00[\s\S]{64}",
    ),
    Rule::new(
        "private-key-putty",
        "SSH private key (PuTTY)",
        &[b"PuTTY-User-Key-File-"],
        r"PuTTY-User-Key-File-\d:[\s\S]{20,4000}?Private-Lines: \d+\s+([A-Za-z0-9+/=\s]{40,})",
    )
    .reach(16 * 1024),
    Rule::new(
        "private-key-dropbear",
        "SSH private key (Dropbear's own format)",
        &[
            b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x40",
            b"\x00\x00\x00\x07ssh-rsa\x00\x00\x00\x03\x01\x00\x01\x00\x00\x01\x01\x00",
            b"\x00\x00\x00\x08nistp256\x00\x00\x00\x41\x04",
        ],
        concat!(
            r"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x40[\s\S]{64}|",
            r"\x00\x00\x00\x07ssh-rsa\x00\x00\x00\x03\x01\x00\x01\x00\x00\x01\x01\x00[\s\S]{256}\x00\x00\x01[\x00\x01][\s\S]{32}|",
            r"\x00\x00\x00\x13ecdsa-sha2-nistp256\x00\x00\x00\x08nistp256\x00\x00\x00\x41\x04[\s\S]{64}\x00\x00\x00[\x1e-\x21][\s\S]{30}",
        ),
    ),
    Rule::new("aws-access-key", "AWS access key id", &[b"AKIA", b"ASIA"], r"\b((?:AKIA|ASIA)[A-Z2-7]{16})\b").entropy(3.0),
    Rule::new(
        "aws-secret-key",
        "AWS secret access key",
        &[b"aws_secret", b"AWS_SECRET", b"SecretAccessKey", b"secretAccessKey"],
        r#"(?i)(?:aws_secret\w{0,20}|secretaccesskey)["']?\s{0,3}[:=]\s{0,3}["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+]|$)"#,
    )
    .entropy(3.5),
    Rule::new("gcp-api-key", "Google API key", &[b"AIza"], r"\b(AIza[0-9A-Za-z_\-]{35})").entropy(3.0),
    Rule::new(
        "gcp-service-account",
        "Google service account key",
        &[b"private_key_id"],
        r#""private_key_id"\s{0,3}:\s{0,3}"([0-9a-f]{40})""#,
    ),
    Rule::new(
        "azure-key",
        "Azure storage, bus or hub key",
        &[b"AccountKey=", b"SharedAccessKey="],
        r"(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{86}==)",
    )
    .entropy(3.5),
    Rule::new(
        "github-token",
        "GitHub token",
        &[b"ghp_", b"gho_", b"ghs_", b"github_pat_"],
        r"\b((?:gh[pos]_[A-Za-z0-9]{36})|github_pat_[A-Za-z0-9_]{60,})",
    )
    .entropy(3.0),
    Rule::new("gitlab-token", "GitLab token", &[b"glpat-"], r"\b(glpat-[A-Za-z0-9_\-]{20,})").entropy(3.0),
    Rule::new("slack-token", "Slack token", &[b"xoxb-", b"xoxp-", b"xoxa-"], r"\b(xox[bpa]-[0-9A-Za-z\-]{20,})"),
    Rule::new("stripe-key", "Stripe key", &[b"sk_live_", b"rk_live_"], r"\b([sr]k_live_[0-9A-Za-z]{20,})"),
    Rule::new(
        "jwt",
        "JSON web token",
        &[b"eyJ"],
        r"\b(eyJ[A-Za-z0-9_\-]{10,}\.eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{16,})",
    )
    .near(b'.'),
    Rule::new(
        "wifi-psk",
        "Wi-Fi passphrase",
        &[b"psk", b"PSK", b"wpa_passphrase", b"wifi_pass", b"WIFI_PASS"],
        r#"(?i)(?:psk|wpa_passphrase|wifi_pass(?:word|phrase)?)["']?\s{0,3}[=:]\s{0,3}(?:"([ -~&&[^"]]{8,63})"|'([ -~&&[^']]{8,63})'|([!-~&&[^"'<>{}]]{8,64}))"#,
    )
    .entropy(2.0),
    Rule::new(
        "password-hash",
        "password hash",
        &[b"$1$", b"$5$", b"$6$", b"$2a$", b"$2b$", b"$2y$", b"$y$", b"$argon2"],
        r"(\$1\$[./0-9A-Za-z]{1,8}\$[./0-9A-Za-z]{22}|\$5\$(?:rounds=\d{1,9}\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{43}|\$6\$(?:rounds=\d{1,9}\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{86}|\$2[aby]\$\d\d\$[./0-9A-Za-z]{53}|\$y\$[./0-9A-Za-z]{1,12}\$[./0-9A-Za-z]{1,86}\$[./0-9A-Za-z]{43}|\$argon2(?:id|i|d)\$v=\d+\$[a-z0-9=,]+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]{16,})",
    ),
    Rule::new(
        "password-hash-des",
        "password hash (DES crypt, broken by design)",
        &[b"root:", b"admin:"],
        r"(?m)^(?:root|admin):([./0-9A-Za-z]{13}):\d{0,6}:",
    )
    .entropy(2.5),
    Rule::new(
        "url-credentials",
        "URL with user and password",
        &[b"://"],
        r#"\b[a-zA-Z][a-zA-Z0-9+.\-]{1,15}://([^\s/:@"'<>\[\]{}$%]{1,64}:[^\s/@"'<>{}$%]{1,128})@[A-Za-z0-9\[]"#,
    )
    .near(b'@'),
    Rule::new(
        "password-assignment",
        "password in a setting",
        &[b"passw", b"Passw", b"PASSW", b"pwd=", b"pwd:", b"pwd\"", b"PWD="],
        r#"(?i)(?:passw(?:or)?d|\bpwd|_pwd)["']?\s{0,2}(?:=|:=|:)\s{0,2}["']?([!-~&&[^"'<>{}()$%,;/]][!-~&&[^"'<>{}()$%,;]]{3,63})(?:[\s"',;}\x00]|$)"#,
    )
    .entropy(2.2)
    .digit(),
    // Without a digit it is a password only where nothing else stands on the line, as in a file of settings or a log.
    Rule::new(
        "password-line",
        "password on a line of its own",
        &[b"passw", b"Passw", b"PASSW"],
        r#"(?im)^[ \t]{0,8}[\w.\-]{0,32}passw(?:or)?d="?([!-~&&[^"'<>{}()$%,;/*]]{4,64})"?[ \t]{0,8}\r?$"#,
    )
    .entropy(2.2),
    Rule::new(
        "token-assignment",
        "token or key in a setting",
        &[
            b"api_key", b"apikey", b"API_KEY", b"apiKey", b"access_token", b"accessToken", b"auth_token", b"authToken",
            b"auth_key", b"AUTH_KEY", b"device_key", b"DEVICE_KEY", b"device_token", b"client_secret", b"clientSecret",
            b"secret_key", b"SECRET_KEY", b"token=", b"token\"", b"TOKEN=", b"secret=", b"secret\"", b"SECRET=",
        ],
        r#"(?i)(?:api_?key|access_?token|auth_?(?:token|key)|device_?(?:key|token)|client_?secret|secret_?key|\btoken|_token|\bsecret|_secret)["']?\s{0,3}[:=]\s{0,3}["']?([A-Za-z0-9_\-+/=.]{16,256})"#,
    )
    .entropy(3.2)
    .digit(),
    Rule::new(
        "key-assignment",
        "key of high entropy in a setting",
        &[b"key=", b"key:", b"key\"", b"KEY=", b"KEY:", b"key = ", b"KEY = ", b"secret=", b"secret:", b"SECRET="],
        r#"(?i)(?:key|secret)["']?\s{0,2}[:=]\s{0,2}["']?(?:0x)?([0-9a-f]{32,256}|[A-Za-z0-9+/]{40,512}={0,2})(?:[^A-Za-z0-9+/]|$)"#,
    )
    .entropy(3.0),
];

/// The names of all rules, in order.
pub fn rule_names() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|r| r.name)
}
