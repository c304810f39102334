//! Starting a run's samples: every mistake and every taken port is said before anything is judged.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::camera::body::Camera;
use crate::camera::console::{self, OpenConsole};
use crate::camera::datagrams;
use crate::camera::debug_port;
use crate::camera::defect::{self, Defect, DefectInfo, DefectKind, Defects};
use crate::camera::power::{Phase, supervise};
use crate::camera::services::{self, PortTrouble};
use crate::cloud::{self, CloudError};
use crate::running::{Running, Sample, VirtualProbe, VirtualSample};
use crate::{foreign, models, website};

/// At most so many samples in one run.
pub const MAX_SAMPLES: u8 = 64;
/// The last number of the website's address.
const WEBSITE: u8 = 254;
/// The last number of the report service's address.
const CLOUD: u8 = 253;

/// What to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartSpec {
    /// A name of [`models`](crate::models).
    pub model: String,
    /// How many samples, from 1 to [`MAX_SAMPLES`].
    pub samples: u8,
    /// Names of the model's defects, at most one dead twin of each part. They hold for all samples.
    pub defects: Vec<String>,
    /// The loopback network, as `127.21.0.0`: sample n listens at `.n`, the maker's report service at `.253` and its
    /// website at `.254`. Runs at the same time need networks of their own.
    pub network: Ipv4Addr,
}

impl Default for StartSpec {
    /// Three good cameras on 127.21.0.0.
    fn default() -> Self {
        Self { model: "camera".to_owned(), samples: 3, defects: Vec::new(), network: Ipv4Addr::new(127, 21, 0, 0) }
    }
}

/// Why samples could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No such model.
    #[error("there is no virtual model `{name}`; help: the models are {known}")]
    UnknownModel {
        /// As asked.
        name: String,
        /// All names.
        known: String,
    },
    /// No such defect.
    #[error("the virtual camera has no defect `{name}`; help: its defects are {known}")]
    UnknownDefect {
        /// As asked.
        name: String,
        /// All names.
        known: String,
    },
    /// Two dead twins at once.
    #[error("`{first}` and `{second}` are both dead twins; help: a device can be dead in one way at a time")]
    TwoDeadTwins {
        /// One.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// No samples, or too many.
    #[error("{asked} samples were asked for; help: 1 to {MAX_SAMPLES} fit in one network")]
    SampleCount {
        /// As asked.
        asked: u8,
    },
    /// The network is none of loopback, or does not end in 0.
    #[error("the network {network} is not usable; help: write a loopback network that ends in 0, as 127.21.0.0")]
    Network {
        /// As asked.
        network: Ipv4Addr,
    },
    /// Another program has a port of ours.
    #[error(
        "{address} is taken: {message}; help: another run uses this network, or a program listens on port {} of every \
         address; stop it, or set `network:` to another, as 127.22.0.0", address.port()
    )]
    PortTaken {
        /// The address that could not be bound.
        address: SocketAddr,
        /// What the system says.
        message: String,
    },
    /// A port could not be bound for another reason.
    #[error(
        "{address} cannot be listened on: {message}; help: virtual samples need loopback addresses (127.0.0.0/8, Linux)"
    )]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        message: String,
    },
    /// No pty.
    #[error(
        "no console for sample {sample}: {message}; help: see that /dev/pts is mounted and /proc/sys/kernel/pty/max not reached"
    )]
    Console {
        /// Which sample.
        sample: String,
        /// The step and what the system says.
        message: String,
    },
    /// No place for the debug port to listen.
    #[error("no debug port for sample {sample}: {message}; help: see that loopback has a port left")]
    DebugPort {
        /// Which sample.
        sample: String,
        /// What the system says.
        message: String,
    },
    /// No keys.
    #[error("no keys for sample {sample}: {message}")]
    Identity {
        /// Which sample.
        sample: String,
        /// What went wrong.
        message: String,
    },
    /// No certificate for the maker's report service.
    #[error("the maker's report service cannot be set up: {message}")]
    ReportService {
        /// What went wrong.
        message: String,
    },
    /// The kernel's socket table could not be read.
    #[error("/proc/net/tcp cannot be read: {message}; help: virtual samples need Linux with /proc mounted")]
    Listeners {
        /// What the system says.
        message: String,
    },
}

impl From<PortTrouble> for StartError {
    fn from(PortTrouble { address, kind, message }: PortTrouble) -> Self {
        match kind {
            io::ErrorKind::AddrInUse => Self::PortTaken { address, message },
            _ => Self::Bind { address, message },
        }
    }
}

impl From<CloudError> for StartError {
    fn from(error: CloudError) -> Self {
        match error {
            CloudError::Port(trouble) => trouble.into(),
            other => Self::ReportService { message: other.to_string() },
        }
    }
}

/// Starts the samples and the maker's website; returns when all services accept. Boot goes on on the consoles.
///
/// Needs a tokio runtime with time and I/O; everything ends when [`Running`] is dropped or stopped.
///
/// # Errors
/// [`StartError`]: nothing is left running.
pub async fn start(spec: StartSpec) -> Result<Running, StartError> {
    let running = prepare(spec).await?;
    match running.boot_all().await {
        Ok(()) => Ok(running),
        Err(error) => {
            running.stop().await;
            Err(error)
        }
    }
}

