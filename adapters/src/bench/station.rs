//! A bench in use: DUTs, what is wired to each, and giving everything back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assay_model::{
    AddressBook, Deadline, Dut, DutOrigin, DutProbe, Fault, OpenBench, OpenDut, Recorder, SampleId, Touch, Touches,
    touch::{Way, capture::Captures, power::PowerRequest},
};
use assay_virtual::debug::DebugServer;
use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::console::{ConsoleWire, LastingConsole};
use crate::document::DocumentSettings;
use crate::network::network_touches;
use crate::operator::{SharedTerminal, Terminal, TerminalOperator};
use crate::power::{ByHand, PowerSwitch};
use crate::probe::{ProbeChild, ProbeTouch};
use crate::ssh::SshTouch;

use super::reference::Reference;

/// How long switching off at the end may take.
const SWITCH_OFF: std::time::Duration = std::time::Duration::from_secs(10);

/// A DUT and what is wired to it.
pub(super) struct Wired {
    pub(super) dut: Arc<Dut>,
    pub(super) origin: DutOrigin,
    pub(super) label: BTreeMap<String, Value>,
    pub(super) console: Option<ConsoleWire>,
    pub(super) power: Option<PowerWire>,
    pub(super) probe: Option<ProbeWire>,
    /// The interface of this host that its packets pass on.
    pub(super) capture: Option<Way<Captures>>,
    pub(super) off_at_end: bool,
}

/// The debug probe on a DUT's port.
pub(super) struct ProbeWire {
    pub(super) own: DutProbe,
    /// The probe itself, where it is a virtual one of the bench's: it listens until this is dropped.
    pub(super) _server: Option<DebugServer>,
}

/// What turns a DUT's power.
pub(super) enum PowerWire {
    /// A switch.
    Switch(Arc<PowerSwitch>),
    /// The operator turns this one.
    ByHand(String),
}

/// Where DUTs came from.
#[async_trait]
pub(super) trait Source: Send + Sync {
    /// Turns a DUT on for the first time, and waits until it is up. Called once for each, when its console is heard.
    async fn bring_up(&self, dut: &Dut) -> Result<(), Fault>;

    /// Gives them back. Called once.
    async fn give_back(&self);
}

/// A bench in use.
pub(super) struct Station {
    pub(super) wired: Vec<Wired>,
    pub(super) addresses: Arc<AddressBook>,
    pub(super) documents: DocumentSettings,
    pub(super) source: Option<Box<dyn Source>>,
    /// Defects seeded beside the DUTs.
    pub(super) seeded: Vec<String>,
    terminal: Option<SharedTerminal>,
    facts: Value,
    /// How the child is started that has the debug probes.
    child: Result<ProbeChild, Fault>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    consoles: BTreeMap<String, Arc<LastingConsole>>,
    probes: BTreeMap<String, Arc<ProbeTouch>>,
    reference: Option<Reference>,
    up: BTreeSet<String>,
    closed: bool,
}

impl Station {
    pub(super) fn new(
        wired: Vec<Wired>,
        addresses: AddressBook,
        documents: DocumentSettings,
        reference: Option<Reference>,
    ) -> Self {
        Self {
            wired,
            addresses: Arc::new(addresses),
            documents,
            source: None,
            seeded: Vec::new(),
            terminal: Terminal::standard().map(|t| Arc::new(Mutex::new(t))),
            facts: reference.as_ref().map_or(Value::Null, Reference::facts),
            child: ProbeChild::ourselves(),
            open: Mutex::new(Open { reference, ..Open::default() }),
        }
    }

    /// The DUT's console, opened on first use.
    async fn console(&self, wired: &Wired, run: &Arc<dyn Recorder>) -> Result<Option<Arc<LastingConsole>>, Fault> {
        let Some(wire) = &wired.console else { return Ok(None) };
        let mut open = self.open.lock().await;
        if open.closed {
            return Err(Fault::adapter("bench-closed", "the bench has been closed"));
        }
        if let Some(console) = open.consoles.get(&wired.dut.id) {
            return Ok(Some(Arc::clone(console)));
        }
        let console = Arc::new(LastingConsole::open(wire.clone(), &wired.dut.id, run).await?);
        open.consoles.insert(wired.dut.id.clone(), Arc::clone(&console));
        Ok(Some(console))
    }

