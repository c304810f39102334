//! # `document.fetch`
//! **Question.** Is a document there, and what does a reader get?
//! **Evidence for.** The presence of published information: PSTI Schedule 1 paragraphs 2 and 3; EN 303 645 V2.1.1 provision 5.2-1.
//! **Procedure.** Reads the file, or fetches the URL with its redirects; the bytes are kept as evidence.
//! **Observation.** Whether it was found, its type, the start of its text, its digest.
//! **Effect.** Passive: nothing reaches the DUT.
//! **Does not show.** What the text means; see the checks on its content.

use assay_model::{
    CheckContext, CheckKind, Effect, Fault, TypedCheck,
    touch::document::{DocumentRequest, DocumentResponse, Wanted},
};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) struct Fetch;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// A URL of the dossier, or a path relative to it.
    source: String,
    /// Bytes to keep at most.
    #[serde(default = "max_bytes")]
    max_bytes: u32,
}

const fn max_bytes() -> u32 {
    8 * 1024 * 1024
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Whether a document came: a status below 400, or a file.
    found: bool,
    /// Status code; 0 for files and without an answer.
    status: u16,
    /// Where it was found in the end.
    url: String,
    /// Media type without parameters.
    media_type: String,
    /// The first 2,000 characters that a reader sees.
    text_excerpt: String,
    /// Characters in the whole text.
    text_chars: usize,
    /// SHA-256 of the bytes; empty where none came.
    sha256: String,
    /// Each place that was asked, in order.
    redirects: Vec<String>,
    /// Whether the document was longer than what was kept.
    truncated: bool,
    /// Whether the certificate verifies for that name; absent without TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_verifies: Option<bool>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[async_trait]
impl TypedCheck for Fetch {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "document.fetch";
    const QUESTION: &'static str = "Is a document there, and what does a reader get?";
    const EVIDENCE_FOR: &'static str =
        "the presence of published information: PSTI Sch. 1 paras 2 and 3; EN 303 645 V2.1.1 5.2-1";
    const DOES_NOT_SHOW: &'static str = "what the text means";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &["documents"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let request = DocumentRequest { source: p.source, max_bytes: p.max_bytes, wanted: Wanted::Text };
        Ok(match cx.touches.documents()?.call(request, cx.deadline.capped(super::source::PATIENCE)).await? {
            DocumentResponse::Document(d) => Observation {
                found: d.status < 400,
                status: d.status,
                url: d.url,
                media_type: d.media_type,
                text_excerpt: d.text.chars().take(2_000).collect(),
                text_chars: d.text.chars().count(),
                sha256: d.sha256,
                redirects: d.redirects,
                truncated: d.truncated,
                tls_verifies: d.tls_verifies,
                note: (d.status >= 400).then(|| format!("status {}", d.status)),
            },
            DocumentResponse::Absent { text, redirects } => {
                Observation { redirects, note: Some(text), ..Observation::default() }
            }
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let of = |source: &str| json!({"source": source});
        vec![
            Case::good(Dut::good(), of("https://maker.test/policy")).shows(
                json!({"found": true, "status": 200, "media_type": "text/html", "text_excerpt": "Report issues to us"}),
            ),
            Case::weak(Dut::weak(), of("https://maker.test/gone")).shows(json!({"found": false, "status": 404})),
            Case::dead(Dut::silent(), of("https://maker.test/policy"))
                .shows(json!({"found": false, "status": 0, "sha256": "", "note": "no answer"})),
        ]
    }
}
