//! Capturing on the DUT's link while something is done, and reading what was captured.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use assay_model::touch::capture::{Begun, CaptureRequest};
use assay_model::{CheckContext, Fault};
use sha2::{Digest as _, Sha256};

use super::observation::{self, Asked, Observation, Peers};

/// Between two looks whether the capture has begun.
const LOOK: Duration = Duration::from_millis(5);
/// Between two lines of progress.
const TICK: Duration = Duration::from_secs(1);
/// What reading takes at most, of the time that the step has.
const READING: Duration = Duration::from_secs(5);

/// What to capture, and what is asked of it.
pub(super) struct Wanted<'p> {
    pub(super) host: &'p str,
    pub(super) within_ms: u32,
    pub(super) peers: Vec<Peers>,
    pub(super) canaries: BTreeMap<String, String>,
}

/// Captures, with `action` done once the capture has begun; what came of both, and the DUT's addresses.
pub(super) async fn captured<A>(
    cx: &CheckContext,
    wanted: Wanted<'_>,
    action: impl Future<Output = Result<A, Fault>>,
) -> Result<(Observation, A, Vec<std::net::IpAddr>), Fault> {
    let within = Duration::from_millis(wanted.within_ms.into());
    if cx.deadline.remaining() < within + READING {
        let left = cx.deadline.remaining().as_secs();
        let text = format!("`within_ms` is {}, and the step has {left} s left", wanted.within_ms);
        return Err(Fault::plan("bad-parameter", text).with_help("give the step a longer `deadline`"));
    }
    let way = cx.touches.capture()?;
    let begun = Begun::default();
    let request = CaptureRequest { host: cx.host(wanted.host)?, within_ms: wanted.within_ms, begun: begun.clone() };
    let capturing = async {
        let captured = way.call(request, cx.deadline).await;
        begun.set();
        captured
    };
    let acting = async {
        while !begun.is_set() {
            tokio::time::sleep(LOOK).await;
        }
        action.await
    };
    let (captured, done) = tokio::select! {
        both = async { tokio::try_join!(capturing, acting) } => both?,
        never = shown(cx, within) => match never {},
    };
    let device = captured.addresses.clone();
    let asked = Asked { device: device.clone(), peers: Peers::all(wanted.peers), canaries: wanted.canaries };
    let secrets = Arc::clone(&cx.secrets);
    let work = move || {
        let sha256 = hex::encode(Sha256::digest(captured.file.as_slice()));
        observation::of(captured.file.as_slice(), sha256, &asked, &*secrets)
    };
    let read = tokio::task::spawn_blocking(work).await;
    let read = read.map_err(|e| Fault::adapter("capture-unread", format!("reading the capture broke off: {e}")))?;
    Ok((read.map_err(|e| Fault::plan("bad-parameter", e.to_string()))?, done, device))
}

/// Tells how long it has been.
async fn shown(cx: &CheckContext, within: Duration) -> Infallible {
    let started = Instant::now();
    loop {
        cx.progress.step(started.elapsed().as_secs().min(within.as_secs()), within.as_secs(), "capturing packets");
        tokio::time::sleep(TICK).await;
    }
}
