//! The local protocol of TP-Link's smart plugs and lamps: system information, XORed with what went before.

use super::probe::{Probe, Told, shown};

pub(super) const PROBE: Probe =
    Probe { service: "kasa", ports: &[9999], send: || vec![encode(b"{\"system\":{\"get_sysinfo\":{}}}")], read };

fn encode(text: &[u8]) -> Vec<u8> {
    let mut key = 171;
    text.iter()
        .map(|byte| {
            key ^= byte;
            key
        })
        .collect()
}

fn decode(bytes: &[u8]) -> Vec<u8> {
    let keys = std::iter::once(&171).chain(bytes);
    bytes.iter().zip(keys).map(|(byte, key)| byte ^ key).collect()
}

fn read(reply: &[u8]) -> Option<Told> {
    let text = String::from_utf8(decode(reply)).ok().filter(|t| t.contains("\"get_sysinfo\":{\""))?;
    let field = |name: &str| {
        let rest = text.split_once(&format!("\"{name}\":\""))?.1;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    };
    let parts: Vec<String> = ["model", "sw_ver"].into_iter().filter_map(field).collect();
    Some(Told { version: Some(shown(&parts.join(" "))).filter(|t| !t.is_empty()), ..Told::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_read() {
        let reply = encode(br#"{"system":{"get_sysinfo":{"sw_ver":"1.5.4","model":"HS110(UK)"}}}"#);
        assert_eq!(read(&reply).unwrap().version.as_deref(), Some("HS110(UK) 1.5.4"));
        assert_eq!(read(b"assay"), None);
    }
}
