//! Which probes this host has, asked of a child as everything else of probe-rs is.

use std::time::Duration;

use assay_model::touch::probe::{FoundProbe, ProbeAsk, ProbeRequest, ProbeResponse};
use assay_model::{Deadline, DutProbe, Fault, Touch as _};
use serde::Serialize;

use super::{ProbeChild, ProbeTouch};

/// Listing opens no probe; a driver that hangs in it is given up.
const PATIENCE: Duration = Duration::from_secs(15);

/// The probes of this host.
#[derive(Debug, Clone, Serialize)]
pub struct SeenProbes {
    /// In the order of the drivers.
    pub found: Vec<FoundProbe>,
    /// Why nobody could look; absent where somebody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Fault>,
    /// What can be said of every physical probe alike.
    pub note: &'static str,
}

/// Said wherever probes are listed.
const NOTE: &str = "built on probe-rs, and not seen working on hardware: only virtual ports were tried";

/// Lists the probes that are plugged in. Opens none of them.
pub async fn seen_probes(child: ProbeChild) -> SeenProbes {
    let touch = ProbeTouch::new(DutProbe::default(), child);
    let answer = touch.call(ProbeRequest::new(ProbeAsk::List), Deadline::after(PATIENCE)).await;
    let (found, trouble) = match answer {
        Ok(ProbeResponse::Probes { probes }) => (probes, None),
        Ok(_) => (Vec::new(), Some(Fault::adapter("wrong-answer", "the probe's child gave no list"))),
        Err(fault) => (Vec::new(), Some(fault)),
    };
    SeenProbes { found, trouble, note: NOTE }
}

impl SeenProbes {
    /// Whether the probe that a bench names is there: `None` for one on the network or a virtual one, which no list has.
    #[must_use]
    pub fn has(&self, selector: &str) -> Option<bool> {
        let is_local = selector.splitn(3, ':').nth(2).is_none_or(|serial| !serial.contains(':'));
        let is_it = |probe: &FoundProbe| {
            let of = probe.selector.to_lowercase();
            let asked = selector.to_lowercase();
            of == asked || of.strip_prefix(&asked).is_some_and(|rest| rest.starts_with(':'))
        };
        is_local.then(|| self.found.iter().any(is_it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_benchs_probe_is_found_by_its_selector_with_or_without_a_serial_number() {
        let probe = |selector: &str| FoundProbe {
            selector: selector.into(),
            name: "a probe".into(),
            driver: "a driver".into(),
            accessible: true,
            advice: None,
        };
        let seen = SeenProbes { found: vec![probe("0483:374b:066BFF")], trouble: None, note: NOTE };
        for (selector, there) in [
            ("0483:374b:066BFF", Some(true)),
            ("0483:374B:066bff", Some(true)),
            ("0483:374b", Some(true)),
            ("0483:374b:066B", Some(false)),
            ("1366:0101", Some(false)),
            ("20b7:9db1:tcp:127.0.0.1:4711", None),
        ] {
            assert_eq!(seen.has(selector), there, "{selector}");
        }
    }

    #[tokio::test]
    async fn a_child_that_cannot_look_is_said_to_be_one() {
        let child = ProbeChild { program: "/bin/true".into(), arguments: Vec::new(), environment: Vec::new() };
        let seen = seen_probes(child).await;
        assert!(seen.found.is_empty() && seen.trouble.is_some());
    }
}
