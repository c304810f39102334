//! A local tty by the serialport crate: settings, exclusive use, and what to do when it cannot be had.

use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use assay_model::Fault;
use serialport::TTYPort;

use super::{
    line::Line,
    ports::{PortAccess, named_ports},
    settings::{Flow, LineSettings, Parity},
};

/// Major device numbers of the slave side of ptys.
const PTY_MAJORS: std::ops::RangeInclusive<u32> = 136..=143;

/// Opens the tty at `path` for ourselves alone.
///
/// # Errors
/// `port-missing`, `port-denied`, `port-busy`, `not-a-port`, `port-settings`, each with the next thing to do.
pub(super) fn open(path: &str, settings: &LineSettings) -> Result<Line, Fault> {
    let meta = std::fs::metadata(path).map_err(|e| missing(path, &e))?;
    if !meta.file_type().is_char_device() {
        return Err(Fault::bench("not-a-port", format!("`{path}` is no serial port: it is no character device"))
            .with_help(named_ports()));
    }
    let access = PortAccess::of(Path::new(path));
    if !access.allowed {
        return Err(denied(path, &access));
    }
    let port = TTYPort::open(&builder(path, settings)).map_err(|e| refused(path, settings, &access, &e))?;
    let data = port.try_clone_native().map_err(|e| unusable(path, &e.to_string()))?;
    // serialport gives raw descriptors only, and its own reader drops what stands behind a hang-up.
    // SAFETY: `into_raw_fd` gives up the ownership of a descriptor that nothing else holds; it is taken here, once.
    #[expect(unsafe_code, reason = "serialport 4 has no AsFd")]
    let fd = unsafe { OwnedFd::from_raw_fd(data.into_raw_fd()) };
    let flags = rustix::fs::fcntl_getfl(&fd).map_err(|e| unusable(path, &e.to_string()))?;
    rustix::fs::fcntl_setfl(&fd, flags | rustix::fs::OFlags::NONBLOCK).map_err(|e| unusable(path, &e.to_string()))?;
    let can_break = !PTY_MAJORS.contains(&rustix::fs::major(meta.rdev()));
    Ok(Line { fd, port: Some(Mutex::new(port)), remote: None, breaks: None, can_break })
}

fn builder(path: &str, settings: &LineSettings) -> serialport::SerialPortBuilder {
    serialport::new(path, settings.baud)
        .data_bits(match settings.data_bits {
            5 => serialport::DataBits::Five,
            6 => serialport::DataBits::Six,
            7 => serialport::DataBits::Seven,
            _ => serialport::DataBits::Eight,
        })
        .parity(match settings.parity {
            Parity::None => serialport::Parity::None,
            Parity::Odd => serialport::Parity::Odd,
            Parity::Even => serialport::Parity::Even,
        })
        .stop_bits(if settings.stop_bits == 2 { serialport::StopBits::Two } else { serialport::StopBits::One })
        .flow_control(match settings.flow {
            Flow::None => serialport::FlowControl::None,
            Flow::Software => serialport::FlowControl::Software,
            Flow::Hardware => serialport::FlowControl::Hardware,
        })
}

pub(super) fn missing(path: &str, error: &std::io::Error) -> Fault {
    Fault::bench("port-missing", format!("the serial port `{path}` is not there: {error}")).with_help(named_ports())
}

fn denied(path: &str, access: &PortAccess) -> Fault {
    Fault::bench("port-denied", format!("no permission to open the serial port `{path}` ({})", access.text()))
        .with_help(access.help())
}

fn refused(path: &str, settings: &LineSettings, access: &PortAccess, error: &serialport::Error) -> Fault {
    match error.kind() {
        serialport::ErrorKind::NoDevice => {
            let holders = holders(Path::new(path));
            let by = if holders.is_empty() { String::new() } else { format!(" by {}", holders.join(", ")) };
            Fault::bench("port-busy", format!("the serial port `{path}` is in use{by}")).with_help(
                "close the other program; ModemManager is kept off a port by a udev rule with ID_MM_DEVICE_IGNORE",
            )
        }
        serialport::ErrorKind::Io(std::io::ErrorKind::PermissionDenied) => denied(path, access),
        serialport::ErrorKind::Io(std::io::ErrorKind::NotFound) => {
            missing(path, &std::io::Error::other(error.to_string()))
        }
        _ => Fault::bench(
            "port-settings",
            format!("the serial port `{path}` could not be set to {} baud and opened: {error}", settings.baud),
        )
        .with_help("check that it is a serial port and that the adapter can do these settings"),
    }
}

fn unusable(path: &str, text: &str) -> Fault {
    Fault::bench("port-settings", format!("the serial port `{path}` opened but cannot be used: {text}"))
}

/// Processes that have the port open, as far as we may see: `picocom (pid 4711)`.
pub(crate) fn holders(path: &Path) -> Vec<String> {
    let Ok(target) = path.canonicalize() else { return Vec::new() };
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let holds = |process: &PathBuf| {
        std::fs::read_dir(process.join("fd"))
            .is_ok_and(|fds| fds.flatten().any(|fd| std::fs::read_link(fd.path()).is_ok_and(|to| to == target)))
    };
    let pid = |process: &PathBuf| process.file_name()?.to_str()?.parse::<u32>().ok();
    processes
        .flatten()
        .map(|entry| entry.path())
        .filter_map(|process| Some((pid(&process)?, process)))
        .filter(|(_, process)| holds(process))
        .map(|(pid, process)| {
            let name = std::fs::read_to_string(process.join("comm")).unwrap_or_default();
            format!("{} (pid {pid})", name.trim())
        })
        .collect()
}
