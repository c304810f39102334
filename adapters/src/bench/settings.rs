//! `duts:` and `provider:` of a local bench, read with every mistake at once.

use std::collections::BTreeMap;

use assay_model::{BenchRequest, Diagnostic};
use serde_json::{Map, Value};

use crate::console::ConsoleSettings;
use crate::power::{POWER_HELP, PowerSettings};
use crate::probe::{PROBE_HELP, ProbePlace, ProbeSettings};

/// Keys of a DUT that mean something to a local bench.
const USED: [&str; 7] = ["id", "host", "console", "power", "probe", "interface", "notes"];
/// Keys that other kinds of bench and later adapters take.
const UNUSED: [&str; 1] = ["ssh"];

/// A local bench as its file gives it.
#[derive(Debug, Default)]
pub(super) struct LocalSettings {
    pub(super) duts: Vec<LocalDut>,
    /// Further names that the bench owns, each with its address or name.
    pub(super) hosts: BTreeMap<String, String>,
}

/// One DUT.
#[derive(Debug)]
pub(super) struct LocalDut {
    pub(super) id: String,
    pub(super) host: Option<String>,
    pub(super) console: Option<ConsoleSettings>,
    pub(super) power: Option<PowerSettings>,
    pub(super) probe: Option<ProbeSettings>,
    /// The interface of this host that its packets pass on: `eth1`.
    pub(super) interface: Option<String>,
}

/// Reads the request; the DUTs are those without mistakes.
pub(super) fn read(request: &BenchRequest) -> (LocalSettings, Vec<Diagnostic>) {
    let mut mistakes = Mistakes(Vec::new());
    let mut settings = LocalSettings { hosts: hosts(&request.settings, &mut mistakes), ..LocalSettings::default() };
    for (i, written) in request.duts.iter().enumerate() {
        match written.as_object() {
            Some(fields) => settings.duts.extend(dut(i, fields, &mut mistakes)),
            None => mistakes.add(format!("entry {} of `duts` is no mapping", i + 1), "write `{ id: s1, host: ... }`"),
        }
    }
    whole(request, &settings.duts, &mut mistakes);
    if let Some(count) = request.sample_count {
        settings.duts.truncate(count.try_into().unwrap_or(usize::MAX));
    }
    (settings, mistakes.0)
}

/// The consoles, power switches and interfaces of a local bench's DUTs; none of other kinds of bench.
pub(crate) fn local_wires(
    request: &BenchRequest,
) -> impl Iterator<Item = (String, Option<ConsoleSettings>, Option<PowerSettings>, Option<String>)> {
    let duts = if request.provider == "local" { read(request).0.duts } else { Vec::new() };
    duts.into_iter().map(|dut| (dut.id, dut.console, dut.power, dut.interface))
}

struct Mistakes(Vec<Diagnostic>);

impl Mistakes {
    fn add(&mut self, text: impl Into<String>, help: impl Into<String>) {
        self.0.push(Diagnostic::error("bench::local", text, None).help(help));
    }

    fn warn(&mut self, text: impl Into<String>, help: impl Into<String>) {
        self.0.push(Diagnostic::warning("bench::local", text, None).help(help));
    }
}

fn hosts(settings: &Value, mistakes: &mut Mistakes) -> BTreeMap<String, String> {
    for key in settings.as_object().into_iter().flat_map(Map::keys) {
        if !["local", "hosts"].contains(&key.as_str()) {
            mistakes.add(format!("a local bench has no setting `{key}`"), "it takes `hosts`");
        }
    }
    let Some(hosts) = settings.get("hosts") else { return BTreeMap::new() };
    serde_json::from_value(hosts.clone()).unwrap_or_else(|_| {
        mistakes.add("`hosts` is no mapping of names to addresses", "write `hosts: { maker.example: 192.0.2.7 }`");
        BTreeMap::new()
    })
}

