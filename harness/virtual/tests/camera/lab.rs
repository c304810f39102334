//! Runs for tests: each on a network of its own, because they run at the same time.

use std::net::Ipv4Addr;
use std::time::Duration;

use assay_virtual::{Running, StartSpec, VirtualSample, start};

use crate::http_client::{self, Answer};

/// A password that an owner might choose.
pub(crate) const CHOSEN: &str = "correct horse battery";

/// Nothing that a test waits for takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn spec(network: u8, samples: u8, defects: &[&str]) -> StartSpec {
    StartSpec {
        samples,
        defects: defects.iter().map(ToString::to_string).collect(),
        network: Ipv4Addr::new(127, 21, network, 0),
        ..StartSpec::default()
    }
}

/// One sample, started.
pub(crate) async fn one(network: u8, defects: &[&str]) -> (Running, VirtualSample) {
    let running = start(spec(network, 1, defects)).await.unwrap();
    let sample = running.samples().remove(0);
    (running, sample)
}

/// One sample that its owner has set up.
pub(crate) async fn one_set_up(network: u8, defects: &[&str]) -> (Running, VirtualSample) {
    let (running, sample) = one(network, defects).await;
    assert_eq!(set_up(&sample, CHOSEN).await.status, 200);
    (running, sample)
}

pub(crate) async fn set_up(sample: &VirtualSample, password: &str) -> Answer {
    let body = serde_json::json!({
        "label_password": sample.label["password"], "user": "admin", "password": password,
    });
    http_client::post(sample, "/api/setup", body).await
}

pub(crate) async fn log_on(sample: &VirtualSample, password: &str) -> Answer {
    http_client::post(sample, "/api/login", serde_json::json!({ "user": "admin", "password": password })).await
}

pub(crate) async fn token(sample: &VirtualSample) -> String {
    let answer = log_on(sample, CHOSEN).await;
    assert_eq!(answer.status, 200);
    answer.json()["token"].as_str().unwrap().to_owned()
}
