//! A check run as the engine would run it, over real touches.

use std::sync::Arc;
use std::time::Duration;

use assay_adapters::document::DocumentSettings;
use assay_adapters::network::network_touches;
use assay_model::{AddressBook, CheckContext, Deadline, Dut, Fault, Limits, Progress, SecretSink, TypedCheck, erase};
use serde_json::Value;

struct Quiet;

impl SecretSink for Quiet {
    fn register(&self, _kind: &str, _value: &str) {}
}

impl Progress for Quiet {
    fn step(&self, _done: u64, _total: u64, _text: &str) {}
}

/// A context for a bench that owns one host.
pub(crate) fn context(host: &str) -> CheckContext {
    let mut book = AddressBook::new();
    book.own(host, host.parse().expect("an address"));
    let addresses = Arc::new(book);
    CheckContext {
        dut: Arc::new(Dut { id: "s1".into(), host: Some(host.into()), ..Dut::default() }),
        touches: network_touches(DocumentSettings::default(), Arc::clone(&addresses)).expect("roots"),
        addresses,
        limits: Limits::default(),
        deadline: Deadline::after(Duration::from_secs(60)),
        secrets: Arc::new(Quiet),
        progress: Arc::new(Quiet),
    }
}

/// Runs a check with JSON parameters, in the way of plans.
pub(crate) async fn try_run(check: impl TypedCheck, cx: &CheckContext, params: Value) -> Result<Value, Fault> {
    erase(check).run(cx, params).await
}

/// The same, where no fault is expected.
pub(crate) async fn run(check: impl TypedCheck, cx: &CheckContext, params: Value) -> Value {
    try_run(check, cx, params).await.expect("no fault")
}

/// The strings of a JSON list.
pub(crate) fn words(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}
