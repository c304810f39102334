//! Good and bad products: each item is judged on what stands on the pages, and on nothing else.

use std::net::Ipv4Addr;

use super::site::{Answers, Site};
use super::support::{Desk, HEAD, row};

fn start(last: u8) -> Site {
    Site::start(Ipv4Addr::new(127, 23, 1, last), 1, Answers::default())
}

#[test]
fn good_products_pass_and_each_defect_fails_its_own_items() {
    let site = start(1);
    let root = site.root(0);
    let defects: [(&str, &[&str]); 9] = [
        ("no-contact", &["PSTI-2.1"]),
        ("no-acknowledgement-time", &["PSTI-2.2"]),
        ("no-status-updates", &["PSTI-2.3"]),
        ("policy-behind-login", &["PSTI-2.4b"]),
        ("policy-in-french", &["PSTI-2.4c"]),
        ("policy-asks-email", &["PSTI-2.4e"]),
        ("support-period-without-end-date", &["PSTI-3.2"]),
        ("support-not-on-sales-page", &["PSTI-3.5"]),
        ("statement-missing-field", &["psti-statement"]),
    ];
    let mut list = HEAD.to_owned();
    list.push_str(&row(&root, "good", "G1"));
    for (n, (variant, _)) in defects.iter().enumerate() {
        list.push_str(&row(&root, variant, &format!("D{n}")));
    }
    let desk = Desk::new();
    let ran = desk.survey(&list, &[]);
    assert_eq!(ran.code, 1, "{}\n{}", ran.stderr, ran.stdout);
    let good = ran.product("acme-good-g1");
    assert_eq!(good.len(), 18);
    for (item, (verdict, why)) in &good {
        assert_eq!(verdict, "PASS", "{item}: {why}");
    }
    for (n, (variant, fails)) in defects.iter().enumerate() {
        let id = format!("acme-{variant}-d{n}");
        let failed = ran.items(&id, "FAIL");
        for item in *fails {
            assert!(failed.iter().any(|f| f == item), "{variant}: {:?}", ran.product(&id));
        }
        assert!(failed.len() <= fails.len() + 1, "{variant} fails {failed:?}");
        assert_eq!(ran.items(&id, "ERROR"), Vec::<String>::new(), "{variant}");
    }

    // One case for each product and item, and each page once: ten products, four pages each, however many items read them.
    let junit = std::fs::read_to_string(ran.pack().join("junit.xml")).expect("junit.xml");
    assert_eq!(junit.matches("<testcase ").count(), 18 * 10);
    assert_eq!(site.times("/good/G1/security"), 1);
    assert_eq!(site.times("/robots.txt"), 1);

    // Every verdict rests on evidence that is in the pack.
    let results = ran.results();
    let reasons = &results["units"]["PSTI-2.1"]["samples"]["acme-no-contact-d0"]["reasons"];
    let evidence = reasons[0]["refs"][0].as_str().expect("evidence");
    let meta =
        std::fs::read_to_string(ran.pack().join("evidence").join(evidence).join("meta.json")).expect("meta.json");
    assert!(meta.contains("/no-contact/D0/security"), "{meta}");

    // The table has a row for each product, and is a report of the pack like any other.
    let page = std::fs::read_to_string(ran.pack().join("report.html")).expect("report.html");
    assert_eq!(page.matches("<tbody ").count(), 10);
    assert!(page.contains("script-src 'sha256-") && !page.contains("onclick"));
    let pack = ran.pack();
    let again = desk.assay(&["report", pack.to_str().expect("UTF-8"), "--format", "survey"]);
    assert_eq!(again.stdout.trim_end(), page.trim_end());
    for command in ["verify", "rejudge", "leakcheck"] {
        let checked = desk.assay(&[command, pack.to_str().expect("UTF-8")]);
        assert_eq!(checked.code, 0, "{command}: {}{}", checked.stdout, checked.stderr);
    }
}

