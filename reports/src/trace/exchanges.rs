//! Recorded exchanges, one line each, and who was talked to.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use assay_model::results::Results;
use serde::Deserialize;
use serde_json::Value;

use super::Trace;
use super::clock::{Anchor, Lane};
use super::serial::open;
use crate::visible::capped;

/// Lines told of one item.
const LINES: usize = 24;
/// Bytes of one side of an exchange, as it is told.
const SIDE: usize = 160;
/// Bytes read of one item.
const LONGEST: u64 = 4 << 20;
/// Bytes read over all items: a page has no use for more.
const ALL: u64 = 64 << 20;
/// Endpoints in the flow table.
const FLOWS: usize = 200;

/// The exchanges of one evidence item.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) lines: Vec<Line>,
    pub(crate) count: usize,
}

/// One exchange.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) at_ms: u64,
    pub(crate) asked: String,
    pub(crate) answered: String,
}

/// Everything that was said to one endpoint of one sample over one protocol.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) sample: String,
    pub(crate) endpoint: String,
    pub(crate) protocol: String,
    pub(crate) exchanges: u64,
    pub(crate) faults: u64,
    pub(crate) first_ms: u64,
    pub(crate) last_ms: u64,
}

#[derive(Deserialize)]
struct Exchange {
    protocol: String,
    started_ns: u64,
    ended_ns: u64,
    request: Value,
    outcome: Value,
}

pub(super) fn read_all(folder: &Path, results: &Results, anchors: &BTreeMap<String, Anchor>, trace: &mut Trace) {
    let mut room = ALL;
    let mut flows: BTreeMap<(String, String, String), Flow> = BTreeMap::new();
    for item in results.evidence.iter().filter(|item| item.kind == "exchanges") {
        let Some(file) = item.files.iter().find(|f| f.path.ends_with("exchanges.jsonl")) else { continue };
        let Some(anchor) = anchors.get(&item.id).copied() else { continue };
        let Some(opened) = open(folder, &file.path) else { continue };
        let limit = LONGEST.min(room);
        room -= file.size.min(limit);
        let sample = item.sample.clone().unwrap_or_default();
        let mut told = Told::default();
        for line in BufReader::new(opened.take(limit)).split(b'\n').map_while(Result::ok) {
            let Ok(exchange) = serde_json::from_slice::<Exchange>(&line) else { continue };
            let (from_ms, to_ms) = (anchor.at(exchange.started_ns), anchor.at(exchange.ended_ns));
            if let Some(lane) = Lane::of(&exchange.protocol) {
                trace.lanes.add(&sample, lane, from_ms, to_ms);
            }
            if let Some(endpoint) = endpoint(&exchange.request)
                && flows.len() < FLOWS
            {
                let key = (sample.clone(), endpoint.clone(), exchange.protocol.clone());
                let flow = flows.entry(key).or_insert_with(|| Flow {
                    sample: sample.clone(),
                    endpoint,
                    protocol: exchange.protocol.clone(),
                    exchanges: 0,
                    faults: 0,
                    first_ms: from_ms,
                    last_ms: to_ms,
                });
                flow.exchanges += 1;
                flow.faults += u64::from(exchange.outcome.get("fault").is_some());
                flow.first_ms = flow.first_ms.min(from_ms);
                flow.last_ms = flow.last_ms.max(to_ms);
            }
            told.count += 1;
            if told.lines.len() < LINES {
                told.lines.push(Line { at_ms: from_ms, asked: asked(&exchange), answered: answered(&exchange) });
            }
        }
        trace.exchanges.insert(item.id.clone(), told);
    }
    trace.flows = flows.into_values().collect();
}

/// `192.0.2.10:443`, or a host alone; `None` for requests on a connection that is open already.
fn endpoint(request: &Value) -> Option<String> {
    let inner = request.as_object().and_then(|o| o.values().find(|v| v.get("endpoint").is_some()));
    let at = request.get("endpoint").or_else(|| inner?.get("endpoint"));
    let host = |v: &Value| v["host"]["name"].as_str().or_else(|| v["host"].as_str()).map(str::to_owned);
    if let Some(at) = at {
        return Some(format!("{}:{}", host(at)?, at["port"]));
    }
    host(request)
}

