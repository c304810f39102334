//! Samples in operation, and the hand on their switches.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::camera::body::Camera;
use crate::camera::power::{Phase, Turn};
use crate::debug::DebugServer;
use crate::start::StartError;
use crate::tap::Segment;

/// What a bench must know of one sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VirtualSample {
    /// `s1`.
    pub id: String,
    /// Its own loopback address.
    pub host: IpAddr,
    /// The pty of its console; open it like a serial port.
    pub console: PathBuf,
    /// `serial`, `mac`, `ssid`, `model`, `batch` and `password`, the password in clear.
    pub label: BTreeMap<String, String>,
    /// TCP ports that other programs answered on at its address before it started.
    pub foreign_ports: Vec<u16>,
    /// UDP ports on which other programs would have answered at its address, and it does not.
    pub foreign_datagrams: Vec<u16>,
    /// The probe on its debug port.
    pub probe: VirtualProbe,
    /// The ports it serves when it is on, with the service.
    pub ports: Vec<(u16, &'static str)>,
    /// The same over UDP.
    pub datagrams: Vec<(u16, &'static str)>,
}

/// A virtual probe on a sample's debug port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VirtualProbe {
    /// What debug-probe software selects it by: `20b7:9db1:tcp:127.0.0.1:4711`.
    pub selector: String,
    /// The chip behind it, as probe-rs knows it.
    pub chip: &'static str,
    /// Byte addresses of the partition of keys.
    pub keys: std::ops::Range<u32>,
}

/// A hand reached for a sample and could not act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// No such sample.
    #[error("this run has no sample `{sample}`; help: its samples are {known}")]
    Unknown {
        /// As asked.
        sample: String,
        /// All ids.
        known: String,
    },
    /// A reset button does nothing without power.
    #[error("sample `{sample}` is off, so its reset button does nothing; help: switch its power on first")]
    Off {
        /// Which.
        sample: String,
    },
    /// The run is being stopped.
    #[error("sample `{sample}` is being stopped")]
    Stopped {
        /// Which.
        sample: String,
    },
}

pub(crate) struct Sample {
    pub(crate) shown: VirtualSample,
    pub(crate) camera: Arc<Camera>,
    pub(crate) turns: mpsc::Sender<Turn>,
    pub(crate) phase: watch::Receiver<Phase>,
    /// Listens until it is dropped.
    pub(crate) _debug: DebugServer,
}

/// Started samples. Dropping it stops them.
pub struct Running {
    pub(crate) website: SocketAddr,
    pub(crate) samples: Vec<Sample>,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl Running {
    /// The samples, in order.
    #[must_use]
    pub fn samples(&self) -> Vec<VirtualSample> {
        self.samples.iter().map(|sample| sample.shown.clone()).collect()
    }

    /// Where the maker's website listens: plain HTTP, by the name `maker.test`.
    #[must_use]
    pub fn website(&self) -> SocketAddr {
        self.website
    }

    /// Turns all samples on; returns when all their services accept. Boot goes on on the consoles.
    ///
    /// # Errors
    /// [`StartError::PortTaken`], [`StartError::Bind`]: a port went to somebody else while the power was off. The sample
    /// keeps trying to get it.
    pub async fn boot_all(&self) -> Result<(), StartError> {
        for sample in &self.samples {
            // It fails only for a run that is being stopped, and that has no phase to wait for either.
            let _ = self.power(&sample.shown.id, true).await;
        }
        for sample in &self.samples {
            let mut phase = sample.phase.clone();
            let reached = phase.wait_for(|phase| matches!(phase, Phase::Up | Phase::NoNetwork(_))).await;
            if let Ok(Phase::NoNetwork(trouble)) = reached.as_deref() {
                return Err(trouble.clone().into());
            }
        }
        Ok(())
    }

    /// Turns the power of one sample on or off; turning it where it stands does nothing.
    ///
    /// Off: on return every port refuses and the console is silent. On: returns at once, and the sample boots (about
    /// 0.15 s until the network is up, 0.35 s until the login prompt).
    ///
    /// # Errors
    /// [`SampleError::Unknown`], [`SampleError::Stopped`].
    pub async fn power(&self, sample: &str, on: bool) -> Result<(), SampleError> {
        let switch = &self.find(sample)?.turns;
        let (done, turned) = oneshot::channel();
        let stopped = || SampleError::Stopped { sample: sample.to_owned() };
        switch.send(Turn { on, done }).await.map_err(|_| stopped())?;
        turned.await.map_err(|_| stopped())
    }

    /// How often anything ordered an erase at the sample's debug port.
    ///
    /// # Errors
    /// [`SampleError::Unknown`].
    pub fn erase_count(&self, sample: &str) -> Result<u32, SampleError> {
        Ok(self.find(sample)?.camera.controller.erase_count())
    }

    /// Listens on the link of a sample from now on; what was heard before is forgotten.
    ///
    /// # Errors
    /// [`SampleError::Unknown`].
    pub fn listen(&self, sample: &str) -> Result<(), SampleError> {
        self.find(sample)?.camera.tap.listen();
        Ok(())
    }

    /// Ends listening: what was said, in order, and how many events there was no room for.
    ///
    /// # Errors
    /// [`SampleError::Unknown`].
    pub fn heard(&self, sample: &str) -> Result<(Vec<Segment>, u64), SampleError> {
        Ok(self.find(sample)?.camera.tap.take())
    }

    /// Whether the sample has power.
    ///
    /// # Errors
    /// [`SampleError::Unknown`].
    pub fn is_on(&self, sample: &str) -> Result<bool, SampleError> {
        Ok(!matches!(*self.find(sample)?.phase.borrow(), Phase::Off))
    }

    /// Holds the reset button: factory reset, effective on return.
    ///
    /// # Errors
    /// [`SampleError::Unknown`], [`SampleError::Off`].
    pub fn press_reset(&self, sample: &str) -> Result<(), SampleError> {
        if !self.is_on(sample)? {
            return Err(SampleError::Off { sample: sample.to_owned() });
        }
        self.find(sample)?.camera.state().factory_reset();
        Ok(())
    }

    /// Puts a sample's clock forward, so that locks and sessions run out without waiting.
    ///
    /// # Errors
    /// [`SampleError::Unknown`].
    pub fn advance_clock(&self, sample: &str, by: Duration) -> Result<(), SampleError> {
        self.find(sample)?.camera.state().advance_clock(by);
        Ok(())
    }

    /// Stops everything; on return every port is free.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn find(&self, sample: &str) -> Result<&Sample, SampleError> {
        self.samples.iter().find(|known| known.shown.id == sample).ok_or_else(|| SampleError::Unknown {
            sample: sample.to_owned(),
            known: self.samples.iter().map(|known| &*known.shown.id).collect::<Vec<_>>().join(", "),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
