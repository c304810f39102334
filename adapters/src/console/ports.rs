//! The serial ports of this host: stable names, USB identities, and whether we may open them.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use assay_model::Fault;
use serde::Serialize;

/// A serial port that the host has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenPort {
    /// `/dev/ttyUSB0`: may change with the order of plugging in.
    pub device: String,
    /// Names under `/dev/serial/by-id`, which do not change.
    pub by_id: Vec<String>,
    /// The USB adapter, where it is one.
    pub usb: Option<UsbIdentity>,
}

/// What a USB serial adapter says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsbIdentity {
    /// Vendor.
    pub vid: u16,
    /// Product.
    pub pid: u16,
    /// Serial number, for `serial: usb:SERIAL`.
    pub serial: Option<String>,
    /// The maker's name for it.
    pub product: Option<String>,
    /// Interface number, where the adapter has several ports.
    pub interface: Option<u8>,
}

/// Every serial port of this host, by device name.
#[must_use]
pub fn seen_ports() -> Vec<SeenPort> {
    let mut links = by_id_links(Path::new("/dev/serial/by-id"));
    let mut seen: Vec<SeenPort> = serialport::available_ports()
        .unwrap_or_default()
        .into_iter()
        .map(|port| SeenPort {
            by_id: links.remove(&port.port_name).unwrap_or_default(),
            usb: match port.port_type {
                serialport::SerialPortType::UsbPort(usb) => Some(UsbIdentity {
                    vid: usb.vid,
                    pid: usb.pid,
                    serial: usb.serial_number,
                    product: usb.product,
                    interface: usb.interface,
                }),
                _ => None,
            },
            device: port.port_name,
        })
        .collect();
    seen.extend(links.into_iter().map(|(device, by_id)| SeenPort { device, by_id, usb: None }));
    seen.sort_by(|a, b| a.device.cmp(&b.device));
    seen
}

/// The links of `folder`, by the device that each leads to.
fn by_id_links(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let mut links: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if let Ok(device) = entry.path().canonicalize() {
            links.entry(device.display().to_string()).or_default().push(entry.path().display().to_string());
        }
    }
    links.values_mut().for_each(|names| names.sort());
    links
}

/// The device of the adapter with serial number `serial`.
///
/// # Errors
/// `port-missing`: none; `port-ambiguous`: several ports of one adapter and no interface given.
pub(super) fn by_usb_serial(seen: &[SeenPort], serial: &str, interface: Option<u8>) -> Result<String, Fault> {
    let of_it = |port: &&SeenPort| port.usb.as_ref().is_some_and(|usb| usb.serial.as_deref() == Some(serial));
    let ports: Vec<&SeenPort> = seen.iter().filter(of_it).collect();
    let number = |port: &SeenPort| port.usb.as_ref().and_then(|usb| usb.interface);
    let chosen: Vec<&&SeenPort> =
        ports.iter().filter(|port| interface.is_none() || number(port) == interface).collect();
    match chosen.as_slice() {
        [one] => Ok(one.device.clone()),
        [] => Err(Fault::bench(
            "port-missing",
            format!("no USB serial adapter `{serial}` with that interface is plugged in"),
        )
        .with_help(names(seen))),
        several => {
            let numbers: Vec<String> =
                several.iter().filter_map(|p| Some(format!("usb:{serial}/{}", number(p)?))).collect();
            Err(Fault::bench("port-ambiguous", format!("the adapter `{serial}` has {} ports", several.len()))
                .with_help(format!("name one: {}", numbers.join(", "))))
        }
    }
}

/// The help of a missing port: what is there.
pub(super) fn named_ports() -> String {
    names(&seen_ports())
}

fn names(seen: &[SeenPort]) -> String {
    if seen.is_empty() {
        return "this host has no serial ports now; plug the adapter in".into();
    }
    let name = |port: &SeenPort| port.by_id.first().unwrap_or(&port.device).clone();
    format!("this host has {}", seen.iter().map(name).collect::<Vec<_>>().join(", "))
}

/// Whether this process may open a port, and who may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct PortAccess {
    /// Whether reading and writing is permitted.
    pub(crate) allowed: bool,
    /// The port's group: `dialout` on Debian.
    pub(crate) group: String,
    /// The mode in octal.
    pub(crate) mode: String,
}

impl PortAccess {
    /// Looks at `path`.
    pub(crate) fn of(path: &Path) -> Self {
        let allowed = rustix::fs::access(path, rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK).is_ok();
        let meta = std::fs::metadata(path).ok();
        Self {
            allowed,
            group: meta.as_ref().map_or_else(String::new, |m| group_name(m.gid())),
            mode: meta.map_or_else(String::new, |m| format!("{:o}", m.mode() & 0o777)),
        }
    }

    pub(crate) fn text(&self) -> String {
        format!("group {}, mode {}", self.group, self.mode)
    }

    pub(crate) fn help(&self) -> String {
        format!(
            "join its group: `sudo usermod --append --groups {} $USER`, then log on anew; `assay doctor` shows it",
            self.group
        )
    }
}

/// The name of a group by /etc/group; its number where it has none.
fn group_name(gid: u32) -> String {
    let file = std::fs::read_to_string("/etc/group").unwrap_or_default();
    let number = gid.to_string();
    file.lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields.get(2) == Some(&number.as_str()))
        .and_then(|fields| fields.first().map(|name| (*name).to_owned()))
        .unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(device: &str, serial: &str, interface: Option<u8>) -> SeenPort {
        let usb = UsbIdentity { vid: 0x0403, pid: 0x6010, serial: Some(serial.into()), product: None, interface };
        SeenPort { device: device.into(), by_id: Vec::new(), usb: Some(usb) }
    }

    #[test]
    fn a_usb_serial_number_names_one_port_or_says_why_not() {
        let seen = [
            adapter("/dev/ttyUSB0", "A1", None),
            adapter("/dev/ttyUSB1", "B2", Some(0)),
            adapter("/dev/ttyUSB2", "B2", Some(1)),
        ];
        assert_eq!(by_usb_serial(&seen, "A1", None).as_deref(), Ok("/dev/ttyUSB0"));
        assert_eq!(by_usb_serial(&seen, "B2", Some(1)).as_deref(), Ok("/dev/ttyUSB2"));
        let several = by_usb_serial(&seen, "B2", None).expect_err("two ports");
        assert_eq!((several.code.as_str(), several.help.as_str()), ("port-ambiguous", "name one: usb:B2/0, usb:B2/1"));
        let none = by_usb_serial(&seen, "C3", None).expect_err("not there");
        assert_eq!(none.code, "port-missing");
        assert!(none.help.contains("/dev/ttyUSB0"), "{}", none.help);
    }

    #[test]
    fn by_id_links_are_found_by_the_device_they_lead_to() {
        let folder = tempfile::tempdir().expect("folder");
        let device = folder.path().join("ttyUSB0");
        std::fs::write(&device, "").expect("file");
        std::os::unix::fs::symlink(&device, folder.path().join("usb-FTDI_A1-if00-port0")).expect("link");
        let links = by_id_links(folder.path());
        let device = device.canonicalize().expect("there").display().to_string();
        assert!(links[&device].iter().any(|name| name.ends_with("usb-FTDI_A1-if00-port0")));
    }

    #[test]
    fn a_group_goes_by_its_name() {
        assert_eq!(group_name(0), "root");
        assert_eq!(group_name(3_999_999_999), "3999999999");
    }
}
