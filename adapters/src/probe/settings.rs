//! `probe:` of a DUT in a bench file: a probe that is plugged in, one on the network, or a virtual one of this process.

use std::net::SocketAddr;

use assay_model::{DutProbe, Fault, GoldenUnit};
use assay_virtual::debug::{
    DebugListener, DebugServer, DebugState, DebugTarget, Family, GdbAddress, Image, serve_glasgow,
};
use serde::Deserialize;

use super::chips::Chip;
use super::selector::parse;

/// What to write, for whoever wrote something else.
pub(crate) const PROBE_HELP: &str = "write `{ selector: \"0483:374b:066BFF...\", chip: STM32F405RG }` with the selector that \
                                     `assay doctor` shows, or for a trial `{ virtual: open, family: nrf52840 }`";

/// `probe:` of a DUT in a bench file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct ProbeSettings {
    /// Where the probe is.
    pub place: ProbePlace,
    /// The chip, as probe-rs knows it: gives the addresses of flash and SRAM.
    pub chip: Option<String>,
    /// A unit whose port is known to be open, on the same fixture.
    pub golden: Option<GoldenUnit>,
}

/// Where a probe is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbePlace {
    /// A selector of probe-rs: `VID:PID:SERIAL`; over the network `20b7:9db1:tcp:127.0.0.1:4711` (Glasgow) or
    /// `1d50:6018:HOST:PORT` (Black Magic).
    Selector(String),
    /// A virtual chip in that state, behind a virtual probe of this process: for trials, and for the tests of this.
    Virtual {
        /// How its port defends itself, or what is wrong with wire and probe.
        state: DebugState,
        /// Which chip it imitates.
        family: Family,
        /// A gdb stub, as QEMU has one, whose machine has the flash and SRAM; otherwise they are blank.
        gdb: Option<GdbAddress>,
    },
}

/// The keys as they stand in a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    selector: Option<String>,
    chip: Option<String>,
    golden: Option<GoldenUnit>,
    #[serde(rename = "virtual")]
    state: Option<DebugState>,
    family: Option<Family>,
    gdb: Option<SocketAddr>,
}

/// A `probe:` that cannot be meant.
#[derive(Debug, thiserror::Error)]
enum Wrong {
    #[error("it needs `selector`, and has none")]
    NoPlace,
    #[error("it has `selector` and `virtual`, and can only be at one place")]
    TwoPlaces,
    #[error("`family` and `gdb` are for `virtual` probes; the chip of a real one is `chip`")]
    Family,
    #[error("`gdb: {0}` is not on loopback")]
    NotLoopback(SocketAddr),
    #[error("a virtual probe takes its chip from `family`")]
    Chip,
    #[error("{0}")]
    Fault(#[from] Fault),
    #[error("{0}; {help}", help = .0.help)]
    UnknownChip(Fault),
}

impl TryFrom<Written> for ProbeSettings {
    type Error = Wrong;

    fn try_from(written: Written) -> Result<Self, Wrong> {
        let named = |chip: Option<&String>| Chip::named(chip.map(String::as_str)).map(drop).map_err(Wrong::UnknownChip);
        let (place, chip) = match (written.selector, written.state) {
            (None, None) => return Err(Wrong::NoPlace),
            (Some(_), Some(_)) => return Err(Wrong::TwoPlaces),
            (Some(selector), None) => {
                parse(&selector)?;
                if written.family.is_some() || written.gdb.is_some() {
                    return Err(Wrong::Family);
                }
                (ProbePlace::Selector(selector), written.chip)
            }
            (None, Some(state)) => {
                if written.chip.is_some() {
                    return Err(Wrong::Chip);
                }
                if let Some(far) = written.gdb.filter(|gdb| !gdb.ip().is_loopback()) {
                    return Err(Wrong::NotLoopback(far));
                }
                let family = written.family.unwrap_or(Family::Nrf52840);
                (
                    ProbePlace::Virtual { state, family, gdb: written.gdb.map(GdbAddress::Tcp) },
                    Some(family.chip().to_owned()),
                )
            }
        };
        named(chip.as_ref())?;
        if let Some(golden) = &written.golden {
            parse(&golden.selector)?;
            named(golden.chip.as_ref())?;
        }
        Ok(Self { place, chip, golden: written.golden })
    }
}

impl ProbeSettings {
    /// A virtual probe in front of the machine whose gdb stub is there.
    pub(crate) fn in_front_of(mut self, stub: GdbAddress) -> Self {
        if let ProbePlace::Virtual { gdb, .. } = &mut self.place {
            *gdb = Some(stub);
        }
        self
    }

