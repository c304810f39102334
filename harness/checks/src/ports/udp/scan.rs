//! Asks ports that answer datagrams, each in its own protocol, and keeps open, closed and silent apart.
//!
//! Hosts limit how often they say that a port is closed (Linux: about once a second after a burst), so a silent port of a
//! host that says such a thing at all is asked again, slowly and alone; on a host that never does, silent ports are asked
//! again side by side, because a datagram may have been lost.

use std::time::Duration;

use assay_model::{CheckContext, Fault, Host, touch::udp::UdpRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::probe::{Probe, Told};
use super::table::{PROBES, TOP, usual, usual_ports};
use crate::ports::ranges::PortList;

/// Which ports are asked for services over datagrams.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Selection {
    /// A list by name.
    Named(Named),
    /// These ports. One that nothing usually listens on is asked in every protocol.
    Ports(PortList),
}

/// A list by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum Named {
    /// None.
    #[default]
    #[serde(rename = "none")]
    None,
    /// The twenty services that connected products speak most.
    #[serde(rename = "top-20")]
    Top20,
    /// Every service that there is a question for.
    #[serde(rename = "all")]
    All,
}

impl Default for Selection {
    fn default() -> Self {
        Self::Named(Named::None)
    }
}

impl Selection {
    /// The ports, ascending; `None` where none is asked.
    ///
    /// # Errors
    /// `bad-ports`.
    pub(crate) fn ports(&self) -> Result<Option<Vec<u16>>, Fault> {
        Ok(match self {
            Self::Named(Named::None) => None,
            Self::Named(Named::Top20) => Some(TOP.to_vec()),
            Self::Named(Named::All) => Some(usual_ports()),
            Self::Ports(list) => Some(list.ranges()?.into_iter().flat_map(|(from, to)| from..=to).collect()),
        })
    }
}

/// What came back.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub(crate) struct UdpResult {
    /// Ports that answered.
    pub open: Vec<u16>,
    /// Ports whose host said that nothing listens.
    pub closed: Vec<u16>,
    /// Ports that stayed silent: open, or filtered on the way.
    pub open_filtered: Vec<u16>,
    /// Ports that were not asked to the end because the time was over.
    pub unasked: Vec<u16>,
    /// The host says only now and then that a port is closed: some were heard of at the second question alone.
    pub limited: bool,
    /// Datagrams sent.
    pub datagrams: u32,
}

/// An open port: what speaks there, where its answer was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answering {
    pub port: u16,
    pub service: Option<&'static str>,
    pub version: Option<String>,
    pub banner: Option<String>,
}

/// The first question, and the second side by side.
const WAIT: Duration = Duration::from_millis(400);
/// The second question, alone: longer than the second in which a Linux host says "closed" once.
const ALONE: Duration = Duration::from_millis(1_100);
/// Ports that are asked at once.
const SIDE_BY_SIDE: usize = 8;

/// What one port said.
enum Said {
    Answer(Answering),
    Closed,
    Nothing,
}

/// Asks these ports.
///
/// # Errors
/// The lab failed.
pub(crate) async fn scan(cx: &CheckContext, host: &Host, ports: &[u16]) -> Result<(UdpResult, Vec<Answering>), Fault> {
    let mut seen = UdpResult::default();
    let mut answering = Vec::new();
    let mut silent = round(cx, host, ports, SIDE_BY_SIDE, WAIT, &mut seen, &mut answering).await?;
    let says = !seen.closed.is_empty();
    let heard = seen.closed.len() + answering.len();
    let (width, wait) = if says { (1, ALONE) } else { (SIDE_BY_SIDE, WAIT) };
    silent = round(cx, host, &silent, width, wait, &mut seen, &mut answering).await?;
    seen.limited = says && seen.closed.len() + answering.len() > heard;
    seen.open_filtered = silent;
    answering.sort_by_key(|a| a.port);
    seen.open = answering.iter().map(|a| a.port).collect();
    [&mut seen.closed, &mut seen.open_filtered, &mut seen.unasked].into_iter().for_each(|list| list.sort_unstable());
    Ok((seen, answering))
}

/// One round; the ports that said nothing.
async fn round(
    cx: &CheckContext,
    host: &Host,
    ports: &[u16],
    width: usize,
    wait: Duration,
    seen: &mut UdpResult,
    answering: &mut Vec<Answering>,
) -> Result<Vec<u16>, Fault> {
    let mut silent = Vec::new();
    let mut tasks = JoinSet::new();
    let mut queue = ports.iter().copied();
    loop {
        while tasks.len() < width.min(cx.limits.half_open.max(1) as usize) && !cx.deadline.passed() {
            let Some(port) = queue.next() else { break };
            let (cx, host) = (cx.clone(), host.clone());
            tasks.spawn(async move { port_says(&cx, &host, port, wait).await.map(|(sent, said)| (port, sent, said)) });
        }
        let Some(ended) = tasks.join_next().await else { break };
        let (port, sent, said) =
            ended.map_err(|e| Fault::adapter("udp-scan-failed", format!("a port's question broke off: {e}")))??;
        seen.datagrams += sent;
        match said {
            Said::Answer(found) => answering.push(found),
            Said::Closed => seen.closed.push(port),
            Said::Nothing => silent.push(port),
        }
    }
    seen.unasked.extend(queue);
    Ok(silent)
}

