//! Disks that are full, read-only or gone, and two who write at once: precise words, nothing lost, never a false "ok".
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod fixture;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use assay_reports::pack::{
    FindingKind, Role, SealError, SealOptions, SignError, SigningKey, StampError, Stamped, State, Trust, read_zip,
    seal, sign, stamp_request, verify,
};
use fixture::bench::Bench;

/// A small file system of its own, gone with the value.
struct Disk(PathBuf);

impl Disk {
    fn new(at: &Path, kilobytes: u32) -> Option<Self> {
        fs::create_dir(at).unwrap();
        let size = format!("size={kilobytes}k");
        let mounted = mount(&["-t", "tmpfs", "-o", &size, "assay-test", at.to_str().unwrap()]);
        if !mounted {
            eprintln!("skipped: a small disk cannot be mounted here (it takes root)");
        }
        mounted.then(|| Self(at.to_owned()))
    }

    fn read_only(&self, yes: bool) {
        let how = if yes { "remount,ro" } else { "remount,rw" };
        assert!(mount(&["-o", how, self.0.to_str().unwrap()]));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).stderr(Stdio::null()).status();
    }
}

fn mount(args: &[&str]) -> bool {
    let status = Command::new("mount").args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|s| s.success())
}

#[test]
fn a_full_disk_loses_nothing_and_sealing_goes_on_when_there_is_room() {
    let bench = Bench::new();
    let Some(disk) = Disk::new(&bench.dir.path().join("disk"), 1200) else { return };
    let mut results = fixture::results();
    let partial = fixture::folder::write_partial(&disk.0, "run", &mut results);
    let journal = fs::read(partial.join("journal/journal.jsonl")).unwrap();
    let filler = disk.0.join("filler");
    // Everything but a little: as much as fits is written before the disk says no.
    let mut full = fs::File::create(&filler).unwrap();
    while std::io::Write::write_all(&mut full, &[0; 4096]).is_ok() {}
    full.set_len(full.metadata().unwrap().len() - 40 * 1024).unwrap();
    drop(full);
    let options = SealOptions::new("assay@bench-3");
    let error = seal(&partial, &results, &bench.key, &options).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, SealError::Io { what: "writing", .. }), "{text}");
    assert!(
        text.contains("No space left") && text.contains("free space") && text.contains(partial.to_str().unwrap()),
        "{text}"
    );
    assert!(partial.is_dir() && !disk.0.join("run").exists(), "no pack that is not one");
    assert!(fs::read(partial.join("journal/journal.jsonl")).unwrap() == journal, "the record is as it was");
    assert_eq!(verify(&partial, Some(&bench.signers())).state(), State::Broken);
    fs::remove_file(filler).unwrap();
    let sealed = seal(&partial, &results, &bench.key, &options).unwrap();
    assert_eq!(bench.kinds(&sealed.folder), []);
}

#[test]
fn a_read_only_disk_can_be_verified_and_refuses_all_else_in_words() {
    let bench = Bench::new();
    let Some(disk) = Disk::new(&bench.dir.path().join("disk"), 4000) else { return };
    let mut results = fixture::results();
    let options = SealOptions::new("assay@bench-3");
    let first = fixture::folder::write_partial(&disk.0, "sealed", &mut results);
    let pack = seal(&first, &results, &bench.key, &options).unwrap().folder;
    let partial = fixture::folder::write_partial(&disk.0, "partial", &mut results);
    disk.read_only(true);
    assert_eq!(bench.kinds(&pack), []);
    let error = seal(&partial, &results, &bench.key, &options).unwrap_err().to_string();
    assert!(error.contains("Read-only file system") && error.contains("seal again"), "{error}");
    let witness = SigningKey::throwaway().unwrap();
    let error = sign(&pack, Role::Witness, &witness).unwrap_err();
    assert!(matches!(error, SignError::Write { .. }) && error.to_string().contains("the pack is as it was"), "{error}");
    assert!(matches!(stamp_request(&pack, Stamped::Signature), Err(StampError::Io { .. })));
    disk.read_only(false);
    assert_eq!(bench.kinds(&pack), [], "nothing was left behind");
    assert!(seal(&partial, &results, &bench.key, &options).is_ok());
}

/// The folder goes away at some moment of the verification; which one does not matter.
#[test]
fn a_folder_that_goes_away_is_said_and_never_good_by_halves() {
    let bench = Bench::new();
    let pack = bench.seal("fleeting");
    let away = bench.dir.path().join("away");
    for wait in 0..60u32 {
        let report = std::thread::scope(|scope| {
            let looking = scope.spawn(|| verify(&pack, Some(&bench.signers())));
            for _ in 0..wait * 200 {
                std::hint::spin_loop();
            }
            fs::rename(&pack, &away).unwrap();
            looking.join().unwrap()
        });
        match report.state() {
            State::Ok => assert!(report.findings.is_empty() && report.files > 20, "it was read to its end"),
            State::OkUnknownKey => panic!("signers were given"),
            State::Broken => {
                let kinds: Vec<FindingKind> = report.findings.iter().map(|f| f.kind).collect();
                assert_ne!(kinds, []);
                if report.files > 0 {
                    assert_eq!(kinds, [FindingKind::Unreadable], "{:?}", report.findings);
                    assert!(report.findings[0].text.contains("went away"), "{:?}", report.findings);
                }
            }
        }
        fs::rename(&away, &pack).unwrap();
    }
    assert_eq!(bench.kinds(&pack), []);
}

#[test]
fn two_who_seal_at_once_make_one_pack() {
    let bench = Bench::new();
    let options = SealOptions::new("assay@bench-3");
    for n in 0..10 {
        let mut results = fixture::results();
        let partial = fixture::folder::write_partial(bench.dir.path(), &format!("twice-{n}"), &mut results);
        let sealed: Vec<Result<_, SealError>> = std::thread::scope(|scope| {
            let one = || seal(&partial, &results, &bench.key, &options);
            let both = [scope.spawn(one), scope.spawn(one)];
            both.into_iter().map(|t| t.join().unwrap()).collect()
        });
        let refused: Vec<&SealError> = sealed.iter().filter_map(|s| s.as_ref().err()).collect();
        assert_eq!(refused.len(), 1, "{sealed:?}");
        let known =
            matches!(refused[0], SealError::Busy { .. } | SealError::NotPartial { .. } | SealError::Exists { .. });
        assert!(known, "{}", refused[0]);
        assert!(!partial.exists(), "nothing of the second is left");
        assert_eq!(bench.kinds(&bench.dir.path().join(format!("twice-{n}"))), []);
    }
}

/// Sealed by the first version of Assay; every later one must find it good, and say whose it is.
#[test]
fn a_pack_of_the_first_version_still_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let zip = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packs/first-version.evp.zip");
    let report = verify(&zip, None);
    assert_eq!(report.findings, []);
    let pack = dir.path().join("pack");
    read_zip(&zip, &pack).unwrap();
    let readme = fs::read_to_string(pack.join("README.txt")).unwrap();
    let Trust::KeyNotChecked { fingerprint } = &report.trust else { panic!("{:?}", report.trust) };
    assert!(readme.contains(fingerprint));
    fs::write(pack.join("report.html"), "another").unwrap();
    assert_eq!(verify(&pack, None).state(), State::Broken);
}
