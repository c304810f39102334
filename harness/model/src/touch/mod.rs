//! The ways of touching a DUT, as questions and answers that are data.
//!
//! Each protocol is a pair of types: requests that a check may make and responses that the DUT can give. What the DUT
//! does — refuse, hang, answer nonsense — is a response; [`Fault`] is the lab's trouble. Because both are data, one
//! recording seam serves all protocols, and a recorded run can be replayed.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Deadline, EvidenceId, Fault};

pub mod capture;
pub mod console;
pub mod document;
pub mod http;
pub mod operator;
pub mod ports;
pub mod power;
pub mod probe;
pub mod ssh;
pub mod tcp;
pub mod tls;
pub mod udp;

/// A protocol: what can be asked, what can come back.
pub trait Protocol: Send + Sync + 'static {
    /// The name in exchanges: `tcp`, `console`.
    const NAME: &'static str;
    /// What a check asks. Never deserialized: only a check, through its bench's addresses, can make one.
    type Request: Serialize + Send + Sync + std::fmt::Debug;
    /// What came of it.
    type Response: Serialize + DeserializeOwned + Send + std::fmt::Debug;
}

/// One way of touching one DUT.
#[async_trait]
pub trait Touch<P: Protocol>: Send + Sync {
    /// Asks once. Never waits past `until`.
    ///
    /// # Errors
    /// The lab failed; never the DUT.
    async fn call(&self, request: P::Request, until: Deadline) -> Result<P::Response, Fault>;

    /// The answer of a way that asks each thing once a run, keeps its own record of it, and tells it to every step that
    /// asks again. `None`: this way does not, [`Touch::call`] it.
    async fn shared(&self, _request: &P::Request, _until: Deadline) -> Option<Result<Shared<P::Response>, Fault>> {
        None
    }
}

/// An answer that several steps may rest on.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared<R> {
    /// The answer.
    pub response: R,
    /// The evidence item that it was kept under.
    pub evidence: EvidenceId,
}

/// A shared way of touching.
pub type Way<P> = Arc<dyn Touch<P>>;

/// Every way of touching a DUT, in one visible list. `None`: the bench does not provide it.
#[derive(Clone, Default)]
pub struct Touches {
    /// Scans of port ranges.
    pub ports: Option<Way<ports::Ports>>,
    /// Single TCP connections: banners, own record layers.
    pub tcp: Option<Way<tcp::Tcp>>,
    /// Datagrams.
    pub udp: Option<Way<udp::Udp>>,
    /// Real TLS handshakes.
    pub tls: Option<Way<tls::Tls>>,
    /// HTTP and HTTPS requests.
    pub http: Option<Way<http::Http>>,
    /// SSH handshakes, logons, commands.
    pub ssh: Option<Way<ssh::Ssh>>,
    /// The serial console.
    pub console: Option<Way<console::Console>>,
    /// The power switch.
    pub power: Option<Way<power::Power>>,
    /// The debug probe.
    pub probe: Option<Way<probe::Probe>>,
    /// Packets on a link of the DUT.
    pub capture: Option<Way<capture::Captures>>,
    /// Published and supplied documents.
    pub documents: Option<Way<document::Documents>>,
    /// The person at the bench.
    pub operator: Option<Way<operator::Operator>>,
}

macro_rules! ways {
    ($($(#[$doc:meta])* $name:ident: $protocol:ty, $word:literal;)*) => {
        impl Touches {
            $($(#[$doc])*
            ///
            /// # Errors
            /// The bench does not provide it (`not-provided`).
            pub fn $name(&self) -> Result<&dyn Touch<$protocol>, Fault> {
                self.$name.as_deref().ok_or_else(|| {
                    Fault::bench("not-provided", concat!("this bench provides no ", $word, " for the DUT"))
                })
            })*
        }
    };
}

ways! {
    /// The port scanner.
    ports: ports::Ports, "network";
    /// TCP connections.
    tcp: tcp::Tcp, "network";
    /// Datagrams.
    udp: udp::Udp, "network";
    /// TLS handshakes.
    tls: tls::Tls, "network";
    /// HTTP requests.
    http: http::Http, "network";
    /// SSH.
    ssh: ssh::Ssh, "network";
    /// The serial console.
    console: console::Console, "console";
    /// The power switch.
    power: power::Power, "power switch";
    /// The debug probe.
    probe: probe::Probe, "debug probe";
    /// Packets.
    capture: capture::Captures, "interface to capture packets on";
    /// Documents.
    documents: document::Documents, "documents";
    /// The operator.
    operator: operator::Operator, "operator";
}
