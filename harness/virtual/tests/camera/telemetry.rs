//! The health report, as a tap on the link hears it.

use std::net::SocketAddr;
use std::time::Duration;

use assay_virtual::Running;
use assay_virtual::tap::{Said, Segment};

use crate::lab::{PATIENCE, one, one_set_up};

/// A round of listening; more than one report falls into it.
const ROUND: Duration = Duration::from_millis(2500);

/// What is said in a round that has a whole connection of the device in it, or in the last one.
async fn said(running: &Running, within: Duration) -> Vec<Segment> {
    let until = tokio::time::Instant::now() + within;
    loop {
        running.listen("s1").unwrap();
        tokio::time::sleep(ROUND).await;
        let (heard, dropped) = running.heard("s1").unwrap();
        assert_eq!(dropped, 0);
        let closed = |device| heard.iter().any(|s| s.device == device && s.said == Said::Closed);
        let whole = heard.iter().any(|s| s.said == Said::Open { by_device: true } && closed(s.device));
        if whole || tokio::time::Instant::now() > until {
            return heard;
        }
    }
}

fn bytes(segments: &[Segment]) -> Vec<u8> {
    let of = |s: &Segment| match &s.said {
        Said::ByDevice(bytes) | Said::ByPeer(bytes) => bytes.clone(),
        Said::Open { .. } | Said::Closed => Vec::new(),
    };
    segments.iter().flat_map(of).collect()
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|w| w == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_goes_inside_tls_to_the_declared_name() {
    let (running, sample) = one_set_up(94, &[]).await;
    let heard = said(&running, PATIENCE).await;
    let cloud: SocketAddr = "127.21.94.253:8443".parse().unwrap();
    assert!(heard.iter().any(|s| s.peer == cloud && s.device.ip() == sample.host), "{heard:?}");
    let bytes = bytes(&heard);
    assert!(has(&bytes, "reports.maker.test"), "the name in the hello");
    assert!(!has(&bytes, "report_id") && !has(&bytes, &sample.label["serial"]) && !has(&bytes, "HTTP/1.1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_careless_report_goes_in_clear_and_names_the_unit() {
    let (running, sample) = one_set_up(95, &["telemetry-cleartext"]).await;
    let bytes = bytes(&said(&running, PATIENCE).await);
    assert!(has(&bytes, "Host: reports.maker.test") && has(&bytes, &sample.label["serial"]) && has(&bytes, "204 "));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reports_before_the_owner_has_set_it_up_and_no_dead_twin_does() {
    for (network, defects) in [(96, &[][..]), (97, &["silent"]), (98, &["absent"])] {
        let (running, _) = one(network, defects).await;
        assert_eq!(said(&running, Duration::ZERO).await, [], "{defects:?}");
    }
}
