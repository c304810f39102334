//! # `access.upnp`
//! **Question.** What does a UPnP device tell strangers, and does it open the network for them?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.5-4, 5.5-5, 5.6-1 and 5.6-2.
//! **Procedure.** A search sent to the product's own address (UPnP Device Architecture 2.0, 1.3.2), then the descriptions that its
//! answers name on that host. Where one has a service of an Internet Gateway Device, its external address is asked for; with
//! `change`, a port is mapped and the mapping removed again. UPnP has no logon of its own.
//! **Observation.** What search and description tell, and the actions that were carried out.
//! **Effect.** Active: a search, a few requests; with `change` a mapping for a moment.
//! **Does not show.** Actions of other services; what a device tells only to the multicast group.

use std::{collections::BTreeSet, net::IpAddr, sync::LazyLock, time::Duration};

use assay_model::{
    CheckContext, Deadline, Endpoint, Fault,
    touch::{
        http::{HttpAnswer, HttpResponse},
        udp::{UdpRequest, UdpResponse},
    },
};
use regex::Regex;

use super::found::{Access, Act};
use crate::http::ask;

const SEARCH: &str =
    "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n";
/// Devices wait for a random time up to MX, and answer once for each thing they are.
const WAIT_MS: u32 = 1_300;
const REPLIES: u32 = 24;
/// Descriptions that are read, at most.
const DESCRIPTIONS: usize = 4;
const ONE: Duration = Duration::from_secs(5);
/// The port that is mapped for a moment, to the discard port of the device itself.
const MAPPED: u16 = 49_999;

macro_rules! pattern {
    ($name:ident, $regex:literal) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($regex).expect("a constant that the tests compile"));
    };
}

pattern!(
    FACT,
    r"(?s)<(friendlyName|manufacturer|modelDescription|modelName|modelNumber|serialNumber|UDN|presentationURL)>([^<]{1,512})<"
);
pattern!(SERVICE, r"(?s)<service>(.{1,4096}?)</service>");
pattern!(TYPE, r"<serviceType>\s*(urn:[^<]{1,200}?)\s*<");
pattern!(CONTROL, r"<controlURL>\s*([^<]{1,512}?)\s*<");
pattern!(BASE, r"<URLBase>\s*([^<]{1,512}?)\s*<");

/// Headers of an answer to a search, names in lower case; `None` where it is none.
pub(crate) fn headers(text: &str) -> Option<Vec<(String, String)>> {
    let (first, rest) = text.split_once('\n')?;
    if !first.starts_with("HTTP/1.1 200") && !first.starts_with("NOTIFY") {
        return None;
    }
    let pairs = rest.lines().take(50).filter_map(|l| l.split_once(':'));
    Some(pairs.map(|(n, v)| (n.trim().to_lowercase(), v.trim().to_owned())).collect())
}

/// What a description tells, and its services as type and control URL.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Description {
    pub facts: Vec<String>,
    pub services: Vec<(String, String)>,
    base: Option<String>,
}

/// Reads a description by pattern: hostile XML needs no tree.
pub(crate) fn description(xml: &str) -> Option<Description> {
    if !xml.contains("<device") {
        return None;
    }
    let facts = FACT.captures_iter(xml).take(60).map(|c| format!("{}: {}", &c[1], c[2].trim())).collect();
    let services = SERVICE.captures_iter(xml).take(40).filter_map(|c| {
        let one = |pattern: &Regex| pattern.captures(&c[1]).map(|found| found[1].to_owned());
        Some((one(&TYPE)?, one(&CONTROL)?))
    });
    let base = BASE.captures(xml).map(|c| c[1].to_owned());
    Some(Description { facts, services: services.collect(), base })
}

/// Port and path of an `http` URL, where its host is the one at hand.
pub(crate) fn local(url: &str, host: IpAddr) -> Option<(u16, String)> {
    let rest = url.strip_prefix("http://")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()?),
        _ => (authority, 80),
    };
    let address: IpAddr = name.trim_matches(['[', ']']).parse().ok()?;
    let path = if path.is_empty() { "/" } else { path };
    (address == host).then(|| (port, path.to_owned()))
}

pub(crate) async fn look(cx: &CheckContext, at: &Endpoint, change: bool, until: Deadline) -> Result<Access, Fault> {
    let request = UdpRequest::new(at.clone(), SEARCH, WAIT_MS, REPLIES);
    let UdpResponse { replies, unreachable, .. } = cx.touches.udp()?.call(request, until).await?;
    if replies.is_empty() {
        return Ok(Access::silent(if unreachable {
            "the host says that nothing listens"
        } else {
            "no answer to a search"
        }));
    }
    let mut seen = Access { answered: true, ..Access::default() };
    let mut places = BTreeSet::new();
    for found in replies.iter().filter_map(|d| headers(&d.bytes.lossy())) {
        seen = Access { speaks: true, cleartext: true, ..seen };
        for (name, value) in found.iter().filter(|(n, _)| matches!(n.as_str(), "server" | "usn" | "location")) {
            seen.tell(&format!("{name}: {value}"));
        }
        places.extend(found.into_iter().filter(|(n, _)| n == "location").map(|(_, v)| v));
    }
    if !seen.speaks {
        return Ok(seen.note("what answers a search is no UPnP"));
    }
    for place in places.iter().take(DESCRIPTIONS) {
        match local(place, at.host().address()) {
            Some((port, path)) => describe(cx, &at.host().port(port), &path, change, until, &mut seen).await?,
            None => {
                seen.note = Some(format!("the description at {place:.100} is on another host, and was not asked for"))
            }
        }
    }
    Ok(seen)
}

