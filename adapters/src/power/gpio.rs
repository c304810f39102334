//! A relay on a line of a GPIO controller, by the kernel's character device.
//!
//! Built on the kernel's interface through `gpiocdev`; not seen on a controller.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use assay_model::{Deadline, Fault};
use async_trait::async_trait;
use gpiocdev::{Request, line::Value};

use super::Switch;

/// One line. It is ours from the first turn until the bench closes; the kernel keeps its level for as long.
#[derive(Clone)]
pub struct GpioSwitch {
    /// `/dev/gpiochip0`.
    chip: PathBuf,
    line: u32,
    /// The relay is on where the line is low.
    active_low: bool,
    held: Arc<Mutex<Option<Request>>>,
}

impl GpioSwitch {
    /// Line `line` of the controller at `chip`.
    #[must_use]
    pub fn new(chip: impl Into<PathBuf>, line: u32, active_low: bool) -> Self {
        Self { chip: chip.into(), line, active_low, held: Arc::default() }
    }

    fn failed(&self, error: &gpiocdev::Error) -> Fault {
        Fault::bench("gpio", format!("line {} of `{}`: {error}", self.line, self.chip.display())).with_help(
            "`gpioinfo` (apt install gpiod) lists lines and who holds them; the device needs to be readable and writable",
        )
    }

    fn turn(&self, on: bool) -> Result<(), Fault> {
        let value = if on { Value::Active } else { Value::Inactive };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(request) = held.as_ref() {
            return request.set_value(self.line, value).map(drop).map_err(|e| self.failed(&e));
        }
        let mut builder = Request::builder();
        builder.with_consumer("assay").on_chip(&self.chip).with_line(self.line).as_output(value);
        if self.active_low {
            builder.as_active_low();
        }
        *held = Some(builder.request().map_err(|e| self.failed(&e))?);
        Ok(())
    }
}

#[async_trait]
impl Switch for GpioSwitch {
    async fn set(&self, on: bool, _until: Deadline) -> Result<(), Fault> {
        // A system call that does not wait.
        self.turn(on)
    }

    async fn state(&self, _until: Deadline) -> Result<Option<bool>, Fault> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(request) = held.as_ref() else { return Ok(None) }; // asking for it would turn it
        request.value(self.line).map(|value| Some(value == Value::Active)).map_err(|e| self.failed(&e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::soon;

    #[tokio::test]
    async fn a_controller_that_is_not_there_is_the_labs_trouble() {
        let switch = GpioSwitch::new("/dev/gpiochip-none", 3, true);
        assert_eq!(switch.state(soon()).await, Ok(None), "nothing was turned yet");
        let fault = switch.set(true, soon()).await.expect_err("not there");
        assert!(fault.code == "gpio" && fault.text.contains("line 3 of `/dev/gpiochip-none`"), "{fault:?}");
        let fault = GpioSwitch::new("/dev/null", 3, false).set(true, soon()).await.expect_err("no controller");
        assert!(!fault.help.is_empty(), "{fault:?}");
    }
}
