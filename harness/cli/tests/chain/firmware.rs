//! The published firmware image in the assessment, and what samples have in common: what is seeded into the image fails its own
//! units and no other, and an image that cannot be had decides nothing.

use super::support::{Lab, Ran};
use super::virtual_camera::{all, texts};

/// Units that rest on the image, and on a comparison of samples.
const UNITS: [&str; 2] = ["5.4-3-2 a", "5.4-4-1 b"];
const IMAGE: [&str; 2] = ["5.4-1-2 a", "5.4-3-2 a"];

fn look(number: u8, samples: u32, units: &[&str], more: &[&str]) -> (Lab, Ran) {
    let lab = Lab::new(number, samples);
    let select = format!("unit in [{}]", units.iter().map(|u| format!("'{u}'")).collect::<Vec<_>>().join(", "));
    let mut args = lab.run_args(more);
    args[1] = "test-plans/en303645";
    args.extend(["--select", &select, "--set", "boot_ms=3000", "--set", "countdown_ms=2000"]);
    let ran = lab.assay(&args);
    lab.judged_again(&ran);
    (lab, ran)
}

#[test]
fn a_good_image_passes_and_its_components_make_an_sbom() {
    let (lab, ran) = look(80, 2, &UNITS, &["--export", "cyclonedx"]);
    assert_eq!((ran.code, ran.units("PASS")), (0, UNITS.map(str::to_owned).to_vec()), "{}{}", ran.stdout, ran.stderr);
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
    let compared = ran.results()["units"]["5.4-4-1 b"].to_string();
    assert!(compared.contains("serial number") && compared.contains("MAC address"), "{compared}");
}

#[test]
fn each_defect_of_the_image_fails_its_units_and_no_other() {
    let rows: Vec<_> = all("defect", "camera")
        .into_iter()
        .filter(|row| row["name"].as_str().is_some_and(|name| name.starts_with("firmware-")))
        .collect();
    assert_eq!(rows.len(), 3);
    for (number, row) in (81..).zip(&rows) {
        let name = row["name"].as_str().expect("a name");
        let (_lab, ran) = look(number, 1, &IMAGE, &["--defect", name]);
        assert_eq!((ran.code, ran.units("FAIL")), (1, texts(&row["fails"])), "{name}: {}", ran.stderr);
        assert_eq!(ran.units("PASS").len(), 1, "{name}: {}", ran.summary());
    }
}

#[test]
fn an_image_that_cannot_be_had_decides_nothing() {
    for (number, twin) in [(87, "website-absent"), (88, "website-silent")] {
        let (_lab, ran) = look(number, 1, &["5.4-3-2 a"], &["--defect", twin, "--set", "firmware_fetch_s=2"]);
        assert_eq!((ran.units("PASS").len(), ran.units("FAIL").len()), (0, 0), "{twin}: {}", ran.stderr);
    }
}
