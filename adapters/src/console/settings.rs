//! `console:` of a bench file: where the line is and how it is set.

use serde::{Deserialize, Serialize};

/// A console as a bench file gives it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct ConsoleSettings {
    /// Where the bytes come from.
    pub place: Place,
    /// How a tty is set; a raw TCP line has its settings at the other end.
    pub line: LineSettings,
}

/// Where a console is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A tty by path: `/dev/serial/by-id/...`, `/dev/ttyUSB0`, `/dev/pts/3`.
    Tty(String),
    /// The tty of the USB adapter with this serial number; the interface where the adapter has several ports.
    Usb {
        /// The maker's serial number, as the adapter tells it.
        serial: String,
        /// The interface number, from 0.
        interface: Option<u8>,
    },
    /// A raw TCP port that carries the line's bytes (ser2net's `raw`), as `host:port`.
    Tcp(String),
    /// A port that carries line and settings by RFC 2217 (ser2net's `telnet(rfc2217)`, labgrid), as `host:port`.
    Rfc2217(String),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tty(path) => f.write_str(path),
            Self::Usb { serial, interface: None } => write!(f, "usb:{serial}"),
            Self::Usb { serial, interface: Some(n) } => write!(f, "usb:{serial}/{n}"),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
            Self::Rfc2217(address) => write!(f, "rfc2217:{address}"),
        }
    }
}

/// How a tty is set: 115200 8N1 without flow control unless the bench file says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LineSettings {
    /// Bits a second.
    pub baud: u32,
    /// 5 to 8.
    pub data_bits: u8,
    /// Parity bit.
    pub parity: Parity,
    /// 1 or 2.
    pub stop_bits: u8,
    /// Flow control.
    pub flow: Flow,
}

impl Default for LineSettings {
    fn default() -> Self {
        Self { baud: 115_200, data_bits: 8, parity: Parity::None, stop_bits: 1, flow: Flow::None }
    }
}

/// The parity bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Parity {
    /// No parity bit.
    None,
    /// Odd.
    Odd,
    /// Even.
    Even,
}

/// Flow control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flow {
    /// None.
    None,
    /// XON/XOFF.
    Software,
    /// RTS/CTS.
    Hardware,
}

/// Settings that no line can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// None of `serial`, `tcp` and `rfc2217`, or several.
    #[error(
        "a console needs `serial: /dev/...` (or `serial: usb:SERIAL`), `tcp: host:port` or `rfc2217: host:port`, one of them"
    )]
    Place,
    /// `usb:` without a serial number, or an interface that is no number.
    #[error("`{0}` is not of the form usb:SERIAL or usb:SERIAL/INTERFACE")]
    Usb(String),
    /// No path.
    #[error("`serial: {0}` is neither an absolute path nor usb:SERIAL")]
    Path(String),
    /// Not host:port.
    #[error("`{key}: {seen}` is not of the form host:port")]
    HostPort {
        /// The key.
        key: &'static str,
        /// What stands there.
        seen: String,
    },
    /// Out of range.
    #[error("`{key}: {seen}` is not one of {expected}")]
    Range {
        /// The key.
        key: &'static str,
        /// What stands there.
        seen: u32,
        /// What may.
        expected: &'static str,
    },
    /// Line settings beside `tcp`.
    #[error("`{0}` has no effect beside `tcp`: the line is set at the other end")]
    NotHere(&'static str),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    serial: Option<String>,
    tcp: Option<String>,
    rfc2217: Option<String>,
    baud: Option<u32>,
    data_bits: Option<u8>,
    parity: Option<Parity>,
    stop_bits: Option<u8>,
    flow: Option<Flow>,
}

impl TryFrom<Written> for ConsoleSettings {
    type Error = SettingsError;

    fn try_from(w: Written) -> Result<Self, SettingsError> {
        let place = match (&w.serial, &w.tcp, &w.rfc2217) {
            (Some(serial), None, None) => tty_place(serial)?,
            (None, Some(address), None) => tcp_place(address, &w)?,
            (None, None, Some(address)) => Place::Rfc2217(host_port("rfc2217", address)?),
            _ => return Err(SettingsError::Place),
        };
        let usual = LineSettings::default();
        let line = LineSettings {
            baud: w.baud.unwrap_or(usual.baud),
            data_bits: w.data_bits.unwrap_or(usual.data_bits),
            parity: w.parity.unwrap_or(usual.parity),
            stop_bits: w.stop_bits.unwrap_or(usual.stop_bits),
            flow: w.flow.unwrap_or(usual.flow),
        };
        let range = |key, seen, expected| Err(SettingsError::Range { key, seen, expected });
        if !(50..=12_000_000).contains(&line.baud) {
            return range("baud", line.baud, "50 to 12000000");
        }
        if !(5..=8).contains(&line.data_bits) {
            return range("data_bits", line.data_bits.into(), "5, 6, 7, 8");
        }
        if !(1..=2).contains(&line.stop_bits) {
            return range("stop_bits", line.stop_bits.into(), "1, 2");
        }
        Ok(Self { place, line })
    }
}

