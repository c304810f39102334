use super::*;
use assay_model::Severity;

fn list(text: &str) -> (Vec<Listed>, Vec<Diagnostic>) {
    let file = Arc::new(SourceFile { path: "list.csv".into(), text: text.to_owned() });
    let mistakes = Mistakes::default();
    (read(&file, &mistakes), mistakes.take())
}

/// `code line:column` of each mistake.
fn shown(text: &str) -> Vec<String> {
    let place = |d: &Diagnostic| d.span.as_ref().map(|s| s.line_column()).unwrap_or_default();
    list(text)
        .1
        .iter()
        .map(|d| format!("{} {}:{}", d.code.trim_start_matches("products::"), place(d).0, place(d).1))
        .collect()
}

const GOOD: &str = "maker,product,model,policy_url,support_url,sales_urls\r\n\
    \"Acme, Ltd\",\"Door \"\"Bell\"\"\",D1,https://acme.example/security,https://acme.example/support,https://a.example/d1 https://b.example/d1\r\n";

#[test]
fn quotes_separators_and_several_sales_pages_are_read() {
    let (products, mistakes) = list(GOOD);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let one = &products[0];
    assert_eq!((one.id.as_str(), one.line), ("acme-ltd-door-bell-d1", 2));
    assert_eq!((&one.product["manufacturer"], &one.product["name"]), (&json!("Acme, Ltd"), &json!("Door \"Bell\"")));
    assert_eq!(one.product["documents"]["sales"], json!(["https://a.example/d1", "https://b.example/d1"]));
    assert_eq!(one.product["documents"]["statement"], "");
}

#[test]
fn a_spreadsheet_s_semicolons_and_other_names_of_columns_are_read() {
    let (products, mistakes) =
        list("Manufacturer;Product name;Policy URL\nAcme;C1;http://127.0.0.1:8088/policy\n\n;;\n");
    assert!(mistakes.is_empty(), "{mistakes:?}");
    assert_eq!(products.len(), 1);
    assert_eq!((&products[0].product["model"], products[0].line), (&json!("C1"), 2));
}

#[test]
fn every_mistake_is_told_at_once_with_line_and_column() {
    let text = "maker,produkt,policy_url,policy_url,colour\n\
        Acme,C1,ftp://acme.example/x,,\n\
        ,C2,https://acme.example:99999/,,\n\
        Acme,C3,https://,,,\n";
    assert_eq!(
        shown(text),
        [
            "missing-column 1:1",
            "unknown-column 1:7",
            "duplicate-column 1:26",
            "unknown-column 1:37",
            "url 2:9",
            "missing 3:1",
            "url 3:5",
            "cells 4:1"
        ]
    );
}

#[test]
fn a_misspelt_column_is_told_with_the_right_one() {
    let (_, found) = list("maker,product,polcy_url\nA,B,https://a.example\n");
    let help = found.iter().find(|d| d.code == "products::unknown-column").and_then(|d| d.help.clone()).expect("help");
    assert!(help.starts_with("did you mean `policy_url`?"), "{help}");
}

#[test]
fn duplicates_are_shown_with_the_first_and_open_quotes_with_their_place() {
    let (_, found) = list("maker,product,home_url\nA,B,http://a.example\nC,D,http://c.example\na,b,http://a.example\n");
    assert_eq!((found[0].code, found[0].labels.len()), ("products::duplicate", 1));
    assert_eq!(found[0].labels[0].span.line_column(), (2, 1));
    assert_eq!(shown("maker,product,home_url\nA,\"B,http://a.example\nC,D,http://c.example\n"), ["quote 2:3"]);
}

#[test]
fn nothing_to_survey_is_said() {
    assert_eq!(shown(""), ["empty 1:1"]);
    assert_eq!(shown("maker,product,home_url\n"), ["empty 1:1"]);
    let (products, found) = list("maker,product,home_url\nA,B,\n");
    assert_eq!((products.len(), found[0].severity, found[0].code), (1, Severity::Warning, "products::no-address"));
}

#[test]
fn too_long_a_list_and_too_many_mistakes_are_cut_short() {
    let row = |n: usize| format!("A,P{n},http://a.example\n");
    let text = format!("maker,product,home_url\n{}", (0..=MOST_PRODUCTS).map(row).collect::<String>());
    assert!(shown(&text)[0].starts_with("too-many "));
    let bad: String = (0..1000).map(|n| format!("A,P{n},nowhere\n")).collect();
    let found = list(&format!("maker,product,home_url\n{bad}")).1;
    assert_eq!(found.len(), MOST_SHOWN + 1);
    assert!(found.iter().any(|d| d.message.starts_with("800 more mistakes")));
}

#[test]
fn addresses_are_those_that_a_reader_could_type() {
    for good in ["https://a.example", "HTTP://127.0.0.1:8088/x?y#z", "https://[::1]:81/", "https://müller.example/ü"]
    {
        assert_eq!(no_url(good), None, "{good}");
    }
    for bad in [
        "a.example",
        "ftp://a",
        "https://",
        "https://u@a/",
        "https://a:x/",
        "https://a b/",
        "https://[zz]/",
        "https://a..b/",
    ] {
        assert!(no_url(bad).is_some(), "{bad}");
    }
}

#[test]
fn ids_stay_apart() {
    let mut taken = BTreeSet::new();
    assert_eq!(id(&["Acme", "C1", "C1"], &mut taken), "acme-c1");
    assert_eq!(id(&["ACME!", "c 1", ""], &mut taken), "acme-c-1");
    assert_eq!(id(&["acme", "c1", ""], &mut taken), "acme-c1-2");
    assert_eq!(id(&["!!", "", ""], &mut taken), "product");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(maker|product|policy_url|\"|,|;|\t|\r?\n|[a-z:/é ]{0,6}){0,40}") {
        let _ = list(&text);
    }
}
