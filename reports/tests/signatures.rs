//! Signatures: every kind of key, every holder of one, roles, and keys that do not count.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod fixture;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use assay_reports::pack::{
    Expected, FindingKind, KeyError, Role, SignError, SigningKey, State, Trust, VerifyOptions, sign, verify,
    verify_with,
};
use fixture::bench::{Bench, installed, stock};

const NAMESPACE: &str = "assay-evidence-pack-v1";

fn generate(at: &Path, kind: &[&str], passphrase: &str) -> PathBuf {
    let path = at.to_str().unwrap();
    stock("ssh-keygen", &[kind, &["-q", "-N", passphrase, "-C", "lab@example", "-f", path]].concat());
    at.to_owned()
}

/// One line of `allowed_signers` for everyone named.
fn allow(bench: &Bench, keys: &[(&str, &SigningKey)]) {
    let line = |(who, key): &(&str, &SigningKey)| key.allowed_signers_line(who) + "\n";
    fs::write(bench.signers(), keys.iter().map(line).collect::<String>()).unwrap();
}

fn texts(pack: &Path, options: &VerifyOptions) -> Vec<String> {
    verify_with(pack, options).findings.iter().map(ToString::to_string).collect()
}

/// `ssh-keygen` makes them, we verify; we make them, `ssh-keygen` verifies; a changed byte is bad for both.
#[test]
fn every_kind_of_key_signs_and_verifies_both_ways() {
    if !installed("ssh-keygen", "openssh-client") {
        return;
    }
    let mut bench = Bench::new();
    for (name, kind) in [
        ("ed25519", &["-t", "ed25519"][..]),
        ("p256", &["-t", "ecdsa", "-b", "256"]),
        ("p384", &["-t", "ecdsa", "-b", "384"]),
        ("p521", &["-t", "ecdsa", "-b", "521"]),
        ("rsa", &["-t", "rsa", "-b", "2048"]),
    ] {
        let file = generate(&bench.dir.path().join(name), kind, "");
        bench.key = SigningKey::load(&file).unwrap();
        allow(&bench, &[("lab@example", &bench.key)]);
        let pack = bench.seal(&format!("by-{name}"));
        let report = verify(&pack, Some(&bench.signers()));
        assert_eq!(report.findings, [], "{name}");
        assert_eq!(
            report.trust,
            Trust::Known { principal: "lab@example".into(), fingerprint: bench.key.fingerprint() }
        );
        let listed = stock("ssh-keygen", &["-l", "-f", file.to_str().unwrap()]);
        assert!(listed.contains(&bench.key.fingerprint()), "{listed}");
        assert!(stock_verifies(&bench, &pack, "SHA256SUMS"), "{name}");
        fs::write(pack.join("SHA256SUMS"), fs::read_to_string(pack.join("SHA256SUMS")).unwrap() + "\n").unwrap();
        assert!(bench.kinds(&pack).contains(&FindingKind::Signature), "{name}");
        assert!(!stock_verifies(&bench, &pack, "SHA256SUMS"), "{name}");
    }
    let short = generate(&bench.dir.path().join("short"), &["-t", "rsa", "-b", "1024"], "");
    let refused = SigningKey::load(&short).unwrap().sign(NAMESPACE, b"x").unwrap_err().to_string();
    assert!(refused.contains("2048 bits") || refused.contains("ssh-keygen ended"), "{refused}");
}

fn stock_verifies(bench: &Bench, pack: &Path, file: &str) -> bool {
    let signers = bench.signers();
    let sums = fs::File::open(pack.join(file)).unwrap();
    Command::new("ssh-keygen")
        .args(["-Y", "verify", "-I", "lab@example", "-n", NAMESPACE, "-f"])
        .arg(signers)
        .arg("-s")
        .arg(pack.join("SHA256SUMS.sshsig"))
        .stdin(sums)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}

