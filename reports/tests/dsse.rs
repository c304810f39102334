//! The DSSE envelope, checked with OpenSSL alone.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod fixture;

use std::fs;
use std::process::{Command, Stdio};

use assay_reports::pack::{KeyError, Predicate, SignError, SigningKey, attest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fixture::bench::{Bench, installed};
use serde_json::{Value, json};

#[test]
fn openssl_verifies_the_envelope() {
    let bench = Bench::new();
    let pack = bench.seal("attested");
    let at = |name: &str| bench.dir.path().join(name);
    for predicate in [Predicate::EvidencePack, Predicate::TestResult] {
        let envelope: Value = serde_json::from_slice(&attest(&pack, predicate, &bench.key).unwrap()).unwrap();
        assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
        assert_eq!(envelope["signatures"][0]["keyid"], bench.key.fingerprint());
        let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
        let statement: Value = serde_json::from_slice(&payload).unwrap();
        let sums = fixture::folder::sha256(&fs::read(pack.join("SHA256SUMS")).unwrap());
        assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
        assert_eq!(statement["subject"], json!([{"name": "SHA256SUMS", "digest": {"sha256": sums}}]));
        assert_eq!(statement["predicateType"], predicate.uri());
        let (field, word) = match predicate {
            Predicate::EvidencePack => ("verdict", "DOES_NOT_CONFORM"),
            Predicate::TestResult => ("result", "FAILED"),
        };
        assert_eq!(statement["predicate"][field], word);
        if !installed("openssl", "openssl") {
            continue;
        }
        // The key as DER: OpenSSL's prefix for Ed25519 and the last 32 bytes of SSH's form.
        let blob = STANDARD.decode(bench.key.public_openssh().split(' ').nth(1).unwrap()).unwrap();
        let prefix = hex::decode("302a300506032b6570032100").unwrap();
        fs::write(at("key.der"), [&prefix[..], &blob[blob.len() - 32..]].concat()).unwrap();
        fs::write(at("sig"), STANDARD.decode(envelope["signatures"][0]["sig"].as_str().unwrap()).unwrap()).unwrap();
        let verifies = |payload: &[u8]| {
            let mut signed = format!("DSSEv1 28 application/vnd.in-toto+json {} ", payload.len()).into_bytes();
            signed.extend_from_slice(payload);
            fs::write(at("pae"), signed).unwrap();
            let mut openssl = Command::new("openssl");
            openssl.args(["pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", "key.der"]);
            openssl.args(["-in", "pae", "-sigfile", "sig"]).current_dir(bench.dir.path());
            openssl.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
        };
        assert!(verifies(&payload));
        let forged = String::from_utf8(payload).unwrap().replacen("FAIL", "PASS", 1).replacen("DOES_NOT_", "", 1);
        assert!(!verifies(forged.as_bytes()));
    }
}

#[test]
fn what_is_not_whole_is_not_attested_and_ssh_keygen_cannot_sign_this() {
    let bench = Bench::new();
    let pack = bench.seal("broken");
    if installed("ssh-keygen", "openssh-client") {
        let file = bench.dir.path().join("rsa");
        fixture::bench::stock("ssh-keygen", &["-q", "-t", "rsa", "-N", "", "-f", file.to_str().unwrap()]);
        let key = SigningKey::load(&file).unwrap();
        let refused = attest(&pack, Predicate::EvidencePack, &key);
        assert!(matches!(refused, Err(SignError::Key(KeyError::Sign { .. }))), "{refused:?}");
    }
    fs::write(pack.join("extra"), "x").unwrap();
    assert!(matches!(attest(&pack, Predicate::EvidencePack, &bench.key), Err(SignError::Broken { .. })));
}
