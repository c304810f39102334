//! The boot log. Times are short so that runs are; nothing in it is secret.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::{monitor, port::ConsoleLine};
use crate::camera::body::FIRMWARE;

const BOOTLOADER: Duration = Duration::from_millis(20);
const COUNTDOWN: Duration = Duration::from_millis(80);
/// With a countdown that stops: long enough for a person's reflexes would be a second; a test's are faster.
const OPEN_COUNTDOWN: Duration = Duration::from_millis(300);
const KERNEL: Duration = Duration::from_millis(40);
const SERVICES: Duration = Duration::from_millis(180);

/// Power on to the start of the kernel. The countdown is shown, and keys do nothing: production images are locked. With
/// `stops`, a key in the countdown leads to the prompt; comes back when the owner of that prompt boots. True: the kernel was
/// told there to start a shell in place of the product.
pub(crate) async fn bootloader(line: &ConsoleLine, stops: bool) -> bool {
    let mut to_shell = false;
    sleep(BOOTLOADER).await;
    line.say("\r\nC1 Boot 2026.04 (Apr 02 2026 - 10:12:44 +0000)\r\n\r\n");
    line.say("CPU:   C1 camera processor, 800 MHz\r\nDRAM:  128 MiB\r\nFlash: 16 MiB\r\n");
    line.say("Image: signature valid\r\nHit any key to stop autoboot:  1");
    if stops {
        if let Ok(Some(_)) = timeout(OPEN_COUNTDOWN, line.hear()).await {
            line.say("\x08\x08 0\r\n");
            to_shell = monitor::prompt(line).await;
        }
    } else {
        sleep(COUNTDOWN).await;
        line.say("\x08\x08 0\r\n");
    }
    line.say("Starting kernel ...\r\n\r\n");
    to_shell
}

/// The kernel, until the network is up.
pub(crate) async fn kernel(line: &ConsoleLine, boots: u32) {
    line.say("[    0.000000] Linux version 6.6.32 (build@example) #1 SMP armv7l\r\n");
    line.say("[    0.000000] Machine model: C1 Smart Camera\r\n");
    line.say("[    0.000000] Memory: 118324K/131072K available\r\n");
    line.say("[    0.021311] 4 fixed-partitions partitions found on MTD device flash\r\n");
    for (range, name) in [
        ("0x000000000000-0x000000040000", "boot"),
        ("0x000000040000-0x000000080000", "config"),
        ("0x000000080000-0x000000800000", "system-a"),
        ("0x000000800000-0x000001000000", "system-b"),
    ] {
        line.say(format!("[    0.021480] {range} : \"{name}\"\r\n"));
    }
    sleep(KERNEL).await;
    line.say(format!("[    0.061007] config: boot count {boots}\r\n"));
    line.say("[    0.062840] eth0: link up, 100 Mbps, full duplex\r\n");
}

/// The radio, in words that a maker forgot to take out.
pub(crate) fn radio_key(line: &ConsoleLine, ssid: &str, key: &str) {
    line.say(format!("[    0.063112] wlan0: ssid=\"{ssid}\" psk=\"{key}\"\r\n"));
}

/// The services could not start, in the words of a device that tries again.
pub(crate) fn network_trouble(line: &ConsoleLine, message: &str) {
    line.say(format!("[    0.064000] services: {message}; trying again\r\n"));
}

/// Services are up; until the login prompt.
pub(crate) async fn started(line: &ConsoleLine) {
    line.say("Starting services: config network web ssh\r\n");
    sleep(SERVICES).await;
    line.say(format!("\r\nC1 firmware {FIRMWARE}\r\n"));
}
