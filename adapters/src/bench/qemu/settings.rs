//! `provider: { qemu: ... }`, read with every mistake at once.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use assay_model::{BenchRequest, Diagnostic};
use serde_json::Value;

use crate::probe::{ProbePlace, ProbeSettings};

/// Architectures, as `qemu-system-NAME` is called, and Debian's package of each.
const ARCHITECTURES: [(&str, &str); 12] = [
    ("arm", "qemu-system-arm"),
    ("aarch64", "qemu-system-arm"),
    ("x86_64", "qemu-system-x86"),
    ("i386", "qemu-system-x86"),
    ("mips", "qemu-system-mips"),
    ("mipsel", "qemu-system-mips"),
    ("mips64", "qemu-system-mips"),
    ("mips64el", "qemu-system-mips"),
    ("riscv32", "qemu-system-misc"),
    ("riscv64", "qemu-system-misc"),
    ("ppc", "qemu-system-ppc"),
    ("xtensa", "qemu-system-misc"),
];

/// Arguments that the bench sets itself, or that would take the guest out of its hands.
const OWN_ARGUMENTS: [&str; 9] =
    ["-S", "-qmp", "-monitor", "-serial", "-daemonize", "-display", "-nographic", "-M", "-machine"];

/// Guests at most: each is a process with its memory.
const MAX_SAMPLES: u64 = 16;
const MAX_MEMORY_MIB: u64 = 16 * 1024;

const KEYS: &str = "qemu, machine, cpu, memory, bios, kernel, initrd, append, image, u_boot_env, serial, network, \
                    forward, probe, args, samples";

/// What to start, for each sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QemuSettings {
    pub(super) architecture: &'static str,
    pub(super) package: &'static str,
    pub(super) machine: String,
    pub(super) cpu: Option<String>,
    pub(super) memory_mib: u64,
    /// Paths as written; relative ones start at the bench file's folder.
    pub(super) bios: Option<String>,
    pub(super) kernel: Option<String>,
    pub(super) initrd: Option<String>,
    pub(super) append: Option<String>,
    /// Copied for each sample, so that what it writes lasts over power cuts and no longer than the bench.
    pub(super) image: Option<String>,
    /// A saved U-Boot environment on the second flash drive of machine `virt`.
    pub(super) u_boot_env: BTreeMap<String, String>,
    pub(super) serial: bool,
    /// Sample n is reached at the n-th address of it.
    pub(super) network: Ipv4Addr,
    /// Port of the sample's address to port of the guest.
    pub(super) forward: BTreeMap<u16, u16>,
    /// A virtual debug port in front of the guest's memory.
    pub(super) probe: Option<ProbeSettings>,
    pub(super) args: Vec<String>,
    pub(super) samples: u8,
}

impl Default for QemuSettings {
    fn default() -> Self {
        Self {
            architecture: ARCHITECTURES[0].0,
            package: ARCHITECTURES[0].1,
            machine: String::new(),
            cpu: None,
            memory_mib: 128,
            bios: None,
            kernel: None,
            initrd: None,
            append: None,
            image: None,
            u_boot_env: BTreeMap::new(),
            serial: true,
            network: Ipv4Addr::new(127, 31, 0, 0),
            forward: BTreeMap::new(),
            probe: None,
            args: Vec::new(),
            samples: 1,
        }
    }
}

struct Mistakes(Vec<Diagnostic>);

impl Mistakes {
    fn add(&mut self, text: impl Into<String>, help: impl Into<String>) {
        self.0.push(Diagnostic::error("bench::qemu", text, None).help(help));
    }
}

/// Reads the request; the settings hold only where there are no mistakes.
pub(super) fn read(request: &BenchRequest) -> (QemuSettings, Vec<Diagnostic>) {
    let mut mistakes = Mistakes(Vec::new());
    let mut settings = QemuSettings::default();
    for (key, value) in request.settings.as_object().into_iter().flatten() {
        one(&mut settings, key, value, &mut mistakes);
    }
    if let Some(count) = request.sample_count {
        match u8::try_from(count) {
            Ok(n) if n >= 1 && u64::from(n) <= MAX_SAMPLES => settings.samples = n,
            _ => mistakes.add(format!("{count} samples were asked for"), format!("1 to {MAX_SAMPLES} guests can run")),
        }
    }
    whole(request, &settings, &mut mistakes);
    (settings, mistakes.0)
}

