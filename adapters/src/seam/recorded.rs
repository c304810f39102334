//! The one wrapper that reports every exchange, for all protocols alike.

use std::sync::Arc;

use assay_model::touch::Way;
use assay_model::{Blame, Deadline, Exchange, Fault, Outcome, Protocol, Recorder, Touch, Touches};
use async_trait::async_trait;

use crate::capture::KeptCaptures;
use crate::document::KeptDocuments;
use crate::tcp::StepConnections;

/// A way of touching whose every request, response and fault goes to a [`Recorder`].
pub struct Recorded<P: Protocol> {
    inner: Way<P>,
    recorder: Arc<dyn Recorder>,
}

impl<P: Protocol> Recorded<P> {
    /// `inner` behind the seam.
    pub fn new(inner: Way<P>, recorder: Arc<dyn Recorder>) -> Self {
        Self { inner, recorder }
    }
}

#[async_trait]
impl<P: Protocol> Touch<P> for Recorded<P> {
    async fn call(&self, request: P::Request, until: Deadline) -> Result<P::Response, Fault> {
        if let Some(shared) = self.inner.shared(&request, until).await {
            let shared = shared?;
            self.recorder.rests_on(shared.evidence);
            return Ok(shared.response);
        }
        let asked = serde_json::to_value(&request).map_err(|e| not_json(P::NAME, "request", &e))?;
        // A call that is dropped half-way (an outer deadline, Ctrl-C) has touched the DUT all the same.
        let mut pending = Pending::<P>::new(Arc::clone(&self.recorder), asked);
        let result = self.inner.call(request, until).await;
        let outcome = match &result {
            Ok(response) => serde_json::to_value(response)
                .map(Outcome::Response)
                .unwrap_or_else(|e| Outcome::Fault(not_json(P::NAME, "response", &e))),
            Err(fault) => Outcome::Fault(fault.clone()),
        };
        pending.outcome = Some(outcome);
        result
    }
}

fn not_json(protocol: &str, what: &str, error: &serde_json::Error) -> Fault {
    Fault::adapter("not-json", format!("the {what} of a `{protocol}` exchange cannot be kept as JSON: {error}"))
}

/// An exchange under way; reported when it ends, however it ends.
struct Pending<P: Protocol> {
    recorder: Arc<dyn Recorder>,
    started_ns: u64,
    request: serde_json::Value,
    outcome: Option<Outcome>,
    protocol: std::marker::PhantomData<fn() -> P>,
}

impl<P: Protocol> Pending<P> {
    fn new(recorder: Arc<dyn Recorder>, request: serde_json::Value) -> Self {
        let started_ns = recorder.now_ns();
        Self { recorder, started_ns, request, outcome: None, protocol: std::marker::PhantomData }
    }
}

impl<P: Protocol> Drop for Pending<P> {
    fn drop(&mut self) {
        let outcome = self.outcome.take().unwrap_or_else(|| {
            // Nobody's trouble: the check had seen enough, or its time was up and then its own fault says so.
            let text = format!("the `{}` call was given up before it ended", P::NAME);
            Outcome::Fault(Fault::new(Blame::Timeout, "cancelled", text))
        });
        self.recorder.exchange(Exchange {
            protocol: P::NAME.to_owned(),
            started_ns: self.started_ns,
            ended_ns: self.recorder.now_ns(),
            request: self.request.take(),
            outcome,
        });
    }
}

/// The same touches behind the recording seam: each exchange goes to `recorder`, which is one step's.
///
/// Two ways get more than the record: raw bytes of documents become evidence items of their own, and TCP connections
/// that the step forgot are closed when the returned list is dropped.
#[must_use]
pub fn recorded(touches: &Touches, recorder: &Arc<dyn Recorder>) -> Touches {
    fn seam<P: Protocol>(way: Option<Way<P>>, recorder: &Arc<dyn Recorder>) -> Option<Way<P>> {
        way.map(|inner| Arc::new(Recorded::new(inner, Arc::clone(recorder))) as Way<P>)
    }
    // No `..`: a new way that is not wrapped here does not compile.
    let Touches { ports, tcp, udp, tls, http, ssh, console, power, probe, capture, documents, operator } =
        touches.clone();
    let tcp = tcp.map(|way| Arc::new(StepConnections::new(way)) as Way<_>);
    let documents = documents.map(|way| Arc::new(KeptDocuments::new(way, Arc::clone(recorder))) as Way<_>);
    let capture = capture.map(|way| Arc::new(KeptCaptures::new(way, Arc::clone(recorder))) as Way<_>);
    Touches {
        ports: seam(ports, recorder),
        tcp: seam(tcp, recorder),
        udp: seam(udp, recorder),
        tls: seam(tls, recorder),
        http: seam(http, recorder),
        ssh: seam(ssh, recorder),
        console: seam(console, recorder),
        power: seam(power, recorder),
        probe: seam(probe, recorder),
        capture: seam(capture, recorder),
        documents: seam(documents, recorder),
        operator: seam(operator, recorder),
    }
}
