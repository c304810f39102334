//! What this host has for a bench, and what it lacks: serial ports, power switches, QEMU, tools, the clock. Findings only;
//! `assay doctor` prints.

mod wires;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::capture::InterfaceCapture;
use crate::console::{PortAccess, SeenPort, port_holders, seen_ports};
use crate::power::{POWER_KINDS, PowerKindInfo};

pub use wires::{WireFinding, wires};

/// Tools that something in Assay or its stock verification calls, and for what.
const TOOLS: [(&str, &str); 11] = [
    ("qemu-system-arm", "benches of real boot loaders and firmware in QEMU (apt install qemu-system-arm)"),
    ("setpriv", "ending QEMU with Assay (apt install util-linux)"),
    ("uhubctl", "power by the ports of a USB hub (apt install uhubctl)"),
    ("ssh-keygen", "verifying a pack's signature with stock tools"),
    ("sha256sum", "verifying a pack's digests with stock tools"),
    ("openssl", "tests against Debian's peers"),
    ("sshd", "tests against OpenSSH"),
    ("dropbear", "tests against Dropbear"),
    ("nginx", "tests against nginx with TLS"),
    ("busybox", "tests against BusyBox telnetd and httpd"),
    ("chromium", "looking at reports in tests"),
];
/// Files that shipped benches start from.
const IMAGES: [(&str, &str); 1] = [(
    "/usr/lib/u-boot/qemu_arm/u-boot.bin",
    "the benches qemu-u-boot and qemu-u-boot-locked (apt install u-boot-qemu)",
)];
/// Where servers live, also where a user's PATH leaves it out.
const SYSTEM_FOLDERS: [&str; 2] = ["/usr/sbin", "/sbin"];
/// 2025-01-01: no clock that is right is before it.
const EARLIEST: u64 = 1_735_689_600;
/// 2100-01-01.
const LATEST: u64 = 4_102_444_800;

/// How this host is.
#[derive(Debug, Clone, Serialize)]
pub struct Checkup {
    /// Serial ports, each with whether we may use it.
    pub serial_ports: Vec<PortFinding>,
    /// Kinds of power switch that a bench file may name, and how each was seen to work.
    pub power: Vec<PowerKindInfo>,
    /// Files that shipped benches start from.
    pub images: Vec<ToolFinding>,
    /// Tools.
    pub tools: Vec<ToolFinding>,
    /// Whether packets may be captured here.
    pub capture: CaptureFinding,
    /// The clock.
    pub clock: ClockFinding,
    /// Whether ports can be scanned by raw SYNs.
    pub raw_sockets: RawSocketFinding,
}

/// The right to raw sockets. Without it nothing but `method: syn` of a port scan is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RawSocketFinding {
    /// Whether this process has it.
    pub permitted: bool,
    /// What to do; empty where all is well.
    pub help: String,
}

/// Whether packets may be captured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaptureFinding {
    /// Whether this process may.
    pub permitted: bool,
    /// What to do; empty where it may.
    pub help: String,
}

/// A serial port.
#[derive(Debug, Clone, Serialize)]
pub struct PortFinding {
    /// The port.
    #[serde(flatten)]
    pub port: SeenPort,
    /// What a bench file should call it: its name by id where it has one.
    pub stable_name: String,
    /// Whether this process may open it.
    pub permitted: bool,
    /// Group and mode, as `group dialout, mode 660`.
    pub access: String,
    /// Processes that have it open, as far as we may see.
    pub held_by: Vec<String>,
    /// What to do; empty where all is well.
    pub help: String,
}

/// A tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToolFinding {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// Where it is; absent where it is not installed.
    pub path: Option<PathBuf>,
}

/// The clock, as far as one host can tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClockFinding {
    /// Seconds since 1970.
    pub unix_s: u64,
    /// Whether the year can be true. Journals and signatures carry this clock.
    pub plausible: bool,
    /// Whether the kernel says that something keeps it in step (NTP).
    pub synchronised: Option<bool>,
    /// What to do; empty where all is well.
    pub help: String,
}

