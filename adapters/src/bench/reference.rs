//! A known-bad target of the harness's own, for positive controls: proof in the same run that a check can see what it
//! looks for. A virtual camera with a telnet service that takes a public default, a service nobody declared, services that let
//! everybody in, a web server that tells and takes too much, and a debug port through which its secrets can be read.

use std::net::{IpAddr, Ipv4Addr};

use assay_model::{AddressBook, Fault};
use assay_virtual::{Running, StartError, StartSpec, start};
use serde_json::{Value, json};

/// What is wrong with it.
const DEFECTS: [&str; 12] = [
    "telnet-root",
    "undeclared-port",
    "no-lockout",
    "mqtt-anonymous",
    "snmp-public",
    "upnp-igd-open",
    "http-cleartext-login",
    "http-settings-without-auth",
    "http-leaks-serial",
    "debug-open",
    "secrets-in-flash",
    "rtt-log-leaks-key",
];
/// The bench's name for it.
const NAME: &str = "reference.test";
/// Networks tried, so that several runs on one machine find one each.
const NETWORKS: u8 = 100;

/// The target in use; dropping it stops it.
pub(super) struct Reference {
    running: Running,
}

impl Reference {
    /// Starts it, and enters its address among those of the bench.
    ///
    /// # Errors
    /// See [`Reference::start`].
    pub(super) async fn start_in(addresses: &mut AddressBook) -> Result<Self, Fault> {
        let reference = Self::start().await?;
        addresses.own(NAME, reference.address());
        Ok(reference)
    }

    /// Starts it on the first loopback network that is free.
    ///
    /// # Errors
    /// No network is free, or the virtual device cannot start here.
    async fn start() -> Result<Self, Fault> {
        // Where to begin differs from process to process, so that runs at the same time seldom meet.
        let first = u8::try_from(std::process::id() % u32::from(NETWORKS)).unwrap_or(0);
        let mut last = String::new();
        for step in 0..NETWORKS {
            let network = Ipv4Addr::new(127, 121, 1 + (first + step) % NETWORKS, 0);
            let spec =
                StartSpec { samples: 1, defects: DEFECTS.map(str::to_owned).to_vec(), network, ..StartSpec::default() };
            match start(spec).await {
                Ok(running) => return Ok(Self { running }),
                Err(e @ (StartError::PortTaken { .. } | StartError::Bind { .. })) => last = e.to_string(),
                Err(e) => return Err(Fault::bench("reference-target", e.to_string())),
            }
        }
        Err(Fault::bench("reference-target", format!("no loopback network is free for the reference target: {last}")))
    }

    fn address(&self) -> IpAddr {
        self.running.samples().first().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |s| s.host)
    }

    /// What plans see as `bench.reference`: `{host, ports: [..], telnet, ssh, https, http, mqtt, undeclared, serial, probe:
    /// {selector, chip, keys}, defects}`.
    pub(super) fn facts(&self) -> Value {
        let samples = self.running.samples();
        let Some(sample) = samples.first() else { return Value::Null };
        let port = |word: &str| sample.ports.iter().find(|(_, service)| *service == word).map(|(port, _)| *port);
        json!({
            "host": sample.host.to_string(),
            "ports": sample.ports.iter().map(|(port, _)| port).collect::<Vec<_>>(),
            "telnet": port("telnet"), "ssh": port("ssh"), "https": port("https"), "http": port("http"),
            "undeclared": port("debug"), "mqtt": port("mqtt"), "serial": sample.label.get("serial"),
            "probe": {
                "selector": sample.probe.selector,
                "chip": sample.probe.chip,
                "keys": { "address": sample.probe.keys.start, "length": sample.probe.keys.end - sample.probe.keys.start },
            },
            "defects": DEFECTS,
        })
    }

    pub(super) async fn stop(self) {
        self.running.stop().await;
    }
}