    /// The DUT's debug probe: one child process for the whole run, which is started when it is first asked.
    async fn probe(&self, wired: &Wired) -> Result<Option<Arc<ProbeTouch>>, Fault> {
        let Some(wire) = &wired.probe else { return Ok(None) };
        let child = self.child.clone()?;
        let mut open = self.open.lock().await;
        let touch = open.probes.entry(wired.dut.id.clone()).or_insert_with(|| {
            let touch = ProbeTouch::new(wire.own.clone(), child);
            Arc::new(match self.facts["probe"]["selector"].as_str() {
                Some(reference) => touch.owning(reference),
                None => touch,
            })
        });
        Ok(Some(Arc::clone(touch)))
    }

    async fn bring_up(&self, dut: &Dut) -> Result<(), Fault> {
        let Some(source) = &self.source else { return Ok(()) };
        let mut open = self.open.lock().await;
        if !open.up.contains(&dut.id) {
            source.bring_up(dut).await?;
            open.up.insert(dut.id.clone());
        }
        Ok(())
    }

    async fn switch_off(&self) {
        let until = Deadline::after(SWITCH_OFF);
        for wired in self.wired.iter().filter(|w| w.off_at_end) {
            if let Some(PowerWire::Switch(switch)) = &wired.power
                && let Err(fault) = switch.call(PowerRequest::Off, until).await
            {
                tracing::warn!(dut = %wired.dut.id, "the DUT may still have power: {fault}");
            }
        }
    }
}

#[async_trait]
impl OpenBench for Station {
    fn duts(&self) -> Vec<OpenDut> {
        let open = |w: &Wired| OpenDut { dut: Arc::clone(&w.dut), origin: w.origin.clone(), label: w.label.clone() };
        self.wired.iter().map(open).collect()
    }

    fn addresses(&self) -> Arc<AddressBook> {
        Arc::clone(&self.addresses)
    }

    fn reference(&self) -> Value {
        self.facts.clone()
    }

    fn seeded(&self) -> Vec<String> {
        self.seeded.clone()
    }

    async fn touches(&self, dut: &SampleId, run: Arc<dyn Recorder>) -> Result<Touches, Fault> {
        let wired = self.wired.iter().find(|w| w.dut.id == dut.0).ok_or_else(|| {
            let ids: Vec<&str> = self.wired.iter().map(|w| w.dut.id.as_str()).collect();
            Fault::plan("unknown-dut", format!("the bench has no DUT `{dut}` (it has {})", ids.join(", ")))
        })?;
        let network = network_touches(self.documents.clone(), Arc::clone(&self.addresses))
            .map_err(|e| Fault::bench("bad-root", format!("a root certificate of the bench: {e}")))?;
        // Documents need no DUT; all else of the network does.
        let mut touches = if wired.dut.host.is_some() {
            Touches { ssh: Some(Arc::new(SshTouch)), ..network }
        } else {
            Touches { documents: network.documents, ..Touches::default() }
        };
        let who = std::env::var("USER").unwrap_or_else(|_| "operator".into());
        let operator = Arc::new(TerminalOperator::new(self.terminal.clone(), who, Arc::clone(&run)));
        touches.power = match &wired.power {
            Some(PowerWire::Switch(switch)) => Some(Arc::clone(switch) as _),
            Some(PowerWire::ByHand(which)) => {
                let by_hand = ByHand::new(Arc::clone(&operator) as _, wired.dut.id.clone(), which.clone());
                Some(Arc::new(PowerSwitch::new(by_hand)))
            }
            None => None,
        };
        touches.capture = wired.capture.clone();
        touches.operator = Some(operator);
        touches.console = self.console(wired, &run).await?.map(|console| console as _);
        touches.probe = self.probe(wired).await?.map(|probe| probe as _);
        self.bring_up(&wired.dut).await?;
        Ok(touches)
    }

    fn recorded(&self, touches: &Touches, step: Arc<dyn Recorder>) -> Touches {
        crate::seam::recorded(touches, &step)
    }

    async fn close(&self) {
        let (consoles, reference) = {
            let mut open = self.open.lock().await;
            if std::mem::replace(&mut open.closed, true) {
                return;
            }
            // Their children end when nobody has them any more.
            open.probes.clear();
            (std::mem::take(&mut open.consoles), open.reference.take())
        };
        // Power first: what a DUT says on its way down belongs to the transcript.
        self.switch_off().await;
        for console in consoles.values() {
            console.close().await;
        }
        if let Some(reference) = reference {
            reference.stop().await;
        }
        if let Some(source) = &self.source {
            source.give_back().await;
        }
    }
}
