//! A case: a DUT, parameters, and what the observation must show.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use assay_model::{AddressBook, CheckContext, Deadline, Limits, Progress, SecretSink};
use serde_json::Value;

use super::Dut;

/// Which kind of DUT a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Twin {
    Good,
    Weak,
    Dead,
}

/// One check against one DUT.
pub(crate) struct Case {
    pub(crate) twin: Twin,
    pub(crate) dut: Dut,
    pub(crate) params: Value,
    /// What the observation must hold: objects by their members, lists member by member and of the same length.
    pub(crate) shows: Value,
}

impl Case {
    fn new(twin: Twin, dut: Dut, params: Value) -> Self {
        Self { twin, dut, params, shows: Value::Null }
    }
    pub(crate) fn good(dut: Dut, params: Value) -> Self {
        Self::new(Twin::Good, dut, params)
    }
    pub(crate) fn weak(dut: Dut, params: Value) -> Self {
        Self::new(Twin::Weak, dut, params)
    }
    pub(crate) fn dead(dut: Dut, params: Value) -> Self {
        Self::new(Twin::Dead, dut, params)
    }
    pub(crate) fn shows(mut self, shows: Value) -> Self {
        self.shows = shows;
        self
    }
}

/// Remembers what was registered.
#[derive(Default)]
pub(crate) struct Secrets(pub(crate) Mutex<Vec<String>>);

impl SecretSink for Secrets {
    fn register(&self, _: &str, value: &str) {
        self.0.lock().unwrap().push(value.to_owned());
    }
}

struct Quiet;

impl Progress for Quiet {
    fn step(&self, _: u64, _: u64, _: &str) {}
}

impl Dut {
    /// A context on this DUT, called `dut`; pauses are zero, six tries are permitted.
    pub(crate) fn context(&self, secrets: Arc<Secrets>) -> CheckContext {
        let mut addresses = AddressBook::new();
        addresses.own("dut", [127, 99, 0, 1].into());
        CheckContext {
            dut: Arc::new(assay_model::Dut {
                id: "s1".into(),
                foreign_ports: vec![631],
                ..assay_model::Dut::default()
            }),
            touches: self.touches(),
            addresses: Arc::new(addresses),
            limits: Limits { tries_per_mechanism: 6, pause_ms: 0, ..Limits::default() },
            deadline: Deadline::after(Duration::from_secs(60)),
            secrets,
            progress: Arc::new(Quiet),
        }
    }
}
