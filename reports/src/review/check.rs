//! Whether the revisions that a pack keeps are the ones it says it superseded.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use ssh_key::{HashAlg, PublicKey, SshSig};

use crate::pack::{NAMESPACE, Sums, digest, read_sums};

/// What is wrong with the kept revisions, as path and sentence, and what is worth knowing.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) wrong: Vec<(String, String)>,
    pub(crate) notes: Vec<String>,
}

/// `sums` is the pack's own `SHA256SUMS`, whose digests hold already; `head` and `records` are of the run's journal.
pub(crate) fn check(folder: &Path, sums: &Sums, head: &str, records: u64) -> Checked {
    let mut checked = Checked::default();
    let review = "review/review.jsonl";
    if sums.contains_key(review) {
        match std::fs::read(folder.join(review)) {
            Ok(bytes) => {
                checked.wrong.extend(broken_chain(&bytes, head, records).map(|text| (review.to_owned(), text)))
            }
            Err(e) => checked.wrong.push((review.into(), format!("could not be read: {e}"))),
        }
    }
    let revisions = revisions(sums);
    for n in &revisions {
        if let Err(problem) = one(folder, sums, *n, &mut checked) {
            checked.wrong.push((format!("revisions/{n}/sums.txt"), problem));
        }
    }
    agreement(folder, sums, &revisions, &mut checked);
    checked
}

/// The first line that does not follow: the record of reviews goes on from the run's journal, line by line.
fn broken_chain(bytes: &[u8], head: &str, records: u64) -> Option<String> {
    let (mut head, mut records) = (head.to_owned(), records);
    for (n, line) in bytes.split_inclusive(|b| *b == b'\n').enumerate() {
        let Some(line) = line.strip_suffix(b"\n") else { return Some(format!("line {} is torn", n + 1)) };
        let parsed: Value = serde_json::from_slice(line).unwrap_or_default();
        records += 1;
        if parsed["prev"] != head.as_str() || parsed["seq"] != records {
            let what = "does not follow: it was edited, or lines were added, removed or reordered";
            return Some(format!("line {} {what}", n + 1));
        }
        head = digest(line);
    }
    None
}

/// The key of a good signature, as `SHA256:...`.
fn signed_by(armoured: &[u8], bytes: &[u8]) -> Result<String, String> {
    let signature = SshSig::from_pem(armoured).map_err(|e| e.to_string())?;
    let key = PublicKey::new(signature.public_key().clone(), "");
    key.verify(NAMESPACE, bytes, &signature).map_err(|e| e.to_string())?;
    Ok(key.fingerprint(HashAlg::Sha256).to_string())
}

/// Numbers below `revisions/`, in order.
fn revisions(sums: &Sums) -> Vec<u32> {
    let mut numbers: Vec<u32> =
        sums.keys().filter_map(|path| path.strip_prefix("revisions/")?.split('/').next()?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Every file of that revision is still here, under the first later revision that replaced it or in its old place.
fn one(folder: &Path, sums: &Sums, n: u32, checked: &mut Checked) -> Result<(), String> {
    let read = |name: &str| std::fs::read(folder.join(format!("revisions/{n}/{name}")));
    let list = read("sums.txt").map_err(|e| format!("could not be read: {e}"))?;
    let text = std::str::from_utf8(&list).map_err(|_| "is no text".to_owned())?;
    let old = read_sums(text).map_err(|(line, what)| format!("line {line} {what}"))?;
    for (path, digest) in &old {
        if found(sums, n, path) != Some(digest) {
            checked.wrong.push((format!("revisions/{n}/{path}"), format!("is not what revision {n} sealed as {path}")));
        }
    }
    let armoured = read("sums.sshsig").map_err(|e| format!("has no signature beside it: {e}"))?;
    let key = signed_by(&armoured, &list).map_err(|e| format!("does not fit its signature: {e}"))?;
    checked.notes.push(format!("revision {n} is kept, signed by {key}"));
    Ok(())
}

fn found<'a>(sums: &'a Sums, n: u32, path: &str) -> Option<&'a String> {
    let later = revisions(sums).into_iter().filter(|k| *k >= n);
    later.map(|k| format!("revisions/{k}/{path}")).find_map(|kept| sums.get(&kept)).or_else(|| sums.get(path))
}

/// pack.json says which revision it supersedes, by the digest of its sums.
fn agreement(folder: &Path, sums: &Sums, revisions: &[u32], checked: &mut Checked) {
    let manifest = std::fs::read(folder.join("pack.json")).unwrap_or_default();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap_or_default();
    let report = &manifest["report"];
    let revision = report["revision"].as_u64().unwrap_or(0);
    let kept: BTreeMap<u64, &u32> = revisions.iter().map(|n| (u64::from(*n), n)).collect();
    let mut wrong = |text: String| checked.wrong.push(("pack.json".into(), text));
    if kept.len() as u64 != revision || kept.keys().copied().ne(0..revision) {
        return wrong(format!("is of revision {revision}, and {} earlier revisions are kept", kept.len()));
    }
    if revision == 0 {
        return;
    }
    let said = report["supersedes"]["sums_sha256"].as_str().unwrap_or_default();
    let path = format!("revisions/{}/sums.txt", revision - 1);
    if std::fs::read(folder.join(&path)).is_ok_and(|list| digest(&list) != said) {
        wrong(format!("names another SHA256SUMS as superseded than {path}"));
    }
    let reviewed = sums.contains_key("review/review.jsonl");
    if !reviewed {
        wrong("is a later revision, and there is no record of its review".into());
    }
}
