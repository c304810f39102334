//! A relay board on USB that shows itself as a human interface device: 16c0:05df, "USBRelay2" and its kind.
//!
//! Built from what `usbrelay` documents of the boards' reports; not seen on a board.

use assay_model::{Deadline, Fault};
use async_trait::async_trait;
use hidapi::{HidApi, HidDevice, HidError};

use super::Switch;

const VENDOR: u16 = 0x16c0;
const PRODUCT: u16 = 0x05df;
/// A report: its number, and eight bytes.
const REPORT: usize = 9;
const ON: u8 = 0xff;
const OFF: u8 = 0xfd;

/// One relay of a board.
#[derive(Debug, Clone)]
pub struct UsbRelaySwitch {
    /// The five characters that a board calls itself by; any board where empty, if there is one alone.
    board: String,
    /// From 1.
    output: u8,
}

/// What a board says of itself.
#[derive(Debug, PartialEq, Eq)]
struct Says {
    board: String,
    /// A bit for each relay, the lowest for the first.
    on: u8,
}

/// The report that turns a relay.
fn turn(output: u8, on: bool) -> [u8; REPORT] {
    let mut report = [0; REPORT];
    (report[1], report[2]) = (if on { ON } else { OFF }, output);
    report
}

/// Reads a board's report: its name in the first five bytes, the relays in the eighth.
fn says(report: &[u8]) -> Option<Says> {
    let (name, on) = (report.get(..5)?, *report.get(7)?);
    name.iter().all(u8::is_ascii_graphic).then(|| Says { board: String::from_utf8_lossy(name).into_owned(), on })
}

impl UsbRelaySwitch {
    /// Relay `output` (from 1) of the board that calls itself `board`.
    #[must_use]
    pub const fn new(board: String, output: u8) -> Self {
        Self { board, output }
    }

    fn failed(&self, error: &HidError) -> Fault {
        Fault::bench("usb-relay", format!("relay {} of board `{}`: {error}", self.output, self.board))
            .with_help("without a udev rule for 16c0:05df a board needs root; lab-config/udev has one")
    }

    /// The board, and what it says.
    fn open(&self) -> Result<(HidDevice, Says), Fault> {
        let api = HidApi::new().map_err(|e| self.failed(&e))?;
        let mut seen = Vec::new();
        for info in api.device_list().filter(|d| (d.vendor_id(), d.product_id()) == (VENDOR, PRODUCT)) {
            let device = info.open_device(&api).map_err(|e| self.failed(&e))?;
            let mut report = [0; REPORT];
            report[0] = 1;
            let length = device.get_feature_report(&mut report).map_err(|e| self.failed(&e))?;
            seen.extend(says(&report[..length]).map(|says| (device, says)));
        }
        let boards: Vec<String> = seen.iter().map(|(_, says)| says.board.clone()).collect();
        let mut ours: Vec<_> =
            seen.into_iter().filter(|(_, says)| self.board.is_empty() || says.board == self.board).collect();
        match (ours.pop(), ours.is_empty()) {
            (Some(one), true) => Ok(one),
            _ => Err(Fault::bench(
                "usb-relay",
                format!("not one relay board `{}` is plugged in; there are: {boards:?}", self.board),
            )
            .with_help("plug it in, or name one of these in `usb_relay`")),
        }
    }

    fn set_now(&self, on: bool) -> Result<(), Fault> {
        let (device, _) = self.open()?;
        device.send_feature_report(&turn(self.output, on)).map_err(|e| self.failed(&e))?;
        if self.state_now()? == on {
            return Ok(());
        }
        let word = if on { "on" } else { "off" };
        Err(Fault::bench("usb-relay", format!("relay {} of board `{}` did not turn {word}", self.output, self.board))
            .with_help("check that the board has that many relays, and its supply"))
    }

    fn state_now(&self) -> Result<bool, Fault> {
        let bit = 1_u8.checked_shl(u32::from(self.output.saturating_sub(1))).unwrap_or(0);
        Ok(self.open()?.1.on & bit != 0)
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Fault> + Send + 'static,
        until: Deadline,
    ) -> Result<T, Fault> {
        let this = self.clone();
        let working = tokio::task::spawn_blocking(move || work(&this));
        let done = tokio::time::timeout_at(until.instant().into(), working).await;
        done.map_err(|_| Fault::timeout("the relay board did not answer before the deadline"))?
            .map_err(|e| Fault::adapter("power-task", format!("talking to the relay board ended early: {e}")))?
    }
}

#[async_trait]
impl Switch for UsbRelaySwitch {
    async fn set(&self, on: bool, until: Deadline) -> Result<(), Fault> {
        self.blocking(move |this| this.set_now(on), until).await
    }

    async fn state(&self, until: Deadline) -> Result<Option<bool>, Fault> {
        self.blocking(|this| this.state_now().map(Some), until).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::soon;

    #[test]
    fn reports_are_made_and_read_as_the_boards_have_them() {
        assert_eq!(turn(2, true), [0, 0xff, 2, 0, 0, 0, 0, 0, 0]);
        assert_eq!(turn(1, false), [0, 0xfd, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(says(b"BITFT\0\0\x02"), Some(Says { board: "BITFT".into(), on: 2 }));
        assert_eq!((says(b"BITFT\0\0"), says(b"\0\0\0\0\0\0\0\0"), says(b"")), (None, None, None));
    }

    #[tokio::test]
    async fn a_board_that_is_not_plugged_in_is_the_labs_trouble() {
        let fault = UsbRelaySwitch::new("NONE0".into(), 1).state(soon()).await.expect_err("no such board");
        assert!(fault.code == "usb-relay" && !fault.help.is_empty(), "{fault:?}");
    }
}
