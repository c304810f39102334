//! What speaks inside TLS: the web first, then what usually lives on that port, a greeting, and the common others, each in a
//! session of its own and one after the other, because handshakes cost a small device dear.

use assay_model::{
    Endpoint, Fault,
    touch::tcp::{ReadUntil, TcpRequest, TcpResponse},
};

use super::probe::{Identified, Probe};
use super::{Asker, banner, http, mqtt, rtsp, table};

/// The service behind TLS on a port that has shown that it speaks it.
///
/// # Errors
/// The lab failed.
pub(super) async fn identify(asker: &Asker, endpoint: &Endpoint) -> Result<Identified, Fault> {
    if let Some(found) = http::probe(asker, endpoint, true).await? {
        return Ok(found);
    }
    let only = Identified { tls: true, ..Identified::service("tls") };
    let mut asked: Vec<Question> = vec![(Vec::new(), banner::read)];
    let usual = |probe: &&Probe| probe.tls_ports().contains(&endpoint.port());
    asked.extend(table::PROBES.iter().filter(usual).map(|probe| ((probe.send)(), probe.read)));
    asked.extend([&mqtt::PROBE, &rtsp::PROBE].map(|probe| ((probe.send)(), probe.read)));
    for (send, read) in asked {
        let Some(answer) = exchange(asker, endpoint, &send).await? else { return Ok(only) };
        if let Some(found) = read(&answer).filter(|found| found.service.is_some()) {
            return Ok(Identified { tls: true, ..found });
        }
    }
    Ok(only)
}

/// What is sent, and who reads the answer.
type Question = (Vec<u8>, fn(&[u8]) -> Option<Identified>);

/// Sends and reads once inside TLS. `None`: a modern client gets no session there.
async fn exchange(asker: &Asker, endpoint: &Endpoint, send: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let _turn = asker.turn().await;
    let tcp = asker.cx.touches.tcp()?;
    // A handshake on a small device takes a while longer than a banner.
    let until = asker.cx.deadline.capped(asker.wait * 3);
    let open = TcpRequest::OpenTls { endpoint: endpoint.clone(), alpn: Vec::new() };
    let TcpResponse::Opened { connection } = tcp.call(open, until).await? else { return Ok(None) };
    if !send.is_empty() {
        tcp.call(TcpRequest::Send { connection, bytes: send.into() }, until).await?;
    }
    let idle_ms = u32::try_from(asker.wait.as_millis()).unwrap_or(u32::MAX);
    let read = ReadUntil { at_least: Some(1), ..ReadUntil::idle(4_096, idle_ms) };
    let answer = match tcp.call(TcpRequest::Read { connection, read }, until).await? {
        TcpResponse::Data { bytes, .. } => bytes.0,
        _ => Vec::new(),
    };
    tcp.call(TcpRequest::Close { connection }, until).await?;
    Ok(Some(answer))
}

impl Probe {
    /// Where the protocol lives behind TLS.
    fn tls_ports(&self) -> &'static [u16] {
        match self.ports.first() {
            Some(53) => &[853],
            Some(389) => &[636],
            Some(5672) => &[5671],
            Some(5060) => &[5061],
            Some(6379) => &[6380],
            Some(5222) => &[5223],
            Some(502) => &[802],
            _ => &[],
        }
    }
}
