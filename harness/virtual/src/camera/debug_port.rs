//! The debug port on the service connector: serial wire debug of the controller that keeps configuration, keys and radio.
//!
//! What a debugger finds behind it is what the camera has at that moment. Production locks the port; the defects leave it open
//! in one way or another, and only they put anything in clear behind it.

use std::io;
use std::sync::Arc;

use hmac::Mac;
use serde_json::json;

use super::body::{Camera, FIRMWARE};
use super::defect::{Defect, Defects};
use super::identity::Identity;
use super::label::Label;
use super::verifier::keyed_hash;
use crate::debug::{DebugListener, DebugServer, DebugState, DebugTarget, Family, Image, serve_glasgow_between};

/// The controller.
const FAMILY: Family = Family::Nrf52840;
/// Byte offsets into flash: version string, partition of settings and password digests, partition of keys.
const VERSION: usize = 0x1000;
const CONFIG: usize = 0x8_0000;
const DIGESTS: usize = 0x8_0800;
const KEYS: usize = 0x8_1000;
/// Length of the partition of keys.
const KEYS_LEN: u32 = 0x1000;
/// Byte offset into SRAM: the settings in use.
const IN_USE: usize = 0x8000;

/// The controller of a camera whose power is off.
pub(crate) fn controller(label: &Label, defects: &Defects, identity: &Identity) -> DebugTarget {
    let image = Image::blank(FAMILY)
        .flash_at(VERSION, format!("C1 controller {FIRMWARE} (Apr 02 2026)\0").as_bytes())
        .flash_at(KEYS, &keys(label, defects, identity))
        .rtt_log(log(label, defects).as_bytes());
    DebugTarget::new(FAMILY, state(defects, false), image)
}

/// The state of the port.
pub(crate) fn state(defects: &Defects, on: bool) -> DebugState {
    let has = |defect| defects.has(defect);
    // What is wrong with the probe is wrong whatever the camera does.
    if has(Defect::ProbeMissing) {
        DebugState::ProbeMissing
    } else if has(Defect::ProbeStalled) {
        DebugState::ProbeStalled { after: 40 }
    } else if !on || has(Defect::Absent) {
        DebugState::WireOpen
    } else if has(Defect::DebugCableLost) || has(Defect::Flaky) {
        DebugState::CableLost { after: 60 }
    } else if has(Defect::Silent) {
        DebugState::PinsDead
    } else if has(Defect::DebugOpen) || has(Defect::SecretsInFlash) || has(Defect::RttLogLeaksKey) {
        DebugState::Open
    } else if has(Defect::DebugMemoryReadable) {
        DebugState::DbgenOff
    } else {
        DebugState::NrfApprotect
    }
}

/// The partition of keys: sealed under the storage key, or as a maker in a hurry leaves it.
fn keys(label: &Label, defects: &Defects, identity: &Identity) -> Vec<u8> {
    if defects.has(Defect::SecretsInFlash) {
        let radio = format!("ssid={}\nwifi_psk={}\n", label.ssid, label.radio_key());
        return format!("{radio}label_password={}\n{}\0", label.password, identity.tls_key_pem).into_bytes();
    }
    let stream = (0_u32..).flat_map(|block| {
        let mut mac = keyed_hash(&identity.storage_key, b"key partition");
        mac.update(&block.to_le_bytes());
        mac.finalize().into_bytes()
    });
    identity.tls_key_pem.bytes().zip(stream).map(|(clear, key)| clear ^ key).collect()
}

fn log(label: &Label, defects: &Defects) -> String {
    let mut log = format!("[0.000] C1 controller {FIRMWARE}\r\n[0.012] config: partition ok\r\n");
    if defects.has(Defect::RttLogLeaksKey) {
        log += &format!("[0.034] wlan0: ssid=\"{}\" psk=\"{}\"\r\n", label.ssid, label.radio_key());
    }
    log + "[0.041] radio up\r\n[0.055] keys: sealed\r\n"
}

