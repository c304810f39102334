//! `assay doctor`: what is plugged in and usable here, and what to do for each gap.

use assay_adapters::doctor::{checkup, wires};

use crate::args::Doctor;
use crate::registry::registry;
use crate::{exit, say};

/// Exit 0 where nothing stands in the way, 4 otherwise.
pub(super) fn run(args: &Doctor) -> u8 {
    let found = checkup();
    if args.json {
        say::json(&found);
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
    line(found.clock.plausible, "clock", format!("{} s since 1970", found.clock.unix_s), &found.clock.help);
    if let Some(path) = &args.bench {
        match assay_engine::load::load_bench(path, &[], &registry()) {
            Ok(bench) => {
                line(true, "bench", format!("{} resolves", bench.request.bench), "");
                let Ok(found) = super::block_on(wires(&bench.request)) else { return exit::BENCH };
                for wire in found {
                    line(wire.ok, wire.wire, format!("{}: {}", wire.dut, wire.text), &wire.help);
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
