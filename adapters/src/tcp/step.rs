//! Connections that a step opened and forgot are closed when the step ends.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use assay_model::touch::Way;
use assay_model::touch::tcp::{Connection, Tcp, TcpRequest, TcpResponse};
use assay_model::{Deadline, Fault, Touch};
use async_trait::async_trait;

/// One step's view of a DUT's connections.
pub(crate) struct StepConnections {
    inner: Way<Tcp>,
    open: Mutex<BTreeSet<Connection>>,
}

impl StepConnections {
    pub(crate) fn new(inner: Way<Tcp>) -> Self {
        Self { inner, open: Mutex::default() }
    }
}

#[async_trait]
impl Touch<Tcp> for StepConnections {
    async fn call(&self, request: TcpRequest, until: Deadline) -> Result<TcpResponse, Fault> {
        let closes = match &request {
            TcpRequest::Close { connection } => Some(*connection),
            _ => None,
        };
        let response = self.inner.call(request, until).await?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let TcpResponse::Opened { connection } = response {
            open.insert(connection);
        }
        if let Some(connection) = closes {
            open.remove(&connection);
        }
        Ok(response)
    }
}

impl Drop for StepConnections {
    fn drop(&mut self) {
        let open = std::mem::take(self.open.get_mut().unwrap_or_else(PoisonError::into_inner));
        // Without a runtime nothing runs any more, and the connections go with the adapter.
        if let (false, Ok(runtime)) = (open.is_empty(), tokio::runtime::Handle::try_current()) {
            let inner = Way::clone(&self.inner);
            runtime.spawn(async move {
                for connection in open {
                    let soon = Deadline::after(Duration::from_secs(5));
                    if inner.call(TcpRequest::Close { connection }, soon).await.is_err() {
                        tracing::debug!(connection, "a forgotten connection was closed already");
                    }
                }
            });
        }
    }
}