fn dut(index: usize, fields: &Map<String, Value>, mistakes: &mut Mistakes) -> Option<LocalDut> {
    let before = mistakes.0.len();
    let id = match fields.get("id").and_then(Value::as_str) {
        Some(id) if !id.is_empty() => id.to_owned(),
        _ => {
            mistakes.add(format!("entry {} of `duts` has no `id`", index + 1), "name it as the dossier does: `id: s1`");
            format!("entry {}", index + 1)
        }
    };
    for key in fields.keys() {
        if UNUSED.contains(&key.as_str()) {
            mistakes.warn(format!("`{key}` of DUT `{id}` is not used by a local bench yet"), "leave it or remove it");
        } else if !USED.contains(&key.as_str()) {
            mistakes.add(format!("DUT `{id}` has no setting `{key}`"), format!("it takes {}", USED.join(", ")));
        }
    }
    let host = fields.get("host").and_then(|host| match host.as_str() {
        Some(host) if !host.is_empty() && !host.contains(char::is_whitespace) => Some(host.to_owned()),
        _ => {
            mistakes.add(format!("`host` of DUT `{id}` is {host}"), "write a name or an IP address, without a port");
            None
        }
    });
    let console = part::<ConsoleSettings>(&id, "console", fields, mistakes);
    let power = part::<PowerSettings>(&id, "power", fields, mistakes);
    let probe = part::<ProbeSettings>(&id, "probe", fields, mistakes);
    let interface = part::<String>(&id, "interface", fields, mistakes);
    if interface.is_some() && host.is_none() {
        mistakes.add(
            format!("DUT `{id}` has an `interface` and no `host`"),
            "give its address: its packets are told from others by it",
        );
    }
    let nothing = host.is_none() && console.is_none() && power.is_none() && probe.is_none();
    if nothing && mistakes.0.len() == before {
        mistakes.add(format!("nothing is wired to DUT `{id}`"), "give it `host`, `console`, `power` or `probe`");
    }
    let wrong = mistakes.0[before..].iter().any(|d| d.severity == assay_model::Severity::Error);
    (!wrong).then_some(LocalDut { id, host, console, power, probe, interface })
}

fn part<T: serde::de::DeserializeOwned>(
    id: &str,
    key: &str,
    fields: &Map<String, Value>,
    mistakes: &mut Mistakes,
) -> Option<T> {
    let written = fields.get(key)?;
    match serde_json::from_value(written.clone()) {
        Ok(part) => Some(part),
        Err(e) => {
            let help = match key {
                "console" => {
                    "write `{ serial: /dev/serial/by-id/..., baud: 115200 }`, `{ tcp: host:port }` or `{ rfc2217: host:port, baud: 115200 }`"
                }
                "probe" => PROBE_HELP,
                "interface" => "write the name of a network interface: `interface: eth1`",
                _ => POWER_HELP,
            };
            mistakes.add(format!("`{key}` of DUT `{id}`: {e}"), help);
            None
        }
    }
}

/// Mistakes that only all DUTs together show.
fn whole(request: &BenchRequest, duts: &[LocalDut], mistakes: &mut Mistakes) {
    if request.duts.is_empty() {
        mistakes.add("a local bench has no `duts`", "list them: `duts: [{ id: s1, host: 192.0.2.10 }]`");
    }
    if !request.defects.is_empty() {
        mistakes.add(
            format!("defects ({}) can only be seeded into virtual DUTs", request.defects.join(", ")),
            "leave them out, or use a bench with `provider: { virtual: camera }`",
        );
    }
    if let Some(count) = request.sample_count.filter(|c| usize::try_from(*c).is_ok_and(|c| c > request.duts.len())) {
        let text = format!("{count} samples were asked for, and the bench has {}", request.duts.len());
        mistakes.add(text, "wire more DUTs, or ask for fewer samples");
    }
    for (i, dut) in duts.iter().enumerate() {
        for earlier in &duts[..i] {
            if earlier.id == dut.id {
                mistakes.add(format!("two DUTs have the id `{}`", dut.id), "give each an id of its own");
            }
            if dut.host.is_some() && earlier.host == dut.host {
                let text = format!("DUTs `{}` and `{}` have the same `host`", earlier.id, dut.id);
                mistakes.add(text, "samples are compared with each other, so each needs an address of its own");
            }
            if let (Some(a), Some(b)) = (&earlier.console, &dut.console)
                && a.place == b.place
            {
                let text = format!("DUTs `{}` and `{}` have the same console {}", earlier.id, dut.id, a.place);
                mistakes.add(text, "a console belongs to one DUT");
            }
            if let (Some(ProbePlace::Selector(a)), Some(ProbePlace::Selector(b))) =
                (dut.probe.as_ref().map(|p| &p.place), earlier.probe.as_ref().map(|p| &p.place))
                && a == b
            {
                let text = format!("DUTs `{}` and `{}` have the same debug probe {a}", earlier.id, dut.id);
                mistakes.add(text, "a probe hangs on one DUT");
            }
        }
        let known = request.samples.iter().any(|s| s.get("id").and_then(Value::as_str) == Some(&dut.id));
        if !request.samples.is_empty() && !known {
            let text = format!("the dossier has no sample `{}`, so its label is unknown", dut.id);
            mistakes.warn(text, "list it under `samples` in the dossier");
        }
    }
}
