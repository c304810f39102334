//! Exports as other people's programs read them: Jenkins' schema, junitparser (which GitHub actions use), a reader from
//! npm, compliance-trestle, the schema of SARIF.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod chromium;
mod fixture;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assay_model::Verdict;
use assay_model::results::Results;
use assay_reports::Format;
use chromium::tool;
use serde_json::Value;

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn python(script: &str, arguments: &[&Path]) -> Option<Output> {
    let python = tool("python/bin/python", "compliance-trestle")?;
    Some(Command::new(python).arg("-c").arg(script).args(arguments).output().unwrap())
}

fn said(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

/// The fixture, one with a single unit, and one without any.
fn runs() -> Vec<Results> {
    let empty = Results { units: Default::default(), evidence: Vec::new(), ..fixture::results() };
    let mut one = empty.clone();
    one.units.insert("PSTI-1.1".into(), fixture::results().units.get("PSTI-1.1").unwrap().clone());
    vec![fixture::results(), one, empty]
}

#[test]
fn junit_is_valid_against_jenkins_schema() {
    const VALIDATE: &str = "import sys\nfrom lxml import etree\n\
        etree.XMLSchema(etree.parse(sys.argv[1])).assertValid(etree.parse(sys.argv[2]))";
    let Some(schema) = tool("junit-10.xsd", "junit-10.xsd") else { return };
    let folder = tempfile::tempdir().unwrap();
    for results in runs() {
        let file = write(folder.path(), "junit.xml", &Format::Junit.render(&results).unwrap());
        let Some(out) = python(VALIDATE, &[&schema, &file]) else { return };
        assert!(out.status.success(), "{}", said(&out));
    }
    // The schema does refuse: properties of cases are what the rich dialect has and Jenkins' schema has not.
    let rich = write(folder.path(), "rich.xml", &Format::JunitRich.render(&fixture::results()).unwrap());
    let out = python(VALIDATE, &[&schema, &rich]).unwrap();
    assert!(!out.status.success() && said(&out).contains("properties"), "{}", said(&out));
}

/// Failures, errors and skipped cases, by the table of verdicts.
fn expected(results: &Results) -> [usize; 3] {
    let mut counts = [0; 3];
    for unit in results.units.values() {
        for sample in unit.samples.values().chain(&unit.cross_sample) {
            match sample.verdict {
                Verdict::Pass => {}
                Verdict::Fail if unit.waived.is_none() => counts[0] += 1,
                Verdict::Fail | Verdict::NotApplicable => counts[2] += 1,
                _ if unit.overridden.is_some() => {} // to PASS, in this fixture
                Verdict::Inconclusive | Verdict::Error | Verdict::NotRun => counts[1] += 1,
            }
        }
    }
    counts
}

#[test]
fn junitparser_reads_the_same_verdicts_and_the_rich_properties() {
    const READ: &str = "import sys, json\nfrom junitparser import JUnitXml\n\
        cases = [c for s in JUnitXml.fromfile(sys.argv[1]) for c in s]\n\
        print(json.dumps([[c.name, c.classname, [type(r).__name__ for r in c.result], [r.message for r in c.result],\n\
        {p.get('name'): p.get('value') for p in c._elem.iterfind('properties/property')}, c.system_out] for c in cases]))";
    let folder = tempfile::tempdir().unwrap();
    let results = fixture::results();
    for format in [Format::Junit, Format::JunitRich] {
        let file = write(folder.path(), "junit.xml", &format.render(&results).unwrap());
        let Some(out) = python(READ, &[&file]) else { return };
        assert!(out.status.success(), "{}", said(&out));
        let cases: Value = serde_json::from_slice(&out.stdout).unwrap();
        let cases = cases.as_array().unwrap();
        let count = |name: &str| cases.iter().filter(|c| c[2].as_array().unwrap().contains(&name.into())).count();
        assert_eq!(cases.len(), 27, "one per unit and sample");
        assert_eq!([count("Failure"), count("Error"), count("Skipped")], expected(&results));
        for case in cases {
            if let Some(message) = case[3][0].as_str() {
                assert!(Verdict::ALL.iter().any(|v| message.starts_with(v.word())), "{message}");
            }
            let properties = case[4].as_object().unwrap();
            assert_eq!(properties.contains_key("verdict"), format == Format::JunitRich);
        }
        let failed = cases.iter().find(|c| c[0].as_str().unwrap().starts_with("5.6-1-2 b")).unwrap();
        assert!(failed[5].as_str().unwrap().contains("[[ATTACHMENT|evidence/E-0003/payload.bin]]"));
        if format == Format::JunitRich {
            assert_eq!((&failed[4]["verdict"], &failed[4]["unit"]), (&"FAIL".into(), &"5.6-1-2 b".into()));
            assert_eq!(failed[4]["reason"], "requirement/expectation");
        }
    }
}

#[test]
fn a_reader_from_npm_reads_the_same_verdicts() {
    const READ: &str = "import { readFileSync } from 'node:fs'; import { parse } from 'junit2json';\n\
        const cases = (await parse(readFileSync(process.argv[1]))).testsuite.flatMap((s) => s.testcase ?? []);\n\
        const with_ = (what) => cases.filter((c) => c[what] !== undefined).length;\n\
        console.log(JSON.stringify([cases.length, with_('failure'), with_('error'), with_('skipped')]));";
    let Some(reader) = tool("junit-reader/node_modules/junit2json", "junit2json") else { return };
    let folder = tempfile::tempdir().unwrap();
    let results = fixture::results();
    for format in [Format::Junit, Format::JunitRich] {
        let file = write(folder.path(), "junit.xml", &format.render(&results).unwrap());
        let mut node = Command::new("node");
        let out = node.args(["--input-type=module", "-e", READ]).arg(&file).current_dir(&reader).output().unwrap();
        assert!(out.status.success(), "{}", said(&out));
        let counted: [usize; 4] = serde_json::from_slice(&out.stdout).unwrap();
        let [failures, errors, skipped] = expected(&results);
        assert_eq!(counted, [27, failures, errors, skipped], "{}", said(&out));
    }
}

#[test]
fn compliance_trestle_accepts_the_assessment_results() {
    let Some(trestle) = tool("python/bin/trestle", "compliance-trestle") else { return };
    let folder = tempfile::tempdir().unwrap();
    let trestle = |arguments: &[&str]| {
        Command::new(&trestle).args(arguments).current_dir(folder.path()).env("HOME", folder.path()).output().unwrap()
    };
    assert!(trestle(&["init", "--local"]).status.success());
    let incoming = tempfile::tempdir().unwrap();
    for (n, results) in runs().into_iter().enumerate() {
        let oscal = Format::Oscal.render(&results).unwrap();
        let file = write(incoming.path(), "oscal-ar.json", &oscal);
        let out = trestle(&["import", "-f", file.to_str().unwrap(), "-o", &format!("run{n}")]);
        assert!(out.status.success(), "run {n}: {}", said(&out));
    }
    // It does refuse: a finding without its target, and two things with one UUID.
    let good: Value = serde_json::from_slice(&Format::Oscal.render(&fixture::results()).unwrap()).unwrap();
    let findings = "/assessment-results/results/0/findings";
    let mut without = good.clone();
    without.pointer_mut(&format!("{findings}/0")).unwrap().as_object_mut().unwrap().remove("target");
    let mut twice = good;
    let uuid = twice.pointer(&format!("{findings}/1/uuid")).unwrap().clone();
    *twice.pointer_mut(&format!("{findings}/0/uuid")).unwrap() = uuid;
    for (n, bad) in [without, twice].into_iter().enumerate() {
        let file = write(incoming.path(), "bad.json", bad.to_string().as_bytes());
        let out = trestle(&["import", "-f", file.to_str().unwrap(), "-o", &format!("bad{n}")]);
        assert!(!out.status.success(), "bad {n} must be refused");
    }
}

#[test]
fn sarif_is_valid_against_its_schema() {
    let Some(schema) = tool("sarif-2.1.0.json", "sarif-2.1.0.json") else { return };
    let mut schema: Value = serde_json::from_slice(&std::fs::read(schema).unwrap()).unwrap();
    // The schema's own pattern for languages is no regular expression; we write no language.
    for at in ["run", "toolComponent"] {
        let language = schema.pointer_mut(&format!("/definitions/{at}/properties/language")).unwrap();
        language.as_object_mut().unwrap().remove("pattern");
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    for results in runs() {
        let sarif: Value = serde_json::from_slice(&Format::Sarif.render(&results).unwrap()).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&sarif).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert_eq!(errors, [""; 0]);
    }
    let mut bad: Value = serde_json::from_slice(&Format::Sarif.render(&fixture::results()).unwrap()).unwrap();
    bad["runs"][0]["results"][0]["kind"] = "maybe".into();
    assert!(!validator.is_valid(&bad), "the schema does refuse");
}

/// A run that looked into a firmware image.
fn with_an_image() -> Results {
    let mut results = fixture::results();
    let observation = serde_json::json!({
        "found": true, "sha256": "ab".repeat(32),
        "components": [
            {"name": "busybox", "version": "1.36.1", "purl": "pkg:generic/busybox@1.36.1", "kind": "application",
             "cpe": "cpe:2.3:a:busybox:busybox:1.36.1:*:*:*:*:*:*:*", "known_by": "text in the file", "place": "image!/bin/busybox"},
            {"name": "zlib\u{1b}[2J", "version": "1.3.1", "purl": "pkg:deb/debian/zlib@1.3.1", "kind": "library",
             "known_by": "package list", "place": "image!/var/lib/dpkg/status"},
        ],
    });
    let unit = results.units.get_mut("PSTI-1.1").unwrap();
    let sample = unit.samples.values_mut().chain(&mut unit.cross_sample).next().unwrap();
    let asked = serde_json::json!({"source": "https://maker.test/firmware.img"});
    let step = fixture::step("image", "firmware.inspect", asked, observation, &[]);
    // A positive control looks into an image of the plan, which is not the product's.
    let control =
        serde_json::json!({"components": [{"name": "control", "version": "1", "purl": "", "kind": "library"}]});
    let control =
        fixture::step("sees", "firmware.inspect", serde_json::json!({"source": {"literal": "x"}}), control, &[]);
    // Twice: what two units saw of one image is told once.
    sample.steps.extend([control, step.clone(), step]);
    results
}

#[test]
fn cyclonedx_is_valid_against_its_schema() {
    const VALIDATE: &str = "import sys\nfrom cyclonedx.validation.json import JsonStrictValidator\n\
        from cyclonedx.schema import SchemaVersion\n\
        error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())\n\
        sys.exit(str(error) if error else 0)";
    let Some(python) = tool("cyclonedx/bin/python", "cyclonedx-python-lib") else { return };
    let folder = tempfile::tempdir().unwrap();
    let validate = |sbom: &str| {
        let file = write(folder.path(), "sbom.cdx.json", sbom.as_bytes());
        Command::new(&python).arg("-c").arg(VALIDATE).arg(&file).output().unwrap()
    };
    let sbom = |results: &Results| String::from_utf8(Format::Cyclonedx.render(results).unwrap()).unwrap();
    for results in runs().into_iter().chain([with_an_image()]) {
        let out = validate(&sbom(&results));
        assert!(out.status.success(), "{}", said(&out));
    }
    let text = sbom(&with_an_image());
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["components"].as_array().unwrap().len(), 2);
    assert_eq!(value["components"][1]["name"], "zlib\\x1b[2J");
    assert_eq!(value["metadata"]["component"]["hashes"][0]["content"], "ab".repeat(32));
    let out = validate(&text.replace("\"application\"", "\"gadget\""));
    assert!(!out.status.success(), "the schema does refuse");
}
