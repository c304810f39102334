//! Syslog (RFC 5426) answers nothing: only its absence can be heard.

use super::probe::Probe;

pub(super) const PROBE: Probe =
    Probe { service: "syslog", ports: &[514], send: || vec![b"<14>assay".to_vec()], read: |_| None };
