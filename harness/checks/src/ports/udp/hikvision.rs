//! The discovery of Hikvision's cameras and recorders (SADP): XML.

use super::probe::{Probe, Told, shown};

pub(super) const PROBE: Probe = Probe {
    service: "hikvision-sadp",
    ports: &[37020],
    send: || vec![INQUIRY.to_vec()],
    read: |reply| {
        let text = String::from_utf8_lossy(reply);
        let field = |name: &str| {
            let (_, rest) = text.split_once(&format!("<{name}>"))?;
            rest.split_once('<').map(|(value, _)| value.to_owned())
        };
        let parts: Vec<String> = ["DeviceDescription", "SoftwareVersion"].into_iter().filter_map(field).collect();
        let version = Some(shown(&parts.join(" "))).filter(|t| !t.is_empty());
        text.contains("<ProbeMatch>").then(|| Told { version, ..Told::default() })
    },
};

const INQUIRY: &[u8] = b"<?xml version=\"1.0\" encoding=\"utf-8\"?><Probe><Uuid>61737361-7900-4000-8000-000000000001</Uuid><Types>inquiry</Types></Probe>";
