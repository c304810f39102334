//! # `secrets.search`
//! **Question.** Which secrets stand in these bytes?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.4-1, 5.4-3, 5.6-4; TS 103 701 V1.1.1 cases 5.4-1-2, 5.4-3-2 (functional).
//! **Procedure.** Private keys, tokens, passphrases, password hashes and values that must not turn up, each in plain bytes,
//! UTF-16 and base64. Secrets are registered before they are reported, and are masked in what is reported.
//! **Observation.** Rule, place, form and length of each. The plan decides which of them may be there.
//! **Effect.** Passive: nothing reaches the DUT.
//! **Does not show.** Secrets that are encrypted, compressed, split, or look like nothing in particular.

use assay_model::{CheckContext, CheckKind, Effect, Fault, Payload, SecretSink, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::engine::{Canary, Finding, Search, SearchOptions, SearchResult};

/// See the module.
pub struct SecretsSearch;

/// Parameters of `secrets.search`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Text to search.
    #[serde(default)]
    text: Option<String>,
    /// Bytes to search, as an exchange shows them: `{text: ...}` or `{base64: ...}`.
    #[serde(default)]
    bytes: Option<Payload>,
    /// Names of rules; empty means all.
    #[serde(default)]
    rules: Vec<String>,
    /// Values that must not turn up, by name.
    #[serde(default)]
    canaries: std::collections::BTreeMap<String, String>,
}

/// What was observed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Observation {
    /// Bytes searched; 0 means that nothing was looked at, whatever `findings` says.
    searched_bytes: u64,
    /// What was found, by offset.
    findings: Vec<Finding>,
    /// Further findings, and places not looked at because there were too many.
    omitted: u64,
}

/// Shortest line of a key that is a secret by itself.
const KEY_LINE: usize = 16;

/// Registers every secret, then gives up what observations may hold. Each line of a key is a secret of its own: a log puts
/// something before each.
pub(crate) fn reported(secrets: &dyn SecretSink, result: SearchResult) -> (Vec<Finding>, u64) {
    for found in result.found.iter().filter(|f| !f.finding.default_password) {
        let Ok(text) = std::str::from_utf8(&found.secret) else { continue };
        secrets.register("secret", text);
        if text.contains('\n') {
            text.split_whitespace().filter(|w| w.len() >= KEY_LINE).for_each(|word| secrets.register("secret", word));
        }
    }
    (result.found.into_iter().map(|f| f.finding).collect(), result.omitted)
}

#[async_trait]
impl TypedCheck for SecretsSearch {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "secrets.search";
    const QUESTION: &'static str = "Which secrets stand in these bytes?";
    const EVIDENCE_FOR: &'static str = "EN 303 645 5.4-1, 5.4-3, 5.6-4; TS 103 701 5.4-1-2, 5.4-3-2";
    const DOES_NOT_SHOW: &'static str =
        "Secrets that are encrypted, compressed, split, or look like nothing in particular.";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Pure;
    const NEEDS: &'static [&'static str] = &[];

    async fn run(&self, cx: &CheckContext, params: Params) -> Result<Observation, Fault> {
        let canaries =
            params.canaries.into_iter().map(|(name, value)| Canary { name, value: value.into_bytes() }).collect();
        let options = SearchOptions { rules: params.rules, canaries };
        let mut search = Search::new(options).map_err(|e| Fault::plan("bad-parameter", e.to_string()))?;
        for part in [params.text.map(String::into_bytes), params.bytes.map(|p| p.0)].into_iter().flatten() {
            search.feed(&part);
        }
        let result = search.finish();
        let searched_bytes = result.searched;
        let (findings, omitted) = reported(&*cx.secrets, result);
        Ok(Observation { searched_bytes, findings, omitted })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::fake::{Case, Dut};
    use serde_json::json;

    pub(crate) fn cases() -> Vec<Case> {
        let key = |value: &str| format!("wpa_state=4\nnetwork={{\n  psk=\"{value}\"\n}}\n");
        vec![
            Case::good(Dut::good(), json!({"text": "wlan0: associated\npsk= is not set\n"}))
                .shows(json!({"searched_bytes": 34, "findings": [], "omitted": 0})),
            Case::weak(Dut::weak(), json!({"text": key("blue horse 42")})).shows(json!({
                "findings": [{"rule": "wifi-psk", "form": "plain", "offset": 29, "length": 13, "default_password": false}],
            })),
            Case::weak(Dut::weak(), json!({"bytes": {"base64": "AGMAYQBtADQANwAxADEA"}, "canaries": {"pin": "cam4711"}}))
                .shows(json!({"findings": [{"rule": "canary:pin", "form": "utf16"}]})),
            Case::weak(Dut::weak(), json!({"text": key("blue horse 42"), "rules": ["jwt"]}))
                .shows(json!({"findings": []})),
            // Nothing was looked at: a plan must not conclude from `findings`.
            Case::dead(Dut::silent(), json!({"text": ""})).shows(json!({"searched_bytes": 0, "findings": []})),
        ]
    }
}
