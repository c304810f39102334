//! The published firmware image in the chain: what is seeded into it fails its own units, and an image that cannot be had
//! decides nothing.

use super::support::{Lab, Ran};

const PLAN: &str = "test-plans/en303645/5.4-firmware.yaml";

fn run(number: u8, samples: u32, more: &[&str]) -> (Lab, Ran) {
    let lab = Lab::new(number, samples);
    let mut args = lab.run_args(more);
    args[1] = PLAN;
    let ran = lab.assay(&args);
    lab.judged_again(&ran);
    (lab, ran)
}

#[test]
fn a_good_image_passes_and_its_components_make_an_sbom() {
    let (lab, ran) = run(80, 2, &["--export", "cyclonedx"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.units("PASS"), ["5.4-1-2 a", "5.4-3-2 a", "5.4-4-1 b"]);
    let pack = ran.pack();
    let kept = std::fs::read_to_string(pack.join("results/sbom.cdx.json")).expect("the SBOM");
    let sbom: serde_json::Value = serde_json::from_str(&kept).expect("JSON");
    let names: Vec<&str> =
        sbom["components"].as_array().expect("components").iter().filter_map(|c| c["name"].as_str()).collect();
    assert_eq!(names, ["busybox", "busybox", "camera-os", "dropbear", "libopenssl3", "u-boot"], "{kept}");
    let again = lab.assay(&["report", pack.to_str().expect("UTF-8"), "--format", "cyclonedx"]);
    assert_eq!(again.stdout, kept, "the record gives the same bytes");
    let items = ran.results()["evidence"].to_string();
    assert!(items.contains("\"firmware\""), "the image is an item of evidence: {items}");
}

#[test]
fn each_defect_of_the_image_fails_its_units_and_no_other() {
    let rows = assay_virtual::models().iter().flat_map(|m| m.defects).filter(|d| d.name.starts_with("firmware-"));
    let mut seen = 0;
    for (number, row) in (81..).zip(rows) {
        let (_lab, ran) = run(number, 2, &["--defect", row.name]);
        assert_eq!(ran.code, 1, "{}: {}", row.name, ran.stderr);
        assert_eq!(ran.units("FAIL"), row.fails, "{}", row.name);
        assert_eq!(ran.units("PASS").len() + row.fails.len(), 3, "{}: {}", row.name, ran.summary());
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[test]
fn an_image_that_cannot_be_had_decides_nothing() {
    let select = ["--select", "unit != '5.4-4-1 b'", "--set", "fetch_s=2"];
    for (number, twin) in [(87, "website-absent"), (88, "website-silent")] {
        let (_lab, ran) = run(number, 1, &[&select[..], &["--defect", twin]].concat());
        assert_eq!(ran.code, 3, "{twin}: {}", ran.stderr);
        assert_eq!(ran.units("INCONCLUSIVE"), ["5.4-1-2 a", "5.4-3-2 a"], "{twin}");
    }
    // One sample has nothing to differ from.
    let (_lab, ran) = run(89, 1, &["--select", "unit == '5.4-4-1 b'"]);
    assert_eq!(ran.units("INCONCLUSIVE"), ["5.4-4-1 b"], "{}", ran.stderr);
}
