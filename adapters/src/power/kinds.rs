//! The kinds of power switch, and how each was seen to work: said by `assay doctor` and in the documentation.

use serde::Serialize;

/// One kind of switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PowerKindInfo {
    /// Its key under `power:`.
    pub key: &'static str,
    /// What it is.
    pub what: &'static str,
    /// Against what it is tested.
    pub tested: &'static str,
    /// Whether it was seen to turn something real: a program, a daemon, a relay. Otherwise it was only built.
    pub seen: bool,
    /// The program that it calls, where it calls one.
    pub tool: Option<&'static str>,
}

const fn kind(key: &'static str, what: &'static str, seen: bool, tested: &'static str) -> PowerKindInfo {
    PowerKindInfo { key, what, tested, seen, tool: None }
}

/// Every kind that a bench file may name; virtual and QEMU benches have their own.
pub const POWER_KINDS: [PowerKindInfo; 9] = [
    kind("command", "a program of the lab, never through a shell", true, "programs that work, fail, hang and flood"),
    kind("operator", "a person, who is told what to turn", true, "the questions at the terminal"),
    kind("snmp", "a PDU that speaks SNMP 1 or 2c", true, "net-snmp's snmpd"),
    kind("pdudaemon", "a PDU behind PDUDaemon", true, "Debian's pdudaemon"),
    kind("tasmota", "a relay with Tasmota", false, "a server that answers as its documentation says"),
    kind(
        "shelly",
        "a relay of Shelly, first and second generation",
        false,
        "a server that answers as its documentation says",
    ),
    PowerKindInfo {
        tool: Some("uhubctl"),
        ..kind("usb_hub", "a port of a USB hub that can switch", false, "a script that prints what uhubctl prints")
    },
    kind("gpio", "a relay on a GPIO line", false, "a controller that is not there"),
    kind("usb_relay", "a relay board 16c0:05df", false, "reports as usbrelay documents them"),
];
