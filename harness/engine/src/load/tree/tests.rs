use super::*;
use proptest::prelude::*;
use std::path::PathBuf;

fn file(text: &str) -> Arc<SourceFile> {
    Arc::new(SourceFile { path: PathBuf::from("t.yaml"), text: text.to_owned() })
}

fn at(node: &Node) -> (usize, usize) {
    node.span.line_column()
}

#[test]
fn every_key_and_value_knows_its_place() {
    let text = "plan: é\nunits:\n  - unit: \"x\"\n    with: { host: ${dut.host}, n: 1 }\n";
    let root = parse(&file(text)).expect("parses");
    assert_eq!(at(root.get("plan").expect("plan")), (1, 7));
    let Yaml::List(units) = &root.get("units").expect("units").value else { panic!("a list") };
    assert_eq!(at(units[0].get("unit").expect("unit")), (3, 11));
    let with = units[0].get("with").expect("with");
    let host = with.get("host").expect("host");
    assert_eq!((at(host), host.text()), ((4, 19), Some("${dut.host}")));
    assert_eq!(with.entries()[1].key_span.line_column(), (4, 32));
    assert_eq!(with.get("n").expect("n").value, Yaml::Int(1));
}

#[test]
fn the_core_schema_decides_what_is_text() {
    let root = parse(&file("a: Y\nb: no\nc: 0755\nd: 1_000\ne: 2026-11-20\nf: 1.4.2\ng: true\nh: ~\ni: 1.5\ny: n\n"));
    let json = root.expect("parses").json();
    let wanted = serde_json::json!({"a": "Y", "b": "no", "c": "0755", "d": "1_000", "e": "2026-11-20", "f": "1.4.2",
        "g": true, "h": null, "i": 1.5, "y": "n"});
    assert_eq!(json, wanted);
}

#[test]
fn places_inside_scalars_of_every_style_are_found() {
    for text in [
        "e: a.opne == 1",
        "e: \"a.opne == \\\"x\\\"\"",
        "e: 'a.opne == ''x'''",
        "e: |\n  true &&\n  a.opne == 1\n",
        "e: >-\n  true &&\n  a.opne == 1\n",
        "e: true &&\n  a.opne == 1\n",
        "e: [ ${a.opne} ]",
    ] {
        let root = parse(&file(text)).expect(text);
        let node = root.get("e").expect("e");
        let node = if let Yaml::List(items) = &node.value { &items[0] } else { node };
        let value = node.text().expect("text");
        let start = value.find("opne").expect("there");
        let span = node.place_of(value).span(start..start + 4);
        assert_eq!(&text[span.bytes], "opne", "{text}");
    }
}

fn refused(text: &str) -> (&'static str, Option<(usize, usize)>) {
    let d = parse(&file(text)).expect_err(text);
    (d.code, d.span.map(|s| s.line_column()))
}

#[test]
fn mistakes_have_their_own_words_and_places() {
    assert_eq!(refused("a: 1\nb: 2\na: 3\n"), ("yaml::duplicate-key", Some((3, 1))));
    assert_eq!(refused("a:\n\tb: 1\n"), ("yaml::tab", Some((2, 1))));
    assert_eq!(refused("a: 1\n---\nb: 2\n").0, "yaml::documents");
    assert_eq!(refused("a: *x\n").0, "yaml::anchor");
    assert_eq!(refused("a: { b: 1\nc: 2").0, "yaml::syntax");
    assert_eq!(refused("b: &x { c: 1 }\na:\n  <<: *x\n").0, "yaml::merge");
}

#[test]
fn bombs_and_deep_nesting_end_quickly() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let refs = vec![format!("*a{}", n - 1); 9].join(", ");
        bomb.push_str(&format!("a{n}: &a{n} [{refs}]\n"));
    }
    assert_eq!(refused(&bomb).0, "yaml::too-much");
    assert_eq!(refused(&format!("a: {}{}", "[".repeat(5_000), "]".repeat(5_000))).0, "yaml::too-much");
    assert_eq!(refused(&format!("a: {}", "[".repeat(100_000))).0, "yaml::too-much");
    let nested: String = (0..200).map(|n| format!("{}k:\n", " ".repeat(n))).collect();
    assert_eq!(refused(&nested).0, "yaml::too-much");
    assert_eq!(refused(&"- x\n".repeat(300_000)).0, "yaml::too-much");
}

/// Documents as people write them: no `${`, no anchors, keys that are words.
fn document() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        (-1000_i32..1000).prop_map(|n| serde_json::Value::from(f64::from(n) + 0.5)),
        "[ -~äé€]{0,12}".prop_map(serde_json::Value::from),
        "(yes|no|on|off|y|n|null|~|true|0x1f|0o7|1e3|012|1_000|2026-11-20|1:30|\\.inf|- a|a: b|#)"
            .prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[a-z_]{1,8}|[0-9]\\.[0-9]-[0-9]|y|no", inner, 0..5)
                .prop_map(|m| serde_json::Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn serde_yaml_reads_every_document_alike(document in document()) {
        let text = serde_yaml::to_string(&document).expect("writes");
        let theirs: serde_json::Value = serde_yaml::from_str(&text).expect("reads");
        let ours = parse(&file(&text)).map_err(|d| TestCaseError::fail(format!("{}: {text}", d.message)))?;
        prop_assert_eq!(&ours.json(), &theirs, "{}", text);
        prop_assert_eq!(ours.json(), document);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(a|b|: |- |\\$\\{|\\}|\\{|\\[|\\]|, |\"|'|\n|  |\t|\\||>|#|&x|\\*x|é){0,40}") {
        let _ = parse(&file(&text));
    }
}

#[test]
fn places_end_on_whole_characters() {
    for text in ["e: \"xé\u{301}y\"", "e: \"x\\u00e9y\"", "e: 'x''é'"] {
        let root = parse(&file(text)).expect(text);
        let node = root.get("e").expect("e");
        let value = node.text().expect("text");
        for (at, c) in value.char_indices() {
            let span = node.place_of(value).span(at..at + c.len_utf8());
            assert!(text.get(span.bytes.clone()).is_some(), "{text} {at} {:?}", span.bytes);
        }
    }
}