/// A FIDO token signs application, flags and counter around the digest; here with its key in software.
#[test]
fn a_tokens_signature_is_good_here_and_for_ssh_keygen() {
    use aws_lc_rs::digest::{SHA256, SHA512, digest};
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
    let bench = Bench::new();
    let pack = bench.seal("token");
    let put = |out: &mut Vec<u8>, bytes: &[u8]| {
        out.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
        out.extend_from_slice(bytes);
    };
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let mut key = Vec::new();
    for part in [&b"sk-ssh-ed25519@openssh.com"[..], pair.public_key().as_ref(), b"ssh:"] {
        put(&mut key, part);
    }
    let sums = fs::read(pack.join("SHA256SUMS")).unwrap();
    let mut data = b"SSHSIG".to_vec();
    for part in [NAMESPACE.as_bytes(), b"", b"sha512", digest(&SHA512, &sums).as_ref()] {
        put(&mut data, part);
    }
    let make = |flags: u8, lie: u8| {
        let mut shown = digest(&SHA256, b"ssh:").as_ref().to_vec();
        shown.extend_from_slice(&[flags, 0, 0, 0, 9]);
        shown.extend_from_slice(digest(&SHA256, &data).as_ref());
        let mut signature = Vec::new();
        put(&mut signature, b"sk-ssh-ed25519@openssh.com");
        put(&mut signature, pair.sign(&shown).as_ref());
        signature.extend_from_slice(&[flags ^ lie, 0, 0, 0, 9]);
        let mut blob = b"SSHSIG\0\0\0\x01".to_vec();
        for part in [&key[..], NAMESPACE.as_bytes(), b"", b"sha512", &signature] {
            put(&mut blob, part);
        }
        armour(&blob)
    };
    let line = format!("lab@example sk-ssh-ed25519@openssh.com {}\n", base64(&key));
    fs::write(bench.signers(), line).unwrap();
    fs::write(pack.join("SHA256SUMS.sshsig"), make(1, 0)).unwrap();
    let report = verify(&pack, Some(&bench.signers()));
    // Good in itself; pack.json names the bench's own key.
    assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
    assert!(report.findings[0].text.contains("signed again by another key"), "{:?}", report.findings);
    if installed("ssh-keygen", "openssh-client") {
        assert!(stock_verifies(&bench, &pack, "SHA256SUMS"));
    }
    fs::write(pack.join("SHA256SUMS.sshsig"), make(1, 4)).unwrap();
    assert!(bench.kinds(&pack).contains(&FindingKind::Signature));
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn armour(blob: &[u8]) -> String {
    let text = base64(blob);
    let lines: String = text.as_bytes().chunks(70).map(|l| String::from_utf8_lossy(l).into_owned() + "\n").collect();
    format!("-----BEGIN SSH SIGNATURE-----\n{lines}-----END SSH SIGNATURE-----\n")
}

#[test]
fn an_encrypted_key_wants_its_passphrase() {
    if !installed("ssh-keygen", "openssh-client") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = generate(&dir.path().join("locked"), &["-t", "ed25519", "-a", "1"], "correct horse");
    assert!(matches!(SigningKey::load(&file), Err(KeyError::Encrypted { .. })));
    assert!(matches!(SigningKey::open(&file, &|_| Some("wrong".into())), Err(KeyError::Passphrase { .. })));
    let key = SigningKey::open(&file, &|_| Some("correct horse".into())).unwrap();
    let public = fs::read_to_string(dir.path().join("locked.pub")).unwrap();
    assert_eq!(public.trim(), key.public_openssh());
    key.sign(NAMESPACE, b"x").unwrap();
}

struct Agent(Child);

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn ssh_agent_signs() {
    if !installed("ssh-agent", "openssh-client") {
        return;
    }
    let mut bench = Bench::new();
    let socket = bench.dir.path().join("agent");
    assert!(matches!(SigningKey::from_agent(&socket, None), Err(KeyError::Agent { .. })), "nobody is there");
    let agent = Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn().unwrap();
    let _agent = Agent(agent);
    // The socket is there a moment before anyone listens on it.
    let empty = (0..2000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(5));
        SigningKey::from_agent(&socket, None).is_err_and(|e| e.to_string().contains("none of its 0 keys"))
    });
    assert!(empty, "the agent answers, and holds nothing");
    for (name, kind) in [("one", &["-t", "ed25519"][..]), ("two", &["-t", "rsa", "-b", "2048"])] {
        let file = generate(&bench.dir.path().join(name), kind, "");
        let add = Command::new("ssh-add").arg("-q").arg(&file).env("SSH_AUTH_SOCK", &socket).status().unwrap();
        assert!(add.success());
        let fingerprint = SigningKey::load(&file).unwrap().fingerprint();
        bench.key = SigningKey::from_agent(&socket, Some(&fingerprint)).unwrap();
        allow(&bench, &[("lab@example", &bench.key)]);
        let pack = bench.seal(&format!("agent-{name}"));
        assert_eq!(bench.kinds(&pack), []);
        assert!(stock_verifies(&bench, &pack, "SHA256SUMS"));
    }
    // Both have one comment, so it names neither.
    assert!(matches!(SigningKey::from_agent(&socket, Some("lab@example")), Err(KeyError::Agent { .. })));
    let fingerprint = bench.key.fingerprint();
    let remove =
        Command::new("ssh-add").args(["-q", "-D"]).env("SSH_AUTH_SOCK", &socket).stderr(Stdio::null()).status();
    assert!(remove.unwrap().success());
    let refused = bench.key.sign(NAMESPACE, b"x").unwrap_err().to_string();
    assert!(refused.contains("refused to sign") && refused.contains(&fingerprint), "{refused}");
}

