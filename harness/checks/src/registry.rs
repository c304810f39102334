//! All checks against all twins, and what they publish of themselves.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use serde_json::Value;

use crate::{
    access, all, auth, boot, capture, console, document, dut,
    fake::{Case, Twin},
    firmware, http, net, params, passwords, ports, power, secrets, ssh,
};

/// Checks whose good, weak and stopped twins are real servers (tests/peers) and comparisons of what those showed, instead of
/// scripted DUTs here.
const TWINS_ARE_REAL_SERVERS: [&str; 6] =
    ["crypto.policy", "ssh.algorithms", "ssh.compare", "ssh.host_keys", "tls.compare", "tls.scan"];

/// Checks through the debug probe: their twins are scripted probes, in debug/tests.rs.
const TWINS_ARE_PROBES: &str = "debug.";

fn cases() -> BTreeMap<&'static str, Vec<Case>> {
    BTreeMap::from([
        ("auth.first_use", auth::first_use::tests::cases()),
        ("auth.inventory", auth::inventory::tests::cases()),
        ("auth.lockout", auth::lockout::tests::cases()),
        ("auth.reset", auth::reset::tests::cases()),
        ("auth.try_credentials", auth::try_credentials::tests::cases()),
        ("auth.try_defaults", auth::try_defaults::tests::cases()),
        ("boot.secure", boot::secure::tests::cases()),
        ("capture.boot", capture::boot::tests::cases()),
        ("capture.import", capture::import::tests::cases()),
        ("capture.traffic", capture::traffic::tests::cases()),
        ("console.boot_log", console::boot_log::tests::cases()),
        ("console.interrupt_boot", console::interrupt_boot::tests::cases()),
        ("console.magic_sysrq", console::magic_sysrq::tests::cases()),
        ("console.single_user", console::single_user::tests::cases()),
        ("console.shell_access", console::shell_access::tests::cases()),
        ("console.login", console::login::tests::cases()),
        ("document.fetch", document::fetch::tests::cases()),
        ("dut.restore", dut::restore::tests::cases()),
        ("firmware.inspect", firmware::inspect::tests::cases()),
        ("http.probe", http::probe::tests::cases()),
        ("http.routes", http::routes::tests::cases()),
        ("http.settings", http::settings::tests::cases()),
        ("net.alive", net::alive::tests::cases()),
        ("params.unique", params::unique::tests::cases()),
        ("passwords.analyse", passwords::analyse::tests::cases()),
        ("power.boot_time", power::boot_time::tests::cases()),
        ("power.cycle_resilience", power::cycle_resilience::tests::cases()),
        ("ports.scan", ports::scan::tests::cases()),
        ("secrets.search", secrets::check::tests::cases()),
        ("ssh.auth", ssh::auth::tests::cases()),
    ])
}

/// The first place where `seen` does not hold what `wanted` does.
fn missing(wanted: &Value, seen: &Value, at: &str) -> Option<String> {
    match (wanted, seen) {
        (Value::Object(w), Value::Object(s)) => w.iter().find_map(|(k, v)| match s.get(k) {
            Some(found) => missing(v, found, &format!("{at}.{k}")),
            None => Some(format!("{at}.{k} is absent, not {v}")),
        }),
        (Value::Array(w), Value::Array(s)) if w.len() == s.len() => {
            w.iter().zip(s).enumerate().find_map(|(i, (w, s))| missing(w, s, &format!("{at}[{i}]")))
        }
        (w, s) if w == s => None,
        (w, s) => Some(format!("{at} is {s}, not {w}")),
    }
}