#[test]
fn a_page_of_50_megabytes_is_cut_short_and_left_to_a_person() {
    let mut page = b"<html lang=en><body><h1>Security</h1>".to_vec();
    while page.len() < 50_000_000 {
        page.extend_from_slice(b"<p>We care about the security of our products and of the people who use them.</p>\n");
    }
    page.extend_from_slice(b"<p>Report to security@acme.example; we acknowledge within 3 days.</p></body></html>");
    let own = [("/x/y/huge".to_owned(), (200, "text/html".to_owned(), page))].into();
    let site = Site::start(Ipv4Addr::new(127, 23, 1, 4), 1, Answers { own, ..Answers::default() });
    let huge = format!("{}/x/y/huge", site.root(0));
    let desk = Desk::new();
    let ran = desk.survey(&format!("{HEAD}Acme,P,,{huge},{huge},{huge},{huge}\n"), &[]);
    assert_eq!(ran.code, 3, "{}\n{}", ran.stderr, ran.stdout);
    for (item, (verdict, why)) in ran.product("acme-p") {
        assert_eq!(verdict, "INCONCLUSIVE", "{item}: {why}");
    }
    let said = ran.reason("acme-p", "PSTI-2.1");
    assert!(said.contains("longer than 8 MiB"), "{said}");
}

#[test]
fn what_cannot_be_read_is_never_judged() {
    let pdf = b"%PDF-1.7\n\xe2\xe3\xcf\xd3 broken".to_vec();
    let empty = "<html><body><div id=app></div><script src=app.js></script></body></html>".as_bytes().to_vec();
    let answers = Answers {
        own: [
            ("/x/y/policy.pdf".to_owned(), (200, "application/pdf".to_owned(), pdf)),
            ("/x/y/app".to_owned(), (200, "text/html".to_owned(), empty)),
            ("/x/y/refused".to_owned(), (403, "text/html".to_owned(), b"<p>Access denied".to_vec())),
            ("/x/y/broken".to_owned(), (500, "text/html".to_owned(), b"<p>oops".to_vec())),
        ]
        .into(),
        ..Answers::default()
    };
    let site = Site::start(Ipv4Addr::new(127, 23, 1, 2), 1, answers);
    let root = site.root(0);
    let pages = ["/loop/1", "/nowhere", "/x/y/policy.pdf", "/x/y/app", "/x/y/refused", "/x/y/broken", "/silent"];
    let mut list = HEAD.to_owned();
    for (n, page) in pages.iter().enumerate() {
        list.push_str(&format!("Acme,P{n},,{root}{page},{root}{page},{root}{page},{root}{page}\n"));
    }
    list.push_str("Acme,Nothing,,,,,\n");
    list.push_str("Down,P,,http://127.23.1.99:9/a,http://127.23.1.99:9/b,,\n");
    let desk = Desk::new();
    let ran = desk.survey(&list, &["--set", "page_timeout=1 s"]);
    assert_eq!(ran.code, 3, "{}\n{}", ran.stderr, ran.stdout);
    let ids: Vec<String> = (0..pages.len()).map(|n| format!("acme-p{n}")).collect();
    for id in ids.iter().map(String::as_str).chain(["acme-nothing", "down-p"]) {
        for (item, (verdict, why)) in ran.product(id) {
            assert_eq!(verdict, "INCONCLUSIVE", "{id} {item}: {why}");
            assert!(!why.is_empty());
        }
    }
    for (id, why) in [
        ("acme-p0", "redirects go round in a circle"),
        ("acme-p1", "status 404"),
        ("acme-p2", "PDF"),
        ("acme-p3", "no text can be read out of it"),
        ("acme-p4", "status 403"),
        ("acme-p5", "status 500"),
        ("acme-p6", "/silent"),
        ("acme-nothing", "no address is given for it"),
        ("down-p", "connection refused"),
    ] {
        let said = ran.reason(id, "PSTI-2.1");
        assert!(said.contains(why), "{id}: {said}");
    }
}