/// Looks around. Opens no port and sends nothing; blocking, for some milliseconds.
#[must_use]
pub fn checkup() -> Checkup {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> =
        std::env::split_paths(&folders).chain(SYSTEM_FOLDERS.into_iter().map(PathBuf::from)).collect();
    let unix_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    Checkup {
        serial_ports: seen_ports().into_iter().map(port).collect(),
        power: POWER_KINDS.to_vec(),
        images: IMAGES.map(|(name, purpose)| image(name, purpose)).to_vec(),
        tools: TOOLS.map(|(name, purpose)| ToolFinding { name, purpose, path: find(name, &folders) }).to_vec(),
        capture: capture(),
        clock: clock(unix_s, synchronised(Path::new("/run/systemd/timesync/synchronized"))),
        raw_sockets: crate::ports::may_send_syns().map_or_else(
            |fault| RawSocketFinding { permitted: false, help: fault.help },
            |()| RawSocketFinding { permitted: true, help: String::new() },
        ),
    }
}

/// Every host has a loopback interface to try it on.
fn capture() -> CaptureFinding {
    let tried = InterfaceCapture::new("lo").permitted();
    CaptureFinding { permitted: tried.is_ok(), help: tried.err().map(|fault| fault.help).unwrap_or_default() }
}

fn port(port: SeenPort) -> PortFinding {
    let access = PortAccess::of(Path::new(&port.device));
    let held_by = port_holders(Path::new(&port.device));
    let help = match (access.allowed, held_by.first()) {
        (false, _) => access.help(),
        (true, Some(holder)) => format!("close {holder} before a run"),
        (true, None) => String::new(),
    };
    let stable_name = port.by_id.first().unwrap_or(&port.device).clone();
    PortFinding { stable_name, permitted: access.allowed, access: access.text(), held_by, help, port }
}

fn image(name: &'static str, purpose: &'static str) -> ToolFinding {
    let path = Path::new(name);
    ToolFinding { name, purpose, path: path.is_file().then(|| path.to_owned()) }
}

fn find(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let runs = |path: &PathBuf| path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    folders.iter().map(|folder| folder.join(name)).find(runs)
}

/// systemd-timesyncd leaves a mark; other daemons leave none, and then nothing is known.
fn synchronised(mark: &Path) -> Option<bool> {
    mark.exists().then_some(true)
}

fn clock(unix_s: u64, synchronised: Option<bool>) -> ClockFinding {
    let plausible = (EARLIEST..LATEST).contains(&unix_s);
    let help = if plausible { "" } else { "set the clock: the journal and the signature of a pack carry its time" };
    ClockFinding { unix_s, plausible, synchronised, help: help.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_tool_is_found_only_where_it_can_be_run() {
        let folder = tempfile::tempdir().expect("folder");
        let tool = folder.path().join("ssh-keygen");
        std::fs::write(&tool, "").expect("written");
        std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o644)).expect("set");
        let folders = [folder.path().to_owned()];
        assert_eq!(find("ssh-keygen", &folders), None);
        std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).expect("set");
        assert_eq!(find("ssh-keygen", &folders), Some(tool));
        assert_eq!(find("sha256sum", &folders), None);
    }

    #[test]
    fn a_clock_of_1970_is_no_clock() {
        assert!(!clock(86_400, None).plausible && !clock(86_400, None).help.is_empty());
        assert!(clock(1_800_000_000, Some(true)).plausible && clock(1_800_000_000, None).help.is_empty());
    }

    #[test]
    fn a_port_that_is_held_is_said_to_be() {
        let (_dut, path) = crate::doubles::pty();
        let _held = std::fs::File::options().read(true).write(true).open(&path).expect("opens");
        let seen = |device: &str| SeenPort { device: device.to_owned(), by_id: Vec::new(), usb: None };
        let held = port(seen(&path));
        assert!(held.permitted && held.help.contains(&format!("(pid {})", std::process::id())), "{held:?}");
        let missing = port(seen("/dev/ttyNONE"));
        assert!(!missing.permitted && !missing.help.is_empty());
    }

    #[test]
    fn a_checkup_is_data() {
        let json = serde_json::to_value(checkup()).expect("json");
        assert!(json["tools"].as_array().is_some_and(|t| t.len() == TOOLS.len()));
        assert_eq!(json["clock"]["plausible"], true);
        let capture = checkup().capture;
        assert_eq!(capture.permitted, capture.help.is_empty());
        assert!(capture.permitted || capture.help.contains("CAP_NET_RAW"), "{capture:?}");
        let seen = |key: &str| {
            let kinds = json["power"].as_array().expect("kinds");
            kinds.iter().find(|kind| kind["key"] == key).expect("listed")["seen"].clone()
        };
        assert_eq!((seen("snmp"), seen("gpio")), (true.into(), false.into()), "what was only built is said to be");
    }
}