fn tty_place(serial: &str) -> Result<Place, SettingsError> {
    if let Some(id) = serial.strip_prefix("usb:") {
        let bad = || SettingsError::Usb(serial.to_owned());
        let (id, interface) = match id.rsplit_once('/') {
            Some((id, n)) => (id, Some(n.parse().map_err(|_| bad())?)),
            None => (id, None),
        };
        return if id.is_empty() { Err(bad()) } else { Ok(Place::Usb { serial: id.to_owned(), interface }) };
    }
    if serial.starts_with('/') {
        Ok(Place::Tty(serial.to_owned()))
    } else {
        Err(SettingsError::Path(serial.to_owned()))
    }
}

fn tcp_place(address: &str, w: &Written) -> Result<Place, SettingsError> {
    let present = [
        ("baud", w.baud.is_some()),
        ("data_bits", w.data_bits.is_some()),
        ("parity", w.parity.is_some()),
        ("stop_bits", w.stop_bits.is_some()),
        ("flow", w.flow.is_some()),
    ];
    if let Some((key, _)) = present.into_iter().find(|(_, there)| *there) {
        return Err(SettingsError::NotHere(key));
    }
    Ok(Place::Tcp(host_port("tcp", address)?))
}

fn host_port(key: &'static str, address: &str) -> Result<String, SettingsError> {
    let port = address.rsplit_once(':').filter(|(host, _)| !host.is_empty()).and_then(|(_, p)| p.parse::<u16>().ok());
    match port {
        Some(1..) => Ok(address.to_owned()),
        _ => Err(SettingsError::HostPort { key, seen: address.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: serde_json::Value) -> Result<ConsoleSettings, String> {
        serde_json::from_value(value).map_err(|e| e.to_string())
    }

    #[test]
    fn the_bench_files_form_is_read() {
        let given =
            read(json!({"serial": "/dev/serial/by-id/usb-FTDI_X", "baud": 9600, "parity": "even", "data_bits": 7}))
                .expect("valid");
        assert_eq!(given.place, Place::Tty("/dev/serial/by-id/usb-FTDI_X".into()));
        assert_eq!((given.line.baud, given.line.data_bits, given.line.parity), (9600, 7, Parity::Even));
        assert_eq!(read(json!({"serial": "usb:A50285BI"})).expect("valid").place.to_string(), "usb:A50285BI");
        assert_eq!(
            read(json!({"serial": "usb:A50285BI/1"})).expect("valid").place,
            Place::Usb { serial: "A50285BI".into(), interface: Some(1) }
        );
        let remote = read(json!({"rfc2217": "ser2net:4001", "baud": 9600})).expect("valid");
        assert_eq!((remote.place.to_string().as_str(), remote.line.baud), ("rfc2217:ser2net:4001", 9600));
        assert_eq!(read(json!({"tcp": "[::1]:4001"})).expect("valid").place, Place::Tcp("[::1]:4001".into()));
    }

    #[test]
    fn each_mistake_says_what_is_expected() {
        for (written, expected) in [
            (json!({}), "one of them"),
            (json!({"serial": "/dev/ttyS0", "tcp": "a:1"}), "one of them"),
            (json!({"serial": "ttyUSB0"}), "neither an absolute path"),
            (json!({"serial": "usb:"}), "usb:SERIAL"),
            (json!({"serial": "usb:X/second"}), "usb:SERIAL"),
            (json!({"tcp": "ser2net"}), "host:port"),
            (json!({"tcp": "a:0"}), "host:port"),
            (json!({"rfc2217": "ser2net"}), "`rfc2217: ser2net`"),
            (json!({"rfc2217": "a:1", "tcp": "a:1"}), "one of them"),
            (json!({"tcp": "a:1", "baud": 9600}), "no effect"),
            (json!({"serial": "/dev/ttyS0", "baud": 0}), "50 to 12000000"),
            (json!({"serial": "/dev/ttyS0", "data_bits": 9}), "5, 6, 7, 8"),
            (json!({"serial": "/dev/ttyS0", "stop_bits": 3}), "1, 2"),
            (json!({"serial": "/dev/ttyS0", "bauds": 9600}), "unknown field `bauds`"),
            (json!({"serial": "/dev/ttyS0", "parity": "maybe"}), "unknown variant `maybe`"),
        ] {
            let text = read(written.clone()).expect_err(&written.to_string());
            assert!(text.contains(expected), "{written}: {text}");
        }
    }
}