async fn describe(
    cx: &CheckContext,
    at: &Endpoint,
    path: &str,
    change: bool,
    until: Deadline,
    seen: &mut Access,
) -> Result<(), Fault> {
    let HttpResponse::Answer(answer) = ask::send(cx, ask::get(at, false, path), until.capped(ONE)).await? else {
        seen.note = Some(format!("the description at {path:.100} did not come"));
        return Ok(());
    };
    let Some(found) = description(&answer.body.lossy()) else {
        seen.note = Some(format!("what came from {path:.100} is no description"));
        return Ok(());
    };
    found.facts.iter().for_each(|fact| seen.tell(fact));
    let base = found.base.as_deref().and_then(|b| local(b, at.host().address()));
    for (kind, control) in &found.services {
        seen.tell(kind);
        if !kind.contains(":WANIPConnection:") && !kind.contains(":WANPPPConnection:") {
            continue;
        }
        let (port, path) = match local(control, at.host().address()) {
            Some(whole) => whole,
            None => (base.as_ref().map_or(at.port(), |(p, _)| *p), format!("/{}", control.trim_start_matches('/'))),
        };
        gateway(cx, &at.host().port(port), &path, kind, change, until, seen).await?;
    }
    Ok(())
}

/// What an Internet Gateway Device does for a stranger.
async fn gateway(
    cx: &CheckContext,
    at: &Endpoint,
    path: &str,
    kind: &str,
    change: bool,
    until: Deadline,
    seen: &mut Access,
) -> Result<(), Fault> {
    if act(cx, at, path, kind, "GetExternalIPAddress", "", until).await?.is_some_and(|a| a.status == 200) {
        seen.give(Act::Control, "GetExternalIPAddress");
    }
    if !change {
        return Ok(());
    }
    let which = format!(
        "<NewRemoteHost></NewRemoteHost><NewExternalPort>{MAPPED}</NewExternalPort><NewProtocol>TCP</NewProtocol>"
    );
    let mapping = format!(
        "{which}<NewInternalPort>9</NewInternalPort><NewInternalClient>{}</NewInternalClient><NewEnabled>1</NewEnabled>\
         <NewPortMappingDescription>assay</NewPortMappingDescription><NewLeaseDuration>60</NewLeaseDuration>",
        at.host().address()
    );
    let Some(answer) = act(cx, at, path, kind, "AddPortMapping", &mapping, until).await? else { return Ok(()) };
    match answer.status {
        200 => {
            seen.give(Act::Control, "AddPortMapping");
            let removed = act(cx, at, path, kind, "DeletePortMapping", &which, until).await?;
            if removed.is_none_or(|a| a.status != 200) {
                seen.note =
                    Some(format!("the mapping of port {MAPPED} could not be removed; it ends by itself after 60 s"));
            }
        }
        401 | 403 => seen.ask("http"),
        _ => {}
    }
    Ok(())
}

async fn act(
    cx: &CheckContext,
    at: &Endpoint,
    path: &str,
    kind: &str,
    action: &str,
    arguments: &str,
    until: Deadline,
) -> Result<Option<HttpAnswer>, Fault> {
    let body = format!(
        "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body><u:{action} xmlns:u=\"{kind}\">{arguments}\
         </u:{action}></s:Body></s:Envelope>"
    );
    let mut request = ask::post(at, false, path, "text/xml; charset=\"utf-8\"", body);
    request.headers.push(("soapaction".into(), format!("\"{kind}#{action}\"")));
    Ok(match ask::send(cx, request, until.capped(ONE)).await? {
        HttpResponse::Answer(answer) => Some(answer),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_descriptions_are_read() {
        let found = headers("HTTP/1.1 200 OK\r\nLocation: http://192.0.2.1:49152/a.xml\r\nST: x\r\n\r\n").unwrap();
        assert_eq!(found[0], ("location".into(), "http://192.0.2.1:49152/a.xml".into()));
        assert_eq!(headers(SEARCH), None, "an echo is no answer");
        let xml = "<root><device><friendlyName>Cam</friendlyName><serviceList><service><serviceType>urn:x:WANIPConnection:1</serviceType>\
                   <controlURL>/ctl</controlURL></service></serviceList></device></root>";
        let read = description(xml).unwrap();
        assert_eq!(
            (read.facts, read.services),
            (vec!["friendlyName: Cam".into()], vec![("urn:x:WANIPConnection:1".into(), "/ctl".into())])
        );
        assert_eq!(description("<html>"), None);
    }

    #[test]
    fn only_places_on_the_host_at_hand_are_followed() {
        let host: IpAddr = [192, 0, 2, 1].into();
        assert_eq!(local("http://192.0.2.1:49152/a", host), Some((49152, "/a".into())));
        assert_eq!(local("http://192.0.2.1", host), Some((80, "/".into())));
        for other in ["http://192.0.2.2/a", "https://192.0.2.1/a", "http://example.org/", "http://192.0.2.1:x/", "/a"] {
            assert_eq!(local(other, host), None, "{other}");
        }
    }
}
