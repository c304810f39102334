//! Every capture becomes an evidence item of its own, with what was lost.

use std::sync::Arc;

use assay_model::touch::capture::{CaptureRequest, Captured, Captures};
use assay_model::touch::{Shared, Way};
use assay_model::{Deadline, Direction, EvidenceKind, Fault, Recorder, StreamMeta, Touch};
use async_trait::async_trait;
use serde_json::json;

/// Captures, each kept through the recorder's stream.
pub(crate) struct KeptCaptures {
    inner: Way<Captures>,
    recorder: Arc<dyn Recorder>,
}

impl KeptCaptures {
    pub(crate) fn new(inner: Way<Captures>, recorder: Arc<dyn Recorder>) -> Self {
        Self { inner, recorder }
    }

    async fn keep(&self, request: CaptureRequest, until: Deadline) -> Result<Shared<Captured>, Fault> {
        let settings = json!({"host": request.host.name(), "within_ms": request.within_ms});
        let response = self.inner.call(request, until).await?;
        let mut stream = self.recorder.stream(StreamMeta {
            kind: EvidenceKind::Pcap,
            title: format!("packets on {}", response.source),
            source: response.source.clone(),
            file: "capture.pcapng".into(),
            settings: settings.as_object().cloned().unwrap_or_default(),
        });
        let evidence = stream.id();
        stream.append(Direction::In, response.file.as_slice());
        if response.dropped > 0 {
            stream.dropped(response.dropped, "packets that were not captured");
        }
        Ok(Shared { response, evidence })
    }
}

#[async_trait]
impl Touch<Captures> for KeptCaptures {
    async fn call(&self, request: CaptureRequest, until: Deadline) -> Result<Captured, Fault> {
        Ok(self.keep(request, until).await?.response)
    }

    async fn shared(&self, request: &CaptureRequest, until: Deadline) -> Option<Result<Shared<Captured>, Fault>> {
        Some(self.keep(request.clone(), until).await)
    }
}
