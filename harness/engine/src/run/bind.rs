//! Opening the bench and binding samples to its DUTs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use assay_model::journal::{Ref, kind};
use assay_model::{Dut, Fault, OpenBench, OpenDut, SampleId, Touches};
use serde_json::{Map, Value, json};

use super::attempt::Sample;
use super::cancel::Cancel;
use super::evidence::{StepRecorder, Store};
use super::options::RunError;
use super::scope::Scopes;
use super::secrets;
use super::step::note;
use crate::plan::{Bench, Product};
use crate::redact::Vault;

/// Starting virtual machines takes its time.
const OPENING: Duration = Duration::from_secs(300);

/// Opens the bench; a provider that hangs or panics is the bench's fault.
pub(super) async fn open(
    bench: &Bench,
    product: Option<&Product>,
    cancel: &Cancel,
) -> Result<Box<dyn OpenBench>, Fault> {
    let mut request = bench.request.clone();
    if let Some(product) = product {
        let revealed: Result<Vec<Value>, RunError> =
            request.samples.iter().map(|s| secrets::reveal(s, "samples", &folder_of(product))).collect();
        request.samples = revealed.map_err(|e| Fault::plan("secret", e.to_string()))?;
        request.dossier = Some(folder_of(product));
    }
    let provider = bench.provider.clone();
    let name = request.bench.clone();
    let mut task = tokio::spawn(async move { provider.open(&request).await });
    tokio::select! {
        opened = &mut task => opened.unwrap_or_else(|e| Err(Fault::bench("provider-panicked", format!("opening {name}: {e}")))),
        () = tokio::time::sleep(OPENING) => {
            task.abort();
            Err(Fault::bench("open", format!("bench {name} was not open after {} s", OPENING.as_secs())))
        }
        () = cancel.aborted() => {
            task.abort();
            Err(Fault::bench("interrupted", "interrupted while the bench was opened"))
        }
    }
}

/// The folder that relative paths of a dossier begin in.
pub(super) fn folder_of(product: &Product) -> PathBuf {
    let parent = product.file.path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or_else(|| Path::new(".")).to_path_buf()
}

/// Binds each DUT: labels merged and sealed, ways opened, said in the journal.
pub(super) async fn bind(
    bench: &Arc<dyn OpenBench>,
    dossier: &[Value],
    ways: &Touches,
    vault: &Vault,
    store: &Arc<Store>,
    scopes: &mut Scopes,
) -> Result<Vec<Arc<Sample>>, RunError> {
    let mut samples = Vec::new();
    for open in bench.duts() {
        let dut = merged(&open, dossier, vault)?;
        let id = dut.id.clone();
        let about = Ref { sample: Some(id.clone()), ..Ref::default() };
        let data = vault.redact_json(json!({
            "dut": dut,
            "origin": open.origin,
        }));
        scopes.take(kind::SAMPLE_BIND, &about, &data);
        store.sender.append(note(kind::SAMPLE_BIND, about.clone(), data));

        let recorder = StepRecorder::new(store.clone(), about.clone());
        let unusable = OnceLock::new();
        let touches = match bench.touches(&SampleId::from(id.as_str()), recorder.clone()).await {
            Ok(touches) => with_ways(touches, ways),
            Err(fault) => {
                store.sender.append(note(kind::INFRA_FAULT, about, json!({"phase": "bind", "fault": fault})));
                let _ = unusable.set(fault);
                Touches::default()
            }
        };
        samples.push(Arc::new(Sample { id, dut: Arc::new(dut), touches, recorder, unusable }));
    }
    Ok(samples)
}

/// The dossier's label data, the DUT's over it, the provider's over both; secrets as tokens.
fn merged(open: &OpenDut, dossier: &[Value], vault: &Vault) -> Result<Dut, RunError> {
    let mut label: BTreeMap<String, Value> = BTreeMap::new();
    let known =
        dossier.iter().filter_map(Value::as_object).find(|s| s.get("id").and_then(Value::as_str) == Some(&open.dut.id));
    let from_dossier = known.into_iter().flatten().filter(|(key, _)| *key != "id");
    label.extend(from_dossier.map(|(key, value)| (key.clone(), value.clone())));
    let of_provider: Map<String, Value> =
        open.dut.label.iter().chain(&open.label).map(|(k, v)| (k.clone(), v.clone())).collect();
    let place = format!("samples.{}", open.dut.id);
    let sealed = secrets::seal(&Value::Object(of_provider), &place, std::path::Path::new(""), vault)?;
    if let Value::Object(sealed) = sealed {
        label.extend(sealed);
    }
    Ok(Dut { label, ..(*open.dut).clone() })
}

/// The tool's own ways where the bench has none.
fn with_ways(mut touches: Touches, ways: &Touches) -> Touches {
    touches.operator = touches.operator.or_else(|| ways.operator.clone());
    touches.documents = touches.documents.or_else(|| ways.documents.clone());
    touches
}
