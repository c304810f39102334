//! Sealing, verifying, and every kind of tampering.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod fixture;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use assay_reports::pack::{
    FindingKind, SealError, SealOptions, SigningKey, State, Trust, read_zip, seal, verify, write_zip,
};
use fixture::bench::{Bench, edit, installed};

#[test]
fn a_sealed_pack_verifies_and_says_whose_it_is() {
    let bench = Bench::new();
    let pack = bench.seal("run-1");
    let report = verify(&pack, Some(&bench.signers()));
    assert_eq!(report.findings, []);
    assert_eq!(report.state(), State::Ok);
    assert_eq!(report.trust, Trust::Known { principal: "assay@bench-3".into(), fingerprint: bench.key.fingerprint() });
    assert!(report.files > 20 && report.journal_records == 15);
    let unknown = verify(&pack, None);
    assert_eq!(unknown.state(), State::OkUnknownKey);
    assert_eq!(unknown.trust, Trust::KeyNotChecked { fingerprint: bench.key.fingerprint() });
}

#[test]
fn what_has_no_known_signature_is_never_ok() {
    let bench = Bench::new();
    let pack = bench.seal("run-1");
    let stranger = SigningKey::throwaway().unwrap();
    let theirs = bench.dir.path().join("theirs");
    fs::write(&theirs, stranger.allowed_signers_line("assay@bench-3")).unwrap();
    let report = verify(&pack, Some(&theirs));
    assert_eq!(report.findings.iter().map(|f| f.kind).collect::<Vec<_>>(), [FindingKind::Signer]);
    assert_eq!(report.state(), State::Broken);
    assert_eq!(verify(&pack, Some(Path::new("/nonexistent"))).state(), State::Broken);

    let sums = fs::read(pack.join("SHA256SUMS")).unwrap();
    let sig = pack.join("SHA256SUMS.sshsig");
    fs::write(&sig, stranger.sign("assay-evidence-pack-v1", &sums).unwrap()).unwrap();
    assert_eq!(bench.kinds(&pack), [FindingKind::Signer], "signed again by a stranger");
    fs::write(&sig, bench.key.sign("git", &sums).unwrap()).unwrap();
    assert_eq!(bench.kinds(&pack), [FindingKind::Signature], "signed for another purpose");
    fs::write(&sig, bench.key.sign("assay-evidence-pack-v1", b"something else").unwrap()).unwrap();
    assert_eq!(bench.kinds(&pack), [FindingKind::Signature], "a signature over other bytes");
    fs::write(&sig, "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n").unwrap();
    assert_eq!(bench.kinds(&pack), [FindingKind::Signature], "rubbish");
    fs::remove_file(&sig).unwrap();
    assert_eq!(bench.kinds(&pack), [FindingKind::Unsigned]);
    assert_eq!(verify(&pack, None).state(), State::Broken);
}

#[test]
fn every_kind_of_tampering_with_files_is_noticed() {
    let bench = Bench::new();
    let tamper = |name: &str, act: &dyn Fn(&Path)| {
        let pack = bench.seal(name);
        act(&pack);
        bench.kinds(&pack)
    };
    let has = |kinds: Vec<FindingKind>, kind| assert!(kinds.contains(&kind), "{kind:?} in {kinds:?}");
    has(tamper("edit", &|p| edit(&p.join("report.html"), |t| t.replace("FAIL", "PASS"))), FindingKind::Edited);
    has(tamper("delete", &|p| fs::remove_file(p.join("junit.xml")).unwrap()), FindingKind::Missing);
    has(tamper("add", &|p| fs::write(p.join("extra.txt"), "x").unwrap()), FindingKind::Added);
    let hidden = |p: &Path| fs::write(p.join("evidence/SHA256SUMS.txt"), "x").unwrap();
    has(tamper("hide", &hidden), FindingKind::Added);
    let rename = |p: &Path| fs::rename(p.join("junit.xml"), p.join("junit2.xml")).unwrap();
    assert_eq!(tamper("rename", &rename), [FindingKind::Added, FindingKind::Missing]);
    let case = |p: &Path| fs::write(p.join("JUNIT.xml"), "x").unwrap();
    has(tamper("case", &case), FindingKind::CaseClash);
    has(tamper("odd", &|p| fs::write(p.join("a b"), "x").unwrap()), FindingKind::Path);
    let link = |p: &Path| {
        fs::rename(p.join("junit.xml"), p.with_extension("outside")).unwrap();
        std::os::unix::fs::symlink(p.with_extension("outside"), p.join("junit.xml")).unwrap();
    };
    has(tamper("link", &link), FindingKind::NotAFile);
    let step_out = |p: &Path| edit(&p.join("SHA256SUMS"), |t| t.replace("  junit.xml", "  ../junit.xml"));
    has(tamper("step-out", &step_out), FindingKind::Sums);
    let drop_line = |p: &Path| {
        edit(&p.join("SHA256SUMS"), |t| {
            t.lines().filter(|l| !l.ends_with("junit.xml")).map(|l| format!("{l}\n")).collect()
        });
        fs::remove_file(p.join("junit.xml")).unwrap();
    };
    has(tamper("drop-line", &drop_line), FindingKind::Signature);
    let swap_evidence = |p: &Path| {
        fs::copy(p.join("evidence/E-0006/payload.bin"), p.join("evidence/E-0005/payload.bin")).unwrap();
    };
    has(tamper("evidence", &swap_evidence), FindingKind::Evidence);
}

