//! Lists that people and spreadsheets write.

use super::support::Desk;

fn refused(list: &str, more: &[&str]) -> String {
    let desk = Desk::new();
    let ran = desk.bare(list, more);
    assert_eq!(ran.code, 2, "{}{}", ran.stdout, ran.stderr);
    assert!(std::fs::read_dir(desk.path()).expect("a folder").count() <= 2, "nothing was begun");
    ran.stderr
}

#[test]
fn every_mistake_of_a_list_is_told_at_once_and_nothing_is_fetched() {
    let text = refused("\u{feff}maker;product;polcy_url\r\nAcme;\"C;1\";acme.example\r\n;C2;\r\n", &[]);
    for place in ["products.csv:1:15", "products.csv:3:1"] {
        assert!(text.contains(place), "{text}");
    }
    assert!(text.contains("did you mean `policy_url`?"), "{text}");
    let text = refused("maker,product,policy_url\nA,B,ftp://a\nA,B,https://b.example\nA,\"C\n", &[]);
    assert!(text.contains("products.csv:2:5") && text.contains("never closed"), "{text}");
}

#[test]
fn a_missing_list_other_encodings_and_foreign_flags_are_refused() {
    assert!(
        refused("maker,product,home_url\nA,B,http://a.example\n", &["--set", "products="])
            .contains("--set products=FILE.csv")
    );
    let desk = Desk::new();
    let path = desk.path().join("utf16.csv");
    std::fs::write(&path, b"\xff\xfem\0a\0").expect("written");
    let text = refused("x", &["--set", &format!("products={}", path.display())]);
    assert!(text.contains("UTF-16"), "{text}");
    let text = refused(
        "maker,product,home_url\nA,B,http://a.example\n",
        &["--bench", "lab-config/benches/virtual-camera.yaml"],
    );
    assert!(text.contains("leave `--bench` out"), "{text}");
    let text =
        refused("maker,product,home_url\nA,B,http://a.example\n", &["--set", "at_once=0", "--set", "pause=soon"]);
    assert!(text.contains("`at_once` is 0") && text.contains("`pause` is \"soon\""), "{text}");
}

#[test]
fn explain_names_the_items_and_opens_nothing() {
    let desk = Desk::new();
    let list = desk.list("maker,product,home_url\nA,B,http://a.example\n");
    let set = format!("products={}", list.display());
    let ran = desk.assay(&["explain", "test-plans/psti/desk-survey.yaml", "--set", &set, "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let last: serde_json::Value = serde_json::from_str(ran.stdout.lines().last().unwrap_or_default()).expect("JSON");
    assert_eq!(last["units"].as_array().map(Vec::len), Some(18));
}
