//! `power:` of a bench file: which switch, and where.

use std::path::Path;

use serde::Deserialize;

use super::{
    CommandSwitch, GpioSwitch, PduDaemonSwitch, PowerSwitch, RelayUrl, RelayUrlError, ShellySwitch, SnmpSwitch,
    SnmpVersion, TasmotaSwitch, UsbHubSwitch, UsbRelaySwitch,
};

/// What a bench file may write; its help lists all of them.
pub const POWER_HELP: &str = "write one of `{ command: [program, argument] }`, `{ operator: \"which switch\" }`, \
    `{ tasmota: http://host, output: 1 }`, `{ shelly: http://host, output: 0 }`, \
    `{ pdudaemon: http://host:16421, pdu: name, outlet: 3 }`, \
    `{ snmp: host, community: private, object: 1.3.6.1..., on: 1, off: 2, version: 2c }`, \
    `{ usb_hub: \"1-1.2\", port: 3 }`, `{ gpio: /dev/gpiochip0, line: 17, active_low: true }`, \
    `{ usb_relay: BITFT, output: 1 }`; each may have `off_at_end: true`";

/// One switch as a bench file gives it.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Written")]
pub struct PowerSettings {
    /// Which.
    pub kind: PowerKind,
    /// Whether the DUT is switched off when the bench closes.
    pub off_at_end: bool,
}

/// Kinds of switch.
#[derive(Clone)]
pub enum PowerKind {
    /// Program and arguments; `on`, `off` or `state` is appended.
    Command(Vec<String>),
    /// Which switch the operator turns.
    Operator(String),
    /// A Tasmota relay.
    Tasmota(TasmotaSwitch),
    /// A Shelly relay.
    Shelly(ShellySwitch),
    /// A PDU behind PDUDaemon.
    PduDaemon(PduDaemonSwitch),
    /// A PDU that speaks SNMP.
    Snmp(SnmpSwitch),
    /// A port of a USB hub.
    UsbHub(UsbHubSwitch),
    /// A line of a GPIO controller.
    Gpio(GpioSwitch),
    /// A relay board on USB.
    UsbRelay(UsbRelaySwitch),
}

impl std::fmt::Debug for PowerKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Command(_) => "command",
            Self::Operator(_) => "operator",
            Self::Tasmota(_) => "tasmota",
            Self::Shelly(_) => "shelly",
            Self::PduDaemon(_) => "pdudaemon",
            Self::Snmp(_) => "snmp",
            Self::UsbHub(_) => "usb_hub",
            Self::Gpio(_) => "gpio",
            Self::UsbRelay(_) => "usb_relay",
        })
    }
}

impl PowerKind {
    /// The switch; `Err` with the words for the operator where a person turns it. `folder`: where commands run.
    ///
    /// # Errors
    /// No error: the other kind of switch.
    pub fn switch(self, folder: &Path) -> Result<PowerSwitch, String> {
        Ok(match self {
            Self::Operator(which) => return Err(which),
            Self::Command(argv) => PowerSwitch::new(CommandSwitch::new(argv, folder.to_owned())),
            Self::Tasmota(switch) => PowerSwitch::new(switch),
            Self::Shelly(switch) => PowerSwitch::new(switch),
            Self::PduDaemon(switch) => PowerSwitch::new(switch),
            Self::Snmp(switch) => PowerSwitch::new(switch),
            Self::UsbHub(switch) => PowerSwitch::new(switch),
            Self::Gpio(switch) => PowerSwitch::new(switch),
            Self::UsbRelay(switch) => PowerSwitch::new(switch),
        })
    }
}

/// Settings that no switch can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PowerSettingsError {
    /// None, or several.
    #[error(
        "it needs one of `command`, `operator`, `tasmota`, `shelly`, `pdudaemon`, `snmp`, `usb_hub`, `gpio`, \
         `usb_relay`, and not empty"
    )]
    Kind,
    /// An address.
    #[error(transparent)]
    Url(#[from] RelayUrlError),
    /// A key that this kind cannot do without.
    #[error("`{kind}` needs `{key}`")]
    Missing {
        /// The kind.
        kind: &'static str,
        /// The key.
        key: &'static str,
    },
    /// A key of another kind.
    #[error("`{key}` means nothing to `{kind}`")]
    Foreign {
        /// The kind.
        kind: &'static str,
        /// The key.
        key: &'static str,
    },
    /// No object identifier.
    #[error("`object: {0}` is no dotted object identifier")]
    Object(String),
    /// No path, or no relay of that number.
    #[error("`{key}: {seen}` is not {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// What stands there.
        seen: String,
        /// What may.
        expected: &'static str,
    },
    /// A name with characters that would change the request.
    #[error("`pdu: {0}` has characters other than letters, digits, `.`, `-` and `_`")]
    Pdu(String),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    command: Option<Vec<String>>,
    operator: Option<String>,
    tasmota: Option<String>,
    shelly: Option<String>,
    pdudaemon: Option<String>,
    snmp: Option<String>,
    usb_hub: Option<String>,
    gpio: Option<String>,
    usb_relay: Option<String>,
    line: Option<u32>,
    active_low: Option<bool>,
    output: Option<u8>,
    pdu: Option<String>,
    outlet: Option<u16>,
    community: Option<String>,
    object: Option<String>,
    on: Option<i64>,
    off: Option<i64>,
    version: Option<Version>,
    port: Option<u8>,
    off_at_end: bool,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum Version {
    #[serde(rename = "1")]
    One,
    #[serde(rename = "2c")]
    TwoC,
}

