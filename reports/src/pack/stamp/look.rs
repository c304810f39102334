//! Time stamps of a pack that is verified.

use std::path::Path;

use crate::pack::findings::{Finding, FindingKind, VerifyReport};
use crate::pack::verify::{Seen, VerifyOptions};

use super::{LARGEST, Stamp, Stamped, check};

/// Checks the tokens that are there. Good ones end in `report.stamps`.
pub(in crate::pack) fn look(seen: &Seen<'_>, options: &VerifyOptions, report: &mut VerifyReport) {
    for over in Stamped::ALL {
        let there = |path: &str| seen.found.contains_key(path);
        if !there(over.token()) {
            if there(over.chain()) {
                let text = "is there without the time stamp that it belongs to, which was removed";
                report.findings.push(Finding::at(FindingKind::Stamp, over.chain(), text));
            } else if there(over.request()) {
                report.notes.push(format!("a time stamp was asked for ({}) and is not here yet", over.request()));
            }
            continue;
        }
        match one(seen, over, options.tsa_ca.as_deref(), report) {
            Some(Ok(stamp)) => report.stamps.push(stamp),
            Some(Err((path, text))) => report.findings.push(Finding::at(FindingKind::Stamp, path, text)),
            None => {} // a finding already
        }
    }
}

type Bad = (&'static str, String);

fn one(seen: &Seen<'_>, over: Stamped, tsa_ca: Option<&Path>, report: &mut VerifyReport) -> Option<Result<Stamp, Bad>> {
    let response = seen.read(over.token(), LARGEST, report)?;
    let request =
        if seen.found.contains_key(over.request()) { Some(seen.read(over.request(), LARGEST, report)?) } else { None };
    let bad = |text: String| Some(Err((over.token(), text)));
    let digest = match over.digest(seen.folder) {
        Ok(digest) => digest,
        Err(e) => return bad(format!("could not be held against {}: {e}", over.what())),
    };
    let good = match check(over, &response, &digest, request.as_deref(), tsa_ca) {
        Ok(good) => good,
        Err(why) => return bad(format!("the time stamp {why}")),
    };
    if good.response != response {
        return bad("is a good time stamp with something added that nobody signed; import it with `assay stamp`".into());
    }
    if !seen.found.contains_key(over.chain()) {
        return Some(Err((over.chain(), "is missing: the certificates of the time stamp were removed".into())));
    }
    if seen.read(over.chain(), LARGEST, report)? != good.chain.as_bytes() {
        return Some(Err((over.chain(), "was changed: it is not the certificates of the time stamp".into())));
    }
    Some(Ok(good.stamp))
}
