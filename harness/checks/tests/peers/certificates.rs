//! Certificates for the servers under test.

use std::path::Path;
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

/// A name that every good certificate here is for.
pub(crate) const NAME: &str = "camera.test";

/// A self-signed RSA certificate in `cert.pem` and `key.pem`, made by the openssl command.
pub(crate) fn rsa(folder: &Path, bits: u32, digest: &str) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-nodes", "-days", "30", "-newkey", &format!("rsa:{bits}"), &format!("-{digest}")])
        .args(["-subj", &format!("/CN={NAME}"), "-addext", &format!("subjectAltName=DNS:{NAME}")])
        .arg("-keyout")
        .arg(folder.join("key.pem"))
        .arg("-out")
        .arg(folder.join("cert.pem"))
        .env("OPENSSL_CONF", "/etc/ssl/openssl.cnf")
        .output()
        .expect("openssl runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// A self-signed P-256 certificate for `name`, valid between two years, in `cert.pem` and `key.pem`.
pub(crate) fn ecdsa(folder: &Path, stem: &str, name: &str, from: i32, to: i32) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params.distinguished_name = subject(name);
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    let key = KeyPair::generate().expect("a key");
    let made = params.self_signed(&key).expect("a certificate");
    std::fs::write(folder.join(format!("{stem}cert.pem")), made.pem()).expect("writes");
    std::fs::write(folder.join(format!("{stem}key.pem")), key.serialize_pem()).expect("writes");
}

/// Root, intermediate and leaf: `key.pem`, `leaf.pem`, `full.pem` (leaf and intermediate), `root.pem`.
pub(crate) fn chain(folder: &Path) {
    let authority = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name = subject(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let root_key = KeyPair::generate().expect("a key");
    let root = authority("Maker Root").self_signed(&root_key).expect("root");
    let root_issuer = Issuer::new(authority("Maker Root"), root_key);
    let between_key = KeyPair::generate().expect("a key");
    let between = authority("Maker Devices").signed_by(&between_key, &root_issuer).expect("intermediate");
    let between_issuer = Issuer::new(authority("Maker Devices"), between_key);
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec![NAME.to_owned()]).expect("a name");
    params.distinguished_name = subject(NAME);
    let leaf = params.signed_by(&key, &between_issuer).expect("leaf");
    let write = |file: &str, text: String| std::fs::write(folder.join(file), text).expect("writes");
    write("key.pem", key.serialize_pem());
    write("leaf.pem", leaf.pem());
    write("full.pem", leaf.pem() + &between.pem());
    write("between.pem", between.pem());
    write("root.pem", root.pem());
}

fn subject(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    subject
}