fn asked(exchange: &Exchange) -> String {
    let request = &exchange.request;
    let place = endpoint(request).unwrap_or_default();
    let text = match exchange.protocol.as_str() {
        "http" => format!(
            "{} {}{place}{}",
            request["method"].as_str().unwrap_or("?"),
            if request["tls"] == true { "https://" } else { "http://" },
            request["path"].as_str().unwrap_or_default()
        ),
        "document" => format!("GET {}", request["source"].as_str().unwrap_or_default()),
        "ports" => format!("ports of {place}: {}", short(&request["tcp"])),
        _ => format!("{place} {}", short(request)),
    };
    head(text.trim())
}

fn answered(exchange: &Exchange) -> String {
    if let Some(fault) = exchange.outcome.get("fault") {
        return head(&format!("lab fault: {}", fault["text"].as_str().unwrap_or_default()));
    }
    let response = &exchange.outcome["response"];
    let found = response.get("answer").or_else(|| response.get("document"));
    match found.and_then(|a| a["status"].as_u64()) {
        Some(status) => {
            let body = found.and_then(|a| a.get("body").or_else(|| a.get("bytes"))).map(short).unwrap_or_default();
            head(&format!("{status} {body}"))
        }
        None => head(&short(response)),
    }
}

/// JSON without its noise: addresses twice, certificates in base64, names of one-field objects kept.
fn short(value: &Value) -> String {
    match value {
        Value::String(s) => s.clone(),
        Value::Null => String::new(),
        Value::Array(items) => {
            let mut text: Vec<String> = items.iter().take(12).map(short).collect();
            if items.len() > 12 {
                text.push(format!("… {} more", items.len() - 12));
            }
            format!("[{}]", text.join(", "))
        }
        Value::Object(map) => {
            if let (1, Some(text)) = (map.len(), map.get("text").and_then(Value::as_str)) {
                return format!("“{text}”");
            }
            if let (1, Some(text)) = (map.len(), map.get("base64").and_then(Value::as_str)) {
                return format!("{} bytes", text.len() / 4 * 3);
            }
            let said =
                map.iter().filter(|(k, v)| !v.is_null() && !matches!(k.as_str(), "endpoint" | "limits" | "chain"));
            said.map(|(k, v)| format!("{k}: {}", short(v))).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn head(text: &str) -> String {
    match capped(text, SIDE) {
        (_, 0) => text.to_owned(),
        (head, left) => format!("{head}… ({left} bytes more)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn exchange(protocol: &str, request: Value, outcome: Value) -> Exchange {
        Exchange { protocol: protocol.into(), started_ns: 0, ended_ns: 1, request, outcome }
    }

    #[test]
    fn an_exchange_reads_as_a_person_would_tell_it() {
        let at = json!({"host": {"name": "127.21.0.1", "address": "127.21.0.1"}, "port": 8443});
        let get = exchange(
            "http",
            json!({"endpoint": at, "tls": true, "method": "GET", "path": "/api/state"}),
            json!({"response": {"answer": {"status": 200, "body": {"text": "{}"}}}}),
        );
        assert_eq!((asked(&get), answered(&get)), ("GET https://127.21.0.1:8443/api/state".into(), "200 “{}”".into()));
        let tcp = exchange(
            "tcp",
            json!({"ask": {"endpoint": at, "send": {"text": ""}}}),
            json!({"fault": {"blame": "timeout", "text": "given up"}}),
        );
        assert_eq!(answered(&tcp), "lab fault: given up");
        assert!(asked(&tcp).starts_with("127.21.0.1:8443 ask"));
        assert_eq!(endpoint(&json!({"host": {"name": "h"}, "tcp": [[1, 2]]})), Some("h".into()));
        assert_eq!(endpoint(&json!("forget")), None);
    }
}
