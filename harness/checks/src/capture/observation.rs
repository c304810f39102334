//! What a capture comes to.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use assay_model::SecretSink;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::file;
use super::flows::{Flow, Flows};
use super::hello;
use super::stream::{Look, look, protocol};
use crate::secrets::{Canary, Finding, Search, SearchError, SearchOptions, reported};

/// Flows that are told, the largest first; more are counted.
const TOLD: usize = 500;
/// Between two streams in the search.
const BETWEEN: [u8; 64] = [0; 64];

/// A destination that the dossier declares.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct Peer {
    /// Name or address.
    host: String,
    /// `tcp` or `udp`.
    proto: String,
    /// Port of the destination.
    port: u16,
}

/// Destinations, one by one or a list for each mechanism of the dossier.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Peers {
    /// One.
    One(Peer),
    /// Those of one mechanism.
    Many(Vec<Peer>),
}

impl Peers {
    pub(super) fn all(list: Vec<Self>) -> Vec<Peer> {
        let each = |peers| match peers {
            Self::One(peer) => vec![peer],
            Self::Many(peers) => peers,
        };
        list.into_iter().flat_map(each).collect()
    }
}

/// What is asked of a capture.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Addresses of the device.
    pub(super) device: Vec<IpAddr>,
    pub(super) peers: Vec<Peer>,
    pub(super) canaries: BTreeMap<String, String>,
}

/// How a flow is protected from those who listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Protection {
    /// A protocol that encrypts: TLS, DTLS, QUIC, SSH.
    Encrypted,
    /// A protocol in clear, or bytes that read as text or have a pattern.
    Clear,
    /// Bytes without a pattern in no known protocol: encrypted or packed.
    Opaque,
    /// Nothing was said, or too little.
    Undecided,
}

/// One flow.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FlowSeen {
    /// `tcp` or `udp`.
    proto: String,
    /// Who spoke first.
    client: String,
    /// Whom to.
    server: String,
    /// Port there.
    port: u16,
    /// Names of the server: looked up, asked for in TLS, or in the head of a request.
    names: Vec<String>,
    /// `tls`, `http`, `dns`; empty where it is none that is known here.
    protocol: String,
    /// Protocols offered inside TLS.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alpn: Vec<String>,
    /// Whether others can listen.
    protection: Protection,
    /// Bits a byte of the payload.
    entropy: f64,
    /// Packets, both ways.
    packets: u64,
    /// Bytes on the wire from the one who spoke first.
    bytes_out: u64,
    /// Bytes on the wire to it.
    bytes_in: u64,
    /// Bytes of payload, both ways.
    payload: u64,
    /// Milliseconds from the first packet of the capture.
    first_ms: u64,
    /// The same, of the last.
    last_ms: u64,
    /// Whether the device spoke first.
    by_device: bool,
    /// Whether the dossier names this destination; only where the device spoke first.
    #[serde(skip_serializing_if = "Option::is_none")]
    declared: Option<bool>,
}

/// A value that travelled in clear.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct InClear {
    /// The flow, as `client > server:port`.
    flow: String,
    /// Whether the one who spoke first sent it.
    sent_by_client: bool,
    /// What was found; its offset counts in that direction's payload.
    #[serde(flatten)]
    finding: Finding,
}

/// What was observed.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Whether there is a capture.
    pub(super) found: bool,
    /// Why there is none, or where it breaks off.
    pub(super) note: String,
    /// SHA-256 of the file.
    pub(super) sha256: String,
    /// Bytes of the file.
    bytes: u64,
    /// Packets in it.
    packets: u64,
    /// Packets that the one who captured knows to have lost.
    dropped: u64,
    /// Packets of which only the beginning was kept.
    cut: u64,
    /// Whether it was read to its end, nothing was lost and nothing cut: without, nothing can be concluded from what is absent.
    complete: bool,
    /// Packets that could not be read.
    unread: u64,
    /// Packets without ports, such as ARP and ICMP.
    other: u64,
    /// From the first packet to the last, in milliseconds.
    duration_ms: u64,
    /// Flows, the largest first.
    flows: Vec<FlowSeen>,
    /// Flows that the device began.
    by_device: u64,
    /// Destinations that the device spoke to and the dossier does not name: `tcp name-or-address:port`.
    undeclared: Vec<String>,
    /// Flows in clear that the device began, as `protocol name-or-address:port`.
    clear: Vec<String>,
    /// Payload of flows in clear, in bytes.
    clear_payload: u64,
    /// All payload, in bytes.
    payload: u64,
    /// Share of the payload that travelled in clear, from 0 to 1.
    clear_share: f64,
    /// Secrets and given values that travelled in clear, masked.
    findings: Vec<InClear>,
    /// Flows and findings that were only counted.
    omitted: u64,
    /// Whether the DUT answered, in its own protocol and each time, while it was captured; absent where it was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lives: Option<bool>,
    /// Whether the capture shows a connection that was made to see whether it does; absent where none was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) witnessed: Option<bool>,
}

