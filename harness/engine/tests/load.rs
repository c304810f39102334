//! Good files load, and to the right values; the examples of the format page are among them.

mod common;

use std::path::{Path, PathBuf};
use std::time::Duration;

use assay_engine::diagnostics::render;
use assay_engine::load::{LoadRequest, lint, load, load_catalogue};
use assay_engine::plan::{Action, Class, Polarity, ResolvedRun, Scope, Template};
use assay_model::{Diagnostic, Effect};
use serde_json::json;

fn shown(found: &[Diagnostic]) -> String {
    found.iter().map(|d| render(d, false)).collect::<Vec<_>>().join("\n\n")
}

fn request(plan: &str) -> LoadRequest {
    LoadRequest { plans: vec![plan.into()], ..LoadRequest::default() }
}

fn loaded(request: &LoadRequest) -> ResolvedRun {
    load(request, &common::registry()).unwrap_or_else(|found| panic!("{}", shown(&found)))
}

fn refused(request: &LoadRequest) -> Vec<Diagnostic> {
    match load(request, &common::registry()) {
        Ok(_) => panic!("must be refused"),
        Err(found) => found,
    }
}

#[test]
fn the_examples_of_the_format_page_load() {
    let run = loaded(&LoadRequest {
        bench: Some("tests/formats/bench.yaml".into()),
        product: Some("tests/formats/product.yaml".into()),
        answers: Some("tests/formats/answers.yaml".into()),
        ..request("tests/formats/plan.yaml")
    });
    let plan = &run.plans[0];
    assert_eq!((plan.name.as_str(), plan.basis[0].as_str()), ("psti-passwords", "uk-psti-2023"));
    assert_eq!(json!(plan.params), json!({ "min_samples": 2 }));
    assert_eq!(plan.policy, ["min_samples"]);
    assert_eq!(plan.shared[0].name.as_deref(), Some("ports"));
    let unit = &plan.units[0];
    assert_eq!((unit.id.as_str(), unit.also[0].0.as_str()), ("PSTI-1.2", "5.1-1-2 b"));
    assert!(unit.also[0].1.is_some() && unit.catalogue.is_some());
    assert_eq!((unit.scope, unit.effect, unit.deadline), (Scope::Samples, Effect::Active, Duration::from_secs(90)));
    assert_eq!((unit.retries, unit.class), (1, Class::Assisted));
    assert_eq!(unit.when.as_ref().expect("when").names(), ["ixit"]);
    assert_eq!(unit.control[0].expect.source, "alive.up");
    assert!(matches!(&unit.min_samples, Some(Template::Expr(e)) if e.source == "params.min_samples"));
    let Action::ForEach { variable, over, steps } = &unit.steps[0].action else { panic!("a loop") };
    assert_eq!((variable.as_str(), over.source.as_str(), steps.len()), ("m", "ixit.auth_mech", 1));
    let Action::Check { with: Template::Map(with), .. } = &steps[0].action else { panic!("a check") };
    assert!(matches!(&with[0].1, Template::Expr(e) if e.source == "samples.preset_passwords(m.id)"));
    let Action::Ask(ask) = &unit.steps[1].action else { panic!("a question") };
    assert!(ask.secret && ask.answers == ["value", "cannot-tell"] && ask.evidence == ["photo"]);
    assert!(matches!(&ask.text, Template::Text(parts) if parts.len() == 3));
    assert_eq!(unit.steps[1].unless.as_ref().expect("unless").source, "has(dut.label.password)");
    assert_eq!(unit.expect[0].polarity, Polarity::Presence);
    assert_eq!(unit.finally.len(), 1);
    let bench = run.bench.expect("a bench");
    assert_eq!(bench.request.limits.tries_per_mechanism, 6);
    assert_eq!(bench.request.settings, json!({ "virtual": "camera", "samples": 3 }));
    assert_eq!(bench.equipment[0].calibration_due.as_deref(), Some("2027-03-01"));
    assert_eq!(bench.product, Some(PathBuf::from("tests/formats/../products/virtual-camera.yaml")));
    let product = run.product.expect("a dossier");
    assert_eq!(product.ics["5.7-1"]["support"], "N");
    assert_eq!(product.ixit["auth_mech"][0]["factor"], "password");
    assert_eq!(
        product.ixit["endpoints"],
        json!([
            { "proto": "tcp", "port": 8443, "service": "https", "table": "1-AuthMech", "row": "AuthMech-1" },
            { "proto": "tcp", "port": 8443, "table": "15-Intf", "row": "Intf-1" }
        ])
    );
    let answers = run.answers.expect("answers");
    assert_eq!(answers.answers[0].evidence, [PathBuf::from("tests/formats/policy.pdf")]);
    assert_eq!(
        run.inputs.iter().map(|i| i.role).collect::<Vec<_>>(),
        ["plan", "bench", "product", "answers", "catalogue"]
    );
    // The pack carries what catalogues have `reported`, and no more of them.
    let kept: serde_json::Value = serde_json::from_str(&run.inputs[4].file.text).expect("JSON");
    let law = &kept["uk-psti-2023"];
    assert!(law["edition"].is_string() && law["roles"]["importer"].is_object() && law.get("sampling").is_none());
    assert_eq!(law["units_of_provision"]["Sch. 1 para. 2 (contact)"], 1);
    // The example answers a unit of another plan.
    assert_eq!(run.warnings.iter().map(|w| w.code).collect::<Vec<_>>(), ["answers::unknown-unit"]);
}

