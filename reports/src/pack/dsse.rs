//! An in-toto Statement about a pack, in a signed DSSE envelope: for supply-chain tools that know nothing of packs.

use std::path::Path;

use assay_model::results::{Conformance, Results};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::findings::FindingKind;
use super::key::SigningKey;
use super::record;
use super::sign::SignError;
use super::verify::verify;

const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// What the statement says of its subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Predicate {
    /// Ours: verdicts, digests of plans and inputs, head of the journal.
    EvidencePack,
    /// in-toto's own, which knows PASSED, WARNED and FAILED only: what is undetermined is WARNED.
    TestResult,
}

impl Predicate {
    /// Its type in the statement.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::EvidencePack => "https://github.com/assay-hil/assay/evidence-pack/v1",
            Self::TestResult => "https://in-toto.io/attestation/test-result/v0.1",
        }
    }
}

/// The envelope (`*.dsse.json`) over a statement whose subjects are the pack's `SHA256SUMS` and, where the dossier has
/// its digest, the firmware. It stays outside the pack: nothing inside can cover `SHA256SUMS`.
///
/// # Errors
/// The pack is not whole, or the key is no Ed25519 key in a file or an agent.
pub fn attest(pack: &Path, predicate: Predicate, key: &SigningKey) -> Result<Vec<u8>, SignError> {
    let report = verify(pack, None);
    let broken = |finding| SignError::Broken { pack: pack.to_owned(), finding };
    if let Some(finding) = report.findings.into_iter().find(|f| f.kind != FindingKind::Expected) {
        return Err(broken(finding));
    }
    let path = "results/results.json";
    let results: Results = record::load(pack, path, "assay-results/1")
        .map_err(|(kind, text)| broken(super::findings::Finding::at(kind, path, text)))?;
    let payload = statement(&results, &report.sums_sha256, predicate).to_string();
    let signature = key.sign_plain(&pre_authentication(PAYLOAD_TYPE, payload.as_bytes()))?;
    let envelope = json!({
        "payloadType": PAYLOAD_TYPE,
        "payload": STANDARD.encode(&payload),
        "signatures": [{"keyid": key.fingerprint(), "sig": STANDARD.encode(signature)}],
    });
    Ok(format!("{envelope}\n").into_bytes())
}

/// What is signed: lengths before parts, so that no two pairs of type and payload give the same bytes.
fn pre_authentication(kind: &str, payload: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
    out.extend_from_slice(payload);
    out
}

fn statement(results: &Results, sums_sha256: &str, predicate: Predicate) -> Value {
    let mut subject = vec![json!({"name": "SHA256SUMS", "digest": {"sha256": sums_sha256}})];
    let firmware = results.product.get("firmware_sha256").and_then(Value::as_str);
    if let Some(digest) = firmware.filter(|d| d.len() == 64 && d.bytes().all(|b| b.is_ascii_hexdigit())) {
        subject.push(json!({"name": "firmware", "digest": {"sha256": digest.to_ascii_lowercase()}}));
    }
    let plans = || results.plans.iter().map(|p| json!({"name": p.plan, "digest": {"sha256": p.sha256}}));
    let about = match predicate {
        Predicate::EvidencePack => json!({
            "runId": results.run_id,
            "product": results.product,
            "verdict": results.conformance().word(),
            "profiles": results.profiles,
            "counts": results.counts,
            "partial": results.partial,
            "plans": plans().collect::<Vec<_>>(),
            "started": results.started,
            "ended": results.ended,
            "inputsSha256": results.inputs_sha256,
            "journalHead": results.journal_head,
            "tool": results.tool,
        }),
        Predicate::TestResult => {
            let named = |wanted: &[&str]| -> Vec<&String> {
                results.units.iter().filter(|(_, u)| wanted.contains(&u.effective().word())).map(|(id, _)| id).collect()
            };
            let result = match results.conformance() {
                Conformance::Conforms => "PASSED",
                Conformance::DoesNotConform => "FAILED",
                Conformance::Undetermined => "WARNED",
            };
            json!({
                "result": result,
                "configuration": plans().collect::<Vec<_>>(),
                "passedTests": named(&["PASS"]),
                "warnedTests": named(&["INCONCLUSIVE", "ERROR", "NOT_RUN"]),
                "failedTests": named(&["FAIL"]),
            })
        }
    };
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subject,
        "predicateType": predicate.uri(),
        "predicate": about,
    })
}
