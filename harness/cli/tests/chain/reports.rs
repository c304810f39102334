//! What a pack says to the people whom the law obliges, through the real binary.

use std::path::Path;

use serde_json::Value;

use super::support::Lab;

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_pack_is_rendered_for_each_role_under_the_edition_that_it_carries() {
    let lab = Lab::new(188, 2);
    let ran = lab.run(&["--select", "unit in [\"PSTI-1.2\", \"PSTI-1.4\"]", "--defect", "universal-password"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let pack = ran.pack();
    let results = read(&pack.join("results/results.json"));
    assert_eq!(read(&pack.join("inputs/catalogue.json")), results["catalogues"], "sealed and told alike");
    let sealed = std::fs::read_to_string(pack.join("SHA256SUMS")).expect("sums");
    assert!(sealed.contains("inputs/catalogue.json"));

    let name = pack.to_str().expect("UTF-8");
    let report = |more: &[&str]| lab.assay(&[&["report", name, "--format"], more].concat());
    let duties = report(&["html", "--role", "distributor"]);
    assert!(duties.code == 0 && duties.stdout.contains("Duties of the distributor"), "{}", duties.stderr);
    let record: Value = serde_json::from_str(&report(&["failure-record", "--json"]).stdout).expect("JSON");
    assert_eq!((&record["outcome"], &record["failure_details"][0]["item"]), (&"failure".into(), &"PSTI-1.2".into()));
    let sheet: Value = serde_json::from_str(&report(&["consumer", "--json"]).stdout).expect("JSON");
    assert_eq!(sheet["facts"], Value::Array(Vec::new()), "nothing was verified");

    let draft = lab.path().join("draft.json");
    let draft = draft.to_str().expect("UTF-8");
    assert_eq!(report(&["statement", "--out", draft]).code, 0);
    assert_eq!(read(Path::new(draft))["status"], "draft");
    let gate = lab.assay(&["lint", draft]);
    assert!(gate.code == 2 && gate.stderr.contains("this is a draft"), "{}", gate.stderr);

    for (wrong, said) in [
        (&["csv", "--role", "importer"][..], "the same for every role"),
        (&["html", "--json"], "has no JSON beside it"),
        (&["consumer", "--role", "shop"], "there is no role `shop`"),
    ] {
        let refused = report(wrong);
        assert!(refused.code == 2 && refused.stderr.contains(said), "{}", refused.stderr);
    }
}

#[test]
fn the_consumer_sheet_tells_what_the_maker_published_and_nothing_of_controls() {
    let lab = Lab::new(244, 2);
    let ran = lab.run_psti(&["--select", "unit in ['PSTI-2.1', 'PSTI-3.2']"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let sheet = lab.assay(&["report", ran.pack().to_str().expect("UTF-8"), "--format", "consumer", "--json"]);
    let sheet: Value = serde_json::from_str(&sheet.stdout).expect("JSON");
    let values: Vec<&str> =
        sheet["facts"].as_array().expect("facts").iter().filter_map(|f| f["value"].as_str()).collect();
    assert!(values.contains(&"31 December 2035"), "{sheet}");
    assert!(values.iter().any(|v| v.contains("security@maker.test") && !v.contains("example.org")), "{sheet}");
}

#[test]
fn the_import_gate_passes_a_good_statement_and_names_every_mistake_of_a_bad_one() {
    let lab = Lab::new(189, 1);
    let ran = lab.assay(&["lint", "lab-config/statements/example.yaml"]);
    assert_eq!((ran.code, ran.stderr.trim()), (0, "no mistakes found"));
    let good =
        std::fs::read_to_string(super::support::root().join("lab-config/statements/example.yaml")).expect("there");
    let bad = lab.path().join("bad.yaml");
    let text = good.replace("2024-06-03", "2024-06-31").replace("signatory_name: Alex Example\n", "");
    std::fs::write(&bad, text.replace("end: 2094-12-31", "end: lifetime")).expect("written");
    let ran = lab.assay(&["lint", bad.to_str().expect("UTF-8")]);
    assert_eq!(ran.code, 2);
    for said in ["there is no day `2024-06-31`", "needs `signatory_name`", "`lifetime` is no date", "^^^^"] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
}

#[test]
fn the_code_of_practice_stands_on_the_plan_of_the_standard_and_a_reset() {
    let lab = Lab::new(190, 1);
    let ran = lab.assay(&["lint", "test-plans/code-of-practice"]);
    assert_eq!((ran.code, ran.stderr.trim()), (0, "no mistakes found"));
    let bench = "lab-config/benches/virtual-camera.yaml";
    let ran = lab.assay(&["explain", "test-plans/code-of-practice", "--bench", bench, "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let last: Value = serde_json::from_str(ran.stdout.lines().last().expect("a line")).expect("JSON");
    let units: Vec<&str> = last["units"].as_array().expect("units").iter().filter_map(|u| u["unit"].as_str()).collect();
    assert!(units.contains(&"PSTI-1.X1") && units.contains(&"5.13-1-2 a"), "{units:?}");
}
