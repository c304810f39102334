//! A JTAG chain without a wire, for tests: test access ports by the state machine of IEEE 1149.1, as a driver of probe-rs.

use std::collections::BTreeMap;
use std::sync::{Mutex, Once};

use bitvec::vec::BitVec;
use probe_rs::plugin;
use probe_rs::probe::list::ProbeListItem;
use probe_rs::probe::{
    AutoImplementJtagAccess, DebugProbe, DebugProbeError, DebugProbeInfo, DebugProbeSelector, JtagAccess,
    JtagDriverState, ProbeCreationError, ProbeFactory, RawJtagIo, WireProtocol,
};

const VID: u16 = 0xfffe;
const PID: u16 = 0x5152;

static CHAINS: Mutex<BTreeMap<String, Vec<Tap>>> = Mutex::new(BTreeMap::new());

/// One port: what it identifies as, and its shift registers.
#[derive(Debug, Clone)]
pub(super) struct Tap {
    idcode: Option<u32>,
    ir_bits: u32,
    instruction_is_bypass: bool,
    shift: u64,
    shift_bits: u32,
}

impl Tap {
    /// A port with that IDCODE, or with none, and an instruction register of so many bits.
    pub(super) const fn new(idcode: Option<u32>, ir_bits: u32) -> Self {
        Self { idcode, ir_bits, instruction_is_bypass: idcode.is_none(), shift: 0, shift_bits: 1 }
    }

    fn capture_data(&mut self) {
        (self.shift, self.shift_bits) = match self.idcode.filter(|_| !self.instruction_is_bypass) {
            Some(idcode) => (idcode.into(), 32),
            None => (0, 1),
        };
    }

    fn shift(&mut self, bit: bool) -> bool {
        let out = self.shift & 1 == 1;
        self.shift = self.shift >> 1 | u64::from(bit) << (self.shift_bits - 1);
        out
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reset,
    Idle,
    Select(bool),
    Capture(bool),
    Shift(bool),
    Exit1(bool),
    Pause(bool),
    Exit2(bool),
    Update(bool),
}

/// The state machine; `true` in a state stands for its instruction column.
fn next(state: State, tms: bool) -> State {
    use State as S;
    match (state, tms) {
        (S::Reset | S::Select(true), true) => S::Reset,
        (S::Reset | S::Idle | S::Update(_), false) => S::Idle,
        (S::Idle | S::Update(_), true) => S::Select(false),
        (S::Select(false), true) => S::Select(true),
        (S::Select(column), false) => S::Capture(column),
        (S::Capture(column) | S::Shift(column), false) => S::Shift(column),
        (S::Capture(column) | S::Shift(column), true) => S::Exit1(column),
        (S::Exit1(column) | S::Pause(column), false) => S::Pause(column),
        (S::Pause(column), true) => S::Exit2(column),
        (S::Exit2(column), false) => S::Shift(column),
        (S::Exit1(column) | S::Exit2(column), true) => S::Update(column),
    }
}

/// Plugs a chain in under that serial number; the first port is the one next to TDO.
pub(super) fn plug_in(serial: &str, taps: Vec<Tap>) -> String {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        plugin::register_plugin(plugin::Plugin { probe_drivers: &[&Factory], ..Default::default() });
    });
    CHAINS.lock().expect("no test panics here").insert(serial.to_owned(), taps);
    format!("{VID:04x}:{PID:04x}:{serial}")
}

#[derive(Debug)]
struct Factory;

impl std::fmt::Display for Factory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("virtual JTAG")
    }
}

impl ProbeFactory for Factory {
    fn open(&self, selector: &DebugProbeSelector) -> Result<Box<dyn DebugProbe>, DebugProbeError> {
        let serial = selector.serial_number.clone().unwrap_or_default();
        match CHAINS.lock().expect("no test panics here").get(&serial) {
            Some(taps) => Ok(Box::new(Wire {
                taps: taps.clone(),
                at: State::Reset,
                driver: JtagDriverState::default(),
                captured: BitVec::new(),
            })),
            None => Err(DebugProbeError::ProbeCouldNotBeCreated(ProbeCreationError::NotFound)),
        }
    }

    fn list_probes(&self) -> Vec<ProbeListItem> {
        let chains = CHAINS.lock().expect("no test panics here");
        let info =
            |serial: &String| DebugProbeInfo::new("Chain", VID, PID, Some(serial.clone()), &Factory, None, false);
        chains.keys().map(|serial| ProbeListItem::accessible(info(serial))).collect()
    }
}

#[derive(Debug)]
struct Wire {
    taps: Vec<Tap>,
    at: State,
    driver: JtagDriverState,
    captured: BitVec,
}

impl Wire {
    /// One clock; what TDO showed.
    fn clock(&mut self, tms: bool, tdi: bool) -> bool {
        let mut tdo = true; // the pull-up
        match self.at {
            State::Reset => {
                self.taps.iter_mut().for_each(|tap| tap.instruction_is_bypass = tap.idcode.is_none());
            }
            State::Capture(false) => self.taps.iter_mut().for_each(Tap::capture_data),
            // An instruction register shows 01 first.
            State::Capture(true) => self.taps.iter_mut().for_each(|tap| (tap.shift, tap.shift_bits) = (1, tap.ir_bits)),
            State::Shift(_) => {
                let through = self.taps.iter_mut().rev().fold(tdi, |bit, tap| tap.shift(bit));
                tdo = if self.taps.is_empty() { true } else { through };
            }
            State::Update(true) => {
                for tap in &mut self.taps {
                    assert_eq!(tap.shift, (1 << tap.ir_bits) - 1, "only bypass may be selected");
                    tap.instruction_is_bypass = true;
                }
            }
            _ => {}
        }
        self.at = next(self.at, tms);
        tdo
    }
}

impl DebugProbe for Wire {
    fn get_name(&self) -> &str {
        "Virtual chain"
    }
    fn speed_khz(&self) -> u32 {
        1000
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
        Ok(())
    }
    fn target_reset_deassert(&mut self) -> Result<(), DebugProbeError> {
        Ok(())
    }
    fn select_protocol(&mut self, protocol: WireProtocol) -> Result<(), DebugProbeError> {
        match protocol {
            WireProtocol::Jtag => Ok(()),
            other => Err(DebugProbeError::UnsupportedProtocol(other)),
        }
    }
    fn active_protocol(&self) -> Option<WireProtocol> {
        Some(WireProtocol::Jtag)
    }
    fn into_probe(self: Box<Self>) -> Box<dyn DebugProbe> {
        self
    }
    fn try_as_jtag_probe(&mut self) -> Option<&mut dyn JtagAccess> {
        Some(self)
    }
}

impl AutoImplementJtagAccess for Wire {}

impl RawJtagIo for Wire {
    fn state_mut(&mut self) -> &mut JtagDriverState {
        &mut self.driver
    }
    fn state(&self) -> &JtagDriverState {
        &self.driver
    }
    fn shift_bit(&mut self, tms: bool, tdi: bool, capture: bool) -> Result<(), DebugProbeError> {
        self.driver.state.update(tms);
        let tdo = self.clock(tms, tdi);
        if capture {
            self.captured.push(tdo);
        }
        Ok(())
    }
    fn read_captured_bits(&mut self) -> Result<BitVec, DebugProbeError> {
        Ok(std::mem::take(&mut self.captured))
    }
}
