//! The JTAG chain, where the probe can speak JTAG: who is on it. Only identification and bypass are shifted.

use assay_model::Fault;
use assay_model::touch::probe::{JtagDevice, JtagScan, Stage, StageOutcome};
use probe_rs::probe::WireProtocol;

use super::link::{Trying, open_probe};
use super::memory::probe_missing;
use super::outcome::failed;
use super::selector::{Driver, parse};

/// Scans the chain.
///
/// # Errors
/// The probe is missing.
pub(super) fn scan(selector: &str, trying: Trying<'_>) -> Result<JtagScan, Fault> {
    const STAGE: &str = "jtag-chain";
    let selector = parse(selector)?;
    let mut driver = Driver::of(&selector);
    trying("probe");
    let mut probe = open_probe(&selector, &mut driver)
        .map_err(|error| probe_missing(&failed("probe", driver, &error).text.unwrap_or_default()))?;
    trying(STAGE);
    let cannot = |text: String| JtagScan {
        stopped: Some(Stage { name: STAGE.into(), outcome: StageOutcome::Failed, value: None, text: Some(text) }),
        ..JtagScan::default()
    };
    if let Err(error) = probe.select_protocol(WireProtocol::Jtag) {
        return Ok(cannot(format!("the probe does not speak JTAG: {error}")));
    }
    if let Err(error) = probe.attach_to_unspecified() {
        return Ok(JtagScan { supported: true, stopped: Some(failed(STAGE, driver, &error)), ..JtagScan::default() });
    }
    let Some(chain) = probe.try_as_jtag_probe() else {
        return Ok(cannot("the driver of this probe has no scan of a JTAG chain".into()));
    };
    Ok(match chain.scan_chain() {
        Ok(found) => {
            let device = |tap: &probe_rs::config::ScanChainElement| JtagDevice {
                idcode: tap.name.clone(),
                ir_bits: tap.ir_len(),
            };
            JtagScan { supported: true, devices: found.iter().map(device).collect(), stopped: None }
        }
        Err(error) => JtagScan { supported: true, stopped: Some(failed(STAGE, driver, &error)), ..JtagScan::default() },
    })
}