impl TryFrom<Written> for PowerSettings {
    type Error = PowerSettingsError;

    fn try_from(w: Written) -> Result<Self, PowerSettingsError> {
        let off_at_end = w.off_at_end;
        Ok(Self { kind: kind(w)?, off_at_end })
    }
}

fn kind(w: Written) -> Result<PowerKind, PowerSettingsError> {
    let written = [
        ("command", w.command.as_ref().map(|argv| argv.first().is_some_and(|program| !program.is_empty()))),
        ("operator", w.operator.as_ref().map(|which| !which.is_empty())),
        ("tasmota", w.tasmota.as_ref().map(|url| !url.is_empty())),
        ("shelly", w.shelly.as_ref().map(|url| !url.is_empty())),
        ("pdudaemon", w.pdudaemon.as_ref().map(|url| !url.is_empty())),
        ("snmp", w.snmp.as_ref().map(|host| !host.is_empty())),
        ("usb_hub", w.usb_hub.as_ref().map(|location| !location.is_empty())),
        ("gpio", w.gpio.as_ref().map(|chip| !chip.is_empty())),
        ("usb_relay", w.usb_relay.as_ref().map(|board| !board.is_empty())),
    ];
    let mut written = written.into_iter().filter_map(|(kind, says)| says.map(|says| (kind, says)));
    let (Some((kind, true)), None) = (written.next(), written.next()) else { return Err(PowerSettingsError::Kind) };
    only_its_keys(kind, &w)?;
    let missing = |key| PowerSettingsError::Missing { kind, key };
    Ok(match kind {
        "command" => PowerKind::Command(w.command.unwrap_or_default()),
        "operator" => PowerKind::Operator(w.operator.unwrap_or_default()),
        "tasmota" => {
            let url = RelayUrl::parse(&w.tasmota.unwrap_or_default())?;
            PowerKind::Tasmota(TasmotaSwitch::new(url, w.output.unwrap_or(1)))
        }
        "shelly" => {
            let url = RelayUrl::parse(&w.shelly.unwrap_or_default())?;
            PowerKind::Shelly(ShellySwitch::new(url, w.output.unwrap_or(0)))
        }
        "pdudaemon" => {
            let url = RelayUrl::parse(&w.pdudaemon.unwrap_or_default())?;
            let pdu = w.pdu.ok_or_else(|| missing("pdu"))?;
            if pdu.is_empty() || !pdu.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)) {
                return Err(PowerSettingsError::Pdu(pdu));
            }
            PowerKind::PduDaemon(PduDaemonSwitch::new(url, pdu, w.outlet.ok_or_else(|| missing("outlet"))?))
        }
        "snmp" => {
            let host = w.snmp.unwrap_or_default();
            let has_port = host.rsplit(']').next().is_some_and(|rest| rest.contains(':'));
            let place = if has_port { host } else { format!("{host}:161") };
            let version = match w.version {
                Some(Version::One) => SnmpVersion::V1,
                _ => SnmpVersion::V2c,
            };
            let community = w.community.ok_or_else(|| missing("community"))?;
            let object = w.object.ok_or_else(|| missing("object"))?;
            let (on, off) = (w.on.ok_or_else(|| missing("on"))?, w.off.ok_or_else(|| missing("off"))?);
            let switch = SnmpSwitch::new(place, version, community, &object, on, off);
            PowerKind::Snmp(switch.ok_or(PowerSettingsError::Object(object))?)
        }
        "gpio" => {
            let chip = w.gpio.unwrap_or_default();
            if !chip.starts_with("/dev/") {
                return Err(PowerSettingsError::Value {
                    key: "gpio",
                    seen: chip,
                    expected: "a path such as /dev/gpiochip0",
                });
            }
            let line = w.line.ok_or_else(|| missing("line"))?;
            PowerKind::Gpio(GpioSwitch::new(chip, line, w.active_low.unwrap_or(false)))
        }
        "usb_relay" => match w.output.unwrap_or(1) {
            output @ 1..=8 => PowerKind::UsbRelay(UsbRelaySwitch::new(w.usb_relay.unwrap_or_default(), output)),
            other => {
                return Err(PowerSettingsError::Value { key: "output", seen: other.to_string(), expected: "1 to 8" });
            }
        },
        _ => {
            let location = w.usb_hub.unwrap_or_default();
            PowerKind::UsbHub(UsbHubSwitch::new("uhubctl", location, w.port.ok_or_else(|| missing("port"))?))
        }
    })
}