#[test]
fn a_folder_stands_for_its_suite_and_files_for_what_they_include() {
    let run = loaded(&LoadRequest { bench: Some("tests/good/virtual.yaml".into()), ..request("tests/good") });
    assert_eq!(run.warnings, [], "{}", shown(&run.warnings));
    let plan = &run.plans[0];
    let ids: Vec<&str> = plan.units.iter().map(|u| u.id.as_str()).collect();
    assert_eq!(ids, ["over", "locks", "ports", "asked"]);
    assert_eq!(plan.shared.len(), 1);
    assert_eq!(json!(plan.params), json!({ "ports": [22, 80], "most": 2.0, "name": "admin" }));
    let roles: Vec<&str> = run.inputs.iter().map(|i| i.role).collect();
    assert_eq!(roles, ["suite", "plan", "plan", "bench", "product", "answers"]);
    assert_eq!(plan.sha256, run.inputs[1].sha256);
    let over = &plan.units[0];
    assert!(over.steps[0].per_sample);
    assert_eq!(over.needs, ["network"]); // from its checks
    assert_eq!(plan.units[3].class, Class::Assessor);
    let Action::Ask(ask) = &plan.units[3].steps[0].action else { panic!("a question") };
    let Template::Text(parts) = &ask.text else { panic!("a text") };
    assert!(matches!(&parts[0], assay_engine::plan::TextPart::Text(t) if t == "Look at ${x} of "));
    assert_eq!(run.product.expect("a dossier").ixit["endpoints"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_a_step_needs_that_may_be_left_out_is_no_need_of_the_unit() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = |unless: &str| {
        let path = folder.path().join("one.yaml");
        let text = format!(
            "assay: plan/1\nplan: one\nunits:\n  - unit: a\n    question: A?\n    effect: active\n    steps:\n      - check: \
             ports.scan\n        with: {{ host: \"${{dut.host}}\", tcp: [22] }}\n        as: seen\n{unless}    expect: seen == null\n"
        );
        std::fs::write(&path, text).expect("written");
        let bench = Some("tests/good/virtual.yaml".into());
        loaded(&LoadRequest { plans: vec![path], bench, ..LoadRequest::default() })
            .plans
            .remove(0)
            .units
            .remove(0)
            .needs
    };
    assert_eq!(plan(""), ["network"]);
    assert_eq!(plan("        unless: '!(\"network\" in dut.provides)'\n"), Vec::<String>::new());
}

#[test]
fn a_suite_may_list_folders_and_one_that_lists_itself_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).expect("made");
    let suite = |path: &Path, plans: &str| {
        std::fs::write(path.join("suite.yaml"), format!("assay: suite/1\nplans: [{plans}]\n")).expect("written");
    };
    suite(folder.path(), "inner");
    suite(&inner, "one.yaml");
    let plan = "assay: plan/1\nplan: one\nunits:\n  - unit: a\n    question: A?\n    expect: 1 == 1\n";
    std::fs::write(inner.join("one.yaml"), plan).expect("written");
    let names = |run: &ResolvedRun| run.plans.iter().map(|p| p.name.clone()).collect::<Vec<_>>();
    let asked = || LoadRequest { plans: vec![folder.path().into()], ..LoadRequest::default() };
    let run = loaded(&asked());
    assert_eq!((names(&run), run.inputs.len()), (vec!["one".to_owned()], 3), "no unit is a standard's: no catalogue");
    suite(&inner, "../inner, one.yaml");
    let Err(found) = load(&asked(), &common::registry()) else { panic!("it ended") };
    assert!(found.iter().any(|d| d.code == "suite::too-deep"), "{}", shown(&found));
}

