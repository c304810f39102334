//! A connection to the debug port, opened step by step and opened again after every error.
//!
//! A driver may be out of step with its probe after a FAULT (Glasgow leaves answers of the same batch unread), and a sticky
//! error stays in the debug port; connecting anew cures both.

use assay_model::Fault;
use assay_model::touch::probe::{Stage, StageOutcome};
use probe_rs::architecture::arm::dp::{Ctrl, DPIDR, DpAccess, DpAddress};
use probe_rs::architecture::arm::sequences::DefaultArmSequence;
use probe_rs::architecture::arm::{ArmDebugInterface, ArmError, FullyQualifiedApAddress};
use probe_rs::probe::blackmagic::BlackMagicProbeFactory;
use probe_rs::probe::glasgow::GlasgowFactory;
use probe_rs::probe::list::Lister;
use probe_rs::probe::stlink::StLinkFactory;
use probe_rs::probe::{DebugProbeError, DebugProbeSelector, Probe, ProbeCreationError, ProbeFactory, WireProtocol};

use super::outcome::failed;
use super::selector::{Driver, is_glasgow, is_remote_black_magic, parse};

/// Says what is tried next: where the child stands if it hangs.
pub(super) type Trying<'a> = &'a mut dyn FnMut(&str);

/// The connection.
pub(super) struct Link<'a> {
    selector: DebugProbeSelector,
    driver: Driver,
    interface: Option<Box<dyn ArmDebugInterface>>,
    /// Nobody answers any more: connecting anew would cost seconds a stage and find nobody either.
    lost: bool,
    trying: Trying<'a>,
    /// Every stage so far.
    pub(super) stages: Vec<Stage>,
    /// Voltage on the reference pin, in millivolts.
    pub(super) target_mv: Option<u32>,
    /// DPIDR, once read.
    pub(super) dpidr: Option<u32>,
}

impl<'a> Link<'a> {
    /// Opens probe, debug port and power domain, a stage each. `None` in place of the access: the stages say where it ended.
    pub(super) fn open(selector: &str, trying: Trying<'a>) -> Result<Self, Fault> {
        let selector = parse(selector)?;
        let driver = Driver::of(&selector);
        let mut link = Self {
            selector,
            driver,
            interface: None,
            lost: false,
            trying,
            stages: Vec::new(),
            target_mv: None,
            dpidr: None,
        };
        (link.trying)("probe");
        match open_probe_for_swd(&link.selector, &mut link.driver) {
            Ok(probe) => link.connect(probe),
            Err(error) => link.stages.push(failed("probe", link.driver, &error)),
        }
        Ok(link)
    }

    /// Whether debug port and power domain are up.
    pub(super) const fn is_up(&self) -> bool {
        self.interface.is_some()
    }

    /// The last stage: why the link is not up.
    pub(super) fn last(&self) -> Option<&Stage> {
        self.stages.last()
    }

    fn connect(&mut self, mut probe: Probe) {
        self.target_mv = probe.get_target_voltage().ok().flatten().map(|volts| (volts * 1000.0) as u32);
        self.passed("probe", None, Some(probe.get_name()));
        (self.trying)("debug-port");
        let interface = match attach(probe) {
            Ok(interface) => self.interface.insert(interface),
            Err(error) => return self.stages.push(failed("debug-port", self.driver, &*error)),
        };
        let selected = interface.select_debug_port(DpAddress::Default);
        let mut control = None;
        // A denied power-up leaves the debug port itself readable. Any other error: asking again would only wait again.
        if matches!(selected, Ok(()) | Err(ArmError::Timeout | ArmError::DebugPort(_))) {
            self.dpidr = interface.read_dp_register::<DPIDR>(DpAddress::Default).ok().map(u32::from);
            control = interface.read_dp_register::<Ctrl>(DpAddress::Default).ok().map(u32::from);
        }
        match (self.dpidr, selected) {
            (Some(id), Ok(())) => {
                self.passed("debug-port", Some(id), None);
                return self.passed("power-up", None, None);
            }
            (Some(id), Err(error)) => {
                self.passed("debug-port", Some(id), None);
                let stage = failed("power-up", self.driver, &error);
                self.stages.push(Stage { value: control.map(hex), ..stage });
            }
            (None, Err(error)) => self.stages.push(failed("debug-port", self.driver, &error)),
            (None, Ok(())) => self.stages.push(Stage {
                name: "debug-port".into(),
                outcome: StageOutcome::Garbled,
                value: None,
                text: Some("the port accepted a connection and then gave no DPIDR".into()),
            }),
        }
        self.close();
    }