#[tokio::test]
async fn every_check_sees_good_weak_and_dead_duts_for_what_they_are() {
    let mut failures = Vec::new();
    let mut cases = cases();
    // Checks on what documents say meet good, bad and dead websites instead: document/tests.rs.
    let of_websites: HashSet<&str> =
        document::all().iter().map(|c| c.info().name).filter(|name| *name != "document.fetch").collect();
    // So do those on services: tests/peers.
    let of_services: HashSet<&str> = access::all().iter().map(|c| c.info().name).collect();
    for check in all() {
        let name = check.info().name;
        if of_websites.contains(name) || name.starts_with(TWINS_ARE_PROBES) {
            continue;
        }
        if TWINS_ARE_REAL_SERVERS.contains(&name) || of_services.contains(name) {
            assert!(!cases.contains_key(name), "{name} has cases now: take it off the list");
            continue;
        }
        let cases = cases.remove(name).unwrap_or_default();
        let twins: HashSet<Twin> = cases.iter().map(|c| c.twin).collect();
        for twin in [Twin::Good, Twin::Weak, Twin::Dead] {
            if !twins.contains(&twin) {
                failures.push(format!("{name} has no case of a {twin:?} DUT"));
            }
        }
        for (i, case) in cases.into_iter().enumerate() {
            let secrets = Arc::default();
            let cx = case.dut.context(Arc::clone(&secrets));
            assert!(case.shows.is_object(), "{name} case {i} asserts nothing");
            match check.run(&cx, case.params).await {
                Ok(seen) => {
                    if let Some(text) = missing(&case.shows, &seen, "") {
                        failures.push(format!("{name} case {i} ({:?}): {text}\n    saw {seen}", case.twin));
                    }
                    if let Some(chosen) = seen["password"].as_str().filter(|p| *p != "chosen-1") {
                        assert!(
                            secrets.0.lock().unwrap().iter().any(|s| s == chosen),
                            "{name} shows an unregistered password"
                        );
                    }
                }
                Err(fault) => failures.push(format!("{name} case {i} ({:?}) faults: {fault:?}", case.twin)),
            }
        }
    }
    assert!(cases.is_empty(), "cases of checks that do not exist: {:?}", cases.keys());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[tokio::test]
async fn every_check_refuses_unknown_parameters_and_foreign_hosts() {
    for check in all() {
        let cx = crate::fake::Dut::good().context(Arc::default());
        let fault = check.run(&cx, serde_json::json!({"no_such_parameter": 1})).await.unwrap_err();
        assert_eq!(fault.code, "bad-parameter", "{}", check.info().name);
    }
    let cx = crate::fake::Dut::good().context(Arc::default());
    let probe = all().into_iter().find(|c| c.info().name == "http.probe").unwrap();
    let fault = probe.run(&cx, serde_json::json!({"host": "192.0.2.1"})).await.unwrap_err();
    assert_eq!(fault.code, "foreign-address");
}

#[test]
fn names_are_unique_and_questions_are_questions() {
    let checks = all();
    let names: HashSet<_> = checks.iter().map(|c| c.info().name).collect();
    assert_eq!(names.len(), checks.len());
    for check in &checks {
        let info = check.info();
        assert!(info.name.split_once('.').is_some() && info.question.ends_with('?'), "{}", info.name);
        assert!(!info.does_not_show.is_empty() && !info.evidence_for.is_empty(), "{}", info.name);
        assert_eq!(info.params["additionalProperties"], false, "{}", info.name);
    }
}

/// Names, effects, kinds, and every field with its type: what plans and scripts hang on.
#[test]
fn what_checks_publish_is_kept() {
    let fields = |schema: &Value| -> BTreeMap<String, String> {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let members = schema["properties"].as_object().into_iter().flatten();
        members
            .map(|(name, s)| {
                let kind = if s["type"].is_null() {
                    "(see schema)".to_owned()
                } else {
                    s["type"].to_string().replace('"', "")
                };
                (name.clone(), format!("{kind}{}", if required.contains(&name.as_str()) { "" } else { "?" }))
            })
            .collect()
    };
    let published: Vec<Value> = all()
        .iter()
        .map(|c| {
            let i = c.info();
            serde_json::json!({"name": i.name, "effect": i.effect, "kind": i.kind, "needs": i.needs,
                "params": fields(&i.params), "observation": fields(&i.observation)})
        })
        .collect();
    insta::assert_json_snapshot!(published);
}