#[test]
fn others_sign_in_their_roles() {
    let bench = Bench::new();
    let (operator, reviewer) = (SigningKey::throwaway().unwrap(), SigningKey::throwaway().unwrap());
    allow(&bench, &[("assay@bench-3", &bench.key), ("op@lab", &operator), ("rev@lab", &reviewer)]);
    let pack = bench.seal("roles");
    let path = sign(&pack, Role::Reviewer, &reviewer).unwrap();
    assert_eq!(path.file_name().unwrap(), "SHA256SUMS.reviewer.sshsig");
    assert!(matches!(sign(&pack, Role::Reviewer, &operator), Err(SignError::Exists { .. })));
    assert!(matches!(sign(&pack, Role::Witness, &reviewer), Err(SignError::SameKey { role: Role::Reviewer, .. })));
    assert!(matches!(sign(&pack, Role::Operator, &bench.key), Err(SignError::SameKey { role: Role::Bench, .. })));
    sign(&pack, Role::Operator, &operator).unwrap();
    let report = verify(&pack, Some(&bench.signers()));
    assert_eq!(report.findings, []);
    let seen: Vec<_> = report.signatures.iter().map(|s| (s.role, s.principal.as_deref().unwrap())).collect();
    assert_eq!(seen, [(Role::Bench, "assay@bench-3"), (Role::Operator, "op@lab"), (Role::Reviewer, "rev@lab")]);

    // A copy of a signature under another role's name.
    fs::copy(pack.join(Role::Operator.file()), pack.join(Role::Witness.file())).unwrap();
    assert!(texts(&pack, &VerifyOptions::default())[0].contains("same key"));
    fs::remove_file(pack.join(Role::Witness.file())).unwrap();
    // A rename is seen where the allowed signers say who may sign as what.
    fs::rename(pack.join(Role::Operator.file()), pack.join(Role::Witness.file())).unwrap();
    let line = |who: &str, role: &str, key: &SigningKey| {
        key.allowed_signers_line(who).replace(NAMESPACE, &format!("{NAMESPACE},assay-role-{role}")) + "\n"
    };
    let lines = line("assay@bench-3", "bench", &bench.key)
        + &line("op@lab", "operator", &operator)
        + &line("rev@lab", "reviewer", &reviewer);
    fs::write(bench.signers(), lines).unwrap();
    let options = VerifyOptions { allowed_signers: Some(bench.signers()), ..VerifyOptions::default() };
    let found = texts(&pack, &options);
    assert!(found.len() == 1 && found[0].contains("roles operator only, not witness"), "{found:?}");
    fs::rename(pack.join(Role::Witness.file()), pack.join(Role::Operator.file())).unwrap();
    assert_eq!(texts(&pack, &options), [""; 0]);

    // Nobody signs what is not whole.
    fs::write(pack.join("junit.xml"), "x").unwrap();
    let witness = SigningKey::throwaway().unwrap();
    assert!(matches!(sign(&pack, Role::Witness, &witness), Err(SignError::Broken { .. })));
    assert!(!pack.join(Role::Witness.file()).exists());
}

