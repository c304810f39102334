//! The provider: guests that are wired like DUTs, and their power switches.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use assay_model::{
    AddressBook, BenchProvider, BenchRequest, Deadline, Diagnostic, Dut, DutOrigin, Fault, OpenBench, Severity,
};
use assay_virtual::debug::GdbAddress;
use async_trait::async_trait;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::{Mutex, oneshot};

use super::super::reference::Reference;
use super::{
    flash,
    guest::{CONSOLE, Guest, GuestCommand},
    settings::{self, QemuSettings},
};
use crate::bench::station::{PowerWire, ProbeWire, Source, Station, Wired};
use crate::console::{Breaks, ConsoleWire, HeldPty};
use crate::document::DocumentSettings;
use crate::power::{PowerSwitch, Switch};

/// How long QEMU may take until the guest runs.
const START: std::time::Duration = std::time::Duration::from_secs(20);

/// Benches of guests in QEMU.
#[derive(Debug, Default, Clone, Copy)]
pub struct QemuBench;

#[async_trait]
impl BenchProvider for QemuBench {
    fn name(&self) -> &'static str {
        "qemu"
    }

    fn lint(&self, request: &BenchRequest) -> Vec<Diagnostic> {
        settings::read(request).1
    }

    fn provides(&self, request: &BenchRequest) -> Option<Vec<&'static str>> {
        let (settings, _) = settings::read(request);
        let words = [
            ("power", true),
            ("console", settings.serial),
            ("network", !settings.forward.is_empty()),
            ("probe", settings.probe.is_some()),
        ];
        Some(words.into_iter().filter(|(_, there)| *there).map(|(word, _)| word).collect())
    }

    async fn open(&self, request: &BenchRequest) -> Result<Box<dyn OpenBench>, Fault> {
        let (settings, mistakes) = settings::read(request);
        if let Some(mistake) = mistakes.iter().find(|m| m.severity == Severity::Error) {
            return Err(Fault::plan("bench-settings", mistake.message.clone())
                .with_help(mistake.help.clone().unwrap_or_default()));
        }
        let kept = tempfile::Builder::new().prefix("assay-qemu-").tempdir();
        let kept = Arc::new(kept.map_err(|e| Fault::bench("qemu-folder", format!("no temporary folder: {e}")))?);
        let mut addresses = AddressBook::new();
        let mut wired = Vec::new();
        let mut switches = BTreeMap::new();
        for number in 1..=settings.samples {
            let plan = Plan { settings: &settings, folder: &request.folder, kept: kept.path(), number };
            let machine = Arc::new(plan.machine(Arc::clone(&kept))?);
            if let Some(pty) = &machine.pty {
                pty.break_by(Arc::new(QemuBreaks(Arc::downgrade(&machine))));
            }
            if machine.host.is_some() {
                addresses.own(&plan.address().to_string(), IpAddr::V4(plan.address()));
            }
            switches.insert(plan.id(), Arc::clone(&machine));
            wired.push(wire(&plan, machine, request).await?);
        }
        let documents = DocumentSettings { folder: request.folder.clone(), ..DocumentSettings::default() };
        let reference = Reference::start_in(&mut addresses).await?;
        let mut station = Station::new(wired, addresses, documents, Some(reference));
        station.source = Some(Box::new(Machines(switches)));
        Ok(Box::new(station))
    }
}

async fn wire(plan: &Plan<'_>, machine: Arc<Machine>, request: &BenchRequest) -> Result<Wired, Fault> {
    let id = plan.id();
    let probe = match plan.settings.probe.clone() {
        Some(settings) => {
            let (own, server) = settings.in_front_of(GdbAddress::Unix(plan.stub())).start().await?;
            Some(ProbeWire { own, _server: server })
        }
        None => None,
    };
    let labelled = request.samples.iter().any(|sample| {
        sample.as_object().is_some_and(|f| f.get("id").and_then(Value::as_str) == Some(&id) && f.len() > 1)
    });
    let provides = [
        ("network", machine.host.is_some()),
        ("console", machine.pty.is_some()),
        ("power", true),
        ("probe", probe.is_some()),
        ("labels", labelled),
        ("documents", true),
        ("operator", true),
    ];
    let dut = Dut {
        id,
        host: machine.host.map(|h| h.to_string()),
        console: machine.pty.as_ref().map(|pty| pty.path().to_owned()),
        probe: probe.as_ref().map(|wire| wire.own.clone()),
        provides: provides.into_iter().filter(|(_, there)| *there).map(|(word, _)| word.to_owned()).collect(),
        ..Dut::default()
    };
    Ok(Wired {
        capture: None,
        dut: Arc::new(dut),
        origin: DutOrigin { kind: format!("qemu {}", plan.settings.machine), defects: Vec::new() },
        label: BTreeMap::new(),
        console: machine.pty.as_ref().map(|pty| ConsoleWire::Pty(Arc::clone(pty))),
        power: Some(PowerWire::Switch(Arc::new(PowerSwitch::new(QemuSwitch(machine))))),
        probe,
        off_at_end: false,
    })
}