#[test]
fn flags_set_parameters_by_type() {
    let set = [("most", "3"), ("ports", "1, 2"), ("name", "7"), ("ports", "[8]")];
    let set = set.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec();
    let run = loaded(&LoadRequest { set, bench: Some("tests/good/virtual.yaml".into()), ..request("tests/good") });
    assert_eq!(json!(run.plans[0].params), json!({ "ports": [8], "most": 3.0, "name": "7" }));
}

#[test]
fn selection_and_permission_deselect_with_a_reason() {
    let run = loaded(&LoadRequest {
        select: Some(r#"class == "automated" && (effect != "active" || "quick" in tags)"#.into()),
        bench: Some("tests/good/bench.yaml".into()),
        product: Some("tests/good/product.yaml".into()),
        ..request("tests/good/plan.yaml")
    });
    let reasons: Vec<Option<&str>> = run.plans[0].units.iter().map(|u| u.deselected.as_deref()).collect();
    let [Some(over), Some(locks), None, Some(asked)] = reasons[..] else { panic!("{reasons:?}") };
    assert!(over.starts_with("not selected") && asked.starts_with("not selected"), "{reasons:?}");
    assert_eq!(locks, "not-permitted: it is disruptive, and bench `local-two` permits passive, active");
}

#[test]
fn a_bench_is_needed_only_by_units_that_touch_something() {
    let alone = LoadRequest {
        product: Some("tests/good/product.yaml".into()),
        select: Some("unit == 'ports'".into()),
        ..request("tests/good/plan.yaml")
    };
    assert_eq!(refused(&alone).iter().map(|d| d.code).collect::<Vec<_>>(), ["resolve::no-bench"]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("p.yaml");
    std::fs::write(
        &path,
        "assay: plan/1\nplan: p\nunits: [{ unit: a, question: q, expect: \"ics['5.1-1'].support == 'Y'\" }]\n",
    )
    .expect("writes");
    let run = loaded(&LoadRequest { product: alone.product, plans: vec![path], ..LoadRequest::default() });
    assert!(run.bench.is_none());
}

#[test]
fn all_mistakes_of_all_files_come_at_once_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("writes");
        path
    };
    let plan = write(
        "p.yaml",
        "assay: plan/1\nplan: p\nbassis: [x]\nunits:\n  - unit: a\n    effekt: active\n    expect: prots.x\n",
    );
    let bench = write("b.yaml", "assay: bench/1\nbench: b\nprovider: lokal\npermits: [actve]\n");
    let product = write("d.yaml", "assay: product/1\nproduct: { name: x }\nixit: { AuthMech: [] }\n");
    let found = refused(&LoadRequest {
        plans: vec![plan],
        bench: Some(bench),
        product: Some(product),
        ..LoadRequest::default()
    });
    let codes: Vec<&str> = found.iter().map(|d| d.code).collect();
    assert_eq!(
        codes,
        [
            "plan::unknown-key",
            "plan::missing-key",
            "plan::unknown-key",
            "expr::unknown-name",
            "bench::unknown-provider",
            "plan::unknown-word",
            "product::unknown-table"
        ],
        "{}",
        shown(&found)
    );
}