#[test]
fn an_expected_signature_that_is_missing_is_named() {
    let bench = Bench::new();
    let (reviewer, other) = (SigningKey::throwaway().unwrap(), SigningKey::throwaway().unwrap());
    allow(&bench, &[("assay@bench-3", &bench.key), ("rev@lab", &reviewer), ("other@lab", &other)]);
    let wants = |fingerprint| Expected { role: Role::Reviewer, identity: Some("rev@lab".into()), fingerprint };
    let pack = bench.seal_expecting("expecting", &[wants(None)]);
    let report = verify(&pack, Some(&bench.signers()));
    assert_eq!(report.findings.iter().map(|f| f.kind).collect::<Vec<_>>(), [FindingKind::Expected]);
    assert_eq!(report.state(), State::Broken);
    assert!(report.findings[0].to_string().contains("by the reviewer (rev@lab)"));
    sign(&pack, Role::Reviewer, &reviewer).unwrap();
    assert_eq!(bench.kinds(&pack), []);
    let taken = bench.seal_expecting("taken", &[wants(None)]);
    sign(&taken, Role::Reviewer, &other).unwrap();
    assert_eq!(bench.kinds(&taken), [FindingKind::Signer], "somebody else signed");
    let by_key = bench.seal_expecting("by-key", &[wants(Some(reviewer.fingerprint()))]);
    sign(&by_key, Role::Reviewer, &other).unwrap();
    assert_eq!(verify(&by_key, None).findings[0].kind, FindingKind::Signer, "seen without allowed signers too");
}