/// One sample before it exists.
struct Plan<'a> {
    settings: &'a QemuSettings,
    folder: &'a Path,
    kept: &'a Path,
    number: u8,
}

impl Plan<'_> {
    fn id(&self) -> String {
        format!("s{}", self.number)
    }

    fn address(&self) -> Ipv4Addr {
        let [a, b, c, _] = self.settings.network.octets();
        Ipv4Addr::new(a, b, c, self.number)
    }

    /// The socket of the guest's gdb stub.
    fn stub(&self) -> PathBuf {
        self.kept.join(format!("{}.gdb", self.id()))
    }

    fn machine(&self, kept: Arc<TempDir>) -> Result<Machine, Fault> {
        let settings = self.settings;
        let pty = settings.serial.then(HeldPty::new).transpose();
        let pty = pty.map_err(|e| {
            Fault::bench("no-pty", format!("no pty for the console of {}: {e}", self.id()))
                .with_help("see that /dev/pts is mounted and has ptys left")
        })?;
        let mut arguments: Vec<String> = ["-nodefaults", "-display", "none"].map(str::to_owned).to_vec();
        let mut add = |option: &str, value: String| arguments.extend([option.to_owned(), value]);
        add("-machine", settings.machine.clone());
        add("-m", format!("{}M", settings.memory_mib));
        add("-name", format!("assay-{}", self.id()));
        if let Some(cpu) = &settings.cpu {
            add("-cpu", cpu.clone());
        }
        for (option, path) in [("-bios", &settings.bios), ("-kernel", &settings.kernel), ("-initrd", &settings.initrd)]
        {
            if let Some(path) = path {
                add(option, self.present(path)?.display().to_string());
            }
        }
        if let Some(append) = &settings.append {
            add("-append", append.clone());
        }
        if let Some(image) = &settings.image {
            let copy = self.kept.join(format!("{}.image", self.id()));
            let from = self.present(image)?;
            std::fs::copy(&from, &copy).map_err(|e| file(&copy, &e))?;
            add("-drive", format!("if=none,id=image,format=raw,file={}", copy.display()));
            add("-device", "virtio-blk,drive=image".into());
        }
        if !settings.u_boot_env.is_empty() {
            let drive = self.kept.join(format!("{}.flash", self.id()));
            flash::write(&drive, &settings.u_boot_env).map_err(|e| file(&drive, &e))?;
            add("-drive", format!("if=pflash,index=1,format=raw,file={}", drive.display()));
        }
        if let Some(pty) = &pty {
            add("-chardev", format!("serial,id={CONSOLE},path={}", pty.path()));
            add("-serial", format!("chardev:{CONSOLE}"));
        }
        let host = (!settings.forward.is_empty()).then(|| self.address());
        if let Some(host) = host {
            // restrict: the guest answers, and reaches nothing.
            let mut network = "user,restrict=on".to_owned();
            for (ours, guests) in &settings.forward {
                network.push_str(&format!(",hostfwd=tcp:{host}:{ours}-:{guests}"));
            }
            add("-nic", network);
            // The card's own boot ROM is in another package, and no guest boots from the network here.
            add("-global", "virtio-net-pci.romfile=".into());
        }
        if settings.probe.is_some() {
            add("-gdb", format!("unix:{},server=on,wait=off", self.stub().display()));
        }
        arguments.extend(settings.args.iter().cloned());
        let program = format!("qemu-system-{}", settings.architecture);
        let command = GuestCommand { program, package: settings.package, arguments };
        Ok(Machine {
            command,
            host,
            ports: settings.forward.keys().copied().collect(),
            pty: pty.map(Arc::new),
            guest: Mutex::new(None),
            _kept: kept,
        })
    }

    /// The path of a file that must be there.
    fn present(&self, written: &str) -> Result<PathBuf, Fault> {
        let path = self.folder.join(written);
        if path.is_file() {
            return Ok(path);
        }
        let help = if path.starts_with("/usr/lib/u-boot") {
            "install it: apt install u-boot-qemu"
        } else if path.ends_with("guests/built/vmlinuz") {
            "fetch it: bash lab-config/guests/fetch-kernel"
        } else if written.contains("guests/built") {
            "make it: bash lab-config/guests/build"
        } else {
            "relative paths start at the bench file's folder"
        };
        Err(Fault::bench("qemu-file", format!("`{}` is not there", path.display())).with_help(help))
    }
}

