//! `provider: { virtual: camera }`: samples of a virtual product in this process, on loopback addresses of their own.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use assay_model::{
    AddressBook, BenchProvider, BenchRequest, Deadline, Diagnostic, Dut, DutOrigin, DutProbe, Fault, OpenBench,
    Severity, Touch,
    touch::capture::{CaptureRequest, Captured, Captures},
};
use assay_virtual::{
    DefectPart, MAX_SAMPLES, Running, SampleError, StartError, StartSpec, VirtualSample, models, prepare,
};
use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::RwLock;

use super::reference::Reference;
use super::station::{PowerWire, ProbeWire, Source, Station, Wired};
use crate::capture::file_of;
use crate::console::{ConsoleSettings, ConsoleWire, LineSettings, Place};
use crate::document::DocumentSettings;
use crate::power::{PowerSwitch, Switch};

/// The maker's website goes by this name on virtual benches, before any DNS.
const MAKER: &str = "maker.test";
/// Fields of a label that nobody may read in a report.
const SECRET_FIELDS: [&str; 1] = ["password"];

/// What every sample has.
const PROVIDES: [&str; 8] = ["network", "console", "power", "probe", "capture", "labels", "documents", "operator"];

/// How long a sample may take until its services accept; it needs a fifth of a second.
const BOOT: Duration = Duration::from_secs(10);

/// Benches of virtual DUTs.
#[derive(Debug, Default, Clone, Copy)]
pub struct VirtualBench;

#[async_trait]
impl BenchProvider for VirtualBench {
    fn name(&self) -> &'static str {
        "virtual"
    }

    fn lint(&self, request: &BenchRequest) -> Vec<Diagnostic> {
        spec(request).1
    }

    fn provides(&self, _request: &BenchRequest) -> Option<Vec<&'static str>> {
        Some(PROVIDES.to_vec())
    }

    async fn open(&self, request: &BenchRequest) -> Result<Box<dyn OpenBench>, Fault> {
        let (spec, mistakes) = spec(request);
        if let Some(mistake) = mistakes.iter().find(|m| m.severity == Severity::Error) {
            return Err(Fault::plan("bench-settings", mistake.message.clone())
                .with_help(mistake.help.clone().unwrap_or_default()));
        }
        let (seeded, own) = spec.defects.iter().cloned().partition(|name| is_of_website(&spec.model, name));
        let origin = DutOrigin { kind: format!("virtual {}", spec.model), defects: own };
        // Their power comes on one by one, when somebody listens on their consoles.
        let running = prepare(spec).await.map_err(|e| not_started(&e))?;
        let mut addresses = AddressBook::new();
        let website = running.website().ip();
        addresses.own(MAKER, website);
        let samples = running.samples();
        for sample in &samples {
            addresses.own(&sample.host.to_string(), sample.host);
        }
        let hands = Hands(Arc::new(RwLock::new(Some(running))));
        let wired = samples.into_iter().map(|sample| wire(sample, &origin, &hands)).collect();
        let documents = DocumentSettings {
            folder: request.folder.clone(),
            hosts: BTreeMap::from([(MAKER.to_owned(), website)]),
            ..DocumentSettings::default()
        };
        let reference = Reference::start_in(&mut addresses).await?;
        let mut station = Station::new(wired, addresses, documents, Some(reference));
        station.source = Some(Box::new(hands));
        station.seeded = seeded;
        Ok(Box::new(station))
    }
}

/// Whether a defect is the maker's website's, and no sample's.
fn is_of_website(model: &str, name: &str) -> bool {
    let model = models().iter().find(|m| m.name == model);
    let row = model.and_then(|m| m.defects.iter().find(|d| d.name == name));
    row.is_some_and(|d| d.part == DefectPart::Website)
}

/// What to start, with every mistake at once.
fn spec(request: &BenchRequest) -> (StartSpec, Vec<Diagnostic>) {
    let mut mistakes = Vec::new();
    let mut add =
        |text: String, help: String| mistakes.push(Diagnostic::error("bench::virtual", text, None).help(help));
    let mut spec = StartSpec { defects: request.defects.clone(), ..StartSpec::default() };
    for (key, value) in request.settings.as_object().into_iter().flatten() {
        match key.as_str() {
            "virtual" => value.as_str().unwrap_or_default().clone_into(&mut spec.model),
            "samples" => match value.as_u64().and_then(|n| u8::try_from(n).ok()) {
                Some(n) => spec.samples = n,
                None => add(format!("`samples` is {value}"), format!("write a number from 1 to {MAX_SAMPLES}")),
            },
            "network" => match value.as_str().and_then(|n| n.parse::<Ipv4Addr>().ok()) {
                Some(network) if network.is_loopback() && network.octets()[3] == 0 => spec.network = network,
                _ => add(format!("`network` is {value}"), "write a loopback network that ends in 0: 127.22.0.0".into()),
            },
            other => {
                add(format!("a virtual bench has no setting `{other}`"), "it takes `samples` and `network`".into())
            }
        }
    }
    if let Some(count) = request.sample_count {
        // What does not fit is out of range too.
        spec.samples = u8::try_from(count).unwrap_or(u8::MAX);
    }
    if spec.samples == 0 || spec.samples > MAX_SAMPLES {
        add(format!("{} samples were asked for", spec.samples), format!("1 to {MAX_SAMPLES} fit in one network"));
    }
    if !request.duts.is_empty() {
        add("a virtual bench fills in its DUTs itself".into(), "remove `duts`, or use `provider: local`".into());
    }
    match models().iter().find(|m| m.name == spec.model) {
        None => {
            let known: Vec<&str> = models().iter().map(|m| m.name).collect();
            add(format!("there is no virtual `{}`", spec.model), format!("there are: {}", known.join(", ")));
        }
        Some(model) => {
            let known: Vec<&str> = model.defects.iter().map(|d| d.name).collect();
            for unknown in spec.defects.iter().filter(|d| !known.contains(&d.as_str())) {
                let text = format!("a virtual {} has no defect `{unknown}`", spec.model);
                add(text, format!("it has: {}", known.join(", ")));
            }
        }
    }
    (spec, mistakes)
}

