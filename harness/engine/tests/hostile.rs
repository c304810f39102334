//! Whatever stands in a file: an answer in bounded time, never a panic, and every place it names is in the file.

mod common;

use assay_engine::diagnostics::render;
use assay_engine::expr::{Expr, Names, check};
use assay_engine::load::lint;
use proptest::prelude::*;

const GOOD: [&str; 7] = [
    include_str!("formats/plan.yaml"),
    include_str!("formats/bench.yaml"),
    include_str!("formats/product.yaml"),
    include_str!("formats/answers.yaml"),
    include_str!("good/plan.yaml"),
    include_str!("good/shared.yaml"),
    include_str!("good/product.yaml"),
];

/// A good file with a few of its pieces cut, doubled or replaced.
fn spoilt() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "",
        "{",
        "}",
        "[",
        "]",
        ": ",
        "- ",
        "\n",
        "\n  ",
        "${",
        "}",
        "\"",
        "'",
        "null",
        "1e999",
        "-1",
        "é\u{301}",
        "\u{202e}",
        "\t",
        "&a ",
        "*a",
        "!!str ",
        "|\n",
        ">-\n",
        "#",
        ",",
        "---\n",
        "\u{7}",
        "${x.all(y, y)}",
        "true",
        "99999999999999999999",
    ]);
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, piece), 1..6);
    (prop::sample::select(GOOD.to_vec()), edits).prop_map(|(good, edits)| {
        let mut chars: Vec<char> = good.chars().collect();
        for (at, cut, piece) in edits {
            let at = at.index(chars.len() + 1);
            let end = (at + cut).min(chars.len());
            chars.splice(at..end, piece.chars());
        }
        chars.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn spoilt_files_are_answered(text in spoilt()) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("f.yaml");
        std::fs::write(&path, &text).expect("writes");
        for diagnostic in lint(&[path], &common::registry()) {
            let spans = diagnostic.span.iter().chain(diagnostic.labels.iter().map(|l| &l.span));
            for span in spans {
                prop_assert!(span.bytes.end <= span.file.text.len(), "{diagnostic:?}");
                prop_assert!(span.file.text.get(span.bytes.clone()).is_some(), "{diagnostic:?}");
            }
            let shown = render(&diagnostic, false);
            prop_assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown:?}");
        }
    }

    #[test]
    fn any_expression_is_answered(
        source in "(a|b|x|dut|\\.|\\(|\\)|\\[|\\]|\\{|\\}|,|:|\\?|!|-|\\+|==|&&|\\|\\||in|has|all|map|size|'s'|1|1\\.5|true|null| |\"|\\\\|é){1,60}"
    ) {
        if let Ok(expr) = Expr::standalone(&source, "t") {
            let _ = check(&expr, &Names::new());
            let scope = serde_json::json!({ "a": [1, { "b": 2 }], "x": "s" });
            let _ = expr.eval(scope.as_object().expect("an object"));
            prop_assert!(expr.span.bytes.end <= source.len());
        }
    }
}
