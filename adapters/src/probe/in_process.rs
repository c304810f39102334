//! A probe-rs driver without a wire, for tests: the virtual target as a plain probe that reports each acknowledge by its
//! own error, as CMSIS-DAP does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Once};

use assay_virtual::debug::{Ack, DebugState, DebugTarget};
use probe_rs::architecture::arm::sequences::ArmDebugSequence;
use probe_rs::architecture::arm::{
    ArmCommunicationInterface, ArmDebugInterface, ArmError, DapError, DapProbe, RawDapAccess, RegisterAddress,
};
use probe_rs::probe::list::ProbeListItem;
use probe_rs::probe::{
    DebugProbe, DebugProbeError, DebugProbeInfo, DebugProbeSelector, ProbeCreationError, ProbeFactory, WireProtocol,
};
use probe_rs::{CoreStatus, plugin};

const VID: u16 = 0xfffe;
const PID: u16 = 0x5151;

static TARGETS: Mutex<BTreeMap<String, DebugTarget>> = Mutex::new(BTreeMap::new());

/// Plugs `target` in under that serial number; its selector.
pub(super) fn plug_in(serial: &str, target: DebugTarget) -> String {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        plugin::register_plugin(plugin::Plugin { probe_drivers: &[&Factory], ..Default::default() });
    });
    TARGETS.lock().expect("no test panics here").insert(serial.to_owned(), target);
    format!("{VID:04x}:{PID:04x}:{serial}")
}

#[derive(Debug)]
struct Factory;

impl std::fmt::Display for Factory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("virtual")
    }
}

impl ProbeFactory for Factory {
    fn open(&self, selector: &DebugProbeSelector) -> Result<Box<dyn DebugProbe>, DebugProbeError> {
        let serial = selector.serial_number.clone().unwrap_or_default();
        match TARGETS.lock().expect("no test panics here").get(&serial) {
            Some(target) => Ok(Box::new(Plain { target: target.clone(), ones: 0 })),
            None => Err(DebugProbeError::ProbeCouldNotBeCreated(ProbeCreationError::NotFound)),
        }
    }

    fn list_probes(&self) -> Vec<ProbeListItem> {
        let targets = TARGETS.lock().expect("no test panics here");
        let there = targets.iter().filter(|(_, target)| target.state() != DebugState::ProbeMissing);
        there
            .map(|(serial, _)| {
                let info = DebugProbeInfo::new("Virtual probe", VID, PID, Some(serial.clone()), &Factory, None, false);
                ProbeListItem::accessible(info)
            })
            .collect()
    }
}

struct Plain {
    target: DebugTarget,
    ones: u32,
}

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Plain({:?})", self.target)
    }
}

impl Plain {
    fn transfer(&self, ap: bool, read: bool, address: u8, data: u32) -> Result<u32, ArmError> {
        const TRIES: usize = 100;
        for _ in 0..TRIES {
            return Err(match self.target.transfer(ap, read, address, data) {
                Ok(_) if read && self.target.state().corrupts_reads() => DapError::IncorrectParity.into(),
                Ok(value) => return Ok(value),
                Err(Ack::Wait) => continue,
                Err(Ack::Fault) => {
                    // CMSIS-DAP clears the sticky flags and reports the fault.
                    let _ = self.target.transfer(false, false, 0, 0x1e);
                    DapError::FaultResponse.into()
                }
                Err(Ack::Low) => DapError::Protocol(WireProtocol::Swd).into(),
                Err(Ack::Silent) => DapError::NoAcknowledge.into(),
            });
        }
        Err(DapError::WaitResponse.into())
    }
}

impl DebugProbe for Plain {
    fn get_name(&self) -> &str {
        "Virtual probe"
    }
    fn speed_khz(&self) -> u32 {
        4000
    }
    fn set_speed(&mut self, khz: u32) -> Result<u32, DebugProbeError> {
        Ok(khz)
    }
    fn attach(&mut self) -> Result<(), DebugProbeError> {
        Ok(())
    }
    fn detach(&mut self) -> Result<(), probe_rs::Error> {
        Ok(())
    }
    fn target_reset(&mut self) -> Result<(), DebugProbeError> {
        Ok(())
    }
    fn target_reset_assert(&mut self) -> Result<(), DebugProbeError> {
        self.target.reset_line(true);
        Ok(())
    }
    fn target_reset_deassert(&mut self) -> Result<(), DebugProbeError> {
        self.target.reset_line(false);
        Ok(())
    }
    fn select_protocol(&mut self, protocol: WireProtocol) -> Result<(), DebugProbeError> {
        match protocol {
            WireProtocol::Swd => Ok(()),
            other => Err(DebugProbeError::UnsupportedProtocol(other)),
        }
    }
    fn active_protocol(&self) -> Option<WireProtocol> {
        Some(WireProtocol::Swd)
    }
    fn has_arm_interface(&self) -> bool {
        true
    }
    fn try_get_arm_debug_interface<'p>(
        self: Box<Self>,
        sequence: Arc<dyn ArmDebugSequence>,
    ) -> Result<Box<dyn ArmDebugInterface + 'p>, (Box<dyn DebugProbe>, ArmError)> {
        Ok(ArmCommunicationInterface::create(self, sequence, false))
    }
    fn into_probe(self: Box<Self>) -> Box<dyn DebugProbe> {
        self
    }
    fn try_as_dap_probe(&mut self) -> Option<&mut dyn DapProbe> {
        Some(self)
    }
    fn get_target_voltage(&mut self) -> Result<Option<f32>, DebugProbeError> {
        Ok(Some(3.3))
    }
}

impl DapProbe for Plain {}

impl RawDapAccess for Plain {
    fn raw_read_register(&mut self, register: RegisterAddress) -> Result<u32, ArmError> {
        let value = self.transfer(register.is_ap(), true, register.lsb() & 0xc, 0)?;
        if register.is_ap() { self.transfer(false, true, 0xc, 0) } else { Ok(value) }
    }
    fn raw_write_register(&mut self, register: RegisterAddress, value: u32) -> Result<(), ArmError> {
        self.transfer(register.is_ap(), false, register.lsb() & 0xc, value)?;
        if register.is_ap() {
            self.transfer(false, true, 0xc, 0)?; // brings a fault of this write to light
        }
        Ok(())
    }
    fn jtag_sequence(&mut self, _: u8, _: bool, _: u64) -> Result<(), DebugProbeError> {
        Err(DebugProbeError::CommandNotSupportedByProbe { command_name: "jtag_sequence" })
    }
    fn swj_sequence(&mut self, len: u8, bits: u64) -> Result<(), DebugProbeError> {
        for n in 0..len {
            self.ones = if bits >> n & 1 == 1 { self.ones + 1 } else { 0 };
            if self.ones == 50 {
                self.target.line_reset();
            }
        }
        Ok(())
    }
    fn swj_pins(&mut self, out: u32, select: u32, _: u32) -> Result<u32, DebugProbeError> {
        if select & 0x80 != 0 {
            self.target.reset_line(out & 0x80 == 0);
        }
        Ok(out)
    }
    fn into_probe(self: Box<Self>) -> Box<dyn DebugProbe> {
        self
    }
    fn core_status_notification(&mut self, _: CoreStatus) -> Result<(), DebugProbeError> {
        Ok(())
    }
}
