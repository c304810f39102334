//! Password hashes: which scheme one is, and whether it hides a well-known default password.

use md5::Md5;
use sha2::digest::{Digest, Output};
use sha2::{Sha256, Sha512};

/// Defaults that devices ship with, by the name under which a finding reports them: a public word, no secret.
const DEFAULTS: [(&str, &str); 24] = [
    ("empty", ""),
    ("admin", "admin"),
    ("root", "root"),
    ("password", "password"),
    ("Password1", "Password1"),
    ("12345", "12345"),
    ("123456", "123456"),
    ("1234", "1234"),
    ("12345678", "12345678"),
    ("default", "default"),
    ("toor", "toor"),
    ("guest", "guest"),
    ("user", "user"),
    ("support", "support"),
    ("service", "service"),
    ("changeme", "changeme"),
    ("letmein", "letmein"),
    ("qwerty", "qwerty"),
    ("xc3511", "xc3511"),
    ("vizxv", "vizxv"),
    ("ubnt", "ubnt"),
    ("raspberry", "raspberry"),
    ("calvin", "calvin"),
    ("alpine", "alpine"),
];

/// Rounds that are tried at most: a hash may name a number to keep us busy.
const MAX_ROUNDS: usize = 20_000;

/// The scheme of a hash in modular crypt format.
pub(crate) fn scheme(hash: &str) -> &'static str {
    match hash.get(..3) {
        Some("$1$") => "md5-crypt",
        Some("$5$") => "sha256-crypt",
        Some("$6$") => "sha512-crypt",
        Some("$y$") => "yescrypt",
        Some("$2a" | "$2b" | "$2y") => "bcrypt",
        Some("$ar") => "argon2",
        _ => "des-crypt",
    }
}

/// The name of the default password that the hash hides, for the schemes that can be tried here (MD5 and SHA crypt).
pub(crate) fn default_password(hash: &str) -> Option<&'static str> {
    let (salt, rounds) = salt(hash)?;
    let make = |password: &str| match scheme(hash) {
        "md5-crypt" => Some(md5_crypt(password.as_bytes(), salt)),
        "sha256-crypt" => Some(sha_crypt::<Sha256>(password.as_bytes(), salt, rounds, &ORDER_256)),
        "sha512-crypt" => Some(sha_crypt::<Sha512>(password.as_bytes(), salt, rounds, &ORDER_512)),
        _ => None,
    };
    let (_, digest) = hash.rsplit_once('$')?;
    DEFAULTS.iter().find(|(_, password)| make(password).as_deref() == Some(digest)).map(|(name, _)| *name)
}

/// Salt and rounds; `None` for no such hash, or one that would take too long.
fn salt(hash: &str) -> Option<(&[u8], usize)> {
    let mut parts = hash.split('$').skip(2);
    let first = parts.next()?;
    let Some(rounds) = first.strip_prefix("rounds=") else { return Some((first.as_bytes(), 5000)) };
    let rounds: usize = rounds.parse().ok().filter(|r| *r <= MAX_ROUNDS)?;
    Some((parts.next()?.as_bytes(), rounds.max(1000)))
}

/// In which order the bytes of a digest are written, three to a group of four characters.
const ORDER_256: [usize; 32] = [
    0, 10, 20, 21, 1, 11, 12, 22, 2, 3, 13, 23, 24, 4, 14, 15, 25, 5, 6, 16, 26, 27, 7, 17, 18, 28, 8, 9, 19, 29, 31,
    30,
];
const ORDER_512: [usize; 64] = [
    0, 21, 42, 22, 43, 1, 44, 2, 23, 3, 24, 45, 25, 46, 4, 47, 5, 26, 6, 27, 48, 28, 49, 7, 50, 8, 29, 9, 30, 51, 31,
    52, 10, 53, 11, 32, 12, 33, 54, 34, 55, 13, 56, 14, 35, 15, 36, 57, 37, 58, 16, 59, 17, 38, 18, 39, 60, 40, 61, 19,
    62, 20, 41, 63,
];
const ORDER_MD5: [usize; 16] = [0, 6, 12, 1, 7, 13, 2, 8, 14, 3, 9, 15, 4, 10, 5, 11];

/// Crypt's own base64, lowest bits first.
fn encode(digest: &[u8], order: &[usize]) -> String {
    const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut out = String::new();
    for group in order.chunks(3) {
        let mut bits = group.iter().fold(0u32, |bits, at| bits << 8 | u32::from(digest[*at]));
        for _ in 0..=group.len() {
            out.push(char::from(ALPHABET[(bits & 63) as usize]));
            bits >>= 6;
        }
    }
    out
}

/// SHA-crypt as Drepper specified it.
fn sha_crypt<D: Digest>(password: &[u8], salt: &[u8], rounds: usize, order: &[usize]) -> String {
    let hash = |parts: &[&[u8]]| -> Output<D> {
        let mut digest = D::new();
        parts.iter().for_each(|part| digest.update(part));
        digest.finalize()
    };
    let stretch = |digest: &[u8], len: usize| -> Vec<u8> { digest.iter().copied().cycle().take(len).collect() };
    let alternate = hash(&[password, salt, password]);
    let mut digest = D::new();
    digest.update(password);
    digest.update(salt);
    digest.update(stretch(&alternate, password.len()));
    let mut bits = password.len();
    while bits > 0 {
        digest.update(if bits & 1 == 1 { &alternate[..] } else { password });
        bits >>= 1;
    }
    let mut state = digest.finalize();
    let p = stretch(&hash(&vec![password; password.len()]), password.len());
    let s = stretch(&hash(&vec![salt; 16 + usize::from(state[0])]), salt.len());
    for round in 0..rounds {
        let odd = round % 2 == 1;
        let mut digest = D::new();
        digest.update(if odd { &p[..] } else { &state });
        if round % 3 != 0 {
            digest.update(&s);
        }
        if round % 7 != 0 {
            digest.update(&p);
        }
        digest.update(if odd { &state[..] } else { &p });
        state = digest.finalize();
    }
    encode(&state, order)
}

/// MD5-crypt as FreeBSD made it.
fn md5_crypt(password: &[u8], salt: &[u8]) -> String {
    let alternate = Md5::new().chain_update(password).chain_update(salt).chain_update(password).finalize();
    let mut digest = Md5::new().chain_update(password).chain_update(b"$1$").chain_update(salt);
    digest.update(alternate.iter().copied().cycle().take(password.len()).collect::<Vec<_>>());
    let mut bits = password.len();
    while bits > 0 {
        digest.update(if bits & 1 == 1 { &[0] } else { &password[..1] });
        bits >>= 1;
    }
    let mut state = digest.finalize();
    for round in 0..1000 {
        let odd = round % 2 == 1;
        let mut digest = Md5::new().chain_update(if odd { password } else { &state });
        if round % 3 != 0 {
            digest.update(salt);
        }
        if round % 7 != 0 {
            digest.update(password);
        }
        digest.update(if odd { &state } else { password });
        state = digest.finalize();
    }
    encode(&state, &ORDER_MD5)
}
