//! Who vouches for a pack: signatures by role, those that pack.json expects, and that pack.json is of this pack.

use std::collections::BTreeMap;

use serde_json::Value;
use time::OffsetDateTime;

use super::chain::Chain;
use super::findings::{Finding, FindingKind, Signed, Trust, VerifyReport};
use super::record;
use super::revoked::Revoked;
use super::role::{Expected, Role};
use super::signature::{self, Bad, Judge};
use super::signers::{self, Signer};
use super::stamp::{self, Stamped};
use super::sums::Sums;
use super::verify::{Seen, VerifyOptions};

/// A signature or a list of revoked keys larger than these is not read.
const LARGEST_SIGNATURE: u64 = 64 * 1024;
const LARGEST_REVOKED: u64 = 64 * 1024 * 1024;

pub(super) fn look(
    seen: &Seen<'_>,
    list: &[u8],
    sums: Option<&Sums>,
    chain: Option<&Chain>,
    options: &VerifyOptions,
    report: &mut VerifyReport,
) {
    stamp::look(seen, options, report);
    let stamped = report.stamps.iter().find(|s| s.trusted && s.over == Stamped::Signature).map(|s| s.time);
    let at = options.at.or(stamped).unwrap_or_else(OffsetDateTime::now_utc);
    if let Some(started) = chain.map(|c| c.started.chars().filter(char::is_ascii_digit).take(14).collect::<String>())
        && options.at.is_none()
        && digits(at) < started
    {
        let (now, started) = (signers::readable(&digits(at)), signers::readable(&started));
        report.notes.push(format!(
            "keys were judged at {now}, which is before the run began ({started}): a clock is wrong, this machine's or the bench's"
        ));
    }
    match judge(options, at) {
        Ok(judge) => signatures(seen, list, &judge, report),
        Err(text) => report.findings.push(Finding::new(FindingKind::Signer, text)),
    }
    let expected = manifest(seen, sums, chain, report);
    hold_against(&expected, seen, report);
}

fn judge(options: &VerifyOptions, at: OffsetDateTime) -> Result<Judge, String> {
    Ok(Judge {
        allowed: options.allowed_signers.as_deref().map(read_signers).transpose()?,
        revoked: options.revoked.as_deref().map_or_else(|| Ok(Revoked::default()), read_revoked)?,
        at: digits(at),
    })
}

fn read_signers(path: &std::path::Path) -> Result<Vec<Signer>, String> {
    let shown = path.display();
    let text =
        std::fs::read_to_string(path).map_err(|e| format!("the allowed signers {shown} could not be read: {e}"))?;
    signers::read(&text).map_err(|(line, what)| format!("the allowed signers {shown}: line {line} {what}"))
}

fn read_revoked(path: &std::path::Path) -> Result<Revoked, String> {
    let shown = path.display();
    let fail = |e: String| format!("the revoked keys {shown} could not be read: {e}");
    let size = std::fs::metadata(path).map_err(|e| fail(e.to_string()))?.len();
    if size > LARGEST_REVOKED {
        return Err(fail("the file is far too large".into()));
    }
    let bytes = std::fs::read(path).map_err(|e| fail(e.to_string()))?;
    Revoked::read(&bytes).map_err(|what| format!("the revoked keys {shown}: the file {what}"))
}

fn signatures(seen: &Seen<'_>, list: &[u8], judge: &Judge, report: &mut VerifyReport) {
    if !seen.found.contains_key(Role::Bench.file()) {
        report.findings.push(Finding::new(
            FindingKind::Unsigned,
            "SHA256SUMS.sshsig is missing: the pack is not signed, so anyone may have made it",
        ));
    }
    let mut by_key: BTreeMap<String, Role> = BTreeMap::new();
    for role in Role::ALL {
        let Some(armoured) = seen.read(role.file(), LARGEST_SIGNATURE, report) else { continue };
        let good = match signature::check(&armoured, list, role, judge) {
            Ok(good) => good,
            Err(bad) => {
                report.findings.push(in_words(role.file(), bad));
                continue;
            }
        };
        if let Some(first) = by_key.insert(good.fingerprint.clone(), role) {
            report.findings.push(Finding::at(
                FindingKind::Signer,
                role.file(),
                format!("is by the same key as {}: a second role by one key vouches for nothing", first.file()),
            ));
            continue;
        }
        if role == Role::Bench {
            report.trust = match good.principal.clone() {
                Some(principal) => Trust::Known { principal, fingerprint: good.fingerprint.clone() },
                None => Trust::KeyNotChecked { fingerprint: good.fingerprint.clone() },
            };
        } else {
            let who = good.principal.as_deref().unwrap_or("a key that was not checked");
            report.notes.push(format!("also signed as {} by {who} ({})", role.word(), good.fingerprint));
        }
        report.signatures.push(Signed { role, fingerprint: good.fingerprint, principal: good.principal });
    }
}

