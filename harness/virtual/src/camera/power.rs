//! Power: the supervisor of one sample. Each life of the camera is a set of tasks that ends as one.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::body::Camera;
use super::console::{self, ConsoleLine};
use super::debug_port;
use super::defect::Defect;
use super::services::{self, PortTrouble};

const REBOOT_PAUSE: Duration = Duration::from_millis(50);
const PORT_RETRY: Duration = Duration::from_millis(200);

/// Where a sample is on its way up.
#[derive(Debug, Clone)]
pub(crate) enum Phase {
    Off,
    Booting,
    /// A port is taken; it keeps trying.
    NoNetwork(PortTrouble),
    /// The network services accept.
    Up,
}

/// A turn of the power switch, and who waits for it.
pub(crate) struct Turn {
    pub(crate) on: bool,
    pub(crate) done: oneshot::Sender<()>,
}

/// Obeys the power switch, and reboots when the camera asks, until `stop`.
pub(crate) async fn supervise(
    camera: Arc<Camera>,
    line: ConsoleLine,
    mut turns: mpsc::Receiver<Turn>,
    phase: watch::Sender<Phase>,
    stop: CancellationToken,
) {
    let mut life: Option<Life> = None;
    let mut erased = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = camera.reboot.notified() => {
                if let Some(ending) = life.take() {
                    ending.end(&camera, &line, &phase).await;
                    tokio::time::sleep(REBOOT_PAUSE).await;
                    life = Some(Life::begin(&camera, &line, &phase, &stop));
                }
            }
            () = camera.erased.notified() => {
                erased = true;
                if let Some(ending) = life.take() {
                    ending.end(&camera, &line, &phase).await;
                }
            }
            turn = turns.recv() => {
                let Some(Turn { on, done }) = turn else { break };
                match (on, life.take()) {
                    (true, None) if erased => {}
                    (true, None) => life = Some(Life::begin(&camera, &line, &phase, &stop)),
                    (true, running) => life = running,
                    (false, Some(ending)) => {
                        let booting = matches!(*phase.borrow(), Phase::Booting);
                        ending.end(&camera, &line, &phase).await;
                        if booting && camera.is(Defect::SettingsLostOnPowerCut) {
                            camera.state().factory_reset();
                        }
                    }
                    (false, None) => {}
                }
                let _ = done.send(());
            }
        }
    }
    if let Some(ending) = life {
        ending.end(&camera, &line, &phase).await;
    }
}

/// From power on to power off.
struct Life {
    off: CancellationToken,
    tasks: TaskTracker,
}

impl Life {
    fn begin(camera: &Arc<Camera>, line: &ConsoleLine, phase: &watch::Sender<Phase>, stop: &CancellationToken) -> Self {
        let life = Self { off: stop.child_token(), tasks: TaskTracker::new() };
        phase.send_replace(Phase::Booting);
        camera.controller.set_state(debug_port::state(&camera.defects, true));
        let run = live(camera.clone(), line.clone(), phase.clone(), life.tasks.clone(), life.off.clone());
        life.tasks.spawn(life.off.clone().run_until_cancelled_owned(run));
        life
    }

    /// Returns when every socket is closed and the console is silent.
    async fn end(self, camera: &Camera, line: &ConsoleLine, phase: &watch::Sender<Phase>) {
        self.off.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        line.cut();
        camera.controller.set_state(debug_port::state(&camera.defects, false));
        phase.send_replace(Phase::Off);
    }
}

async fn live(
    camera: Arc<Camera>,
    line: ConsoleLine,
    phase: watch::Sender<Phase>,
    tasks: TaskTracker,
    off: CancellationToken,
) {
    let boots = {
        let mut state = camera.state();
        state.boot();
        state.boots
    };
    let speaks = !camera.is(Defect::Silent) && !camera.is(Defect::Absent);
    let mut to_shell = camera.is(Defect::ConsoleRootShell);
    if speaks {
        to_shell |= console::bootloader(&line, camera.is(Defect::BootloaderShell)).await;
        console::kernel(&line, boots).await;
        if camera.is(Defect::BootLogLeaksKey) {
            console::radio_key(&line, &camera.label.ssid, &camera.label.radio_key());
        }
    }
    while let Err(trouble) = services::serve(&camera, &tasks, &off).await {
        if speaks {
            console::network_trouble(&line, &trouble.message);
        }
        phase.send_replace(Phase::NoNetwork(trouble));
        tokio::time::sleep(PORT_RETRY).await;
    }
    phase.send_replace(Phase::Up);
    if speaks {
        console::started(&line).await;
        console::attend(camera, line, to_shell).await;
    }
}
