//! The probes of this host, and what to do where one cannot be opened.

use assay_model::touch::probe::FoundProbe;
use probe_rs::probe::list::{Accessibility, Lister};

/// What a user without permission is told.
const ADVICE: &str = "copy lab-config/udev/60-assay-probes.rules to /etc/udev/rules.d, run `udevadm control --reload`, \
                      unplug the probe and plug it in again";

/// Every probe that a driver finds. Probes on the network are found by their selector only.
pub(super) fn list() -> Vec<FoundProbe> {
    Lister::new()
        .list_all_with_access()
        .into_iter()
        .map(|item| {
            let info = item.info;
            let serial = info.serial_number.as_ref().map_or(String::new(), |s| format!(":{s}"));
            let accessible = item.accessibility == Accessibility::Accessible;
            FoundProbe {
                selector: format!("{:04x}:{:04x}{serial}", info.vendor_id, info.product_id),
                driver: info.probe_type(),
                name: info.identifier,
                accessible,
                advice: (!accessible).then(|| ADVICE.to_owned()),
            }
        })
        .collect()
}
