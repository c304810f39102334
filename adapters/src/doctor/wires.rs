//! The consoles, power switches and interfaces that a bench file names, looked at without turning, typing or sending anything.

use std::path::Path;
use std::time::Duration;

use assay_model::{BenchRequest, Deadline, Fault, Touch, touch::power::PowerRequest};
use serde::Serialize;

use crate::bench::local_wires;
use crate::capture::InterfaceCapture;
use crate::console::{Place, PortAccess, port_holders, tty_of};
use crate::power::{PowerKind, PowerSettings};

/// A switch or a terminal server answers within this, or is not there.
const ANSWER: Duration = Duration::from_secs(5);

/// A wire of a bench, as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WireFinding {
    /// The DUT.
    pub dut: String,
    /// `console`, `power` or `capture`.
    pub wire: &'static str,
    /// Whether it can be used now.
    pub ok: bool,
    /// Where it is and what was seen.
    pub text: String,
    /// What to do; empty where all is well.
    pub help: String,
}

/// Looks at every console and power switch of a local bench: ports are found and not opened, terminal servers are
/// connected to, switches are asked for their state and not turned,
/// interfaces are listened on for a moment. Other kinds of bench make their own; for them the
/// list is empty.
pub async fn wires(request: &BenchRequest) -> Vec<WireFinding> {
    let mut found = Vec::new();
    for (dut, console, power, interface) in local_wires(request) {
        if let Some(console) = console {
            found.push(line(&dut, &console.place).await);
        }
        if let Some(power) = power {
            found.push(switch(&dut, power, &request.folder).await);
        }
        if let Some(name) = interface {
            let seen = InterfaceCapture::new(&name).permitted();
            found.push(of(&dut, "capture", seen.map(|()| format!("{name} can be captured on"))));
        }
    }
    found
}

fn of(dut: &str, wire: &'static str, seen: Result<String, Fault>) -> WireFinding {
    let dut = dut.to_owned();
    match seen {
        Ok(text) => WireFinding { dut, wire, ok: true, text, help: String::new() },
        Err(fault) => WireFinding { dut, wire, ok: false, text: fault.text, help: fault.help },
    }
}

async fn line(dut: &str, place: &Place) -> WireFinding {
    let seen = match place {
        Place::Tcp(address) | Place::Rfc2217(address) => reach(address).await.map(|()| format!("{place} accepts")),
        Place::Tty(_) | Place::Usb { .. } => tty(place),
    };
    of(dut, "console", seen)
}

async fn reach(address: &str) -> Result<(), Fault> {
    let failed = |text: String| {
        Fault::bench("port-missing", format!("the terminal server at {address} cannot be reached: {text}"))
            .with_help("check that it runs, and its port")
    };
    let connecting = tokio::time::timeout(ANSWER, tokio::net::TcpStream::connect(address));
    connecting.await.map_err(|_| failed("no answer".into()))?.map_err(|e| failed(e.to_string())).map(drop)
}

fn tty(place: &Place) -> Result<String, Fault> {
    let device = tty_of(place)?;
    let access = PortAccess::of(Path::new(&device));
    if !access.allowed {
        let text = format!("{place} ({device}) may not be opened: {}", access.text());
        return Err(Fault::bench("port-denied", text).with_help(access.help()));
    }
    match port_holders(Path::new(&device)).first() {
        Some(holder) => {
            let text = format!("{place} ({device}) is in use by {holder}");
            Err(Fault::bench("port-busy", text).with_help("close it before a run"))
        }
        None => Ok(format!("{place} ({device}) is free")),
    }
}

async fn switch(dut: &str, settings: PowerSettings, folder: &Path) -> WireFinding {
    let kind = format!("{:?}", settings.kind);
    if let PowerKind::Operator(which) = &settings.kind {
        return of(dut, "power", Ok(format!("a person turns it: {which}")));
    }
    let Ok(switch) = settings.kind.switch(folder) else { return of(dut, "power", Ok(kind)) };
    let state = switch.call(PowerRequest::State, Deadline::after(ANSWER)).await;
    let seen = state.map(|assay_model::touch::power::PowerResponse::Is { on }| match on {
        Some(true) => format!("{kind}: on"),
        Some(false) => format!("{kind}: off"),
        None => format!("{kind}: it cannot be asked for its state, so it is not known whether it is there"),
    });
    of(dut, "power", seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_model::{Effect, Limits};
    use serde_json::json;

    #[tokio::test]
    async fn each_wire_says_what_is_wrong_with_it_and_what_to_do() {
        let (_dut, path) = crate::doubles::pty();
        let closed = crate::testing::closed_port("127.0.0.1").await;
        let (_dut_two, held) = crate::doubles::pty();
        let _holder = std::fs::File::options().read(true).write(true).open(&held).expect("opens");
        let request = BenchRequest {
            bench: "b".into(),
            provider: "local".into(),
            settings: json!({"local": null}),
            duts: vec![
                json!({"id": "s1", "console": {"serial": path}, "power": {"command": ["sh", "-c", "echo on"]}}),
                json!({"id": "s2", "console": {"serial": held}, "power": {"operator": "socket 3"}}),
                json!({"id": "s3", "console": {"tcp": closed.to_string()}, "power": {"tasmota": format!("http://{closed}")}}),
                json!({"id": "s4", "console": {"serial": "/dev/serial/by-id/none"}, "host": "127.22.121.4", "interface": "none0"}),
            ],
            samples: Vec::new(),
            defects: Vec::new(),
            sample_count: None,
            folder: ".".into(),
            dossier: None,
            permits: vec![Effect::Passive],
            limits: Limits::default(),
        };
        let found = wires(&request).await;
        let short: Vec<(&str, &str, bool)> = found.iter().map(|f| (f.dut.as_str(), f.wire, f.ok)).collect();
        assert_eq!(
            short,
            [
                ("s1", "console", true),
                ("s1", "power", true),
                ("s2", "console", false),
                ("s2", "power", true),
                ("s3", "console", false),
                ("s3", "power", false),
                ("s4", "console", false),
                ("s4", "capture", false),
            ]
        );
        assert!(found.iter().all(|f| f.ok == f.help.is_empty()), "{found:?}");
        assert_eq!(found[1].text, "command: on");
        assert!(found[2].text.contains(&format!("(pid {})", std::process::id())), "{}", found[2].text);
    }
}
