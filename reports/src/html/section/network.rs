//! Network: who was talked to over what, and captures where there are any.

use std::collections::HashSet;

use askama::Template;
use assay_model::results::Results;
use serde_json::Value;

use super::evidence::anchor;
use super::{Built, Section, Source};
use crate::html::value::offset;
use crate::visible::visible_line;

#[derive(Template)]
#[template(path = "section/network.html")]
struct Body {
    flows: Vec<FlowView>,
    captures: Vec<CaptureView>,
    heard: Vec<HeardView>,
}

/// A flow of a capture.
struct HeardView {
    sample: String,
    client: String,
    server: String,
    protocol: String,
    protection: String,
    clear: bool,
    bytes: u64,
    declared: &'static str,
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
    let heard = heard(source.results);
    if flows.is_empty() && captures.is_empty() && heard.is_empty() {
        return Ok(None);
    }
    Section::counted("network", "Network", flows.len(), &Body { flows, captures, heard })
}

/// Most flows that are shown.
const MOST: usize = 200;

/// Flows that captures showed: each capture once, however many units rest on it.
fn heard(results: &Results) -> Vec<HeardView> {
    let of_units = results.units.values().flat_map(|unit| {
        let each = unit.samples.iter().map(|(id, result)| (id.to_string(), result));
        each.chain(unit.cross_sample.iter().map(|result| (String::new(), result)))
    });
    let of_steps = of_units.flat_map(|(sample, result)| {
        result.steps.iter().filter_map(move |step| {
            let of = step.sample.as_ref().map_or_else(|| sample.clone(), ToString::to_string);
            Some((step.check.as_str(), of, step.observation.as_ref()?))
        })
    });
    let of_shared = results.shared.iter().map(|shared| {
        let of = shared.sample.as_ref().map(ToString::to_string).unwrap_or_default();
        (shared.check.as_str(), of, &shared.observation)
    });
    let mut seen = HashSet::new();
    let captures = of_steps.chain(of_shared).filter(|(check, _, observation)| {
        check.starts_with("capture.") && seen.insert(observation["sha256"].as_str().unwrap_or_default().to_owned())
    });
    let flows = captures.flat_map(|(_, sample, observation)| {
        let flows = observation["flows"].as_array().into_iter().flatten();
        flows.map(move |flow| HeardView::of(&sample, flow)).collect::<Vec<_>>()
    });
    flows.take(MOST).collect()
}

impl HeardView {
    fn of(sample: &str, flow: &Value) -> Self {
        let text = |field: &str| visible_line(flow[field].as_str().unwrap_or_default());
        let number = |field: &str| flow[field].as_u64().unwrap_or_default();
        let name = flow["names"][0].as_str().map_or_else(|| text("server"), visible_line);
        let protocol = text("protocol");
        let protection = text("protection");
        Self {
            sample: sample.to_owned(),
            client: text("client"),
            server: format!("{name}:{}", number("port")),
            protocol: if protocol.is_empty() { text("proto") } else { protocol },
            clear: protection == "clear",
            protection,
            bytes: number("bytes_out") + number("bytes_in"),
            declared: match flow["declared"].as_bool() {
                Some(true) => "yes",
                Some(false) => "no",
                None => "",
            },
        }
    }
}