    /// Keeps a stage that went well.
    pub(super) fn passed(&mut self, name: &str, value: Option<u32>, text: Option<String>) {
        self.stages.push(Stage { name: name.into(), outcome: StageOutcome::Ok, value: value.map(hex), text });
    }

    /// Asks the debug port; the error comes back as a stage of that name, which the caller keeps or not.
    pub(super) fn ask<T>(
        &mut self,
        stage: &str,
        question: impl FnOnce(&mut dyn ArmDebugInterface) -> Result<T, ArmError>,
    ) -> Result<T, Stage> {
        (self.trying)(stage);
        if self.lost {
            let text = Some("not tried: contact was lost before".into());
            return Err(Stage { name: stage.into(), outcome: StageOutcome::Silent, value: None, text });
        }
        let interface = match &mut self.interface {
            Some(interface) => interface,
            none => {
                let probe =
                    open_probe_for_swd(&self.selector, &mut self.driver).map_err(|e| failed(stage, self.driver, &e))?;
                none.insert(attach(probe).map_err(|e| failed(stage, self.driver, &*e))?)
            }
        };
        question(interface.as_mut()).map_err(|error| {
            let stage = failed(stage, self.driver, &error);
            self.lost = matches!(stage.outcome, StageOutcome::Silent | StageOutcome::Garbled);
            self.close();
            stage
        })
    }

    /// Gives the connection up. Powering the port down over a stream that is out of step makes the Glasgow driver of
    /// probe-rs 0.32 panic; the connection closes all the same.
    fn close(&mut self) {
        let interface = self.interface.take();
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(interface)));
    }

    /// Reads register `register` of access port `port` (ADIv5).
    pub(super) fn ap_register(&mut self, stage: &str, port: u8, register: u64) -> Result<u32, Stage> {
        self.ask(stage, |i| i.read_raw_ap_register(&FullyQualifiedApAddress::v1_with_default_dp(port), register))
    }

    /// Reads a word of memory through access port `port`.
    pub(super) fn word(&mut self, stage: &str, port: &FullyQualifiedApAddress, address: u64) -> Result<u32, Stage> {
        self.ask(stage, |i| {
            let mut word = [0];
            i.memory_interface(port)?.read_32(address, &mut word)?;
            Ok(word[0])
        })
    }

    /// Reads bytes of memory through access port `port`.
    pub(super) fn bytes(
        &mut self,
        stage: &str,
        port: &FullyQualifiedApAddress,
        address: u64,
        bytes: &mut [u8],
    ) -> Result<(), Stage> {
        self.ask(stage, |i| i.memory_interface(port)?.read(address, bytes))
    }
}

/// Opens by the one driver that the selector names; the others would only mask its error.
pub(super) fn open_probe(selector: &DebugProbeSelector, driver: &mut Driver) -> Result<Probe, DebugProbeError> {
    let remote: Option<&dyn ProbeFactory> = if is_glasgow(selector) {
        Some(&GlasgowFactory)
    } else if is_remote_black_magic(selector) {
        Some(&BlackMagicProbeFactory)
    } else {
        None
    };
    let probe = if let Some(factory) = remote {
        Probe::from_specific_probe(factory.open(selector)?)
    } else {
        let found = Lister::new().list(Some(selector));
        let info = found
            .iter()
            .find(|info| selector.matches_probe(info))
            .ok_or(DebugProbeError::ProbeCouldNotBeCreated(ProbeCreationError::NotFound))?;
        if info.is_probe_type::<StLinkFactory>() {
            *driver = Driver::StLink;
        }
        info.open()?
    };
    Ok(probe)
}

/// The same, for serial wire debug.
fn open_probe_for_swd(selector: &DebugProbeSelector, driver: &mut Driver) -> Result<Probe, DebugProbeError> {
    let mut probe = open_probe(selector, driver)?;
    probe.select_protocol(WireProtocol::Swd)?;
    Ok(probe)
}

/// The default sequence only: vendor sequences unlock, and unlocking erases.
fn attach(mut probe: Probe) -> Result<Box<dyn ArmDebugInterface>, Box<dyn std::error::Error>> {
    probe.attach_to_unspecified()?;
    probe.try_into_arm_debug_interface(DefaultArmSequence::create()).map_err(|(_, error)| error.into())
}

/// A register as observations show it.
pub(super) fn hex(value: u32) -> String {
    format!("{value:#010x}")
}