#[test]
fn every_file_is_under_the_signature() {
    let bench = Bench::new();
    let pack = bench.seal("each");
    let listed = fs::read_to_string(pack.join("SHA256SUMS")).unwrap();
    for path in listed.lines().map(|l| &l[66..]).chain(["SHA256SUMS", "SHA256SUMS.sshsig"]) {
        let file = pack.join(path);
        let good = fs::read(&file).unwrap();
        let mut bad = good.clone();
        let at = bad.len() / 2;
        bad[at] ^= 1;
        fs::write(&file, bad).unwrap();
        assert!(!bench.kinds(&pack).is_empty(), "one bit of {path}");
        fs::write(&file, good).unwrap();
    }
    assert_eq!(bench.kinds(&pack), []);
}

/// A lab that holds the key can sign again; the chain and the agreement of files still speak.
#[test]
fn signing_again_does_not_hide_a_changed_record() {
    let bench = Bench::new();
    let forge = |name: &str, act: &dyn Fn(&Path)| {
        let pack = bench.seal(name);
        act(&pack);
        let listed = fs::read_to_string(pack.join("SHA256SUMS")).unwrap();
        let line =
            |l: &str| format!("{}  {}\n", fixture::folder::sha256(&fs::read(pack.join(&l[66..])).unwrap()), &l[66..]);
        let sums: String = listed.lines().map(line).collect();
        fs::write(pack.join("SHA256SUMS"), &sums).unwrap();
        fs::write(pack.join("SHA256SUMS.sshsig"), bench.key.sign("assay-evidence-pack-v1", sums.as_bytes()).unwrap())
            .unwrap();
        bench.kinds(&pack)
    };
    let has = |kinds: Vec<FindingKind>, kind| assert!(kinds.contains(&kind), "{kind:?} in {kinds:?}");
    let reorder = |p: &Path| {
        edit(&p.join("journal/journal.jsonl"), |t| {
            let mut lines: Vec<&str> = t.lines().collect();
            lines.swap(2, 3);
            lines.iter().map(|l| format!("{l}\n")).collect()
        });
    };
    has(forge("reorder", &reorder), FindingKind::Journal);
    let summary = |p: &Path| edit(&p.join("summary.json"), |t| t.replace("\"exit_code\": 1", "\"exit_code\": 0"));
    assert_eq!(forge("summary", &summary), [FindingKind::Mismatch]);
    let evidence = |p: &Path| edit(&p.join("evidence/E-0006/payload.bin"), |t| t.replace("pass", "fail"));
    has(forge("evidence", &evidence), FindingKind::Evidence);
    let plan = |p: &Path| edit(&p.join("inputs/plan.yaml"), |t| t + "# easier\n");
    has(forge("plan", &plan), FindingKind::Inputs);
    let other = |p: &Path| {
        edit(&p.join("results/results.json"), |t| t.replace("\"inputs_sha256\":\"", "\"inputs_sha256\":\"0"))
    };
    has(forge("other-inputs", &other), FindingKind::Mismatch);
    let newer = |p: &Path| edit(&p.join("pack.json"), |t| t.replace("assay-pack/1", "assay-pack/2"));
    assert_eq!(forge("newer", &newer), [FindingKind::Version]);
    for file in ["results/results.json", "summary.json"] {
        let newer = |p: &Path| edit(&p.join(file), |t| t.replacen("/1\"", "/7\"", 1));
        has(forge(&file.replace('/', "-"), &newer), FindingKind::Version);
    }
    let truncated = |p: &Path| {
        edit(&p.join("journal/journal.jsonl"), |t| t.lines().take(4).map(|l| format!("{l}\n")).collect());
    };
    has(forge("truncated", &truncated), FindingKind::Mismatch);
    assert_eq!(forge("nothing", &|_| ()), []);
}