fn only_its_keys(kind: &'static str, w: &Written) -> Result<(), PowerSettingsError> {
    let present = [
        ("output", w.output.is_some()),
        ("pdu", w.pdu.is_some()),
        ("outlet", w.outlet.is_some()),
        ("community", w.community.is_some()),
        ("object", w.object.is_some()),
        ("on", w.on.is_some()),
        ("off", w.off.is_some()),
        ("version", w.version.is_some()),
        ("port", w.port.is_some()),
        ("line", w.line.is_some()),
        ("active_low", w.active_low.is_some()),
    ];
    let own: &[&str] = match kind {
        "tasmota" | "shelly" | "usb_relay" => &["output"],
        "gpio" => &["line", "active_low"],
        "pdudaemon" => &["pdu", "outlet"],
        "snmp" => &["community", "object", "on", "off", "version"],
        "usb_hub" => &["port"],
        _ => &[],
    };
    match present.into_iter().find(|(key, there)| *there && !own.contains(key)) {
        Some((key, _)) => Err(PowerSettingsError::Foreign { kind, key }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: serde_json::Value) -> Result<PowerSettings, String> {
        serde_json::from_value(value).map_err(|e| e.to_string())
    }

    #[test]
    fn each_kind_is_read_from_the_form_that_the_help_shows() {
        for (written, kind) in [
            (json!({"command": ["relay", "3"], "off_at_end": true}), "command"),
            (json!({"operator": "socket 3"}), "operator"),
            (json!({"tasmota": "http://127.0.0.1"}), "tasmota"),
            (json!({"shelly": "http://u:p@127.0.0.1:8080", "output": 1}), "shelly"),
            (json!({"pdudaemon": "http://127.0.0.1:16421", "pdu": "pdu-1", "outlet": 3}), "pdudaemon"),
            (
                json!({"snmp": "127.0.0.1", "community": "private", "object": "1.3.6.1.4.1.318.1", "on": 1, "off": 2}),
                "snmp",
            ),
            (json!({"usb_hub": "1-1.2", "port": 3}), "usb_hub"),
            (json!({"gpio": "/dev/gpiochip0", "line": 17, "active_low": true}), "gpio"),
            (json!({"usb_relay": "BITFT", "output": 2}), "usb_relay"),
        ] {
            let settings = read(written.clone()).unwrap_or_else(|e| panic!("{written}: {e}"));
            assert_eq!(format!("{:?}", settings.kind), kind);
            assert_eq!(settings.off_at_end, kind == "command");
        }
    }

    #[test]
    fn every_kind_that_is_listed_can_be_written_and_the_other_way_round() {
        for kind in super::super::POWER_KINDS {
            assert!(POWER_HELP.contains(&format!("{{ {}:", kind.key)), "{} is not in the help", kind.key);
            assert!(PowerSettingsError::Kind.to_string().contains(&format!("`{}`", kind.key)), "{}", kind.key);
        }
    }

    #[test]
    fn each_mistake_says_what_is_expected() {
        for (written, expected) in [
            (json!({}), "one of"),
            (json!({"command": []}), "one of"),
            (json!({"command": ["a"], "operator": "b"}), "one of"),
            (json!({"command": ["a"], "operator": ""}), "one of"),
            (json!({"tasmota": "http://a", "shelly": "http://a"}), "one of"),
            (json!({"tasmota": "a"}), "http://"),
            (json!({"tasmota": "http://a", "outlet": 1}), "means nothing"),
            (json!({"pdudaemon": "http://a", "outlet": 1}), "needs `pdu`"),
            (json!({"pdudaemon": "http://a", "pdu": "a&port=9", "outlet": 1}), "characters"),
            (json!({"snmp": "a", "community": "c", "object": "1.3", "on": 1}), "needs `off`"),
            (json!({"snmp": "a", "community": "c", "object": "one", "on": 1, "off": 2}), "object identifier"),
            (json!({"snmp": "a", "version": "3"}), "unknown variant `3`"),
            (json!({"usb_hub": "1-1"}), "needs `port`"),
            (json!({"gpio": "/dev/gpiochip0"}), "needs `line`"),
            (json!({"gpio": "gpiochip0", "line": 1}), "/dev/gpiochip0"),
            (json!({"usb_relay": "BITFT", "output": 9}), "1 to 8"),
            (json!({"usb_relay": "BITFT", "line": 1}), "means nothing"),
            (json!({"gpi": 4}), "unknown field `gpi`"),
        ] {
            let text = read(written.clone()).expect_err(&written.to_string());
            assert!(text.contains(expected), "{written}: {text}");
        }
    }
}