#[test]
fn revoked_and_expired_keys_do_not_count() {
    let bench = Bench::new();
    let pack = bench.seal("revoked");
    let at = |name: &str| bench.dir.path().join(name);
    let with = |revoked: &Path| VerifyOptions {
        allowed_signers: Some(bench.signers()),
        revoked: Some(revoked.to_owned()),
        ..VerifyOptions::default()
    };
    let stranger = SigningKey::throwaway().unwrap();
    fs::write(at("list"), format!("# gone\n{}\n", stranger.public_openssh())).unwrap();
    assert_eq!(texts(&pack, &with(&at("list"))), [""; 0]);
    for (name, line) in [("key", bench.key.public_openssh()), ("print", bench.key.fingerprint())] {
        fs::write(at(name), line).unwrap();
        let found = texts(&pack, &with(&at(name)));
        assert!(found.len() == 1 && found[0].contains("was revoked"), "{found:?}");
        let mut unnamed = with(&at(name));
        unnamed.allowed_signers = None;
        assert_eq!(verify_with(&pack, &unnamed).state(), State::Broken, "also where nobody named signers");
    }
    fs::write(at("odd"), "what is this\n").unwrap();
    assert!(texts(&pack, &with(&at("odd")))[0].contains("line 1 is neither"));
    assert!(texts(&pack, &with(&at("nowhere")))[0].contains("could not be read"));
    if installed("ssh-keygen", "openssh-client") {
        let path = |name: &str| at(name).to_str().unwrap().to_owned();
        fs::write(at("bench.pub"), bench.key.public_openssh()).unwrap();
        fs::write(at("stranger.pub"), stranger.public_openssh()).unwrap();
        stock("ssh-keygen", &["-q", "-k", "-f", &path("krl"), &path("bench.pub")]);
        fs::write(at("hashes"), format!("hash: {}\nsha1: {}\n", bench.key.fingerprint(), stranger.public_openssh()))
            .unwrap();
        stock("ssh-keygen", &["-q", "-k", "-f", &path("krl-hashes"), &path("hashes")]);
        stock("ssh-keygen", &["-q", "-k", "-f", &path("krl-other"), &path("stranger.pub")]);
        for name in ["krl", "krl-hashes"] {
            assert!(texts(&pack, &with(&at(name)))[0].contains("was revoked"), "{name}");
        }
        assert_eq!(texts(&pack, &with(&at("krl-other"))), [""; 0]);
        let whole = fs::read(at("krl")).unwrap();
        fs::write(at("cut"), &whole[..whole.len() - 3]).unwrap();
        assert!(texts(&pack, &with(&at("cut")))[0].contains("ends too early"));
    }

    let valid = |option: &str| {
        let line = bench.key.allowed_signers_line("assay@bench-3");
        fs::write(bench.signers(), line.replace(" namespaces", &format!(" {option},namespaces"))).unwrap();
        texts(&pack, &VerifyOptions { allowed_signers: Some(bench.signers()), ..VerifyOptions::default() })
    };
    let found = valid("valid-before=\"20200101\"");
    assert!(found.len() == 1 && found[0].contains("only before 2020-01-01 00:00:00 UTC"), "{found:?}");
    assert!(valid("valid-after=\"29990101\"")[0].contains("only from 2999-01-01"));
    let then = time::OffsetDateTime::from_unix_timestamp(1_500_000_000).unwrap();
    valid("valid-before=\"20200101\"");
    let options = VerifyOptions { allowed_signers: Some(bench.signers()), at: Some(then), ..VerifyOptions::default() };
    assert_eq!(texts(&pack, &options), [""; 0], "an old pack, asked about its own time");
    let clock = VerifyOptions { at: Some(time::OffsetDateTime::UNIX_EPOCH), ..options };
    valid("valid-after=\"20200101\"");
    assert!(texts(&pack, &clock)[0].contains("the moment asked about is 1970-01-01"), "a clock that was never set");
}

#[test]
fn certificates_are_refused_in_words() {
    use base64::Engine as _;
    if !installed("ssh-keygen", "openssh-client") {
        return;
    }
    let bench = Bench::new();
    let at = |name: &str| bench.dir.path().join(name);
    let (authority, user) =
        (generate(&at("ca"), &["-t", "ed25519"], ""), generate(&at("user"), &["-t", "ed25519"], ""));
    let (authority_path, public) = (authority.to_str().unwrap(), format!("{}.pub", user.display()));
    stock("ssh-keygen", &["-q", "-s", authority_path, "-I", "id", "-n", "lab@example", &public]);
    let certificate = fs::read_to_string(at("user-cert.pub")).unwrap();
    let certificate = base64::engine::general_purpose::STANDARD.decode(certificate.split(' ').nth(1).unwrap()).unwrap();
    let mut blob = b"SSHSIG\0\0\0\x01".to_vec();
    for part in [&certificate[..], NAMESPACE.as_bytes(), b"", b"sha512", b"whatever it signs with"] {
        blob.extend_from_slice(&u32::try_from(part.len()).unwrap().to_be_bytes());
        blob.extend_from_slice(part);
    }
    let pack = bench.seal("certified");
    fs::write(pack.join("SHA256SUMS.sshsig"), armour(&blob)).unwrap();
    let ca = SigningKey::load(&authority).unwrap();
    fs::write(bench.signers(), format!("*@example cert-authority {}\n", ca.public_openssh())).unwrap();
    let options = VerifyOptions { allowed_signers: Some(bench.signers()), ..VerifyOptions::default() };
    let found = texts(&pack, &options);
    assert!(found.len() == 1 && found[0].contains("it is a certificate"), "{found:?}");
    // And a line for an authority vouches for no plain key, its own included.
    let own = format!("*@example cert-authority {}\n", bench.key.public_openssh());
    fs::write(bench.signers(), own).unwrap();
    let plain = bench.seal("plain");
    assert_eq!(bench.kinds(&plain), [FindingKind::Signer]);
}