#[test]
fn a_hundred_megabytes_bombs_and_loops_are_refused_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let big = folder.path().join("big.yaml");
    std::fs::File::create(&big).expect("creates").set_len(100 << 20).expect("sparse");
    let ring = folder.path().join("ring.yaml");
    std::os::unix::fs::symlink(&ring, &ring).expect("links");
    let codes = |path: &Path| {
        refused(&LoadRequest { plans: vec![path.into()], ..LoadRequest::default() })
            .into_iter()
            .map(|d| d.code)
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(&big), ["file::too-large"]);
    assert_eq!(codes(&ring), ["file::loop"]);
    assert_eq!(codes(Path::new("tests/none.yaml")), ["file::missing"]);
    assert_eq!(codes(Path::new("tests")), ["file::no-suite"]);
    // Four megabytes of honest nonsense.
    let wide = folder.path().join("wide.yaml");
    std::fs::write(&wide, "assay: plan/1\n".to_owned() + &"x: [1, 2, 3]\n".repeat(300_000)).expect("writes");
    assert_eq!(codes(&wide).len(), 1);
}

#[test]
fn lint_is_quiet_on_good_files_and_walks_folders() {
    let found = lint(&["tests/good".into()], &common::registry());
    assert_eq!(found, [], "{}", shown(&found));
    // The bad ones in a folder are found too.
    assert!(lint(&["tests/bad".into()], &common::registry()).len() > 30);
}

#[test]
fn a_catalogue_folder_becomes_one_catalogue() {
    let folder = tempfile::tempdir().expect("a folder");
    let unit = "{ id: a, title: t, provision: p, case: c, group: g, kind: functional, counts: false }";
    let text = format!(
        "assay: catalogue/1\nid: test-1\ntitle: T\nedition: 1.1.1\nunits: [{unit}]\nprofiles: [{{ id: x, title: X, units: [a] }}]\n"
    );
    std::fs::write(folder.path().join("a.yaml"), &text).expect("writes");
    let catalogue = load_catalogue(folder.path()).unwrap_or_else(|found| panic!("{}", shown(&found)));
    assert_eq!((catalogue.units["a"].catalogue.as_str(), catalogue.units["a"].counts), ("test-1", false));
    assert_eq!(catalogue.profiles[0].units, ["a"]);
    std::fs::write(folder.path().join("b.yaml"), text.replace("units: [a]", "units: [b]")).expect("writes");
    let found = load_catalogue(folder.path()).expect_err("twice");
    assert_eq!(
        found.iter().map(|d| d.code).collect::<Vec<_>>(),
        ["catalogue::duplicate-unit", "catalogue::unknown-unit"]
    );
}

#[test]
fn a_file_that_several_include_comes_once_and_classes_follow_from_who_decides() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("writes");
    write("seen.yaml", "assay: units/1\nparams: { least: { type: int, default: 2 } }\n");
    let ask = "steps: [{ ask: { text: Is it?, answers: [pass, fail] }, as: said }]";
    write(
        "a.yaml",
        &format!(
            "assay: units/1\ninclude: [seen.yaml]\nunits:\n\
             - {{ unit: A-1, question: q, {ask} }}\n\
             - {{ unit: A-2, question: q, {ask}, expect: said.answer == \"pass\" }}\n\
             - {{ unit: A-3, question: q, {ask}, expect: ixit.intf.size() >= params.least }}\n"
        ),
    );
    write(
        "b.yaml",
        "assay: units/1\ninclude: [seen.yaml]\nunits: [{ unit: B-1, question: q, expect: params.least > 1 }]\n",
    );
    write("p.yaml", "assay: plan/1\nplan: p\ninclude: [a.yaml, b.yaml]\n");
    let registry = common::registry();
    let plans = assay_engine::load::load_plans(&[folder.path().join("p.yaml")], &registry);
    let plans = plans.unwrap_or_else(|found| panic!("{}", shown(&found))).plans;
    let classes: Vec<_> = plans[0].units.iter().map(|u| (u.id.as_str(), u.class.word())).collect();
    assert_eq!(
        classes,
        [("A-1", "assessor"), ("A-2", "assessor"), ("A-3", "assisted"), ("B-1", "automated")],
        "a person alone; a person alone, said twice; the dossier is looked at as well; nobody is asked"
    );
}
