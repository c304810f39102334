//! Any change of a sealed pack is noticed: every file, 500 random places, and each way to add, remove, rename, reorder and
//! swap; by `assay verify`, and by stock tools alone as `.ci/verify-pack` runs them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod fixture;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use assay_reports::pack::{Expected, Role, SigningKey, sign, write_zip};
use fixture::bench::{Bench, installed};

/// xorshift: the same places in every run.
struct Places(u64);

impl Places {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap()
    }
}

/// A pack signed by bench and reviewer, its files, and both ways to look at it.
struct Subject {
    bench: Bench,
    pack: PathBuf,
    files: Vec<PathBuf>,
    stock: bool,
}

impl Subject {
    fn new() -> Self {
        let bench = Bench::new();
        let reviewer = SigningKey::throwaway().unwrap();
        let lines =
            bench.key.allowed_signers_line("assay@bench-3") + "\n" + &reviewer.allowed_signers_line("rev@lab") + "\n";
        fs::write(bench.signers(), lines).unwrap();
        let identity = Some("rev@lab".to_owned());
        let pack = bench.seal_expecting("subject", &[Expected { role: Role::Reviewer, identity, fingerprint: None }]);
        sign(&pack, Role::Reviewer, &reviewer).unwrap();
        let mut files = Vec::new();
        let mut folders = vec![pack.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        let subject = Self { bench, pack, files, stock: installed("ssh-keygen", "openssh-client") };
        assert!(!subject.noticed() && subject.stock_agrees(false), "the untouched pack is good for both");
        subject
    }

    fn noticed(&self) -> bool {
        !self.bench.kinds(&self.pack).is_empty()
    }

    /// Whether `sha256sum`, `diff`, `find` and `ssh-keygen` see it too; true where they are not installed.
    fn stock_agrees(&self, broken: bool) -> bool {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ci/verify-pack");
        let check = || {
            let mut bash = Command::new("bash");
            bash.arg(&script).arg("--only-check").arg(&self.pack).arg(self.bench.signers());
            bash.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap()
        };
        !self.stock || check().success() != broken
    }

    fn name(&self, file: &Path) -> String {
        file.strip_prefix(&self.pack).unwrap().display().to_string()
    }
}

#[test]
fn a_flipped_byte_in_every_file_and_at_500_places() {
    let subject = Subject::new();
    let mut places = Places(0x00A5_5A7E_2026_1122);
    let mut unseen = Vec::new();
    let mut flip = |file: &Path, places: &mut Places, stock: bool| {
        let good = fs::read(file).unwrap();
        assert!(!good.is_empty(), "{}", file.display());
        let (at, mask) = (places.below(good.len()), u8::try_from(1 + places.below(255)).unwrap());
        let mut bad = good.clone();
        bad[at] ^= mask;
        fs::write(file, &bad).unwrap();
        if !subject.noticed() || (stock && !subject.stock_agrees(true)) {
            unseen.push(format!("{} at {at} ^ {mask:02x}", subject.name(file)));
        }
        fs::write(file, good).unwrap();
    };
    for file in &subject.files {
        flip(file, &mut places, true);
    }
    for n in 0..500 {
        let file = &subject.files[places.below(subject.files.len())];
        flip(file, &mut places, n % 25 == 0);
    }
    assert_eq!(unseen, [""; 0]);
    assert!(!subject.noticed(), "and whole again");
}

#[test]
fn every_file_removed_emptied_cut_lengthened_renamed_or_doubled() {
    let subject = Subject::new();
    let mut unseen = Vec::new();
    for (n, file) in subject.files.iter().enumerate() {
        let good = fs::read(file).unwrap();
        let mut look = |what: &str| {
            if !subject.noticed() || (n % 4 == 0 && !subject.stock_agrees(true)) {
                unseen.push(format!("{} {what}", subject.name(file)));
            }
        };
        fs::remove_file(file).unwrap();
        look("removed");
        let other = file.with_file_name("renamed.bin");
        fs::write(&other, &good).unwrap();
        look("renamed");
        fs::write(file, &good).unwrap();
        look("doubled");
        fs::remove_file(other).unwrap();
        fs::write(file, b"").unwrap();
        look("emptied");
        fs::write(file, &good[..good.len() - 1]).unwrap();
        look("cut");
        fs::write(file, [&good[..], b"\n"].concat()).unwrap();
        look("lengthened");
        fs::write(file, good).unwrap();
    }
    assert_eq!(unseen, [""; 0]);
}

#[test]
fn files_swapped_and_lines_reordered() {
    let subject = Subject::new();
    let mut unseen = Vec::new();
    for pair in subject.files.windows(2) {
        let (a, b) = (fs::read(&pair[0]).unwrap(), fs::read(&pair[1]).unwrap());
        if a == b {
            continue;
        }
        fs::write(&pair[0], &b).unwrap();
        fs::write(&pair[1], &a).unwrap();
        if !subject.noticed() {
            unseen.push(format!("{} and {}", subject.name(&pair[0]), subject.name(&pair[1])));
        }
        fs::write(&pair[0], a).unwrap();
        fs::write(&pair[1], b).unwrap();
    }
    for name in ["SHA256SUMS", "journal/journal.jsonl"] {
        let file = subject.pack.join(name);
        let good = fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = good.lines().collect();
        for at in 0..lines.len() - 1 {
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            let mut dropped = lines.clone();
            dropped.remove(at);
            let mut doubled = lines.clone();
            doubled.insert(at, lines[at]);
            for changed in [swapped, dropped, doubled] {
                fs::write(&file, changed.join("\n") + "\n").unwrap();
                if !subject.noticed() {
                    unseen.push(format!("{name} line {}", at + 1));
                }
            }
        }
        fs::write(&file, good).unwrap();
    }
    assert_eq!(unseen, [""; 0]);
}

/// The zip is not signed, its content is: a changed byte is refused, or found, or changes no file of the pack.
#[test]
fn a_flipped_byte_of_the_zip_never_gives_other_content_that_is_good() {
    let subject = Subject::new();
    let zip = subject.bench.dir.path().join("subject.evp.zip");
    write_zip(&subject.pack, &zip).unwrap();
    let good = fs::read(&zip).unwrap();
    assert!(!subject.bench.kinds(&zip).iter().any(|_| true));
    let mut places = Places(0x5EED);
    let (mut harmless, tries) = (0, 500);
    for n in 0..tries {
        let at = places.below(good.len());
        let mut bad = good.clone();
        bad[at] ^= u8::try_from(1 + places.below(255)).unwrap();
        fs::write(&zip, bad).unwrap();
        if subject.bench.kinds(&zip).is_empty() {
            harmless += 1;
            let out = subject.bench.dir.path().join(format!("out-{n}"));
            assay_reports::pack::read_zip(&zip, &out).unwrap();
            for file in &subject.files {
                let name = file.strip_prefix(&subject.pack).unwrap();
                assert!(fs::read(out.join(name)).unwrap() == fs::read(file).unwrap(), "{} at {at}", name.display());
            }
            fs::remove_dir_all(out).unwrap();
        }
    }
    // What is left are fields of the zip's own that no reader of the content uses.
    assert!(harmless < tries / 5, "{harmless} of {tries}");
    for cut in [good.len() / 2, good.len() - 1] {
        fs::write(&zip, &good[..cut]).unwrap();
        assert!(!subject.bench.kinds(&zip).is_empty(), "cut at {cut}");
    }
}