fn file(path: &Path, error: &std::io::Error) -> Fault {
    Fault::bench("qemu-file", format!("`{}` cannot be written: {error}", path.display()))
        .with_help("free space in the temporary folder, or set TMPDIR")
}

/// One sample: how it is started, and its guest while it has power.
struct Machine {
    command: GuestCommand,
    host: Option<Ipv4Addr>,
    ports: Vec<u16>,
    pty: Option<Arc<HeldPty>>,
    guest: Mutex<Option<Guest>>,
    /// The folder with its drives.
    _kept: Arc<TempDir>,
}

impl Machine {
    async fn turn(&self, on: bool, until: Deadline) -> Result<(), Fault> {
        let mut guest = self.guest.lock().await;
        if on && guest.as_ref().is_some_and(Guest::runs) {
            return Ok(());
        }
        if let Some(mut running) = guest.take() {
            running.kill().await;
        }
        if !on {
            return Ok(());
        }
        self.ports_are_free()?;
        if let Some(pty) = &self.pty {
            pty.forget_typed().map_err(|e| Fault::bench("no-pty", format!("the pty {} is gone: {e}", pty.path())))?;
        }
        *guest = Some(Guest::start(&self.command, until).await?);
        Ok(())
    }

    /// Said before QEMU does, because QEMU does not name the port.
    fn ports_are_free(&self) -> Result<(), Fault> {
        for (host, port) in self.host.iter().flat_map(|host| self.ports.iter().map(move |port| (*host, *port))) {
            TcpListener::bind((host, port)).map_err(|e| {
                Fault::bench("port-taken", format!("{host}:{port}, which `forward` names, cannot be had: {e}"))
                    .with_help("another program has it, or it is below 1024: choose another port, or another `network`")
            })?;
        }
        Ok(())
    }
}

/// Breaks of one sample's console; the machine has the console, so this must not have the machine.
struct QemuBreaks(Weak<Machine>);

impl Breaks for QemuBreaks {
    fn send(&self) -> bool {
        let Some(machine) = self.0.upgrade() else { return false };
        let Some(breaks) = machine.guest.blocking_lock().as_ref().map(Guest::breaks) else { return false };
        let (arrived, told) = oneshot::channel();
        breaks.blocking_send(arrived).is_ok() && told.blocking_recv().unwrap_or(false)
    }
}

/// The power switch of one sample.
struct QemuSwitch(Arc<Machine>);

#[async_trait]
impl Switch for QemuSwitch {
    async fn set(&self, on: bool, until: Deadline) -> Result<(), Fault> {
        self.0.turn(on, until).await
    }

    async fn state(&self, _until: Deadline) -> Result<Option<bool>, Fault> {
        Ok(Some(self.0.guest.lock().await.as_ref().is_some_and(Guest::runs)))
    }
}

/// All samples, by id.
struct Machines(BTreeMap<String, Arc<Machine>>);

#[async_trait]
impl Source for Machines {
    async fn bring_up(&self, dut: &Dut) -> Result<(), Fault> {
        match self.0.get(&dut.id) {
            Some(machine) => machine.turn(true, Deadline::after(START)).await,
            None => Ok(()),
        }
    }

    async fn give_back(&self) {
        for machine in self.0.values() {
            if let Err(fault) = machine.turn(false, Deadline::after(START)).await {
                tracing::warn!("a guest may still run: {fault}");
            }
        }
    }
}
