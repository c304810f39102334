//! Probe selectors: which driver one belongs to, and whether it may be used on this bench.

use assay_model::Fault;
use probe_rs::probe::DebugProbeSelector;

/// A family of drivers that report the wire's answers in their own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Driver {
    /// CMSIS-DAP, and all that run probe-rs's own bit engine (Black Magic, J-Link, FTDI): each acknowledge has its error.
    Plain,
    /// Glasgow: one word for no acknowledge, a broken one, and broken parity.
    Glasgow,
    /// ST-Link: its firmware speaks to the DUT and reports in words of its own.
    StLink,
}

impl Driver {
    /// As far as the selector tells; an ST-Link is known when it is listed.
    pub(super) fn of(selector: &DebugProbeSelector) -> Self {
        if is_glasgow(selector) { Self::Glasgow } else { Self::Plain }
    }
}

const GLASGOW: (u16, u16) = (0x20b7, 0x9db1);
const BLACK_MAGIC: (u16, u16) = (0x1d50, 0x6018);

/// Parses `VID:PID[-INTERFACE][:SERIAL]`.
pub(super) fn parse(text: &str) -> Result<DebugProbeSelector, Fault> {
    text.parse().map_err(|e| {
        Fault::plan("bad-probe-selector", format!("`{text}` is no probe selector: {e}"))
            .with_help("write VID:PID:SERIAL as `assay doctor` lists it, such as 0483:374b:066BFF3031")
    })
}

pub(super) fn is_glasgow(selector: &DebugProbeSelector) -> bool {
    (selector.vendor_id, selector.product_id) == GLASGOW
}

/// A Black Magic probe behind a TCP address in place of a serial number.
pub(super) fn is_remote_black_magic(selector: &DebugProbeSelector) -> bool {
    (selector.vendor_id, selector.product_id) == BLACK_MAGIC
        && selector.serial_number.as_ref().is_some_and(|s| s.contains(':'))
}

/// The selector to use: the bench's own unless the plan names another. A plan may not reach over the network to a probe
/// that the bench does not own.
pub(super) fn permitted(own: &str, owned: &[String], asked: Option<&str>) -> Result<String, Fault> {
    let chosen = asked.unwrap_or(own);
    let selector = parse(chosen)?;
    let remote = selector.serial_number.as_ref().is_some_and(|s| s.contains(':'));
    if remote && chosen != own && !owned.iter().any(|known| known == chosen) {
        return Err(Fault::plan(
            "foreign-probe",
            format!("`{chosen}` is a probe on the network that this bench does not own (it owns {own})"),
        )
        .with_help("name the probe under the DUT in the bench file"));
    }
    Ok(chosen.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_may_name_a_usb_probe_but_no_foreign_network_probe() {
        let bench = "20b7:9db1:tcp:127.0.0.1:4711";
        let reference = ["20b7:9db1:tcp:127.0.0.1:4712".to_owned()];
        assert_eq!(permitted(bench, &[], None).expect("the bench's own"), bench);
        assert_eq!(permitted(bench, &[], Some(bench)).expect("the same"), bench);
        assert_eq!(permitted(bench, &reference, Some(&reference[0])).expect("the bench's too"), reference[0]);
        assert_eq!(permitted(bench, &[], Some("0483:374b:066BFF")).expect("USB"), "0483:374b:066BFF");
        for foreign in ["20b7:9db1:tcp:192.0.2.1:1", "1d50:6018:192.0.2.1:2000", "20b7:9db1:unix:/run/other.sock"] {
            assert_eq!(permitted(bench, &reference, Some(foreign)).expect_err("foreign").code, "foreign-probe");
        }
        assert_eq!(permitted("nonsense", &[], None).expect_err("no selector").code, "bad-probe-selector");
    }
}
