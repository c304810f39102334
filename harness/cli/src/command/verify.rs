//! `assay verify PACK`.

use assay_reports::pack::{self, State, Trust, VerifyOptions};
use assay_reports::visible;
use serde_json::json;

use crate::args::Verify;
use crate::{exit, say};

/// Exit 0 where the pack is whole and its signature good, 5 otherwise.
pub(super) fn run(args: &Verify) -> u8 {
    let options = VerifyOptions {
        allowed_signers: args.allowed_signers.clone(),
        revoked: args.revoked.clone(),
        at: args.at,
        ..VerifyOptions::default()
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
    if args.json {
        say::json(&json!({
            "state": word, "signer": signer, "findings": findings, "notes": report.notes, "files": report.files,
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
        say::result(format!("SHA-256 of SHA256SUMS: {}", report.sums_sha256));
        if matches!(report.trust, Trust::KeyNotChecked { .. }) {
            say::note("  = help: name whose signatures count with --allowed-signers FILE");
        }
    }
    if state == State::Broken { exit::INTEGRITY } else { exit::OK }
}