/// Puts what the camera has now where its firmware keeps it.
fn store(camera: &Camera) {
    let (label, state) = (&camera.label, camera.state());
    let in_use = json!({ "settings": state.settings, "set_up": state.initialised(), "boots": state.boots });
    let config = json!({ "model": label.model, "serial": label.serial, "mac": label.mac, "firmware": FIRMWARE,
                         "in_use": in_use });
    camera.controller.store_flash(CONFIG, format!("{config}\0").as_bytes());
    camera.controller.store_flash(DIGESTS, &state.digests().concat());
    camera.controller.store_ram(IN_USE, format!("{in_use}\0").as_bytes());
}

/// Serves the port to the stock Glasgow driver, on loopback: not on the camera's own address, where it would be a service of
/// the network.
///
/// # Errors
/// No port is free.
pub(crate) async fn serve(camera: &Arc<Camera>) -> io::Result<DebugServer> {
    let listener = DebugListener::loopback().await?;
    let camera = camera.clone();
    serve_glasgow_between(camera.controller.clone(), listener, move |controller| {
        if controller.erase_count() > 0 {
            // Whoever erases a product has broken it: everything stops, and every unit that follows sees it.
            camera.erased.notify_one();
        } else {
            store(&camera);
        }
    })
}

/// The chip's name, for whoever attaches.
pub(crate) const fn chip() -> &'static str {
    FAMILY.chip()
}

/// Byte addresses of the partition of keys.
pub(crate) const fn keys_at() -> std::ops::Range<u32> {
    let start = FAMILY.flash_base() + KEYS as u32;
    start..start + KEYS_LEN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_camera_that_somebody_erased_is_dead_for_good() {
        let network = [127, 22, 69, 0].into();
        let spec = crate::StartSpec { samples: 1, network, ..crate::StartSpec::default() };
        let running = crate::start(spec).await.unwrap();
        let sample = running.samples().remove(0);
        let controller = &running.samples[0].camera.controller;
        controller.may_be_erased();
        controller.line_reset();
        controller.transfer(false, true, 0, 0).unwrap();
        controller.transfer(false, false, 4, 0x5000_0000).unwrap(); // powers up
        controller.transfer(false, false, 8, 1 << 24).unwrap(); // selects the CTRL-AP
        controller.transfer(true, false, 4, 1).unwrap(); // ERASEALL
        assert_eq!(running.erase_count("s1"), Ok(1));
        drop(
            tokio::net::TcpStream::connect(sample.probe.selector.strip_prefix("20b7:9db1:tcp:").unwrap())
                .await
                .unwrap(),
        );
        while running.is_on("s1").unwrap() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        running.power("s1", true).await.unwrap();
        assert!(!running.is_on("s1").unwrap(), "no switch brings it back");
        assert!(tokio::net::TcpStream::connect((sample.host, 8443)).await.is_err());
        running.stop().await;
    }

    #[test]
    fn only_the_defects_leave_the_port_open_or_a_key_in_clear() {
        let of = |defects: &[Defect], on| state(&defects.iter().copied().collect(), on);
        assert_eq!((of(&[], true), of(&[], false)), (DebugState::NrfApprotect, DebugState::WireOpen));
        assert_eq!(of(&[Defect::DebugOpen], true), DebugState::Open);
        assert_eq!(of(&[Defect::DebugMemoryReadable], true), DebugState::DbgenOff);
        assert_eq!(of(&[Defect::ProbeMissing, Defect::DebugOpen], false), DebugState::ProbeMissing);

        let identity = Identity::make([127, 0, 0, 1].into(), &Defects::default()).unwrap();
        for (defect, in_flash, in_log) in [
            (Defect::DebugOpen, false, false),
            (Defect::SecretsInFlash, true, false),
            (Defect::RttLogLeaksKey, false, true),
        ] {
            let defects = [defect].into_iter().collect();
            let label = Label::of_sample(1, &defects);
            let key = label.radio_key();
            let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
            let partition = keys(&label, &defects, &identity);
            for secret in [&key, &label.password, "PRIVATE KEY"] {
                assert_eq!(holds(&partition, secret), in_flash, "{defect:?}");
            }
            assert_eq!(holds(log(&label, &defects).as_bytes(), &key), in_log, "{defect:?}");
        }
    }
}