/// What a killed run had open is kept under the signature and said; what nobody opened is a finding.
#[test]
fn evidence_that_no_run_opened_is_noticed_even_when_the_lab_seals_it() {
    let bench = Bench::new();
    let planted = |name: &str, resumed: bool| {
        let mut results = fixture::results();
        let partial = fixture::folder::write_partial(bench.dir.path(), name, &mut results);
        fs::create_dir(partial.join("evidence/E-0099")).unwrap();
        fs::write(partial.join("evidence/E-0099/console.bin"), "planted").unwrap();
        if resumed {
            let events = [("inputs.sealed", fixture::folder::sealed_inputs()), ("run.resume", serde_json::json!({}))];
            let journal = fixture::folder::chain(&results.run_id, &events);
            results.evidence.clear();
            results.journal_records = 2;
            results.journal_head =
                fixture::folder::sha256(journal.trim_ascii_end().rsplit(|b| *b == b'\n').next().unwrap());
            fs::write(partial.join("journal/journal.jsonl"), journal).unwrap();
        }
        seal(&partial, &results, &bench.key, &SealOptions::new("assay@bench-3")).unwrap().folder
    };
    assert_eq!(bench.kinds(&planted("planted", false)), [FindingKind::Evidence]);
    let resumed = planted("resumed", true);
    assert_eq!(bench.kinds(&resumed), []);
    assert!(verify(&resumed, None).notes.iter().any(|n| n.contains("no verdict rests on them")));
}

#[test]
fn what_is_no_pack_says_so() {
    let bench = Bench::new();
    let kinds = |p: &Path| bench.kinds(p);
    assert_eq!(kinds(&bench.dir.path().join("nowhere")), [FindingKind::NotAPack]);
    let empty = bench.dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    assert!(kinds(&empty).contains(&FindingKind::NotAPack));
    let mut results = fixture::results();
    let partial = fixture::folder::write_partial(bench.dir.path(), "cut", &mut results);
    assert_eq!(kinds(&partial), [FindingKind::NotAPack]);
    assert_eq!(verify(&partial, None).journal_records, 15, "its journal is read all the same");
}

#[test]
fn sealing_refuses_what_would_not_verify_and_can_be_done_again() {
    let bench = Bench::new();
    let mut results = fixture::results();
    let partial = fixture::folder::write_partial(bench.dir.path(), "again", &mut results);
    let options = SealOptions::new("assay@bench-3");
    let try_seal = |r| seal(&partial, r, &bench.key, &options);

    std::os::unix::fs::symlink("/etc/passwd", partial.join("evidence/link")).unwrap();
    assert!(matches!(try_seal(&results), Err(SealError::Path { .. })));
    fs::remove_file(partial.join("evidence/link")).unwrap();
    fs::write(partial.join("evidence/SHA256SUMS"), "x").unwrap();
    assert!(matches!(try_seal(&results), Err(SealError::Path { .. })));
    fs::remove_file(partial.join("evidence/SHA256SUMS")).unwrap();

    let mut other = results.clone();
    other.journal_head = "f".repeat(64);
    assert!(matches!(try_seal(&other), Err(SealError::Journal(_))));

    fs::create_dir(bench.dir.path().join("again")).unwrap();
    assert!(matches!(try_seal(&results), Err(SealError::Exists { .. })));
    fs::remove_dir(bench.dir.path().join("again")).unwrap();
    assert!(matches!(
        seal(&bench.dir.path().join("x"), &results, &bench.key, &options),
        Err(SealError::NotPartial { .. })
    ));

    let sealed = try_seal(&results).unwrap();
    assert_eq!(bench.kinds(&sealed.folder), []);
    let digest = fixture::folder::sha256(&fs::read(sealed.folder.join("SHA256SUMS")).unwrap());
    assert_eq!(digest, sealed.sums_sha256);
}

#[test]
fn same_record_same_bytes() {
    let bench = Bench::new();
    let (a, b) = (bench.seal("a"), bench.seal("b"));
    assert_eq!(fs::read(a.join("SHA256SUMS")).unwrap(), fs::read(b.join("SHA256SUMS")).unwrap());
}

#[test]
fn a_zip_is_the_same_pack_and_the_same_bytes() {
    let bench = Bench::new();
    let pack = bench.seal("zipped");
    let zip = |name: &str| bench.dir.path().join(name);
    write_zip(&pack, &zip("1.evp.zip")).unwrap();
    write_zip(&pack, &zip("2.evp.zip")).unwrap();
    assert_eq!(fs::read(zip("1.evp.zip")).unwrap(), fs::read(zip("2.evp.zip")).unwrap());
    read_zip(&zip("1.evp.zip"), &zip("out")).unwrap();
    assert_eq!(bench.kinds(&zip("out")), []);
    assert!(read_zip(&zip("1.evp.zip"), &zip("out")).is_err(), "never over other files");
}

