//! An outlet of a PDU that speaks SNMP version 1 or 2c: one integer object that is set and read (RFC 1157, RFC 3416).

use std::time::Duration;

use assay_model::{Deadline, Fault};
use async_trait::async_trait;
use tokio::net::UdpSocket;
use tokio::time::timeout_at;

use super::{
    Switch,
    ber::{INTEGER, NULL, OCTETS, OID, SEQUENCE, int, integer, oid, tagged, take},
};

const GET: u8 = 0xa0;
const RESPONSE: u8 = 0xa2;
const SET: u8 = 0xa3;
/// A datagram may be lost: asked again after so long.
const AGAIN: Duration = Duration::from_millis(1_500);

/// Which version of the protocol, as the message says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnmpVersion {
    /// 1.
    V1,
    /// 2c.
    V2c,
}

/// One outlet.
#[derive(Clone)]
pub struct SnmpSwitch {
    /// `host:port`.
    place: String,
    version: SnmpVersion,
    community: String,
    /// Encoded.
    object: Vec<u8>,
    on: i64,
    off: i64,
}

impl SnmpSwitch {
    /// The outlet at `object` (dotted), whose values are `on` and `off`. `None`: no object identifier.
    #[must_use]
    pub fn new(
        place: String,
        version: SnmpVersion,
        community: String,
        object: &str,
        on: i64,
        off: i64,
    ) -> Option<Self> {
        Some(Self { place, version, community, object: oid(object)?, on, off })
    }

    /// Asks until an answer with the same number comes; a set is repeated too, since it says a state and not a change.
    async fn ask(&self, operation: u8, value: &[u8], until: Deadline) -> Result<Option<i64>, Fault> {
        let failed = |text: String| {
            Fault::bench("snmp", format!("the PDU at {}: {text}", self.place))
                .with_help("check address, community and object with snmpget; writing needs a community that may")
        };
        let socket = UdpSocket::bind("[::]:0").await;
        let socket = match socket {
            Ok(socket) => socket,
            Err(_) => UdpSocket::bind("0.0.0.0:0").await.map_err(|e| failed(e.to_string()))?,
        };
        let mut places = tokio::net::lookup_host(self.place.as_str()).await.map_err(|e| failed(e.to_string()))?;
        let place = places.next().ok_or_else(|| failed("the name has no address".into()))?;
        let six = socket.local_addr().is_ok_and(|a| a.is_ipv6());
        let place = match place {
            std::net::SocketAddr::V4(v4) if six => (v4.ip().to_ipv6_mapped(), v4.port()).into(),
            other => other,
        };
        socket.connect(place).await.map_err(|e| failed(e.to_string()))?;
        // Not secret, only unlike those of a moment ago.
        let number = 0x0100_0000 | i64::from(until.remaining().subsec_nanos() & 0x00ff_ffff);
        let message = self.message(operation, number, value);
        let mut answer = vec![0; 2048];
        while !until.passed() {
            socket.send(&message).await.map_err(|e| failed(e.to_string()))?;
            let again = until.capped(AGAIN);
            while let Ok(received) = timeout_at(again.instant().into(), socket.recv(&mut answer)).await {
                let length = received.map_err(|e| failed(e.to_string()))?;
                match read(&answer[..length], number) {
                    Some(Ok(value)) => return Ok(value),
                    Some(Err(status)) => return Err(failed(format!("it refuses with error status {status}"))),
                    None => {} // of another question, or noise
                }
            }
        }
        Err(Fault::timeout(format!("the PDU at {} did not answer before the deadline", self.place))
            .with_help("an agent is silent when the community is wrong; check it, and the address"))
    }

    fn message(&self, operation: u8, number: i64, value: &[u8]) -> Vec<u8> {
        let binding = tagged(SEQUENCE, &[self.object.as_slice(), value].concat());
        let request = [integer(number), integer(0), integer(0), tagged(SEQUENCE, &binding)].concat();
        let version = integer(match self.version {
            SnmpVersion::V1 => 0,
            SnmpVersion::V2c => 1,
        });
        let community = tagged(OCTETS, self.community.as_bytes());
        tagged(SEQUENCE, &[version, community, tagged(operation, &request)].concat())
    }
}

/// The value of an answer to question `number`, or its error status; `None`: something else.
fn read(mut bytes: &[u8], number: i64) -> Option<Result<Option<i64>, i64>> {
    let (SEQUENCE, mut message) = take(&mut bytes)? else { return None };
    let (INTEGER, _version) = take(&mut message)? else { return None };
    let (OCTETS, _community) = take(&mut message)? else { return None };
    let (RESPONSE, mut response) = take(&mut message)? else { return None };
    let (INTEGER, answered) = take(&mut response)? else { return None };
    if int(answered)? != number {
        return None;
    }
    let (INTEGER, status) = take(&mut response)? else { return None };
    let (INTEGER, _index) = take(&mut response)? else { return None };
    match int(status)? {
        0 => {}
        status => return Some(Err(status)),
    }
    let (SEQUENCE, mut bindings) = take(&mut response)? else { return None };
    let (SEQUENCE, mut binding) = take(&mut bindings)? else { return None };
    let (OID, _object) = take(&mut binding)? else { return None };
    let (tag, value) = take(&mut binding)?;
    Some(Ok(if tag == INTEGER { int(value) } else { None }))
}

#[async_trait]
impl Switch for SnmpSwitch {
    async fn set(&self, on: bool, until: Deadline) -> Result<(), Fault> {
        self.ask(SET, &integer(if on { self.on } else { self.off }), until).await.map(drop)
    }

    async fn state(&self, until: Deadline) -> Result<Option<bool>, Fault> {
        let value = self.ask(GET, &tagged(NULL, &[]), until).await?;
        Ok(value.and_then(|v| match v {
            v if v == self.on => Some(true),
            v if v == self.off => Some(false),
            _ => None, // on its way, or another kind of object
        }))
    }
}