    /// What plans see of it, and the virtual probe where it is one: it listens until that is dropped.
    ///
    /// # Errors
    /// No port is free for a virtual probe.
    pub(crate) async fn start(self) -> Result<(DutProbe, Option<DebugServer>), Fault> {
        let (selector, server) = match self.place {
            ProbePlace::Selector(selector) => (selector, None),
            ProbePlace::Virtual { state, family, gdb } => {
                let cannot = |e: std::io::Error| Fault::bench("virtual-probe", format!("no virtual probe: {e}"));
                let listener = DebugListener::loopback().await.map_err(cannot)?;
                let target = match gdb {
                    Some(stub) => DebugTarget::behind_gdb(family, state, stub),
                    None => DebugTarget::new(family, state, Image::blank(family)),
                };
                let server = serve_glasgow(target, listener).map_err(cannot)?;
                (server.selector().to_owned(), Some(server))
            }
        };
        Ok((DutProbe { selector, chip: self.chip, golden: self.golden }, server))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(written: Value) -> Result<ProbeSettings, String> {
        serde_json::from_value(written).map_err(|e| e.to_string())
    }

    #[test]
    fn real_and_virtual_probes_are_told_apart() {
        let real = read(json!({"selector": "0483:374b:066BFF", "chip": "STM32F405RG",
            "golden": {"selector": "0483:374b:066B00"}}))
        .expect("a probe");
        assert_eq!(real.place, ProbePlace::Selector("0483:374b:066BFF".into()));
        assert_eq!(real.golden.expect("a golden unit").selector, "0483:374b:066B00");
        let cable = read(json!({"virtual": {"cable-lost": {"after": 60}}, "family": "stm32f407"})).expect("a probe");
        let state = DebugState::CableLost { after: 60 };
        assert_eq!(cable.place, ProbePlace::Virtual { state, family: Family::Stm32f407, gdb: None });
        assert_eq!(cable.chip.as_deref(), Some("STM32F407VG"));
    }

    #[test]
    fn every_mistake_names_what_is_wrong() {
        for (written, text) in [
            (json!({}), "needs `selector`"),
            (json!({"selector": "0483:374b", "virtual": "open"}), "one place"),
            (json!({"selector": "nonsense"}), "`nonsense` is no probe selector"),
            (json!({"selector": "0483:374b", "family": "nrf52840"}), "`family`"),
            (json!({"selector": "0483:374b", "chip": "STM32F499"}), "no chip `STM32F499`"),
            (json!({"selector": "0483:374b", "golden": {"selector": "x"}}), "`x` is no probe selector"),
            (json!({"selector": "0483:374b", "speed": 1}), "`speed`"),
            (json!({"virtual": "opne"}), "`opne`"),
            (json!({"virtual": "open", "gdb": "192.0.2.1:1234"}), "loopback"),
            (json!({"selector": "0483:374b", "gdb": "127.0.0.1:1234"}), "`gdb`"),
            (json!({"virtual": "open", "chip": "nRF52840_xxAA"}), "`family`"),
        ] {
            let seen = read(written.clone()).expect_err("a mistake");
            assert!(seen.contains(text), "{written}: {seen}");
        }
    }
}
