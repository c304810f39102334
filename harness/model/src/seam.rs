//! The recording seam: every exchange with a DUT crosses it, so evidence does not depend on an author's discipline.
//!
//! Adapters implement [`crate::Touch`]; the `recorded` wrapper in `adapters` reports each request and response to a
//! [`Recorder`], and the `replay` adapter answers the same requests from such a record. Bulk streams (a console from
//! before power-on, a capture) do not fit into request and response: they go through an [`EvidenceStream`].

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{EvidenceId, Fault};

/// One request to a DUT and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// `Protocol::NAME`.
    pub protocol: String,
    /// Host monotonic nanoseconds since the run started, at the request.
    pub started_ns: u64,
    /// The same, at the response.
    pub ended_ns: u64,
    /// The request as data.
    pub request: Value,
    /// The response as data, or the fault.
    pub outcome: Outcome,
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The DUT did something (silence included): the response as data.
    Response(Value),
    /// The lab failed.
    Fault(Fault),
}

/// What an evidence item holds: `kind` of evidence/E-nnnn/meta.json.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// Requests and responses of one step, one JSON object a line.
    Exchanges,
    /// A serial console: raw bytes, index, readable log.
    Serial,
    /// A packet capture.
    Pcap,
    /// A debug probe's reads.
    Probe,
    /// Memory or flash contents.
    Memory,
    /// A fetched or supplied document.
    Document,
    /// A photo or screenshot.
    Image,
    /// What a person stated.
    Statement,
    /// Output of another tool.
    ToolOutput,
    /// A firmware image.
    Firmware,
}

/// What an evidence stream is, before its first byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamMeta {
    /// What it holds.
    pub kind: EvidenceKind,
    /// For a person: `serial console of s1`.
    pub title: String,
    /// Where from: by-id path, URL, interface.
    pub source: String,
    /// File name stem inside the evidence folder: `console`, `policy.html`. A name with a dot is kept as it is;
    /// without one, streams of bytes get `.bin`, `.idx.jsonl` and `.log`.
    pub file: String,
    /// Adapter settings that matter to a repeat: baud, snaplen.
    pub settings: serde_json::Map<String, Value>,
}

/// Which way bytes went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the DUT.
    In,
    /// To the DUT.
    Out,
}

/// Bytes on their way into an evidence item. Blocking, cheap, callable from a driver's own thread.
pub trait EvidenceStream: Send {
    /// The item's number.
    fn id(&self) -> EvidenceId;

    /// Appends bytes that arrived or left now. Losing evidence ends the run: the implementation tells the dispatcher,
    /// so there is no error to handle here.
    fn append(&mut self, direction: Direction, bytes: &[u8]);

    /// States that bytes or packets were lost. Turns absence verdicts that rest on this stream INCONCLUSIVE.
    fn dropped(&mut self, bytes: u64, reason: &str);
}

/// Where exchanges and streams go. One per step; made by the engine.
pub trait Recorder: Send + Sync {
    /// Keeps one exchange. Never fails for the caller: losing evidence ends the run.
    fn exchange(&self, exchange: Exchange);

    /// Opens an evidence stream of its own.
    fn stream(&self, meta: StreamMeta) -> Box<dyn EvidenceStream>;

    /// States that the step rests on an item that was kept elsewhere in the run.
    fn rests_on(&self, _evidence: EvidenceId) {}

    /// Host monotonic nanoseconds since the run started.
    fn now_ns(&self) -> u64;
}
