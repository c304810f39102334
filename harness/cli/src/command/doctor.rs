//! `assay doctor`: what is plugged in and usable here, and what to do for each gap.

use assay_adapters::doctor::{checkup, wires};
use assay_adapters::probe::{ProbeChild, SeenProbes, seen_probes};
use serde_json::{Value, json};

use crate::args::Doctor;
use crate::registry::registry;
use crate::{exit, say};

/// Exit 0 where nothing stands in the way, 4 otherwise.
pub(super) fn run(args: &Doctor) -> u8 {
    let found = checkup();
    let probes = match ProbeChild::ourselves().map(|child| super::block_on(seen_probes(child))) {
        Ok(Ok(probes)) => probes,
        Ok(Err(code)) => return code,
        Err(fault) => {
            say::error(&fault.code, fault.text, None);
            return exit::BENCH;
        }
    };
    if args.json {
        let mut all = serde_json::to_value(&found).unwrap_or_default();
        all["debug_probes"] = json!(probes);
        say::json(&all);
        return exit::OK;
    }
    let mut gaps = 0;
    let mut line = |ok: bool, what: &str, text: String, help: &str| {
        gaps += usize::from(!ok);
        say::result(format!("{:<5} {what:<8} {text}", if ok { "ok" } else { "gap" }));
        if !ok && !help.is_empty() {
            say::result(format!("               help: {help}"));
        }
    };
    if found.serial_ports.is_empty() {
        say::result("      serial   no serial ports are plugged in");
    }
    for port in &found.serial_ports {
        let free = port.permitted && port.held_by.is_empty();
        line(free, "serial", format!("{}  {}", port.stable_name, port.access), &port.help);
    }
    show_probes(&probes, &mut line);
    // No gap: few benches need it.
    match found.capture.permitted {
        true => say::result("ok    capture  packets can be captured on interfaces of this host"),
        false => say::result(format!("      capture  packets cannot be captured: {}", found.capture.help)),
    }
    for kind in &found.power {
        let seen = if kind.seen { "tested against" } else { "built, not seen on real hardware; tested against" };
        say::result(format!("      power    {}: {}; {seen} {}", kind.key, kind.what, kind.tested));
    }
    for tool in found.images.iter().chain(&found.tools) {
        let text = match &tool.path {
            Some(path) => format!("{} ({})", tool.name, path.display()),
            None => format!("{} is missing: {}", tool.name, tool.purpose),
        };
        line(tool.path.is_some(), "tool", text, "only what it is for is not possible without it");
    }
    let now = i64::try_from(found.clock.unix_s).ok().and_then(|s| time::OffsetDateTime::from_unix_timestamp(s).ok());
    let now = now.map_or_else(
        || "after the year 9999".to_owned(),
        |at| format!("{}, {:02}:{:02} UTC", at.date(), at.hour(), at.minute()),
    );
    line(found.clock.plausible, "clock", now, &found.clock.help);
    // No gap: scans by connections need nothing.
    say::result(match found.raw_sockets.permitted {
        true => "      network  raw sockets: ports can be scanned by SYNs (`method: syn`)".to_owned(),
        false => format!("      network  no raw sockets: ports are scanned by connections; {}", found.raw_sockets.help),
    });
    if let Some(path) = &args.bench {
        match assay_engine::load::load_bench(path, &[], &registry()) {
            Ok(bench) => {
                line(true, "bench", format!("{} resolves", bench.request.bench), "");
                let Ok(found) = super::block_on(wires(&bench.request)) else { return exit::BENCH };
                for wire in found {
                    line(wire.ok, wire.wire, format!("{}: {}", wire.dut, wire.text), &wire.help);
                }
                for (dut, selector, there) in wired(&bench.request.duts, &probes) {
                    let text = format!("{selector} of DUT {dut} is {}plugged in", if there { "" } else { "not " });
                    line(there, "probe", text, "plug it in, or name it as it is listed above");
                }
            }
            Err(mistakes) => {
                say::diagnostics(&mistakes);
                return exit::INVALID;
            }
        }
    }
    if gaps > 0 { exit::BENCH } else { exit::OK }
}

/// What a row of the page has: whether all is well, what it is about, text, help.
type Line<'a> = dyn FnMut(bool, &str, String, &str) + 'a;

fn show_probes(probes: &SeenProbes, line: &mut Line<'_>) {
    if let Some(fault) = &probes.trouble {
        line(false, "probe", fault.text.clone(), &fault.help);
    } else if probes.found.is_empty() {
        say::result("      probe    no debug probes are plugged in");
    }
    for probe in &probes.found {
        let text = format!("{}  {} ({}; {})", probe.selector, probe.name, probe.driver, probes.note);
        line(probe.accessible, "probe", text, probe.advice.as_deref().unwrap_or_default());
    }
}

/// Probes that a bench names, and whether each is there. Those on the network are met when they are used.
fn wired<'a>(duts: &'a [Value], probes: &SeenProbes) -> Vec<(&'a str, &'a str, bool)> {
    let of = |dut: &'a Value| {
        let selector = dut["probe"]["selector"].as_str()?;
        Some((dut["id"].as_str().unwrap_or_default(), selector, probes.has(selector)?))
    };
    duts.iter().filter_map(of).collect()
}
