//! # `capture.import`
//! **Question.** What does a capture that was made elsewhere show of the DUT's traffic?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.5-1, 5.5-7, 5.8-1, 5.8-2, 5.6-1; TS 103 701 V1.1.1 cases 5.5-1-2, 5.8-1-1
//! (functional).
//! **Procedure.** Reads pcap or pcapng, puts TCP in order, tells flows with names (DNS, TLS, HTTP), and looks at what is not
//! encrypted: by protocol, else by the spread of its bytes. Clear streams are searched by the rules of `secrets.search` and for
//! given values, in clear, UTF-16, base64 and hexadecimal. The file is kept as evidence, with its digest.
//! **Observation.** Flows, destinations that the dossier does not name, the share in clear, findings, losses.
//! **Effect.** Passive: nothing reaches the DUT.
//! **Does not show.** What was not captured: other times, other states, other links; what stands inside encryption.

use std::collections::BTreeMap;
use std::time::Duration;

use assay_model::touch::document::{DocumentRequest, DocumentResponse, Wanted};
use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::observation::{self, Asked, Observation, Peers};

pub(crate) struct Import;

/// A file is no larger.
const MAX_BYTES: u32 = 512 << 20;
/// Reading it takes no longer.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The file: a path relative to the dossier, or a URL.
    source: String,
    /// Addresses of the DUT in it.
    device: Vec<String>,
    /// Destinations that the dossier declares, one by one or as the `peers` of its mechanisms.
    #[serde(default)]
    peers: Vec<Peers>,
    /// Values that must not travel in clear, by name.
    #[serde(default)]
    canaries: BTreeMap<String, String>,
    /// What the file must be: SHA-256 in hexadecimal, as whoever made it wrote it down. Empty asks nothing.
    #[serde(default)]
    sha256: String,
}

/// Addresses from their texts.
pub(super) fn addresses(texts: &[String]) -> Result<Vec<std::net::IpAddr>, Fault> {
    let parse = |text: &String| {
        text.parse()
            .map_err(|_| Fault::plan("bad-parameter", format!("`device` names `{text}`, which is no IP address")))
    };
    texts.iter().map(parse).collect()
}

#[async_trait]
impl TypedCheck for Import {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "capture.import";
    const QUESTION: &'static str = "What does a capture that was made elsewhere show of the DUT's traffic?";
    const EVIDENCE_FOR: &'static str =
        "EN 303 645 V2.1.1 5.5-1, 5.5-7, 5.8-1, 5.8-2; TS 103 701 V1.1.1 5.5-1-2, 5.8-1-1 (functional)";
    const DOES_NOT_SHOW: &'static str =
        "what was not captured: other times, other states, other links; what stands inside encryption";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Absence;
    const NEEDS: &'static [&'static str] = &["documents"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let device = addresses(&p.device)?;
        let request = DocumentRequest { source: p.source, max_bytes: MAX_BYTES, wanted: Wanted::Capture };
        let document = match cx.touches.documents()?.call(request, cx.deadline.capped(PATIENCE)).await? {
            DocumentResponse::Document(d) if d.status < 400 && !d.truncated => d,
            DocumentResponse::Document(d) if d.truncated => {
                return Ok(Observation::none("it is larger than 512 MiB".into()));
            }
            DocumentResponse::Document(d) => return Ok(Observation::none(format!("status {}", d.status))),
            DocumentResponse::Absent { text, .. } => return Ok(Observation::none(text)),
        };
        if !p.sha256.is_empty() && !p.sha256.eq_ignore_ascii_case(&document.sha256) {
            let text = format!("its SHA-256 is {}, not {}: this is another file", document.sha256, p.sha256);
            return Ok(Observation::none(text));
        }
        let asked = Asked { device, peers: Peers::all(p.peers), canaries: p.canaries };
        let secrets = std::sync::Arc::clone(&cx.secrets);
        let work = move || observation::of(&document.bytes.0, document.sha256, &asked, &*secrets);
        let read = tokio::task::spawn_blocking(work).await;
        read.map_err(|e| Fault::adapter("capture-unread", format!("reading the capture broke off: {e}")))?
            .map_err(|e| Fault::plan("bad-parameter", e.to_string()))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let of = |sha256: &str| {
            json!({
                "source": "https://maker.test/capture", "device": ["127.99.0.1"], "sha256": sha256,
                "peers": [{"host": "reports.maker.test", "proto": "tcp", "port": 443}], "canaries": {"serial": "C1-000042"},
            })
        };
        vec![
            Case::good(Dut::good(), of("")).shows(json!({
                "found": true, "complete": true, "dropped": 0, "undeclared": [], "clear": [], "findings": [], "by_device": 2,
            })),
            Case::weak(Dut::weak(), of("")).shows(json!({
                "complete": true, "undeclared": ["tcp telemetry.example:80"], "clear": ["http telemetry.example:80"],
                "findings": [{"rule": "canary:serial", "sent_by_client": true, "form": "plain"}],
            })),
            Case::weak(Dut::good(), of("00")).shows(json!({"found": false, "complete": false, "flows": []})),
            Case::dead(Dut::silent(), of(""))
                .shows(json!({"found": false, "complete": false, "note": "no answer", "undeclared": [], "by_device": 0})),
        ]
    }
}