fn one(settings: &mut QemuSettings, key: &str, value: &Value, mistakes: &mut Mistakes) {
    match key {
        "qemu" => match ARCHITECTURES.iter().find(|(name, _)| value.as_str() == Some(name)) {
            Some((name, package)) => (settings.architecture, settings.package) = (name, package),
            None => {
                let known: Vec<&str> = ARCHITECTURES.iter().map(|(name, _)| *name).collect();
                mistakes.add(format!("`qemu` is {value}"), format!("name an architecture: {}", known.join(", ")));
            }
        },
        "machine" => settings.machine = text(key, value, mistakes).unwrap_or_default(),
        "cpu" => settings.cpu = text(key, value, mistakes),
        "bios" => settings.bios = text(key, value, mistakes),
        "kernel" => settings.kernel = text(key, value, mistakes),
        "initrd" => settings.initrd = text(key, value, mistakes),
        "append" => settings.append = text(key, value, mistakes),
        "image" => settings.image = text(key, value, mistakes),
        "memory" => match value.as_u64().filter(|n| (1..=MAX_MEMORY_MIB).contains(n)) {
            Some(n) => settings.memory_mib = n,
            None => mistakes.add(format!("`memory` is {value}"), format!("write MiB, from 1 to {MAX_MEMORY_MIB}")),
        },
        "serial" => match value.as_bool() {
            Some(serial) => settings.serial = serial,
            None => mistakes.add(format!("`serial` is {value}"), "write true or false"),
        },
        "samples" => match value.as_u64().filter(|n| (1..=MAX_SAMPLES).contains(n)) {
            Some(n) => settings.samples = u8::try_from(n).unwrap_or(u8::MAX),
            None => mistakes.add(format!("`samples` is {value}"), format!("write a number from 1 to {MAX_SAMPLES}")),
        },
        "network" => match value.as_str().and_then(|n| n.parse::<Ipv4Addr>().ok()) {
            Some(network) if network.is_loopback() && network.octets()[3] == 0 => settings.network = network,
            _ => {
                mistakes.add(format!("`network` is {value}"), "write a loopback network that ends in 0: 127.31.0.0");
            }
        },
        "forward" => settings.forward = forward(value, mistakes),
        "u_boot_env" => settings.u_boot_env = environment(value, mistakes),
        "probe" => settings.probe = probe(value, mistakes),
        "args" => settings.args = arguments(value, mistakes),
        other => mistakes.add(format!("a QEMU bench has no setting `{other}`"), format!("it takes {KEYS}")),
    }
}

fn text(key: &str, value: &Value, mistakes: &mut Mistakes) -> Option<String> {
    let text = value.as_str().filter(|t| !t.is_empty() && !t.contains(['\0', '\n']));
    // A comma would start another option of QEMU's.
    let comma = text.is_some_and(|t| t.contains(',') && key == "image");
    if text.is_none() || comma {
        mistakes.add(format!("`{key}` is {value}"), "write a text that is not empty; a path of an image has no comma");
    }
    text.filter(|_| !comma).map(str::to_owned)
}

fn forward(value: &Value, mistakes: &mut Mistakes) -> BTreeMap<u16, u16> {
    let port = |n: Option<u64>| n.and_then(|n| u16::try_from(n).ok()).filter(|n| *n > 0);
    let mut ports = BTreeMap::new();
    let help = "write `forward: { 2222: 22 }`: port of the sample's address, then port of the guest";
    let Some(written) = value.as_object() else {
        mistakes.add(format!("`forward` is {value}"), help);
        return ports;
    };
    for (ours, guests) in written {
        match (port(ours.parse().ok()), port(guests.as_u64())) {
            (Some(ours), Some(guests)) => {
                ports.insert(ours, guests);
            }
            _ => mistakes.add(format!("`forward` has `{ours}: {guests}`"), help),
        }
    }
    ports
}

