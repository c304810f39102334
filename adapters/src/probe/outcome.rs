//! From a driver's error to what it says about the DUT, the wire or the probe. Each driver has its own words.

use std::error::Error;

use assay_model::touch::probe::{Stage, StageOutcome};
use probe_rs::architecture::arm::{ArmError, DapError};
use probe_rs::probe::{DebugProbeError, ProbeCreationError};

use super::selector::Driver;

/// Errors nest a handful deep; a longer chain is a loop.
const MAX_DEPTH: usize = 32;

/// Every error in the chain, outermost first.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    fn source<'a>(error: &&'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
        (**error).source()
    }
    std::iter::successors(Some(error), source).take(MAX_DEPTH)
}

/// The chain as one line.
fn text(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    for error in chain(error) {
        let line = error.to_string().lines().next().unwrap_or_default().trim_end_matches('.').to_owned();
        if !line.is_empty() && parts.last() != Some(&line) {
            parts.push(line);
        }
    }
    parts.join(": ")
}

/// A stage that ended with `error`.
pub(super) fn failed(name: &str, driver: Driver, error: &(dyn Error + 'static)) -> Stage {
    let outcome = outcome(driver, error);
    let mut text = text(error);
    if driver == Driver::Glasgow && outcome == StageOutcome::Silent {
        text.push_str(" (this probe cannot tell silence from a stuck or noisy line)");
    }
    Stage { name: name.to_owned(), outcome, value: None, text: Some(text) }
}

fn outcome(driver: Driver, error: &(dyn Error + 'static)) -> StageOutcome {
    // The innermost cause is what the wire said; the layers above only say where.
    let cause = chain(error).filter_map(|e| of_one(driver, e)).last();
    cause.unwrap_or(StageOutcome::Failed)
}

fn of_one(driver: Driver, error: &(dyn Error + 'static)) -> Option<StageOutcome> {
    if let Some(dap) = error.downcast_ref::<DapError>() {
        return Some(match dap {
            DapError::FaultResponse => StageOutcome::Refused,
            DapError::WaitResponse => StageOutcome::Busy,
            DapError::NoAcknowledge => StageOutcome::Silent,
            DapError::Protocol(_) if driver == Driver::Glasgow => StageOutcome::Silent,
            DapError::Protocol(_) | DapError::IncorrectParity => StageOutcome::Garbled,
        });
    }
    if let Some(arm) = error.downcast_ref::<ArmError>() {
        return of_arm(arm);
    }
    if let Some(arm) = error.downcast_ref::<Box<ArmError>>() {
        return of_arm(arm);
    }
    if let Some(probe_rs::Error::Arm(arm)) = error.downcast_ref::<probe_rs::Error>() {
        return of_arm(arm);
    }
    match error.downcast_ref::<DebugProbeError>()? {
        DebugProbeError::ProbeCouldNotBeCreated(
            ProbeCreationError::NotFound
            | ProbeCreationError::CouldNotOpen
            | ProbeCreationError::Usb(_)
            | ProbeCreationError::HidApi(_)
            | ProbeCreationError::ProbeSpecific(_),
        ) => Some(StageOutcome::Missing),
        DebugProbeError::TargetNotFound => Some(StageOutcome::Silent),
        DebugProbeError::Timeout => Some(StageOutcome::TimedOut),
        // The status sits in a private type: only its debug text can be matched.
        DebugProbeError::ProbeSpecific(inner) if driver == Driver::StLink => Some(of_st_link(&format!("{inner:?}"))),
        _ => None,
    }
}

fn of_arm(error: &ArmError) -> Option<StageOutcome> {
    match error {
        ArmError::Timeout => Some(StageOutcome::TimedOut),
        ArmError::ApDoesNotExist(_) | ArmError::CoreDisabled | ArmError::MissingPermissions(_) => {
            Some(StageOutcome::Refused)
        }
        _ => None,
    }
}

/// ST-Link status words, from the source of probe-rs 0.32; not seen on a real ST-Link here.
fn of_st_link(debug: &str) -> StageOutcome {
    let any = |words: &[&str]| words.iter().any(|w| debug.contains(w));
    if any(&["SwdApFault", "SwdDpFault"]) {
        StageOutcome::Refused
    } else if any(&["SwdApWait", "SwdDpWait"]) {
        StageOutcome::Busy
    } else if any(&["JtagGetIdcodeError", "JtagNoDeviceConnected"]) {
        StageOutcome::Silent
    } else if any(&["SwdApParityError", "SwdDpParityError", "SwdApError", "SwdDpError"]) {
        StageOutcome::Garbled
    } else {
        StageOutcome::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use probe_rs::probe::WireProtocol;

    #[test]
    fn each_driver_is_read_in_its_own_words() {
        let cases = [
            (Driver::Plain, DapError::FaultResponse, StageOutcome::Refused),
            (Driver::Plain, DapError::NoAcknowledge, StageOutcome::Silent),
            (Driver::Plain, DapError::Protocol(WireProtocol::Swd), StageOutcome::Garbled),
            (Driver::Plain, DapError::IncorrectParity, StageOutcome::Garbled),
            (Driver::Glasgow, DapError::Protocol(WireProtocol::Swd), StageOutcome::Silent),
            (Driver::Glasgow, DapError::WaitResponse, StageOutcome::Busy),
        ];
        for (driver, dap, expected) in cases {
            let error = ArmError::NoTargetResponse { source: Box::new(dap.into()) };
            assert_eq!(outcome(driver, &error), expected, "{driver:?} {dap:?}");
        }
        assert_eq!(of_st_link("StlinkError(CommandFailed(SwdApFault))"), StageOutcome::Refused);
        assert_eq!(of_st_link("StlinkError(CommandFailed(JtagGetIdcodeError))"), StageOutcome::Silent);
        assert_eq!(outcome(Driver::StLink, &DebugProbeError::NotAttached), StageOutcome::Failed);
    }

    #[test]
    fn the_text_names_the_cause_once() {
        let error = ArmError::NoTargetResponse { source: Box::new(DapError::NoAcknowledge.into()) };
        let stage = failed("debug-port", Driver::Plain, &error);
        let text = stage.text.expect("a text");
        assert!(text.contains("did not respond"), "{text}");
        assert_eq!(text.matches("did not respond").count(), 1, "{text}");
    }
}