impl Observation {
    pub(super) fn none(note: String) -> Self {
        Self { note, ..Self::default() }
    }

    /// Whether somebody else began a flow to one of these ports of the device.
    pub(super) fn has_flow_to(&self, device: &[IpAddr], ports: &[u16]) -> bool {
        let to = |f: &FlowSeen| f.server.parse().is_ok_and(|ip| device.contains(&ip)) && ports.contains(&f.port);
        // The end of one that began before shows nobody asking.
        self.flows.iter().any(|f| f.proto == "tcp" && !f.by_device && f.bytes_out > 0 && to(f))
    }
}

/// Reads a capture. Pure computation.
pub(super) fn of(
    bytes: &[u8],
    sha256: String,
    asked: &Asked,
    secrets: &dyn SecretSink,
) -> Result<Observation, SearchError> {
    let mut flows = Flows::default();
    let mut times = None::<(u64, u64)>;
    let file = file::read(bytes, |packet| {
        let (first, last) = times.get_or_insert((packet.at_ns, packet.at_ns));
        *first = packet.at_ns.min(*first);
        *last = packet.at_ns.max(*last);
        flows.packet(&packet);
    });
    let (first, last) = times.unwrap_or_default();
    let mut all = std::mem::take(&mut flows.flows);
    all.iter_mut().flat_map(|f| &mut f.streams).for_each(super::stream::Stream::finish);
    let beyond = flows.beyond + all.iter().flat_map(|f| &f.streams).map(|s| s.beyond).sum::<u64>();
    let mut seen: Vec<(FlowSeen, Flow)> =
        all.into_iter().map(|flow| (told(&flow, &flows, asked, first), flow)).collect();
    declared_by_others(&mut seen);
    seen.sort_by_key(|(flow, _)| std::cmp::Reverse(flow.bytes_out + flow.bytes_in));

    let (findings, hidden) = search(&seen, asked, secrets)?;
    let payload: u64 = seen.iter().map(|(f, _)| f.payload).sum();
    let clear_payload = seen.iter().filter(|(f, _)| f.protection == Protection::Clear).map(|(f, _)| f.payload).sum();
    let place = |f: &FlowSeen| format!("{}:{}", f.names.first().unwrap_or(&f.server), f.port);
    let of_device = |keep: fn(&FlowSeen) -> bool, word: fn(&FlowSeen) -> &str| -> Vec<String> {
        let kept = seen.iter().map(|(f, _)| f).filter(|f| f.by_device && keep(f));
        let places: BTreeSet<String> = kept.map(|f| format!("{} {}", word(f), place(f))).take(TOLD).collect();
        places.into_iter().collect()
    };
    let undeclared = of_device(|f| f.declared == Some(false), |f| &f.proto);
    let clear = of_device(
        |f| f.protection == Protection::Clear && !INFRASTRUCTURE.contains(&f.protocol.as_str()),
        |f| if f.protocol.is_empty() { &f.proto } else { &f.protocol },
    );
    Ok(Observation {
        found: file.is_capture,
        complete: file.is_capture
            && file.note.is_empty()
            && file.dropped == 0
            && file.cut == 0
            && beyond == 0
            && flows.unread == 0,
        note: file.note,
        sha256,
        bytes: bytes.len() as u64,
        packets: file.packets,
        dropped: file.dropped,
        cut: file.cut,
        unread: flows.unread,
        other: flows.other,
        duration_ms: (last - first) / 1_000_000,
        by_device: seen.iter().filter(|(f, _)| f.by_device).count() as u64,
        undeclared,
        clear,
        clear_payload,
        payload,
        clear_share: if payload == 0 { 0.0 } else { clear_payload as f64 / payload as f64 },
        findings,
        omitted: hidden + (seen.len().saturating_sub(TOLD)) as u64,
        flows: seen.into_iter().map(|(f, _)| f).take(TOLD).collect(),
        lives: None,
        witnessed: None,
    })
}

/// Protocols that a local network needs in clear; who listens learns from them what he knows already.
const INFRASTRUCTURE: [&str; 4] = ["dns", "mdns", "dhcp", "ntp"];

/// A flow that began before the capture, or broke off with it, says no name of its own: it goes where another one says that it goes.
fn declared_by_others(seen: &mut [(FlowSeen, Flow)]) {
    let place = |f: &FlowSeen| (f.proto.clone(), f.server.clone(), f.port);
    let declared = seen.iter().filter(|(f, _)| f.declared == Some(true)).map(|(f, _)| place(f));
    let declared: BTreeSet<_> = declared.collect();
    for (flow, _) in seen.iter_mut().filter(|(f, _)| f.declared == Some(false) && f.names.is_empty()) {
        flow.declared = Some(declared.contains(&place(flow)));
    }
}

