//! A PDU behind PDUDaemon's HTTP interface. It queues requests and cannot be asked for a state.

use assay_model::{Deadline, Fault};
use async_trait::async_trait;

use super::{Switch, relay_http::RelayUrl};

/// One outlet of a PDU that a PDUDaemon drives.
#[derive(Debug, Clone)]
pub struct PduDaemonSwitch {
    url: RelayUrl,
    /// The PDU by its name in the daemon's settings.
    pdu: String,
    outlet: u16,
}

impl PduDaemonSwitch {
    /// Outlet `outlet` of `pdu`, by the PDU's name in the daemon's settings.
    #[must_use]
    pub const fn new(url: RelayUrl, pdu: String, outlet: u16) -> Self {
        Self { url, pdu, outlet }
    }
}

#[async_trait]
impl Switch for PduDaemonSwitch {
    /// Done when the daemon has queued it: how long the PDU takes, it does not tell.
    async fn set(&self, on: bool, until: Deadline) -> Result<(), Fault> {
        let word = if on { "on" } else { "off" };
        let path = format!("/power/control/{word}?hostname={}&port={}", self.pdu, self.outlet);
        self.url.get(&path, until).await.map(drop)
    }

    async fn state(&self, _until: Deadline) -> Result<Option<bool>, Fault> {
        Ok(None)
    }
}
