//! `provider: local`: what is wired to this host, named in the bench file.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use assay_model::{AddressBook, BenchProvider, BenchRequest, Diagnostic, Dut, DutOrigin, Fault, OpenBench, Severity};
use async_trait::async_trait;
use serde_json::Value;

use super::{
    reference::Reference,
    settings::{self, LocalDut},
    station::{PowerWire, ProbeWire, Station, Wired},
};
use crate::capture::InterfaceCapture;
use crate::console::ConsoleWire;
use crate::document::DocumentSettings;
use crate::power::PowerSettings;

/// How long a name may take to resolve.
const RESOLVE: Duration = Duration::from_secs(5);

/// Benches of real DUTs on this host.
#[derive(Debug, Default, Clone, Copy)]
pub struct LocalBench {
    /// Whether a known-bad target is started beside the DUTs, for positive controls.
    pub reference: bool,
}

#[async_trait]
impl BenchProvider for LocalBench {
    fn name(&self) -> &'static str {
        "local"
    }

    fn lint(&self, request: &BenchRequest) -> Vec<Diagnostic> {
        settings::read(request).1
    }

    async fn open(&self, request: &BenchRequest) -> Result<Box<dyn OpenBench>, Fault> {
        let (settings, mistakes) = settings::read(request);
        if let Some(mistake) = mistakes.iter().find(|m| m.severity == Severity::Error) {
            return Err(Fault::plan("bench-settings", mistake.message.clone())
                .with_help(mistake.help.clone().unwrap_or_default()));
        }
        let mut addresses = AddressBook::new();
        for dut in &settings.duts {
            if let Some(host) = &dut.host {
                addresses.own(host, resolve(host).await?);
            }
        }
        let mut hosts = BTreeMap::new();
        for (name, place) in &settings.hosts {
            let address = resolve(place).await?;
            addresses.own(name, address);
            hosts.insert(name.clone(), address);
        }
        let mut wired = Vec::new();
        for dut in settings.duts {
            wired.push(wire(dut, request).await?);
        }
        let documents = DocumentSettings {
            folder: request.dossier.clone().unwrap_or_else(|| request.folder.clone()),
            hosts,
            ..DocumentSettings::default()
        };
        let reference = if self.reference { Some(Reference::start_in(&mut addresses).await?) } else { None };
        Ok(Box::new(Station::new(wired, addresses, documents, reference)))
    }
}

async fn wire(dut: LocalDut, request: &BenchRequest) -> Result<Wired, Fault> {
    let has_label = request.samples.iter().any(|sample| {
        let fields = sample.as_object();
        fields.is_some_and(|f| f.get("id").and_then(Value::as_str) == Some(&dut.id) && f.len() > 1)
    });
    let provides = [
        ("network", dut.host.is_some()),
        ("console", dut.console.is_some()),
        ("power", dut.power.is_some()),
        ("probe", dut.probe.is_some()),
        ("capture", dut.interface.is_some()),
        ("labels", has_label),
        ("documents", true),
        ("operator", true),
    ];
    let probe = match dut.probe {
        Some(settings) => {
            let (own, server) = settings.start().await?;
            Some(ProbeWire { own, _server: server })
        }
        None => None,
    };
    let shown = Dut {
        id: dut.id,
        host: dut.host,
        console: dut.console.as_ref().map(|c| c.place.to_string()),
        probe: probe.as_ref().map(|wire| wire.own.clone()),
        label: BTreeMap::new(),
        provides: provides.into_iter().filter(|(_, there)| *there).map(|(word, _)| word.to_owned()).collect(),
        foreign_ports: Vec::new(),
        foreign_datagrams: Vec::new(),
    };
    Ok(Wired {
        dut: Arc::new(shown),
        origin: DutOrigin { kind: "local".into(), defects: Vec::new() },
        label: BTreeMap::new(),
        console: dut.console.map(ConsoleWire::Port),
        capture: dut.interface.map(|interface| Arc::new(InterfaceCapture::new(interface)) as _),
        off_at_end: dut.power.as_ref().is_some_and(|p| p.off_at_end),
        power: dut.power.map(|power| power_wire(power, &request.folder)),
        probe,
    })
}

fn power_wire(power: PowerSettings, folder: &Path) -> PowerWire {
    match power.kind.switch(folder) {
        Ok(switch) => PowerWire::Switch(Arc::new(switch)),
        Err(which) => PowerWire::ByHand(which),
    }
}

/// The address of a host, by name or as written.
async fn resolve(host: &str) -> Result<IpAddr, Fault> {
    if let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse() {
        return Ok(address);
    }
    let unknown = |why: String| {
        Fault::bench("host-unknown", format!("the host `{host}` of this bench cannot be resolved: {why}"))
            .with_help("check the name and the resolver, or write the IP address into the bench file")
    };
    let found = tokio::time::timeout(RESOLVE, tokio::net::lookup_host((host, 0))).await;
    let found = found.map_err(|_| unknown("no answer within 5 s".into()))?.map_err(|e| unknown(e.to_string()))?;
    let addresses: Vec<IpAddr> = found.map(|socket| socket.ip()).collect();
    // Of a name with both, IPv4: small devices listen there more often, and one address is one DUT.
    let first = addresses.iter().find(|a| a.is_ipv4()).or_else(|| addresses.first());
    first.copied().ok_or_else(|| unknown("the name has no address".into()))
}
