//! RFC 3161 time stamps, with `openssl ts` as the authority and as the other verifier.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod fixture;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use assay_reports::pack::{
    FindingKind, Role, SealOptions, SigningKey, Stamp, StampError, Stamped, State, VerifyOptions, seal, sign,
    stamp_import, stamp_request, verify_with,
};
use fixture::bench::{Bench, installed};

/// A root and an authority below it, in a folder.
struct Authority(tempfile::TempDir);

impl Authority {
    fn new(key: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = "[tsa]\nbasicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n\
            [web]\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n\
            [reply]\nserial=./serial\ncrypto_device=builtin\nsigner_cert=./tsa.pem\ncerts=./ca.pem\nsigner_key=./tsa.key\n\
            signer_digest=sha256\ndefault_policy=1.2.3.4.1\ndigests=sha256\naccuracy=secs:1\nordering=yes\ntsa_name=yes\n\
            ess_cert_id_chain=no\ness_cert_id_alg=sha256\n";
        fs::write(dir.path().join("conf"), config).unwrap();
        fs::write(dir.path().join("serial"), "01\n").unwrap();
        let this = Self(dir);
        let new_key: Vec<&str> = key.split(' ').collect();
        let root =
            ["req", "-x509", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/CN=Root"];
        this.openssl(&[&root[..], &["-newkey"], &new_key].concat());
        let asked = ["req", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Clock of Example"];
        this.openssl(&[&asked[..], &["-newkey"], &new_key].concat());
        this.certify("tsa");
        this
    }

    fn certify(&self, section: &str) {
        let certify =
            "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 20 -extfile conf -out tsa.pem";
        self.openssl(&[&certify.split(' ').collect::<Vec<_>>()[..], &["-extensions", section]].concat());
    }

    fn openssl(&self, args: &[&str]) {
        assert!(self.says(args), "openssl {args:?}");
    }

    fn says(&self, args: &[&str]) -> bool {
        let mut openssl = Command::new("openssl");
        openssl.args(args).current_dir(self.0.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        openssl.status().unwrap().success()
    }

    fn reply(&self, request: &[u8]) -> Vec<u8> {
        fs::write(self.at("q.tsq"), request).unwrap();
        self.openssl(&["ts", "-reply", "-queryfile", "q.tsq", "-config", "conf", "-section", "reply", "-out", "r.tsr"]);
        fs::read(self.at("r.tsr")).unwrap()
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn ca(&self) -> PathBuf {
        self.at("ca.pem")
    }
}

fn with(bench: &Bench, tsa_ca: Option<PathBuf>) -> VerifyOptions {
    VerifyOptions { allowed_signers: Some(bench.signers()), tsa_ca, ..VerifyOptions::default() }
}

fn found(pack: &Path, options: &VerifyOptions) -> Vec<String> {
    verify_with(pack, options).findings.iter().map(ToString::to_string).collect()
}

fn refused(result: Result<Stamp, StampError>) -> String {
    match result {
        Err(StampError::Refused { why }) => why,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_token_over_the_signature_both_ways() {
    if !installed("openssl", "openssl") {
        return;
    }
    for key in ["rsa:2048", "ec -pkeyopt ec_paramgen_curve:P-256", "ec -pkeyopt ec_paramgen_curve:P-384"] {
        let (bench, authority) = (Bench::new(), Authority::new(key));
        let pack = bench.seal("stamped");
        let over = Stamped::of(&pack);
        assert_eq!(over, Stamped::Signature);
        let request = stamp_request(&pack, over).unwrap();
        assert!(request.len() < 80, "a digest and a nonce, no more");
        let response = authority.reply(&request);
        let stamp = stamp_import(&pack, over, &response, Some(&authority.ca())).unwrap();
        assert!(stamp.trusted && stamp.authority.starts_with("CN=Clock of Example (SHA-256 "), "{stamp:?}");
        let report = verify_with(&pack, &with(&bench, Some(authority.ca())));
        assert_eq!((report.findings, report.stamps), (vec![], vec![stamp]), "{key}");
        let unnamed = verify_with(&pack, &with(&bench, None));
        assert!(unnamed.findings.is_empty() && !unnamed.stamps[0].trusted);
        // What we kept is what OpenSSL accepts, as the pack's README says.
        let path = |name: &str| pack.join(name).to_str().unwrap().to_owned();
        let (data, token) = (path("SHA256SUMS.sshsig"), path("SHA256SUMS.tsr"));
        let stock = |data: &str| authority.says(&["ts", "-verify", "-data", data, "-in", &token, "-CAfile", "ca.pem"]);
        assert!(stock(&data));
        assert!(!stock(&path("SHA256SUMS")));
        // And the other authority's root does not vouch for it.
        let other = Authority::new("ec -pkeyopt ec_paramgen_curve:P-256");
        let lines = found(&pack, &with(&bench, Some(other.ca())));
        assert!(lines.len() == 1 && lines[0].contains("does not lead to"), "{lines:?}");
        assert!(found(&pack, &with(&bench, Some(bench.signers())))[0].contains("it has no certificate"));
    }
}

#[test]
fn every_change_of_token_request_or_chain_is_noticed() {
    if !installed("openssl", "openssl") {
        return;
    }
    let (bench, authority) = (Bench::new(), Authority::new("ec -pkeyopt ec_paramgen_curve:P-256"));
    let pack = bench.seal("stamped");
    let response = authority.reply(&stamp_request(&pack, Stamped::Signature).unwrap());
    stamp_import(&pack, Stamped::Signature, &response, None).unwrap();
    assert_eq!(bench.kinds(&pack), []);
    let mut unseen = Vec::new();
    for name in ["SHA256SUMS.tsr", "SHA256SUMS.tsq", "SHA256SUMS.tsa.pem"] {
        let file = pack.join(name);
        let good = fs::read(&file).unwrap();
        for at in (0..good.len()).step_by(3) {
            let mut bad = good.clone();
            bad[at] ^= 1 << (at % 8);
            fs::write(&file, bad).unwrap();
            if bench.kinds(&pack).is_empty() {
                unseen.push((name, at));
            }
        }
        fs::write(&file, &good[..good.len() - 1]).unwrap();
        assert!(!bench.kinds(&pack).is_empty(), "cut {name}");
        fs::write(&file, [&good[..], b"\n"].concat()).unwrap();
        assert!(!bench.kinds(&pack).is_empty(), "longer {name}");
        fs::remove_file(&file).unwrap();
        let gone = bench.kinds(&pack);
        assert_eq!(gone.is_empty(), name == "SHA256SUMS.tsq", "without {name}: {gone:?}");
        fs::write(&file, good).unwrap();
    }
    assert_eq!(unseen, []);
}

#[test]
fn what_was_not_asked_for_is_refused() {
    if !installed("openssl", "openssl") {
        return;
    }
    let (bench, authority) = (Bench::new(), Authority::new("ec -pkeyopt ec_paramgen_curve:P-256"));
    let (pack, other) = (bench.seal("one"), bench.seal("other"));
    sign(&other, Role::Operator, &SigningKey::throwaway().unwrap()).unwrap();
    let import = |pack: &Path, response: &[u8]| stamp_import(pack, Stamped::Signature, response, Some(&authority.ca()));
    let first = stamp_request(&pack, Stamped::Signature).unwrap();
    let replayed = authority.reply(&first);
    stamp_request(&pack, Stamped::Signature).unwrap();
    assert!(refused(import(&pack, &replayed)).contains("nonce"), "an answer to an earlier request");
    let mut foreign = first.clone();
    let digest_at = foreign.windows(2).position(|w| w == [0x04, 0x20]).unwrap() + 2;
    foreign[digest_at] ^= 1;
    assert!(refused(import(&pack, &authority.reply(&foreign))).contains("other bytes"));
    assert!(refused(import(&pack, b"<html>404</html>")).contains("no RFC 3161 response"));
    assert!(refused(import(&pack, &[])).contains("no RFC 3161 response"));
    // SHA-512 was not asked for, and this authority takes SHA-256 only: it answers with a refusal.
    fs::write(authority.at("data"), "x").unwrap();
    authority.openssl(&["ts", "-query", "-data", "data", "-sha512", "-out", "other.tsq"]);
    let no = authority.reply(&fs::read(authority.at("other.tsq")).unwrap());
    assert!(refused(import(&pack, &no)).contains("refused by the authority"));
    // A good certificate for another purpose. OpenSSL will not sign with it as an authority, so its key signs under the
    // good one's name and the chain is what fails: a root that never certified it.
    let stranger = Authority::new("ec -pkeyopt ec_paramgen_curve:P-256");
    let request = stamp_request(&pack, Stamped::Signature).unwrap();
    assert!(refused(import(&pack, &stranger.reply(&request))).contains("does not lead to"));
    assert!(!pack.join("SHA256SUMS.tsr").exists(), "nothing was kept");
    import(&pack, &authority.reply(&request)).unwrap();
    assert!(matches!(import(&pack, &authority.reply(&request)), Err(StampError::Exists { .. })));
    // Moved into another pack, it is over other bytes there.
    for name in ["SHA256SUMS.tsr", "SHA256SUMS.tsa.pem"] {
        fs::copy(pack.join(name), other.join(name)).unwrap();
    }
    let same_signature =
        fs::read(pack.join("SHA256SUMS.sshsig")).unwrap() == fs::read(other.join("SHA256SUMS.sshsig")).unwrap();
    assert!(same_signature, "the fixture's packs are equal, so the token fits both");
    fs::write(other.join("SHA256SUMS.sshsig"), fs::read(other.join(Role::Operator.file())).unwrap()).unwrap();
    assert!(bench.kinds(&other).contains(&FindingKind::Stamp));
}

#[test]
fn the_sealed_inputs_of_a_waiting_run_are_stamped_before_it_is_sealed() {
    if !installed("openssl", "openssl") {
        return;
    }
    let (bench, authority) = (Bench::new(), Authority::new("ec -pkeyopt ec_paramgen_curve:P-256"));
    let mut results = fixture::results();
    let partial = fixture::folder::write_partial(bench.dir.path(), "waiting", &mut results);
    let over = Stamped::of(&partial);
    assert_eq!(over, Stamped::Start);
    let response = authority.reply(&stamp_request(&partial, over).unwrap());
    stamp_import(&partial, over, &response, Some(&authority.ca())).unwrap();
    let pack = seal(&partial, &results, &bench.key, &SealOptions::new("assay@bench-3")).unwrap().folder;
    let report = verify_with(&pack, &with(&bench, Some(authority.ca())));
    assert_eq!(report.findings, []);
    assert_eq!(report.stamps.iter().map(|s| s.over).collect::<Vec<_>>(), [Stamped::Start]);
    // The digest of the first line is also the second line's `prev`: stock tools find it there.
    let journal = fs::read_to_string(pack.join("journal/journal.jsonl")).unwrap();
    let digest = fixture::folder::sha256(journal.lines().next().unwrap().as_bytes());
    assert!(journal.lines().nth(1).unwrap().contains(&digest));
    let token = pack.join("journal/anchor-start.tsr").to_str().unwrap().to_owned();
    assert!(authority.says(&["ts", "-verify", "-digest", &digest, "-in", &token, "-CAfile", "ca.pem"]));
}

/// A key that expired after it signed is judged at the moment of the stamp, where that can be trusted.
#[test]
fn an_expired_key_counts_where_a_trusted_stamp_shows_that_it_signed_before() {
    if !installed("openssl", "openssl") {
        return;
    }
    let (bench, authority) = (Bench::new(), Authority::new("ec -pkeyopt ec_paramgen_curve:P-256"));
    let pack = bench.seal("expired");
    let response = authority.reply(&stamp_request(&pack, Stamped::Signature).unwrap());
    let stamp = stamp_import(&pack, Stamped::Signature, &response, None).unwrap();
    let line = bench.key.allowed_signers_line("assay@bench-3");
    let until = |t: time::OffsetDateTime| {
        let day = t.to_offset(time::UtcOffset::UTC);
        let (date, clock) = (day.date().to_string().replace('-', ""), day.time());
        let before = format!("{date}{:02}{:02}{:02}", clock.hour(), clock.minute(), clock.second());
        fs::write(bench.signers(), line.replace(" namespaces", &format!(" valid-before=\"{before}\",namespaces")))
            .unwrap();
    };
    until(stamp.time);
    assert_eq!(bench.kinds(&pack), [FindingKind::Signer], "expired the second it was stamped");
    until(stamp.time + time::Duration::seconds(1));
    let later = VerifyOptions { at: Some(stamp.time + time::Duration::days(1)), ..with(&bench, None) };
    assert_eq!(verify_with(&pack, &later).state(), State::Broken, "asked about the day after");
    assert_eq!(found(&pack, &with(&bench, Some(authority.ca()))), [""; 0]);
}
