//! Bench files.

use std::path::{Path, PathBuf};

use assay_model::{BenchRequest, Diagnostic, Effect, Equipment, Limits, Span};
use serde_json::{Map, Value};

use super::Mistakes;
use super::fields::{Fields, date, header};
use super::suite::{Seen, unique};
use crate::load::suggest;
use crate::load::tree::{Node, Yaml};
use crate::plan::Registry;
use crate::redact::LabKey;

pub(crate) const KEYS: [&str; 11] =
    ["assay", "bench", "provider", "product", "answers", "lab", "permits", "limits", "duts", "equipment", "lab_key"];
pub(crate) const DUT_KEYS: [&str; 8] = ["id", "host", "console", "probe", "power", "ssh", "interface", "notes"];
pub(crate) const LIMITS: [&str; 4] = ["connects_per_s", "half_open", "tries_per_mechanism", "pause_ms"];
pub(crate) const EQUIPMENT: [&str; 6] = ["id", "kind", "serial", "firmware", "calibration_due", "check_due"];

/// A bench file as it stands; its provider has not been asked.
pub(crate) struct BenchFile {
    pub(crate) request: BenchRequest,
    pub(crate) equipment: Vec<Equipment>,
    /// Where each of them stands.
    pub(crate) equipment_spans: Vec<Span>,
    /// `product:`, `answers:` and `lab:`, resolved against the file's folder, with their places.
    pub(crate) product: Option<(PathBuf, Span)>,
    pub(crate) answers: Option<(PathBuf, Span)>,
    pub(crate) lab: Option<(PathBuf, Span)>,
    pub(crate) lab_key: Option<LabKey>,
    /// Where the provider is named.
    pub(crate) provider_span: Span,
    /// Where the bench is named.
    pub(crate) span: Span,
}

/// A bench from its file.
pub(crate) fn lower(node: &Node, registry: &Registry, mistakes: &Mistakes) -> Option<BenchFile> {
    let fields = Fields::open("a bench", node, &KEYS, mistakes)?;
    header(&fields, "bench/1");
    let bench = fields.require_text("bench");
    let permits = fields.list("permits").iter().filter_map(|n| fields.as_effect("permits", n)).collect();
    let limits = limits(&fields, mistakes);
    let duts = duts(&fields, mistakes);
    let (equipment, equipment_spans) = super::lab::equipment(&fields, mistakes);
    let lab_key = lab_key(&fields, mistakes);
    let folder = node.span.file.path.parent().map(Path::to_path_buf).unwrap_or_default();
    let path = |key: &str| {
        let name = fields.text(key)?;
        Some((folder.join(name), fields.get(key)?.span.clone()))
    };
    let (product, answers, lab) = (path("product"), path("answers"), path("lab"));
    let provider_node = fields.require("provider")?;
    let (provider, settings) = provider(provider_node, registry, mistakes)?;
    let permits = if fields.get("permits").is_some() { permits } else { vec![Effect::Passive, Effect::Active] };
    let request = BenchRequest {
        bench: bench?,
        provider,
        settings,
        duts,
        samples: Vec::new(),
        defects: Vec::new(),
        sample_count: None,
        folder,
        dossier: None,
        permits,
        limits,
    };
    let (provider_span, span) = (fields.key_span("provider"), fields.key_span("bench"));
    Some(BenchFile { request, equipment, equipment_spans, lab_key, product, answers, lab, provider_span, span })
}

/// `{ virtual: camera, samples: 3 }` or the bare word `local`.
fn provider(node: &Node, registry: &Registry, mistakes: &Mistakes) -> Option<(String, Value)> {
    let known: Vec<&str> = registry.providers.iter().map(|p| p.name()).collect();
    let unknown = |asked: &str, span: &Span| {
        let text = format!("there is no kind of bench `{asked}`");
        mistakes.add(Diagnostic::error("bench::unknown-provider", text, Some(span.clone())).help(suggest::of(
            asked,
            &known,
            "there are",
        )));
    };
    match &node.value {
        Yaml::Text(word) if known.contains(&word.as_str()) => {
            let settings = [(word.clone(), Value::Null)].into_iter().collect::<Map<_, _>>();
            Some((word.clone(), Value::Object(settings)))
        }
        Yaml::Text(word) => {
            unknown(word, &node.span);
            None
        }
        Yaml::Map(entries) => {
            let found = entries.iter().find(|e| known.contains(&e.key.as_str()));
            if let (None, Some(first)) = (found, entries.first()) {
                unknown(&first.key, &first.key_span);
            }
            found.map(|e| (e.key.clone(), node.json()))
        }
        _ => {
            let text = format!("`provider` is {}, and a kind of bench is expected", node.kind());
            mistakes.add(Diagnostic::error("plan::type", text, Some(node.span.clone())).help(suggest::of(
                "",
                &known,
                "there are",
            )));
            None
        }
    }
}

fn lab_key(fields: &Fields<'_>, mistakes: &Mistakes) -> Option<LabKey> {
    let (text, node) = (fields.text("lab_key")?, fields.get("lab_key")?);
    let parsed = text.parse::<LabKey>().map_err(|why| {
        let text = format!("`lab_key` is no recipient of the age format: {why}");
        mistakes.add(
            Diagnostic::error("bench::lab-key", text, Some(node.span.clone()))
                .help("write the public line that `age-keygen` prints: age1..."),
        );
    });
    parsed.ok()
}

fn limits(fields: &Fields<'_>, mistakes: &Mistakes) -> Limits {
    let mut limits = Limits::default();
    let Some(own) = fields.get("limits").and_then(|n| Fields::open("`limits`", n, &LIMITS, mistakes)) else {
        return limits;
    };
    let slots =
        [&mut limits.connects_per_s, &mut limits.half_open, &mut limits.tries_per_mechanism, &mut limits.pause_ms];
    for (key, slot) in LIMITS.iter().zip(slots) {
        // No pause is allowed; no connection, handshake or try would make checks that can never fail.
        let least = i64::from(*key != "pause_ms");
        if let Some(n) = own.number(key, least, 1_000_000).and_then(|n| u32::try_from(n).ok()) {
            *slot = n;
        }
    }
    limits
}

fn duts(fields: &Fields<'_>, mistakes: &Mistakes) -> Vec<Value> {
    let mut ids = Seen::new();
    for item in fields.list("duts") {
        let Some(dut) = Fields::open("a DUT", item, &DUT_KEYS, mistakes) else { continue };
        if let (Some(id), Some(node)) = (dut.require_text("id"), dut.get("id")) {
            unique("bench::duplicate-dut", "the DUT", &id, &node.span, &mut ids, mistakes);
        }
        dut.text("host");
    }
    fields.list("duts").iter().map(Node::json).collect()
}

pub(super) fn equipment(node: &Node, mistakes: &Mistakes) -> Option<Equipment> {
    let fields = Fields::open("an item of equipment", node, &EQUIPMENT, mistakes)?;
    let (id, kind) = (fields.require_text("id"), fields.require_text("kind"));
    Some(Equipment {
        serial: fields.text("serial"),
        firmware: fields.text("firmware"),
        calibration_due: date(&fields, "calibration_due"),
        check_due: date(&fields, "check_due"),
        id: id?,
        kind: kind?,
    })
}