fn not_started(error: &StartError) -> Fault {
    let text = error.to_string();
    let (text, help) = text.split_once("; help: ").unwrap_or((&text, ""));
    Fault::bench("virtual-start", text).with_help(help)
}

fn wire(sample: VirtualSample, origin: &DutOrigin, hands: &Hands) -> Wired {
    let is_secret = |field: &str| SECRET_FIELDS.contains(&field);
    let probe = DutProbe { selector: sample.probe.selector, chip: Some(sample.probe.chip.to_owned()), golden: None };
    let dut = Dut {
        id: sample.id.clone(),
        host: Some(sample.host.to_string()),
        console: Some(sample.console.display().to_string()),
        probe: Some(probe.clone()),
        label: sample.label.iter().filter(|(k, _)| !is_secret(k)).map(|(k, v)| (k.clone(), json!(v))).collect(),
        provides: PROVIDES.map(str::to_owned).to_vec(),
        foreign_ports: sample.foreign_ports,
        foreign_datagrams: sample.foreign_datagrams,
    };
    let labelled = |(field, value): (String, String)| {
        let value: Value = if is_secret(&field) { json!({"secret": {"label": value}}) } else { json!(value) };
        (field, value)
    };
    let link = VirtualLink { hands: hands.clone(), sample: sample.id.clone(), host: sample.host };
    let switch = VirtualSwitch { hands: hands.clone(), sample: sample.id };
    Wired {
        capture: Some(Arc::new(link)),
        dut: Arc::new(dut),
        origin: origin.clone(),
        label: sample.label.into_iter().map(labelled).collect(),
        console: Some(ConsoleWire::Port(ConsoleSettings {
            place: Place::Tty(sample.console.display().to_string()),
            line: LineSettings::default(),
        })),
        power: Some(PowerWire::Switch(Arc::new(PowerSwitch::new(switch)))),
        // Its server belongs to the sample.
        probe: Some(ProbeWire { own: probe, _server: None }),
        off_at_end: false,
    }
}

/// The hands on the switches of all samples; empty once they have been given back.
#[derive(Clone)]
struct Hands(Arc<RwLock<Option<Running>>>);

#[async_trait]
impl Source for Hands {
    async fn bring_up(&self, dut: &Dut) -> Result<(), Fault> {
        let running = self.0.read().await;
        let running = running.as_ref().ok_or_else(closed)?;
        running.power(&dut.id, true).await.map_err(|e| refused(&e))?;
        let until = Deadline::after(BOOT);
        for sample in running.samples().iter().filter(|s| s.id == dut.id) {
            for (port, service) in &sample.ports {
                accepts(SocketAddr::new(sample.host, *port), service, until).await?;
            }
        }
        Ok(())
    }

    async fn give_back(&self) {
        let running = self.0.write().await.take();
        if let Some(running) = running {
            running.stop().await;
        }
    }
}

/// The power switch of one sample.
struct VirtualSwitch {
    hands: Hands,
    sample: String,
}

#[async_trait]
impl Switch for VirtualSwitch {
    async fn set(&self, on: bool, until: Deadline) -> Result<(), Fault> {
        let running = self.hands.0.read().await;
        let turning = running.as_ref().ok_or_else(closed)?.power(&self.sample, on);
        let turned = tokio::time::timeout_at(until.instant().into(), turning).await;
        turned.map_err(|_| Fault::timeout("the virtual power switch did not turn in time"))?.map_err(|e| refused(&e))
    }

    async fn state(&self, _until: Deadline) -> Result<Option<bool>, Fault> {
        let running = self.hands.0.read().await;
        let on = running.as_ref().ok_or_else(closed)?.is_on(&self.sample).map_err(|e| refused(&e))?;
        Ok(Some(on))
    }
}

/// The link of one sample, and the tap on it.
struct VirtualLink {
    hands: Hands,
    sample: String,
    host: IpAddr,
}

#[async_trait]
impl Touch<Captures> for VirtualLink {
    async fn call(&self, request: CaptureRequest, until: Deadline) -> Result<Captured, Fault> {
        // The lock is not held meanwhile: a bench can be closed under a capture.
        self.hands.0.read().await.as_ref().ok_or_else(closed)?.listen(&self.sample).map_err(|e| refused(&e))?;
        request.begun.set();
        let until = until.capped(Duration::from_millis(request.within_ms.into()));
        tokio::time::sleep_until(until.instant().into()).await;
        let running = self.hands.0.read().await;
        let heard = running.as_ref().ok_or_else(closed)?.heard(&self.sample);
        let (segments, dropped) = heard.map_err(|e| refused(&e))?;
        Ok(file_of(&format!("link of {}", self.sample), self.host, &segments, dropped))
    }
}

/// Waits until a service of a booting sample accepts.
async fn accepts(address: SocketAddr, service: &str, until: Deadline) -> Result<(), Fault> {
    while let Err(e) = tokio::net::TcpStream::connect(address).await {
        if until.passed() {
            return Err(Fault::bench("virtual-start", format!("{service} of the virtual DUT at {address}: {e}"))
                .with_help("another program may have taken the port; set `network:` to another, as 127.22.0.0"));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

fn closed() -> Fault {
    Fault::adapter("bench-closed", "the virtual bench has been closed")
}

fn refused(error: &SampleError) -> Fault {
    Fault::adapter("virtual-power", error.to_string())
}