fn told(flow: &Flow, flows: &Flows, asked: &Asked, first_ns: u64) -> FlowSeen {
    let [client, server] = [&flow.streams[0].bytes, &flow.streams[1].bytes];
    let name = protocol(client, server, flow.udp, flow.server.1);
    let hello = if name == "tls" { hello::client_hello(client).unwrap_or_default() } else { hello::Hello::default() };
    let mut names: Vec<String> = Vec::new();
    let mut add = |text: String| {
        if !text.is_empty() && !names.contains(&text) && names.len() < 8 {
            names.push(text);
        }
    };
    add(hello.server_name);
    add(if name == "http" { host_of(client) } else { String::new() });
    flows.names.get(&flow.server.0).into_iter().flatten().for_each(|n| add(assay_model::visible_line(n)));
    let payload: u64 = flow.streams.iter().map(|s| s.total).sum();
    let larger = if client.len() >= server.len() { client } else { server };
    let (look, entropy) = look(larger);
    let protection = match (name, look) {
        _ if payload == 0 => Protection::Undecided,
        ("tls" | "dtls" | "quic" | "ssh", _) => Protection::Encrypted,
        ("", Look::Opaque) => Protection::Opaque,
        ("", Look::TooFew) => Protection::Undecided,
        _ => Protection::Clear,
    };
    let proto = if flow.udp { "udp" } else { "tcp" };
    let by_device = asked.device.contains(&flow.client.0);
    let is_peer = |peer: &Peer| {
        let host = peer.host.to_ascii_lowercase();
        let here = names.contains(&host) || host.parse().is_ok_and(|ip: IpAddr| ip == flow.server.0);
        here && peer.proto == proto && peer.port == flow.server.1
    };
    // Where a network hands out its own resolver and clock, no dossier can name them.
    let own = INFRASTRUCTURE.contains(&name) && is_local(flow.server.0);
    FlowSeen {
        declared: by_device.then(|| own || asked.peers.iter().any(is_peer)),
        proto: proto.to_owned(),
        client: flow.client.0.to_string(),
        server: flow.server.0.to_string(),
        port: flow.server.1,
        protocol: name.to_owned(),
        alpn: hello.alpn,
        protection,
        entropy: (entropy * 100.0).round() / 100.0 + 0.0, // never -0
        packets: flow.packets,
        bytes_out: flow.bytes[0],
        bytes_in: flow.bytes[1],
        payload,
        first_ms: (flow.first_ns - first_ns.min(flow.first_ns)) / 1_000_000,
        last_ms: (flow.last_ns - first_ns.min(flow.last_ns)) / 1_000_000,
        by_device,
        names,
    }
}

fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => a.is_private() || a.is_link_local() || a.is_multicast() || a.is_broadcast() || a.is_loopback(),
        IpAddr::V6(a) => a.is_unique_local() || a.is_unicast_link_local() || a.is_multicast() || a.is_loopback(),
    }
}

/// The name in the head of a request, without its port.
fn host_of(request: &[u8]) -> String {
    let head = String::from_utf8_lossy(&request[..request.len().min(4096)]).into_owned();
    let host = head.lines().take_while(|l| !l.is_empty()).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("host").then(|| value.trim().to_ascii_lowercase())
    });
    let host = host.unwrap_or_default();
    let bare = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host.as_str(), |(h, _)| h);
    assay_model::visible_line(bare).chars().take(255).collect()
}

/// Searches what is not encrypted, stream by stream.
fn search(
    seen: &[(FlowSeen, Flow)],
    asked: &Asked,
    secrets: &dyn SecretSink,
) -> Result<(Vec<InClear>, u64), SearchError> {
    let canary = |(name, value): (&String, &String)| Canary { name: name.clone(), value: value.clone().into_bytes() };
    let canaries = asked.canaries.iter().map(canary).collect();
    let mut search = Search::new(SearchOptions { rules: Vec::new(), canaries })?;
    let mut starts: BTreeMap<u64, (usize, usize)> = BTreeMap::new();
    let mut at = 0;
    for (n, (_, raw)) in seen.iter().enumerate().filter(|(_, (f, _))| f.protection != Protection::Encrypted) {
        for (side, stream) in raw.streams.iter().enumerate().filter(|(_, s)| !s.bytes.is_empty()) {
            starts.insert(at, (n, side));
            search.feed(&stream.bytes);
            search.feed(&BETWEEN);
            at += (stream.bytes.len() + BETWEEN.len()) as u64;
        }
    }
    let (findings, hidden) = reported(secrets, search.finish());
    let placed = findings.into_iter().filter_map(|mut finding| {
        let (start, (n, side)) = starts.range(..=finding.offset).next_back()?;
        finding.offset -= start;
        let flow = &seen[*n].0;
        let place = format!("{} > {}:{}", flow.client, flow.names.first().unwrap_or(&flow.server), flow.port);
        Some(InClear { flow: place, sent_by_client: *side == 0, finding })
    });
    Ok((placed.collect(), hidden))
}