/// As [`start`], with the samples' power still off: for who must listen on the consoles from before power-on.
/// [`Running::boot_all`] is the other half. The maker's website is up.
///
/// # Errors
/// [`StartError`], also for ports that would be taken at power-on: nothing is left running.
pub async fn prepare(spec: StartSpec) -> Result<Running, StartError> {
    let defects = check(&spec)?;
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    // Dropped on the way out of an error, it stops what had been started.
    let guard = stop.clone().drop_guard();

    let [a, b, c, _] = spec.network.octets();
    let hosts = (1..=spec.samples).map(|number| (number, Ipv4Addr::new(a, b, c, number)));
    for (_, host) in hosts.clone() {
        services::try_ports(host, &defects)?;
    }
    let mut samples: Vec<Sample> = Vec::new();
    for (number, host) in hosts {
        samples.push(assemble(number, host, &defects, &tasks, &stop).await?);
    }
    let uplink = cloud::serve(Ipv4Addr::new(a, b, c, CLOUD), &tasks, &stop).await?;
    for sample in &samples {
        // Each camera is new: nobody has set it.
        let _ = sample.camera.uplink.set(uplink.clone());
    }
    website::serve(Ipv4Addr::new(a, b, c, WEBSITE), &defects, &tasks, &stop).await?;
    guard.disarm();
    Ok(Running { website: SocketAddr::from(([a, b, c, WEBSITE], website::PORT)), samples, tasks, stop })
}

/// The mistakes that need nothing opened.
fn check(spec: &StartSpec) -> Result<Defects, StartError> {
    let join = |names: Vec<&str>| names.join(", ");
    if !models().iter().any(|model| model.name == spec.model) {
        let known = join(models().iter().map(|model| model.name).collect());
        return Err(StartError::UnknownModel { name: spec.model.clone(), known });
    }
    if spec.samples == 0 || spec.samples > MAX_SAMPLES {
        return Err(StartError::SampleCount { asked: spec.samples });
    }
    if !spec.network.is_loopback() || spec.network.octets()[3] != 0 {
        return Err(StartError::Network { network: spec.network });
    }
    let mut dead: Vec<&'static DefectInfo> = Vec::new();
    let mut defects = Vec::new();
    for name in &spec.defects {
        let row = defect::by_name(name).ok_or_else(|| StartError::UnknownDefect {
            name: name.clone(),
            known: join(defect::TABLE.iter().map(|row| row.name).collect()),
        })?;
        if row.kind == DefectKind::Dead {
            if let Some(first) = dead.iter().find(|first| first.part == row.part && first.name != row.name) {
                return Err(StartError::TwoDeadTwins { first: first.name, second: row.name });
            }
            dead.push(row);
        }
        defects.push(row.defect);
    }
    Ok(defects.into_iter().collect())
}

/// Builds one sample with its power off.
async fn assemble(
    number: u8,
    host: Ipv4Addr,
    defects: &Defects,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<Sample, StartError> {
    let id = format!("s{number}");
    let foreign_ports = foreign::listening_on(host).map_err(|e| StartError::Listeners { message: e.to_string() })?;
    let mut foreign_datagrams =
        foreign::datagrams_on(host).map_err(|e| StartError::Listeners { message: e.to_string() })?;
    foreign_datagrams.retain(|port| datagrams::of(defects).iter().all(|service| service.port() != *port));
    let camera = Camera::new(number, host, defects.clone())
        .map_err(|e| StartError::Identity { sample: id.clone(), message: e.to_string() })?;
    let OpenConsole { path, line, pump } = console::open(defects.has(Defect::Flaky))
        .map_err(|e| StartError::Console { sample: id.clone(), message: e.to_string() })?;

    let camera = Arc::new(camera);
    let debug = debug_port::serve(&camera)
        .await
        .map_err(|e| StartError::DebugPort { sample: id.clone(), message: e.to_string() })?;
    let (turns, switch) = mpsc::channel(4);
    let (announce, phase) = watch::channel(Phase::Off);
    tasks.spawn(stop.clone().run_until_cancelled_owned(pump));
    tasks.spawn(supervise(camera.clone(), line, switch, announce, stop.clone()));

    let shown = VirtualSample {
        id,
        host: host.into(),
        console: path,
        label: camera.label.fields(),
        foreign_ports,
        foreign_datagrams,
        probe: VirtualProbe {
            selector: debug.selector().to_owned(),
            chip: debug_port::chip(),
            keys: debug_port::keys_at(),
        },
        ports: services::of(defects).into_iter().map(|service| (service.port(), service.name())).collect(),
        datagrams: datagrams::of(defects).into_iter().map(|service| (service.port(), service.name())).collect(),
    };
    Ok(Sample { shown, camera, turns, phase, _debug: debug })
}
