use super::*;
use serde_json::json;

fn scope(value: Value) -> Scope {
    value.as_object().cloned().expect("an object")
}

fn eval(source: &str, names: Value) -> Result<Value, String> {
    let expr = Expr::standalone(source, "test").map_err(|d| d.message)?;
    expr.eval(&scope(names)).map_err(|e| e.text)
}

#[test]
fn whole_numbers_stay_whole_and_fractions_stay_fractions() {
    let value =
        json!({"a": [1, -2, 9_223_372_036_854_775_807_i64, 18_446_744_073_709_551_615_u64], "b": 2.0, "c": null});
    let back = eval("v", json!({ "v": value })).expect("evaluates");
    assert_eq!(back, value);
    assert!(back["a"][0].is_i64() && back["a"][3].is_u64() && back["b"].is_f64(), "{back}");
}

#[test]
fn keys_come_back_sorted_every_time() {
    let names = json!({"v": {"z": 1, "a": 2, "m": {"y": 1, "b": 2}}});
    for _ in 0..20 {
        assert_eq!(eval("v", names.clone()).expect("evaluates").to_string(), r#"{"a":2,"m":{"b":2,"y":1},"z":1}"#);
    }
}

#[test]
fn names_are_free_variables_only() {
    let expr = Expr::standalone("a.b.all(x, x in c && y.z) && size(d) > 0 && has(e.f)", "t").expect("compiles");
    assert_eq!(expr.names(), ["a", "c", "y", "d", "e"]);
}

#[test]
fn deep_brackets_are_refused_before_the_parser_sees_them() {
    for depth in [17, 24, 90, 900] {
        let source = format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(Expr::standalone(&source, "t").expect_err("too deep").code, "expr::too-deep");
    }
    let source = format!("{}1{}", "(".repeat(16), ")".repeat(16));
    assert_eq!(eval(&source, json!({})).expect("evaluates"), json!(1));
    assert_eq!(
        eval(r#""((((((((((((((((((((((((" + 'it('"#, json!({})).expect("text is no nesting"),
        json!("((((((((((((((((((((((((it(")
    );
}

#[test]
fn chains_without_brackets_neither_overflow_nor_hang() {
    let sources = [
        ["1"; 900].join("+"),
        ["true"; 400].join("&&"),
        format!("a{}", ".b".repeat(900)),
        format!("{}true", "!".repeat(1_900)),
        format!("{}1", "-".repeat(1_900)),
        format!("{}1", "true?1:".repeat(280)),
        format!("a{}", "[0]".repeat(600)),
        ["1"; 500].join("<"),
    ];
    for source in sources {
        // On a worker's stack: an overflow would abort the test process.
        let outcome = std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(move || eval(&source, json!({"a": 1})).map(|_| ()))
            .expect("a thread")
            .join();
        assert!(outcome.is_ok());
    }
}

#[test]
fn the_deepest_tree_that_compiles_evaluates_on_a_worker_stack() {
    let source = format!("{}a{}", "[".repeat(16), "]".repeat(16)) + " == " + &["1"; 200].join("+");
    let worker = std::thread::Builder::new().stack_size(2 << 20).spawn(move || eval(&source, json!({"a": 1})));
    assert!(worker.expect("a thread").join().is_ok());
}

#[test]
fn too_long_is_refused() {
    let source = format!("\"{}\"", "x".repeat(3_000));
    assert_eq!(Expr::standalone(&source, "t").expect_err("too long").code, "expr::too-long");
}

#[test]
fn endless_evaluations_are_stopped_whatever_they_loop_over() {
    let list: Vec<i64> = (0..3_000).collect();
    let literal = format!("[{}]", ["1"; 200].join(","));
    let nested = |kind: &str, list: &str, last: &str| {
        let open = |v: &str| format!("{list}.{kind}({v}, ");
        format!("{}{}{}{}{last}))))", open("a"), open("b"), open("c"), open("d"))
    };
    for source in [
        nested("all", "l", "d >= 0"),
        nested("exists", "l", "d < 0"),
        nested("map", "l", "d"),
        nested("all", "a.x", "true").replacen("a.x.all(a", "[{'x': l}].all(a", 1),
        nested("all", &literal, "d >= 0"),
        nested("exists_one", &literal, "d == 3"),
        nested("map", &literal, "d"),
    ] {
        let expr = Expr::standalone(&source, "t").expect("compiles");
        let text = eval::evaluate(&expr.program, &scope(json!({ "l": list })), std::time::Duration::from_millis(50));
        assert_eq!(text, Err("it took longer than 0.05 s".into()), "{source}");
    }
}

#[test]
fn loops_mean_what_they_mean_in_cel() {
    for (source, wanted) in [
        ("[1, 2, 3].all(e, 6 / (2 - e) == 6)", Ok(json!(false))),
        ("[2, 0].exists(e, 6 / (2 - e) == 3)", Ok(json!(true))),
        ("[1, 2, 3].map(x, x * 2)", Ok(json!([2, 4, 6]))),
        ("[1, 2, 3, 4].map(x, x % 2 == 0, x * 10)", Ok(json!([20, 40]))),
        ("[1, 2, 3, 4].filter(x, x > 2)", Ok(json!([3, 4]))),
        ("[1, 2, 2].exists_one(x, x == 1) && ![1, 2, 2].exists_one(x, x == 2)", Ok(json!(true))),
        ("[[1, 2], [3]].map(l, l.map(x, x + 1))", Ok(json!([[2, 3], [4]]))),
        ("[].all(x, x)", Ok(json!(true))),
        ("[2].all(e, 6 / (2 - e) == 6)", Err(())),
    ] {
        assert_eq!(eval(source, json!({})).map_err(|_| ()), wanted, "{source}");
    }
}

#[test]
fn every_part_that_a_pattern_matches_is_found() {
    let names = json!({"t": "AuthMech-1 and ComMech-12, not AuthMech"});
    assert_eq!(eval("t.findAll('[A-Z][A-Za-z]+-[0-9]+')", names.clone()), Ok(json!(["AuthMech-1", "ComMech-12"])));
    assert_eq!(eval("t.findAll('x-[0-9]')", names.clone()), Ok(json!([])));
    assert!(eval("t.findAll('(')", names).is_err());
    assert!(eval("[1].findAll('x')", json!({})).is_err());
}

#[test]
fn the_same_text_at_two_places_is_parsed_once_and_keeps_both_places() {
    let file = |name: &str| {
        let text = "a.b == 1".to_owned();
        std::sync::Arc::new(assay_model::SourceFile { path: name.into(), text })
    };
    let compiled = |name: &str| {
        let file = file(name);
        Expr::compile("a.b == 1", &Place::new(file, (0..=8).collect())).expect("compiles")
    };
    let (one, two) = (compiled("one"), compiled("two"));
    assert!(std::sync::Arc::ptr_eq(&one.program.tree, &two.program.tree));
    assert_eq!(one.keys_of("a")[0].span.place(), "one:1:3");
    assert_eq!(two.keys_of("a")[0].span.place(), "two:1:3");
}

#[test]
fn variables_converted_once_give_what_a_scope_gives() {
    let mut known = Converted::of(&scope(json!({"a": [1, 2], "b": {"c": "x"}})));
    let expr = Expr::standalone("a.size() == 2 && b.c == 'x' && (n > 1)", "t").expect("compiles");
    assert!(expr.eval_converted(&known).is_err(), "there is no `n` yet");
    for (n, wanted) in [(1, false), (2, true)] {
        known.insert("n", &json!(n));
        assert_eq!(expr.eval_converted(&known), Ok(json!(wanted)));
    }
}

#[test]
fn what_is_not_there_is_an_error_and_not_false() {
    assert_eq!(eval("a.b == 1", json!({"a": {}})), Err("there is no field `b`".into()));
    assert_eq!(eval("a", json!({})), Err("there is no `a` here".into()));
    assert_eq!(eval("has(a.b)", json!({"a": {}})), Ok(json!(false)));
}

#[test]
fn preset_passwords_prefer_the_mechanism_and_leave_out_who_has_none() {
    let sample = |v: Value| v.as_object().cloned().expect("an object");
    let samples = samples_value(&[
        sample(json!({"id": "s1", "serial": "A1", "password": "p1"})),
        sample(json!({"id": "s2", "password": "p2", "passwords": {"AuthMech-2": "q2"}})),
        sample(json!({"id": "s3", "mac": "02:00"})),
    ]);
    let names = json!({ "samples": samples });
    assert_eq!(
        eval("samples.preset_passwords('AuthMech-2')", names.clone()).expect("evaluates"),
        json!([{"password": "p1", "sample": "s1"}, {"password": "q2", "sample": "s2"}])
    );
    assert_eq!(eval("samples.count", names.clone()).expect("evaluates"), json!(3));
    assert_eq!(
        eval("samples.identifiers", names.clone()).expect("evaluates"),
        json!([{"sample": "s1", "serial": "A1"}, {"sample": "s2"}, {"mac": "02:00", "sample": "s3"}])
    );
    assert!(eval("'x'.preset_passwords('a')", names).is_err());
}

fn names() -> Names {
    let port = Type::record("a port", [("port", Type::Int), ("proto", Type::Word(vec!["tcp".into(), "udp".into()]))]);
    let mut names = Names::new();
    names
        .set("ports", Type::record("the observation of `ports.scan`", [("open", port.listed()), ("text", Type::Text)]));
    names.set("any", Type::Dyn);
    names
}

fn mistakes(source: &str) -> Vec<(String, String)> {
    let expr = Expr::standalone(source, "t").expect("compiles");
    let (_, found) = check(&expr, &names());
    found
        .into_iter()
        .map(|d| {
            let span = d.span.expect("a place");
            (d.code.to_owned(), source[span.bytes].to_owned())
        })
        .collect()
}

#[test]
fn mistakes_are_found_where_they_stand() {
    for (source, code, at) in [
        ("ports.opne.size() == 0", "expr::unknown-field", "opne"),
        ("prots.open.size() == 0", "expr::unknown-name", "prots"),
        ("ports.open.all(p, p.prot == 1)", "expr::unknown-field", "prot"),
        ("has(ports.opne)", "expr::unknown-field", "opne"),
        ("ports.open.all(p, q.port == 1)", "expr::unknown-name", "q"),
        ("ports.open.every(p, p.port == 1)", "expr::unknown-function", "every"),
        ("ports.open.siez() == 1", "expr::unknown-function", "siez"),
        ("szie(ports.open) == 1", "expr::unknown-function", "szie"),
        ("size(ports.open, 1) == 1", "expr::arguments", "size"),
        ("ports.open.size(1) == 1", "expr::arguments", "size"),
        ("ports.open.all(p) == true", "expr::arguments", "all"),
        ("ports.text == 1", "expr::type", "=="),
        ("ports.open.all(p, p.port < 'x')", "expr::type", "< "),
        ("ports.open.all(p, p.port)", "expr::type", "p.port"),
        ("ports.open && true", "expr::type", "ports.open"),
        ("ports.open.port == 1", "expr::type", "port"),
        ("ports.open.contains('x')", "expr::type", "ports.open"),
        ("'22' in ports.open.map(p, p.port)", "expr::type", "in"),
        ("ports.open[0].proto == 'tpc'", "expr::unknown-word", "'tpc'"),
        ("ports.open['a']", "expr::type", "'"),
        ("ports['opne']", "expr::unknown-field", "'opne'"),
        ("ports.text + 1 == 'x'", "expr::type", "+ "),
    ] {
        let found = mistakes(source);
        assert_eq!(found.first().map(|(c, t)| (c.as_str(), t.as_str())), Some((code, at)), "{source}: {found:?}");
    }
}

#[test]
fn good_expressions_and_unknown_types_raise_nothing() {
    for source in [
        "ports.open.all(p, p.port in [22, 80] && p.proto == 'tcp')",
        "ports.open.filter(p, !(p.port in any.declared)).size() == 0",
        "any.x.y.z[0].all(q, q.w == 1) || any == null",
        "ports.open.map(p, p.port).exists(n, n == 22)",
        "ports.open.map(p, p.port > 1, p.proto).all(w, w.startsWith('t'))",
        "has(any.a) ? any.b : ports.text == 'x'",
        "size(ports.text) > 3 && ports.text.matches('^a') && ports.text.contains('b')",
        "string(ports.open[0].port) + ports.text == 'x'",
        "type(any) == int && ports.open.exists_one(p, p.port == 1)",
        "ports.open.size() * 2 >= 1 && ports['text'] == 'x'",
    ] {
        assert_eq!(mistakes(source), [], "{source}");
    }
}

#[test]
fn everything_the_check_lets_call_can_be_called() {
    for source in [
        "size('a') + 'a'.size() + size([1])",
        "'ab'.contains('a') && 'ab'.startsWith('a') && 'ab'.endsWith('b') && 'ab'.matches('a.') && matches('ab', 'a')",
        "int('3') + int(3.0) == 6 && uint(3) == 3u && double(3) == 3.0 && string(3) == '3' && bool('true')",
        "bytes('a') == b'a' && dyn(1) == 1 && type(1) == int && duration('1s') < duration('2s')",
        "timestamp('2026-01-02T03:04:05Z').getFullYear() == 2026 && timestamp('2026-01-02T03:04:05Z').getMonth() == 0",
        "timestamp('2026-01-02T03:04:05Z').getDayOfMonth() + timestamp('2026-01-02T03:04:05Z').getDate() > 0",
        "timestamp('2026-01-02T03:04:05Z').getDayOfWeek() + timestamp('2026-01-02T03:04:05Z').getDayOfYear() > 0",
        "timestamp('2026-01-02T03:04:05Z').getHours() + timestamp('2026-01-02T03:04:05Z').getMinutes() + timestamp('2026-01-02T03:04:05Z').getSeconds() > 0",
        "[1].exists_one(x, x == 1) && [1].existsOne(x, x == 1) && [1].all(x, x == 1) && [1].exists(x, x == 1)",
        "[1].map(x, x + 1) == [2] && [1].filter(x, x > 1) == [] && [1, 2].map(x, x > 1, x) == [2]",
    ] {
        assert!(eval(source, json!({})).is_ok(), "{source}: {:?}", eval(source, json!({})));
        assert_eq!(mistakes(source), [], "{source}");
    }
}

#[test]
fn places_are_right_after_text_outside_ascii() {
    assert_eq!(mistakes("ports.text == 'Zoë…' && ports.opne == 1"), [("expr::unknown-field".into(), "opne".into())]);
}

#[test]
fn schemas_become_types() {
    let schema = json!({
        "type": "object",
        "properties": {
            "open": {"type": "array", "items": {"type": "object", "properties": {"port": {"type": "integer"}}}},
            "word": {"enum": ["a", "b", null]},
            "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "free": {},
            "map": {"type": "object", "additionalProperties": {"type": "boolean"}},
            "choice": {"oneOf": [
                {"type": "object", "properties": {"x": {"type": "integer"}}},
                {"type": "object", "properties": {"y": {"type": "string"}}}
            ]},
            "again": {"$ref": "#"}
        }
    });
    let Type::Record(record) = Type::from_schema(&schema, "it") else { panic!("a record") };
    let field = |name: &str| record.fields.iter().find(|(n, _)| n == name).map(|(_, t)| t.clone()).expect("a field");
    assert_eq!(field("word"), Type::Word(vec!["a".into(), "b".into()]));
    assert_eq!(field("maybe"), Type::Text);
    assert_eq!(field("free"), Type::Dyn);
    assert_eq!(field("map"), Type::Map(Box::new(Type::Bool)));
    assert_eq!(field("choice"), Type::record("it", [("x", Type::Int), ("y", Type::Text)]));
    assert!(matches!(field("again"), Type::Record(_)));
    assert!(!record.open);
}
