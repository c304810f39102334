//! Network: who was talked to over what, and captures where there are any.

use askama::Template;

use super::evidence::anchor;
use super::{Built, Section, Source};
use crate::html::value::offset;

#[derive(Template)]
#[template(path = "section/network.html")]
struct Body {
    flows: Vec<FlowView>,
    captures: Vec<CaptureView>,
}

struct FlowView {
    sample: String,
    endpoint: String,
    protocol: String,
    exchanges: u64,
    faults: u64,
    first: String,
    last: String,
}

struct CaptureView {
    anchor: String,
    id: String,
    title: String,
    bytes: u64,
    dropped: u64,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    let flows: Vec<FlowView> = source
        .trace
        .flows
        .iter()
        .map(|f| FlowView {
            sample: f.sample.clone(),
            endpoint: f.endpoint.clone(),
            protocol: f.protocol.clone(),
            exchanges: f.exchanges,
            faults: f.faults,
            first: offset(f.first_ms),
            last: offset(f.last_ms),
        })
        .collect();
    let captures: Vec<CaptureView> = source
        .results
        .evidence
        .iter()
        .filter(|item| item.kind == "pcap")
        .map(|item| CaptureView {
            anchor: anchor(&item.id),
            id: item.id.clone(),
            title: item.title.clone(),
            bytes: item.files.iter().map(|f| f.size).sum(),
            dropped: item.dropped,
        })
        .collect();
    if flows.is_empty() && captures.is_empty() {
        return Ok(None);
    }
    Section::counted("network", "Network", flows.len(), &Body { flows, captures })
}
