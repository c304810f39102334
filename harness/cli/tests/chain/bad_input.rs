//! Wrong paths, wrong files, wrong words: a precise message and exit 2 before anything is opened.

use super::support::{Lab, root};

#[test]
fn usage_and_paths_are_answered_with_2_and_a_sentence() {
    let lab = Lab::new(70, 1);
    let cases: [(&[&str], i32, &str); 9] = [
        (&["run"], 2, "PLAN"),
        (&["run", "no/such/plan.yaml"], 2, "no/such/plan.yaml"),
        (&["run", "test-plans/psti", "--bench", "README-not-there.yaml"], 2, "README-not-there.yaml"),
        (&["run", "test-plans/psti", "--set", "nonsense"], 2, "KEY=VALUE"),
        (&["lint", "Cargo.toml"], 2, "Cargo.toml"),
        (&["verify", "test-plans"], 5, "SHA256SUMS"),
        (&["report", "test-plans", "--format", "html"], 2, "results.json"),
        (&["report", "test-plans", "--format", "docx"], 2, "take one of"),
        (&["check", "ports.scam", "--host", "127.0.0.1"], 2, "did you mean `ports.scan`"),
    ];
    for (args, code, word) in cases {
        let ran = lab.assay(args);
        assert_eq!(ran.code, code, "{args:?}\n{}{}", ran.stdout, ran.stderr);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(said.contains(word), "{args:?} does not say `{word}`:\n{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[test]
fn a_taken_network_is_said_before_anything_is_judged() {
    let lab = Lab::new(71, 1);
    let held = std::net::TcpListener::bind("127.22.71.1:8443").expect("free");
    let ran = lab.run(&["--select", "unit == '5.6-1-2 b'"]);
    drop(held);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("8443"), "{}", ran.stderr);
    assert_eq!(ran.units("PASS"), Vec::<String>::new());
}

#[test]
fn every_shipped_file_lints_clean() {
    let lab = Lab::new(72, 1);
    let ran = lab.assay(&["lint", "test-plans/psti", "lab-config/benches", "lab-config/products", "lab-config/lab"]);
    assert_eq!((ran.code, ran.stderr.trim()), (0, "no mistakes found"));
}

#[test]
fn committed_schemas_are_current() {
    let lab = Lab::new(73, 1);
    for (kind, file) in [
        ("plan", "test-plans/schema/plan.json"),
        ("suite", "test-plans/schema/suite.json"),
        ("statement", "lab-config/schema/statement.json"),
        ("bench", "lab-config/schema/bench.json"),
        ("product", "lab-config/schema/product.json"),
        ("answers", "lab-config/schema/answers.json"),
        ("lab", "lab-config/schema/lab.json"),
        ("waivers", "lab-config/schema/waivers.json"),
    ] {
        let current = lab.assay(&["schema", kind]).stdout;
        let committed = std::fs::read_to_string(root().join(file)).unwrap_or_default();
        assert!(current == committed, "{file} is stale: write it with `assay schema {kind} > {file}`");
    }
}

#[test]
fn one_check_by_hand_prints_its_observation() {
    let lab = Lab::new(74, 1);
    let listener = std::net::TcpListener::bind("127.22.74.9:0").expect("free");
    let port = listener.local_addr().expect("bound").port();
    let range = format!("tcp={}-{}", port - 5, port);
    let ran = lab.assay(&["check", "ports.scan", "--host", "127.22.74.9", "--with", &range]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let seen: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let open: Vec<_> = seen["open"].as_array().expect("open").iter().map(|p| p["port"].clone()).collect();
    assert!(open.contains(&port.into()), "{seen}");
}