/// Asks one port until it says something.
async fn port_says(cx: &CheckContext, host: &Host, port: u16, wait: Duration) -> Result<(u32, Said), Fault> {
    let usual = usual(port);
    let probes: Vec<&Probe> = usual.map_or_else(|| PROBES_OF_ALL.iter().collect(), |probe| vec![probe]);
    let questions: Vec<Vec<u8>> = probes.iter().flat_map(|probe| (probe.send)()).collect();
    // Many questions share the time of a few: who listens answers one of them at once.
    let each = if questions.len() > 4 { wait / 4 } else { wait };
    let mut sent = 0;
    for payload in questions {
        if cx.deadline.passed() {
            break;
        }
        sent += 1;
        let wait_ms = u32::try_from(each.as_millis()).unwrap_or(u32::MAX);
        let request = UdpRequest::new(host.port(port), payload, wait_ms, 1);
        let response = cx.touches.udp()?.call(request, cx.deadline).await?;
        if let Some(reply) = response.replies.first() {
            return Ok((sent, Said::Answer(understand(port, usual, reply.bytes.as_slice()))));
        }
        if response.unreachable {
            return Ok((sent, Said::Closed));
        }
    }
    Ok((sent, Said::Nothing))
}

static PROBES_OF_ALL: [Probe; PROBES.len()] = PROBES;

/// Who answers like this: what usually listens there, else whoever's words they are.
fn understand(port: u16, usual: Option<&'static Probe>, reply: &[u8]) -> Answering {
    let told =
        usual.into_iter().chain(&PROBES_OF_ALL).find_map(|probe| (probe.read)(reply).map(|t| (probe.service, t)));
    let (service, Told { version, banner }) = told.map_or((None, Told::default()), |(s, t)| (Some(s), t));
    Answering { port, service, version, banner }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selections_are_words_or_ports() {
        let ports = |value| serde_json::from_value::<Selection>(value).unwrap().ports();
        assert_eq!(ports(json!("none")).unwrap(), None);
        assert_eq!(ports(json!("top-20")).unwrap().map(|p| p.len()), Some(20));
        assert_eq!(ports(json!("all")).unwrap(), Some(usual_ports()));
        assert_eq!(ports(json!("5683, 161-162")).unwrap(), Some(vec![161, 162, 5683]));
        assert_eq!(ports(json!("top-21")).unwrap_err().code, "bad-ports");
    }

    #[test]
    fn an_answer_on_another_s_port_is_told_by_its_words() {
        let found = understand(9_999, usual(9_999), b"\x60\x45\x12\x34\xff</led>");
        assert_eq!((found.service, found.banner.as_deref()), (Some("coap"), Some("</led>")));
        assert_eq!(understand(161, usual(161), b"nonsense").service, None);
    }

    /// Says "closed" to one question in three, as a host with a limit does; to who asks alone, always.
    #[derive(Default)]
    struct Limited {
        asked: std::sync::atomic::AtomicU32,
        under_way: std::sync::atomic::AtomicU32,
    }

    #[async_trait::async_trait]
    impl assay_model::Touch<assay_model::touch::udp::Udp> for Limited {
        async fn call(
            &self,
            request: UdpRequest,
            _: assay_model::Deadline,
        ) -> Result<assay_model::touch::udp::UdpResponse, Fault> {
            use std::sync::atomic::Ordering::SeqCst;
            let alone = self.under_way.fetch_add(1, SeqCst) == 0;
            tokio::time::sleep(Duration::from_millis(2)).await;
            self.under_way.fetch_sub(1, SeqCst);
            let turn = self.asked.fetch_add(1, SeqCst).is_multiple_of(3);
            // 123 never says anything: it is open, or filtered.
            let unreachable = request.endpoint.port() != 123 && (turn || (alone && request.wait_ms > 1_000));
            Ok(assay_model::touch::udp::UdpResponse { unreachable, ..Default::default() })
        }
    }

    #[tokio::test]
    async fn a_host_that_limits_its_answers_is_asked_again_slowly() {
        let dut = crate::fake::Dut::good();
        let mut cx = dut.context(std::sync::Arc::default());
        cx.touches.udp = Some(std::sync::Arc::new(Limited::default()));
        let host = cx.host("dut").unwrap();
        let (seen, answering) = scan(&cx, &host, &TOP).await.unwrap();
        assert!(seen.limited && answering.is_empty());
        assert_eq!((seen.closed.len(), seen.open_filtered.as_slice()), (19, &[123][..]), "{seen:?}");
    }
}