/// Only a virtual probe fits a guest, and its stub is the bench's to start.
fn probe(value: &Value, mistakes: &mut Mistakes) -> Option<ProbeSettings> {
    let help = "write `probe: { virtual: open, family: stm32f407 }`; adapters/debug-port.md has the states";
    match serde_json::from_value::<ProbeSettings>(value.clone()) {
        Ok(probe) if matches!(probe.place, ProbePlace::Virtual { gdb: None, .. }) => return Some(probe),
        Ok(_) => mistakes.add("`probe` of a guest has `selector` or `gdb`", help),
        Err(e) => mistakes.add(format!("`probe` is wrong: {e}"), help),
    }
    None
}

fn environment(value: &Value, mistakes: &mut Mistakes) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    let help = "write `u_boot_env: { bootdelay: \"-2\" }`, names and values as `printenv` shows them";
    let Some(written) = value.as_object() else {
        mistakes.add(format!("`u_boot_env` is {value}"), help);
        return variables;
    };
    for (name, value) in written {
        let as_text = value.as_str().map(str::to_owned).or_else(|| value.as_i64().map(|n| n.to_string()));
        match as_text.filter(|text| !text.contains('\0') && !name.contains(['=', '\0'])) {
            Some(text) => {
                variables.insert(name.clone(), text);
            }
            None => mistakes.add(format!("`u_boot_env` has `{name}: {value}`"), help),
        }
    }
    let bytes: usize = variables.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    if bytes + 5 > super::flash::ENVIRONMENT_BYTES {
        mistakes.add(format!("`u_boot_env` has {bytes} bytes"), "256 KiB fit");
    }
    variables
}

fn arguments(value: &Value, mistakes: &mut Mistakes) -> Vec<String> {
    let Ok(args) = serde_json::from_value::<Vec<String>>(value.clone()) else {
        mistakes.add(format!("`args` is {value}"), "write a list of texts: `args: [-smp, \"2\"]`");
        return Vec::new();
    };
    for own in args.iter().filter(|a| OWN_ARGUMENTS.contains(&a.as_str())) {
        mistakes.add(format!("`args` has `{own}`, which the bench sets itself"), format!("remove it; it takes {KEYS}"));
    }
    args
}

/// Mistakes that only all settings together show.
fn whole(request: &BenchRequest, settings: &QemuSettings, mistakes: &mut Mistakes) {
    if settings.machine.is_empty() && request.settings.get("machine").is_none() {
        mistakes.add("a QEMU bench needs `machine`", "write `machine: virt`");
    }
    if settings.bios.is_none() && settings.kernel.is_none() && settings.image.is_none() && settings.args.is_empty() {
        mistakes.add("nothing would boot", "give `bios`, `kernel` or `image`");
    }
    if settings.kernel.is_none() && (settings.initrd.is_some() || settings.append.is_some()) {
        mistakes.add("`initrd` and `append` need `kernel`", "give `kernel`, or remove them");
    }
    let has_flash = settings.machine.starts_with("virt") && settings.package == "qemu-system-arm";
    if !settings.u_boot_env.is_empty() && !has_flash && !settings.machine.is_empty() {
        let text = format!("`u_boot_env` is for machine `virt` of arm and aarch64, not `{}`", settings.machine);
        mistakes.add(text, "save the environment in an image of your own");
    }
    if settings.probe.is_some() && settings.args.iter().any(|a| a == "-gdb" || a == "-s") {
        mistakes.add("`args` opens a gdb stub, and `probe` needs it", "remove one of them");
    }
    if !settings.serial && settings.forward.is_empty() && settings.probe.is_none() {
        mistakes.add("nothing is wired to the guest", "give it `serial: true`, `forward` or `probe`");
    }
    if !request.duts.is_empty() {
        mistakes.add("a QEMU bench fills in its DUTs itself", "remove `duts`, or use `provider: local`");
    }
    if !request.defects.is_empty() {
        mistakes.add(
            format!("defects ({}) can only be seeded into virtual DUTs", request.defects.join(", ")),
            "leave them out, or use a bench with `provider: { virtual: camera }`",
        );
    }
}