fn in_words(path: &str, bad: Bad) -> Finding {
    match bad {
        Bad::Unreadable(what) => Finding::at(FindingKind::Signature, path, what),
        Bad::Namespace(other) => Finding::at(
            FindingKind::Signature,
            path,
            format!("is a signature for `{other}`, not for evidence packs ({})", super::NAMESPACE),
        ),
        Bad::Wrong(what) => Finding::at(
            FindingKind::Signature,
            path,
            format!("does not fit SHA256SUMS, one of them was changed or swapped: the signature {what}"),
        ),
        Bad::Signer { fingerprint, why } => Finding::at(
            FindingKind::Signer,
            path,
            format!("is a good signature, but the key {fingerprint} may not sign: {why}"),
        ),
    }
}

/// pack.json must be of this pack. Gives the signatures that it expects.
fn manifest(seen: &Seen<'_>, sums: Option<&Sums>, chain: Option<&Chain>, report: &mut VerifyReport) -> Vec<Expected> {
    const PATH: &str = "pack.json";
    let manifest: Value = match record::load(seen.folder, PATH, "assay-pack/1") {
        Ok(manifest) => manifest,
        Err((kind, text)) => {
            report.findings.push(Finding::at(kind, PATH, text));
            return Vec::new();
        }
    };
    let mut differ = |text: String| report.findings.push(Finding::at(FindingKind::Mismatch, PATH, text));
    if let Some(chain) = chain
        && manifest["journal"]["head"] != chain.head.as_str()
    {
        differ("names another journal head than the journal has".into());
    }
    let mut listed: Sums = Sums::new();
    for file in manifest["files"].as_array().into_iter().flatten() {
        let text = |key: &str| file[key].as_str().unwrap_or_default().to_owned();
        listed.insert(text("path"), text("sha256"));
    }
    for (path, digest) in sums.into_iter().flatten().filter(|(path, _)| *path != PATH) {
        if listed.remove(path).as_ref() != Some(digest) {
            differ(format!("lists {path} otherwise than SHA256SUMS does"));
        }
    }
    if let Some((path, _)) = listed.first_key_value().filter(|_| sums.is_some()) {
        differ(format!("lists {path}, which SHA256SUMS does not"));
    }
    let expected = |entry: &Value| {
        let text = |key: &str| entry[key].as_str().map(str::to_owned);
        let role = Role::from_word(entry["role"].as_str()?)?;
        Some(Expected { role, identity: text("identity"), fingerprint: text("key_fingerprint") })
    };
    manifest["signatures_expected"].as_array().into_iter().flatten().filter_map(expected).collect()
}

fn hold_against(expected: &[Expected], seen: &Seen<'_>, report: &mut VerifyReport) {
    for Expected { role, identity, fingerprint } in expected {
        let file = role.file();
        if !seen.found.contains_key(file) && *role != Role::Bench {
            let who = identity.as_ref().map_or_else(String::new, |who| format!(" ({who})"));
            report.findings.push(Finding::at(
                FindingKind::Expected,
                file,
                format!(
                    "is missing: pack.json expects a signature by the {}{who}; it was not made yet, or was removed",
                    role.word()
                ),
            ));
        }
        let Some(signed) = report.signatures.iter().find(|s| s.role == *role) else { continue };
        if fingerprint.as_ref().is_some_and(|f| *f != signed.fingerprint) {
            report.findings.push(Finding::at(
                FindingKind::Signer,
                file,
                format!(
                    "is by the key {}, and pack.json names {}: it was signed again by another key",
                    signed.fingerprint,
                    fingerprint.as_deref().unwrap_or_default()
                ),
            ));
        } else if let (Some(identity), Some(principals)) = (identity, &signed.principal)
            && *role != Role::Bench
            && !signers::names(principals, identity)
        {
            report.findings.push(Finding::at(
                FindingKind::Signer,
                file,
                format!("is by {principals}, and pack.json expects {identity}"),
            ));
        }
    }
}

/// `YYYYMMDDHHMMSS` in UTC, as allowed signers count.
fn digits(t: OffsetDateTime) -> String {
    let t = t.to_offset(time::UtcOffset::UTC);
    format!("{:04}{:02}{:02}{:02}{:02}{:02}", t.year(), u8::from(t.month()), t.day(), t.hour(), t.minute(), t.second())
}