#[test]
fn a_zip_with_tricks_is_refused() {
    use std::io::Write as _;
    use zip::write::SimpleFileOptions;
    let dir = tempfile::tempdir().unwrap();
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let refused = |n: &str, fill: &dyn Fn(&mut zip::ZipWriter<fs::File>)| {
        let path = dir.path().join(format!("{n}.zip"));
        let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
        fill(&mut zip);
        zip.finish().unwrap();
        let result = read_zip(&path, &dir.path().join(n));
        assert!(result.is_err(), "{n}");
        assert!(!dir.path().join("evil").exists());
    };
    let one = |name: &'static str| {
        move |zip: &mut zip::ZipWriter<fs::File>| {
            zip.start_file(name, options).unwrap();
            zip.write_all(b"x").unwrap();
        }
    };
    refused("dotdot", &one("../evil"));
    refused("absolute", &one("/tmp/evil"));
    refused("backslash", &one("..\\evil"));
    refused("device", &one("nul"));
    refused("link", &|zip| zip.add_symlink("l", "/etc/passwd", options).unwrap());
    refused("clash", &|zip| {
        one("a")(zip);
        one("A")(zip);
    });
    fs::write(dir.path().join("none.zip"), "PK nothing").unwrap();
    assert!(read_zip(&dir.path().join("none.zip"), &dir.path().join("n")).is_err());
}

/// The README's commands, with nothing of ours: good on a good pack, and each tampering seen.
#[test]
fn stock_tools_agree() {
    if !installed("ssh-keygen", "openssh-client") {
        return;
    }
    let mut bench = Bench::new();
    let script = |pack: &Path| {
        let readme = fs::read_to_string(pack.join("README.txt")).unwrap();
        let commands: String = readme
            .split("You need nothing")
            .nth(1)
            .unwrap()
            .split("With Assay,")
            .next()
            .unwrap()
            .lines()
            .filter_map(|l| l.strip_prefix("    "))
            .map(|l| format!("{l}\n"))
            .collect();
        // The first two indented lines are the principal and the fingerprint, not commands.
        let commands = commands.splitn(3, '\n').nth(2).unwrap().to_owned();
        assert!(commands.contains("sha256sum") && commands.contains("ssh-keygen") && commands.contains("diff"));
        let out = Command::new("bash").arg("-c").arg(&commands).current_dir(pack).output().unwrap();
        String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr)
    };
    let pack = bench.seal("stock");
    let head = fs::read_to_string(pack.join("journal/head.txt")).unwrap();
    let said = script(&pack);
    assert!(said.starts_with("Good \"assay-evidence-pack-v1\" signature for assay@bench-3"), "{said}");
    assert!(said.ends_with(&format!("{head}{head}")), "{said}");
    assert_eq!(said.lines().count(), 3, "and nothing else: {said}");

    let added = bench.seal("stock-added");
    fs::write(added.join("x"), "x").unwrap();
    assert!(script(&added).contains("> x"));
    let edited = bench.seal("stock-edited");
    edit(&edited.join("junit.xml"), |t| t.replace("FAIL", "PASS"));
    assert!(script(&edited).contains("junit.xml: FAILED"));
    let resigned = bench.seal("stock-resigned");
    let sums = fs::read(resigned.join("SHA256SUMS")).unwrap();
    let stranger = SigningKey::throwaway().unwrap();
    fs::write(resigned.join("SHA256SUMS.sshsig"), stranger.sign("assay-evidence-pack-v1", &sums).unwrap()).unwrap();
    assert!(!script(&resigned).contains("Good"));
    let reordered = bench.seal("stock-reordered");
    edit(&reordered.join("journal/journal.jsonl"), |t| t.replacen("\"seq\":2", "\"seq\":3", 1));
    assert!(script(&reordered).contains("broken:"));

    // And the other way round: a signature that ssh-keygen made is good here.
    let keyfile = bench.dir.path().join("k");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f"])
        .arg(&keyfile)
        .status()
        .unwrap();
    assert!(made.success());
    let lab = SigningKey::load(&keyfile).unwrap();
    fs::write(bench.signers(), lab.allowed_signers_line("lab@example")).unwrap();
    bench.key = lab;
    let theirs = bench.seal("theirs");
    fs::remove_file(theirs.join("SHA256SUMS.sshsig")).unwrap();
    let sign = Command::new("ssh-keygen")
        .args(["-q", "-Y", "sign", "-n", "assay-evidence-pack-v1", "-f"])
        .arg(&keyfile)
        .arg(theirs.join("SHA256SUMS"))
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(sign.success());
    fs::rename(theirs.join("SHA256SUMS.sig"), theirs.join("SHA256SUMS.sshsig")).unwrap();
    assert_eq!(bench.kinds(&theirs), []);
}
