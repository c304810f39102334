//! `assay virtual list` and `assay virtual start`.

use std::net::Ipv4Addr;

use assay_virtual::{DefectKind, DefectPart, Running, StartSpec, models, start};
use serde_json::json;

use crate::args::Virtual;
use crate::{exit, say};

/// Lists the virtual devices, or starts one until Ctrl-C.
pub(super) fn run(args: Virtual) -> u8 {
    match args {
        Virtual::List { json: true } => {
            say::json(&json!({ "models": models() }));
            exit::OK
        }
        Virtual::List { json: false } => {
            for model in models() {
                say::result(format!("{}  {}", model.name, model.summary));
                for defect in model.defects {
                    let kind = match defect.kind {
                        DefectKind::Defect => "",
                        DefectKind::Manner => " (good, and hard to ask)",
                        DefectKind::Dead => " (dead twin)",
                    };
                    let part = match defect.part {
                        DefectPart::Website => "website: ",
                        DefectPart::Probe => "probe: ",
                        DefectPart::Camera => "",
                    };
                    say::result(format!("  {:<32} {part}{}{kind}", defect.name, defect.summary));
                }
            }
            exit::OK
        }
        Virtual::Start { model, defects, samples, network, json } => up(model, defects, samples, network, json),
    }
}

fn up(model: String, defects: Vec<String>, samples: u8, network: Ipv4Addr, as_json: bool) -> u8 {
    let done = super::block_on(async {
        let running = match start(StartSpec { model, samples, defects, network }).await {
            Ok(running) => running,
            Err(e) => {
                say::error("virtual", e.to_string(), None);
                return exit::INVALID;
            }
        };
        show(&running, as_json);
        let _ = tokio::signal::ctrl_c().await;
        running.stop().await;
        exit::OK
    });
    done.unwrap_or_else(|code| code)
}

fn show(running: &Running, as_json: bool) {
    let samples = running.samples();
    let website = running.website().to_string();
    if as_json {
        let samples: Vec<_> = samples
            .iter()
            .map(|s| {
                let ports: Vec<_> =
                    s.ports.iter().map(|(port, service)| json!({"port": port, "service": service})).collect();
                json!({"id": s.id, "host": s.host, "console": s.console, "label": s.label, "ports": ports,
                       "foreign_ports": s.foreign_ports, "probe": s.probe})
            })
            .collect();
        say::json(&json!({"samples": samples, "website": website}));
        return;
    }
    for sample in &samples {
        say::result(format!("{}  {}", sample.id, sample.host));
        for (port, service) in &sample.ports {
            say::result(format!("    {port:<6} {service}"));
        }
        say::result(format!("    console {}", sample.console.display()));
        say::result(format!("    probe   {} ({})", sample.probe.selector, sample.probe.chip));
        for (key, value) in &sample.label {
            say::result(format!("    {key:<10} {value}"));
        }
    }
    say::result(format!("maker's website  http://{website}/"));
    say::note("Ctrl-C ends it");
}
