//! Each rule on its own planted example in each form, quiet on ordinary text, bounded on hostile input.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::engine::{SearchError, SearchResult};
use super::forms::Form;
use super::rules::RULES;
use super::*;

/// Bytes that look random and are the same every time.
fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| next()).collect()
}

fn letters(len: usize, seed: u64) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    noise(len, seed).iter().map(|b| char::from(ALPHABET[usize::from(*b) % ALPHABET.len()])).collect()
}

fn upper(len: usize, seed: u64) -> String {
    noise(len, seed).iter().map(|b| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(*b) % 32])).collect()
}

/// One example for each rule, put together here so that no scanner of this repository finds a secret in it.
fn example(rule: &str) -> Vec<u8> {
    let bytes = |head: &[u8], len: usize, tail: &[u8]| [head, &noise(len, 7), tail].concat();
    match rule {
        "private-key-pem" => {
            let body = STANDARD.encode(noise(300, 3));
            let lines: Vec<&str> = (0..body.len()).step_by(64).map(|n| &body[n..body.len().min(n + 64)]).collect();
            let name = "RSA PRIVATE KEY";
            format!("-----BEGIN {name}-----\n{}\n-----END {name}-----\n", lines.join("\n")).into_bytes()
        }
        "private-key-pkcs8" => bytes(
            b"\x30\x82\x04\xbd\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x04\x82",
            200,
            b"",
        ),
        "private-key-pkcs1" => bytes(b"\x30\x82\x04\xa3\x02\x01\x00\x02\x82\x01\x01\x00", 200, b""),
        "private-key-ec" => bytes(b"\x30\x77\x02\x01\x01\x04\x20", 32, b"\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
        "private-key-ed25519" => bytes(b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 32, b""),
        "private-key-openssh" => bytes(b"openssh-key-v1\0", 100, b""),
        "private-key-dropbear" => bytes(b"\0\0\0\x0bssh-ed25519\0\0\0\x40", 64, b""),
        "private-key-putty" => format!(
            "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: c\nPrivate-Lines: 1\n{}\n",
            letters(48, 1)
        )
        .into_bytes(),
        "aws-access-key" => format!("id {}{}", "AKIA", upper(16, 5)).into_bytes(),
        "aws-secret-key" => format!("aws_secret_access_key = {}\n", letters(40, 9)).into_bytes(),
        "gcp-api-key" => format!("k {}{}", "AIza", letters(35, 2)).into_bytes(),
        "gcp-service-account" => format!("\"private_key_id\": \"{}\"", hex::encode(noise(20, 4))).into_bytes(),
        "azure-key" => format!("SharedAccessKey={}=", letters(43, 11)).into_bytes(),
        "github-token" => format!("t {}{}", "ghp_", letters(36, 12)).into_bytes(),
        "gitlab-token" => format!("t {}{}", "glpat-", letters(20, 13)).into_bytes(),
        "slack-token" => format!("t {}{}", "xoxb-", letters(40, 14)).into_bytes(),
        "stripe-key" => format!("t {}{}", "sk_live_", letters(24, 15)).into_bytes(),
        "jwt" => {
            let part = |text: &str| STANDARD.encode(text).trim_end_matches('=').to_owned();
            format!("Bearer {}.{}.{}", part(r#"{"alg":"HS256"}"#), part(r#"{"sub":"camera-1"}"#), letters(43, 16)).into_bytes()
        }
        "wifi-psk" => b"network={\n\tpsk=\"blue-horse-42-battery\"\n}".to_vec(),
        "password-hash" => {
            b"svc:$6$saltstring$fHceV9ICtFDKaXXFnb7RiJaYuNyEyWoJ8Ktgcrejn6JFd2OtH.E7Ezpt83F1/uVFqUvO2sik9QpwGkOkMuBTf/:1::".to_vec()
        }
        "password-hash-des" => b"\nroot:ab1DEq8fxWz3k:0:0:root:/root:/bin/sh\n".to_vec(),
        "url-credentials" => b"rtsp://viewer:s3cr3t-9@192.0.2.7/live".to_vec(),
        "password-assignment" => b"set mqtt_password=\"Tr0ub4dor-x\"".to_vec(),
        "password-line" => b"\nadmin_password=correcthorse\n".to_vec(),
        "token-assignment" => format!("\"access_token\": \"{}\"", letters(32, 17)).into_bytes(),
        "key-assignment" => format!("device.key={}\n", hex::encode(noise(32, 18))).into_bytes(),
        other => panic!("rule `{other}` has no example here"),
    }
}

fn all(bytes: &[u8]) -> SearchResult {
    Search::once(bytes, SearchOptions::default()).expect("searches")
}

fn names(bytes: &[u8]) -> Vec<(String, Form)> {
    all(bytes).found.into_iter().map(|f| (f.finding.rule, f.finding.form)).collect()
}

/// Ordinary text around a secret, so that windows begin and end in something.
fn planted(secret: &[u8]) -> Vec<u8> {
    [
        b"The camera keeps its settings here. \n\n\0\0".as_slice(),
        secret,
        b"\0\0\n and nothing else is kept. ".as_slice(),
    ]
    .concat()
}

#[test]
fn every_rule_finds_its_example_as_it_is() {
    for rule in rule_names() {
        let image = planted(&example(rule));
        let found = all(&image).found;
        let hit = found.iter().find(|f| f.finding.rule == rule);
        let hit = hit.unwrap_or_else(|| panic!("`{rule}` missed its example; found {found:?}"));
        assert_eq!(hit.finding.form, Form::Plain, "{rule}");
        let at = hit.finding.offset as usize;
        assert_eq!(&image[at..at + hit.secret.len()], hit.secret, "{rule}: the offset is the secret's");
    }
}

#[test]
fn every_rule_finds_its_example_in_base64() {
    for rule in rule_names() {
        for prefix in ["", "x", "xy"] {
            let text = STANDARD.encode([prefix.as_bytes(), b"\n", &example(rule)].concat());
            let found = names(&planted(text.as_bytes()));
            assert!(found.contains(&(rule.into(), Form::Base64)), "`{rule}` behind {prefix:?}; found {found:?}");
        }
    }
}

#[test]
fn every_rule_over_text_finds_its_example_in_utf16() {
    for rule in RULES.iter().filter(|r| r.keywords.iter().all(|k| k.is_ascii() && !k.iter().any(u8::is_ascii_control)))
    {
        for big_endian in [false, true] {
            let wide: Vec<u8> =
                example(rule.name).iter().flat_map(|b| if big_endian { [0, *b] } else { [*b, 0] }).collect();
            let image = [b"\xff\xff\xff\xff".as_slice(), &wide, b"\xff\xff\xff\xff".as_slice()].concat();
            let found = names(&image);
            assert!(
                found.contains(&(rule.name.into(), Form::Utf16)),
                "`{}` ({big_endian}); found {found:?}",
                rule.name
            );
        }
    }
}

#[test]
fn a_pem_key_is_one_finding() {
    let der = example("private-key-pkcs8");
    let text = format!("-----BEGIN {0}-----\n{1}\n-----END {0}-----", "PRIVATE KEY", STANDARD.encode(der));
    assert_eq!(names(&planted(text.as_bytes())), [("private-key-pem".into(), Form::Plain)]);
}

#[test]
fn ordinary_text_is_quiet() {
    let licence = include_str!("../../../../LICENSE-APACHE");
    let own = [include_str!("engine.rs"), include_str!("../../../../CONTRIBUTING.md"), licence].concat();
    let prose = "To change the password, open Settings. Password: choose at least ten characters. The key: patience.\n\
                 See https://example.test/docs and mail user@example.test. passphrase: see the label\n\
                 -----BEGIN PRIVATE KEY----- is how such a file starts.\n The token=\"\" is empty; psk= is not set.\n\
                 password = ${PASSWORD}\npassword: <your password>\nurl: http://user:${PASS}@host/\n";
    for text in [own.as_bytes(), prose.as_bytes()] {
        let found = all(text).found;
        assert!(found.is_empty(), "{found:?}");
    }
    // Words made up letter by letter, and noise as compressed images hold it.
    let words: String =
        noise(400_000, 21).iter().map(|b| if b % 6 == 0 { ' ' } else { char::from(b'a' + b % 26) }).collect();
    assert!(all(words.as_bytes()).found.is_empty());
    assert!(all(&noise(2 << 20, 22)).found.is_empty());
}

#[test]
fn a_secret_is_found_wherever_the_pieces_are_cut() {
    let secret = example("wifi-psk");
    let image = [noise(700_000, 1), secret, noise(700_000, 2)].concat();
    for piece in [977, 65_536, image.len()] {
        let mut search = Search::new(SearchOptions::default()).expect("builds");
        image.chunks(piece).for_each(|c| search.feed(c));
        let result = search.finish();
        assert_eq!(result.searched, image.len() as u64);
        let [found] = &result.found[..] else { panic!("pieces of {piece}: {:?}", result.found) };
        assert_eq!((found.finding.rule.as_str(), found.finding.offset), ("wifi-psk", 700_016));
        assert_eq!(found.secret, b"blue-horse-42-battery");
    }
}

#[test]
fn a_key_that_spans_two_blocks_is_found_once() {
    let key = example("private-key-pem");
    for lead in (520_000..560_000).step_by(3_001) {
        let image = [vec![b' '; lead], key.clone(), vec![b' '; 600_000]].concat();
        assert_eq!(names(&image), [("private-key-pem".to_owned(), Form::Plain)], "after {lead} blanks");
    }
}

#[test]
fn excerpts_hold_no_secret() {
    for rule in rule_names() {
        for found in all(&planted(&example(rule))).found {
            let json = serde_json::to_string(&found.finding).expect("json");
            let text = String::from_utf8_lossy(&found.secret);
            let part: String = text.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
            assert!(part.len() < 8 || !json.contains(&part), "{json}");
        }
    }
}

#[test]
fn canaries_are_found_in_every_form() {
    let value = "C4n4ry-Value-77";
    let options = || SearchOptions {
        rules: Vec::new(),
        canaries: vec![
            Canary { name: "label".into(), value: value.into() },
            Canary { name: "short".into(), value: b"abc".to_vec() },
        ],
    };
    let wide: Vec<u8> = value.bytes().flat_map(|b| [b, 0]).collect();
    for (text, form) in [
        (value.as_bytes().to_vec(), Form::Plain),
        (wide, Form::Utf16),
        (STANDARD.encode(format!("xx{value}yy")).into_bytes(), Form::Base64),
        (hex::encode(value).into_bytes(), Form::Hex),
        (hex::encode_upper(value).into_bytes(), Form::Hex),
    ] {
        let found = Search::once(&planted(&text), options()).expect("searches").found;
        let [only] = &found[..] else { panic!("{form:?}: {found:?}") };
        assert_eq!((only.finding.rule.as_str(), only.finding.form), ("canary:label", form));
    }
    assert!(Search::once(b"abc C4n4ry-Value-78", options()).expect("searches").found.is_empty());
}

#[test]
fn hashes_of_default_passwords_are_named() {
    for (hash, note) in [
        (
            "$6$saltstring$fHceV9ICtFDKaXXFnb7RiJaYuNyEyWoJ8Ktgcrejn6JFd2OtH.E7Ezpt83F1/uVFqUvO2sik9QpwGkOkMuBTf/",
            "sha512-crypt of the default `admin`",
        ),
        ("$5$saltstring$P.bW6F1RP1HA7OPm5SRVZIGro4q5xJxWEWq0LwuJu6.", "sha256-crypt of the default `admin`"),
        ("$1$abcdefgh$l/LAqC8oJERu7Cmx6trtY/", "md5-crypt of the default `admin`"),
        (
            "$6$zzzzzzzz$zNPbmr7Fa3qqQZoVL43tCIof7aKWQu4OlV7Xti64U3ck2YrxSKEWyt9MVKvPiR8AkKhmCKWQw.fCTqC2PQvtP1",
            "sha512-crypt",
        ),
    ] {
        let found = all(format!("root:{hash}:19000:0:::").as_bytes()).found;
        let [only] = &found[..] else { panic!("{hash}: {found:?}") };
        assert_eq!(only.finding.note.as_deref(), Some(note));
        assert_eq!(only.finding.default_password, note.contains("default"));
    }
}

#[test]
fn an_image_full_of_keywords_ends_and_says_what_it_left_out() {
    let image = b"psk=aaaaaaaa psk=\"b1c2d3e4f5\" ".repeat(3_000);
    let result = all(&image);
    assert_eq!(result.found.len(), 100);
    assert!(result.omitted > 0);
    assert!(all(&b"eyJ.".repeat(20_000)).found.is_empty());
    assert!(all(&b"://".repeat(20_000)).found.is_empty());
}

#[test]
fn a_rule_that_does_not_exist_is_refused_and_one_rule_alone_finds_its_own_only() {
    let only = |rule: &str| SearchOptions { rules: vec![rule.into()], canaries: Vec::new() };
    assert!(matches!(Search::new(only("nonsense")), Err(SearchError::NoSuchRule(_))));
    let both = [example("wifi-psk"), b" ".to_vec(), example("jwt")].concat();
    let found = Search::once(&both, only("jwt")).expect("searches").found;
    assert_eq!(found.iter().map(|f| f.finding.rule.as_str()).collect::<Vec<_>>(), ["jwt"]);
}

#[test]
fn every_pattern_compiles_and_names_are_unique() {
    for rule in &RULES {
        let built = regex::bytes::RegexBuilder::new(rule.pattern).unicode(false).build();
        assert!(built.is_ok(), "{}: {:?}", rule.name, built.err());
        assert!(rule.keywords.iter().all(|k| k.len() >= 3), "{}", rule.name);
    }
    let names: std::collections::BTreeSet<_> = rule_names().collect();
    assert_eq!(names.len(), RULES.len());
}
