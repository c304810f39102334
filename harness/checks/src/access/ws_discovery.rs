//! # `access.ws_discovery`
//! **Question.** What does a product tell of itself by WS-Discovery?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.6-1 and 5.6-2.
//! **Procedure.** A Probe for anything, sent to the product's own address (WS-Discovery 1.1, section 5; ONVIF uses the draft of
//! 2005, which is what is sent).
//! **Observation.** Types, scopes and addresses that it tells: cameras put name, hardware and place there.
//! **Effect.** Active: one datagram.
//! **Does not show.** What a product tells only to the multicast group.

use std::sync::LazyLock;

use assay_model::{
    CheckContext, Deadline, Endpoint, Fault,
    touch::udp::{UdpRequest, UdpResponse},
};
use regex::Regex;

use super::found::Access;

const PROBE: &str = r#"<?xml version="1.0" encoding="utf-8"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><e:Header><w:MessageID>urn:uuid:5a5a5a5a-0000-4000-8000-000000000001</w:MessageID><w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To><w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header><e:Body><d:Probe/></e:Body></e:Envelope>"#;
const WAIT_MS: u32 = 700;

static ELEMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?s)<(?:[\w-]+:)?(Types|Scopes|XAddrs|Address)\b[^<>]*>([^<]{0,4096})<").expect("a constant")
});

/// What a ProbeMatch tells, element by element; `None` where the text is none.
pub(crate) fn told(text: &str) -> Option<Vec<String>> {
    text.contains("ProbeMatch").then(|| {
        let all = ELEMENT.captures_iter(text).take(50);
        all.flat_map(|c| c[2].split_whitespace().map(|w| format!("{}: {w}", &c[1])).collect::<Vec<_>>()).collect()
    })
}

pub(crate) async fn look(cx: &CheckContext, at: &Endpoint, until: Deadline) -> Result<Access, Fault> {
    let request = UdpRequest::new(at.clone(), PROBE, WAIT_MS, 1);
    let UdpResponse { replies, unreachable, .. } = cx.touches.udp()?.call(request, until).await?;
    let Some(datagram) = replies.first() else {
        return Ok(Access::silent(if unreachable { "the host says that nothing listens" } else { "no answer" }));
    };
    Ok(match told(&datagram.bytes.lossy()) {
        Some(told) => {
            let mut seen = Access::speaking();
            told.iter().for_each(|text| seen.tell(text));
            seen
        }
        None => Access::other("what answers is no ProbeMatch"),
    })
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn types_and_scopes_are_told() {
        let text = "<d:ProbeMatches><d:ProbeMatch><d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/name/C1 \
                    onvif://www.onvif.org/hardware/X</d:Scopes></d:ProbeMatch></d:ProbeMatches>";
        assert_eq!(told(text).unwrap().len(), 3);
        assert_eq!(told("<d:Probe/>"), None);
        assert_eq!(told("ProbeMatch <Types"), Some(vec![]));
    }
}
