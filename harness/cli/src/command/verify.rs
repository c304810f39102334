//! `assay verify PACK`.

use assay_reports::pack::{self, Stamp, Stamped, State, Trust, VerifyOptions};
use assay_reports::visible;
use serde_json::json;

use crate::args::Verify;
use crate::{exit, say};

/// Exit 0 where the pack is whole and its signature good, 5 otherwise.
pub(super) fn run(args: &Verify) -> u8 {
    let options = VerifyOptions {
        allowed_signers: args.allowed_signers.clone(),
        revoked: args.revoked.clone(),
        tsa_ca: args.tsa_ca.clone(),
        at: args.at,
    };
    let report = pack::verify_with(&args.pack, &options);
    let state = report.state();
    let (word, signer) = match (&state, &report.trust) {
        (State::Broken, _) => ("broken", String::new()),
        (_, Trust::Known { principal, fingerprint }) => ("ok", format!("{principal} ({fingerprint})")),
        (_, Trust::KeyNotChecked { fingerprint }) => ("ok, by a key that was not checked", fingerprint.clone()),
        (_, Trust::None) => ("not signed", String::new()),
    };
    let findings: Vec<String> = report.findings.iter().map(|f| visible(&f.to_string()).into_owned()).collect();
    let stamps: Vec<String> = report.stamps.iter().map(stamped).collect();
    if args.json {
        say::json(&json!({
            "state": word, "signer": signer, "findings": findings, "stamps": stamps, "notes": report.notes, "files": report.files,
            "bytes": report.bytes, "journal_records": report.journal_records, "journal_head": report.journal_head,
            "sums_sha256": report.sums_sha256,
        }));
    } else {
        for finding in &findings {
            say::result(format!("BROKEN  {finding}"));
        }
        for note in &report.notes {
            say::result(format!("note    {}", visible(note)));
        }
        say::result(format!(
            "{word}: {} files, {} bytes, {} journal lines",
            report.files, report.bytes, report.journal_records
        ));
        if !signer.is_empty() {
            say::result(format!("signed by {signer}"));
        }
        for stamp in &stamps {
            say::result(stamp);
        }
        say::result(format!("SHA-256 of SHA256SUMS: {}", report.sums_sha256));
        if matches!(report.trust, Trust::KeyNotChecked { .. }) {
            say::note("  = help: name whose signatures count with --allowed-signers FILE");
        }
    }
    if state == State::Broken { exit::INTEGRITY } else { exit::OK }
}

fn stamped(stamp: &Stamp) -> String {
    let over = match stamp.over {
        Stamped::Signature => "signature stamped",
        Stamped::Start => "inputs stamped",
    };
    let checked = if stamp.trusted { "" } else { ", an authority that was not checked (--tsa-ca FILE)" };
    format!("{over} {} by {}{checked}", rfc3339(stamp.time), visible(&stamp.authority))
}

/// Whole seconds, UTC.
pub(super) fn rfc3339(time: time::OffsetDateTime) -> String {
    time.format(&time::format_description::well_known::Rfc3339).unwrap_or_else(|_| time.to_string())
}
