//! WS-Discovery (OASIS 1.1 and the 2005 draft that ONVIF uses): a probe for any device.

use super::probe::{Probe, Told, shown};

pub(super) const PROBE: Probe =
    Probe { service: "ws-discovery", ports: &[3702], send: || vec![ENVELOPE.as_bytes().to_vec()], read };

const ENVELOPE: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?><e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\" \
    xmlns:w=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\">\
    <e:Header><w:MessageID>uuid:61737361-7900-4000-8000-000000000001</w:MessageID>\
    <w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>\
    <w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>\
    <e:Body><d:Probe/></e:Body></e:Envelope>";

fn read(reply: &[u8]) -> Option<Told> {
    let text = String::from_utf8_lossy(reply);
    (text.contains("Envelope") && text.contains("ProbeMatches")).then(|| {
        // The content of <...Types>, whatever its prefix.
        let types = text.split_once("Types>").and_then(|(_, rest)| rest.split_once('<')).map(|(types, _)| shown(types));
        Told { banner: types.filter(|t| !t.is_empty()), ..Told::default() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_says_what_the_device_is() {
        let reply = b"<s:Envelope><s:Body><d:ProbeMatches><d:ProbeMatch><d:Types>dn:NetworkVideoTransmitter</d:Types>";
        assert_eq!(read(reply).unwrap().banner.as_deref(), Some("dn:NetworkVideoTransmitter"));
        assert_eq!(read(ENVELOPE.as_bytes()), None, "an echo is no answer");
    }
}
