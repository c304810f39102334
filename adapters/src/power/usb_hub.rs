//! A port of a USB hub with power switching, through the `uhubctl` program.
//!
//! Built from that program's documented output and tested against a script that prints it; not seen on a hub.

use std::path::PathBuf;
use std::process::Stdio;

use assay_model::{Deadline, Fault};
use async_trait::async_trait;
use tokio::process::Command;
use tokio::time::timeout_at;

use super::Switch;

/// One port of a hub.
#[derive(Debug, Clone)]
pub struct UsbHubSwitch {
    program: PathBuf,
    /// As `uhubctl` lists it: `1-1.2`.
    location: String,
    port: u8,
}

impl UsbHubSwitch {
    /// Port `port` of the hub at `location`, as `uhubctl` lists them. `program`: usually `uhubctl`.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, location: impl Into<String>, port: u8) -> Self {
        Self { program: program.into(), location: location.into(), port }
    }

    async fn run(&self, action: &[&str], until: Deadline) -> Result<String, Fault> {
        let mut command = Command::new(&self.program);
        command.args(["-l", &self.location, "-p", &self.port.to_string()]).args(action);
        let running = command.stdin(Stdio::null()).kill_on_drop(true).output();
        let ran = timeout_at(until.instant().into(), running)
            .await
            .map_err(|_| Fault::timeout("`uhubctl` did not end before the deadline and was killed"))?
            .map_err(|e| {
                Fault::bench("usb-hub", format!("`{}` cannot be started: {e}", self.program.display()))
                    .with_help("install it: apt install uhubctl")
            })?;
        if ran.status.success() {
            return Ok(String::from_utf8_lossy(&ran.stdout).into_owned());
        }
        let said: String = String::from_utf8_lossy(&ran.stderr).trim().chars().take(200).collect();
        Err(Fault::bench("usb-hub", format!("`uhubctl` for hub {} port {}: {said:?}", self.location, self.port))
            .with_help("run `uhubctl` to list hubs that can switch; without a udev rule it needs root"))
    }
}

/// The last state that a port is listed with: after a turn, both the old and the new one are.
fn listed(output: &str, port: u8) -> Option<bool> {
    let prefix = format!("Port {port}:");
    let line = output.lines().rev().map(str::trim).find_map(|line| line.strip_prefix(&prefix))?;
    Some(line.split_whitespace().any(|word| word == "power"))
}

#[async_trait]
impl Switch for UsbHubSwitch {
    async fn set(&self, on: bool, until: Deadline) -> Result<(), Fault> {
        let word = if on { "on" } else { "off" };
        let output = self.run(&["-a", word], until).await?;
        if listed(&output, self.port) == Some(on) {
            return Ok(());
        }
        Err(Fault::bench("usb-hub", format!("hub {} port {} did not turn {word}", self.location, self.port))
            .with_help("many hubs say that they can switch and cannot; see the list in uhubctl's README"))
    }

    async fn state(&self, until: Deadline) -> Result<Option<bool>, Fault> {
        Ok(listed(&self.run(&[], until).await?, self.port))
    }
}
