//! report.html in a real Chromium: accessible in light, dark and print, driven by keyboard, printed whole, readable without
//! scripts and under Jenkins' policy.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod chromium;
mod fixture;

use std::path::Path;

use assay_model::results::Results;
use assay_reports::{Format, Trace};
use chromium::Browser;
use fantoccini::Locator;
use serde_json::json;

const PROGRAMS: [(&str, &str); 2] = [("chromedriver", "chromium-driver"), ("chromium", "chromium")];

/// The fixture as a pack's folder, and its page in a file.
fn page() -> (tempfile::TempDir, Results, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut results = fixture::results();
    let partial = fixture::folder::write_partial(folder.path(), "p", &mut results);
    let html = Format::Html.render_with(&results, &Trace::read(&partial, &results)).unwrap();
    std::fs::write(folder.path().join("report.html"), html).unwrap();
    let url = format!("file://{}/report.html", folder.path().display());
    (folder, results, url)
}

#[tokio::test]
async fn the_accessibility_rules_find_nothing_in_light_dark_and_print() {
    let Some(axe) = chromium::tool("axe/node_modules/axe-core/axe.min.js", "axe-core") else { return };
    if !chromium::have(&PROGRAMS) {
        return;
    }
    let axe = std::fs::read_to_string(axe).unwrap();
    let (_folder, _, url) = page();
    let browser = Browser::start(1280, 900).await;
    for (media, scheme, width) in
        [("screen", "light", 1280), ("screen", "dark", 1280), ("print", "light", 1280), ("screen", "light", 390)]
    {
        browser.client.set_window_size(width, 900).await.unwrap();
        browser.media(media, scheme).await;
        browser.client.goto(&url).await.unwrap();
        browser.run("document.querySelectorAll('details').forEach((d) => { d.open = true; });").await;
        let wide = "return [...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1
            && !e.closest('.scroll')).slice(0, 3).map((e) => e.outerHTML.slice(0, 200))";
        assert_eq!(browser.run(wide).await, json!([]), "nothing is cut off at {width}");
        browser.run(&axe).await;
        let script = "const done = arguments[arguments.length - 1];
            axe.run(document, {resultTypes: ['violations', 'passes']}).then((seen) => done({
                violations: seen.violations.map((v) => [v.id, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200) + n.failureSummary)]),
                passed: seen.passes.length}));";
        let seen = browser.client.execute_async(script, Vec::new()).await.unwrap();
        assert_eq!(seen["violations"], json!([]), "{media}, {scheme}, {width} wide");
        assert!(seen["passed"].as_u64().unwrap() > 20, "the rules were run");
    }
    // The rules do see: a picture without a name is caught.
    browser.run("document.querySelector('svg').removeAttribute('aria-labelledby'); document.querySelector('svg title').remove();").await;
    let caught = browser
        .client
        .execute_async("const done = arguments[0]; axe.run().then((s) => done(s.violations.length));", Vec::new())
        .await
        .unwrap();
    assert_ne!(caught, json!(0));
}

#[tokio::test]
async fn filter_links_and_folding_work_by_keyboard() {
    if !chromium::have(&PROGRAMS) {
        return;
    }
    let (_folder, results, url) = page();
    let browser = Browser::start(1280, 900).await;
    let client = &browser.client;
    client.goto(&url).await.unwrap();
    let count = async || client.find(Locator::Css("#filter-count")).await.unwrap().text().await.unwrap();
    let all = results.units.len();
    assert_eq!(count().await, format!("{all} of {all} units shown"));

    // Text: typed into the field that Tab reaches, announced in a live region.
    let live = browser.run("return document.getElementById('filter-count').getAttribute('aria-live')").await;
    assert_eq!(live, "polite");
    let field = client.find(Locator::Css("#filter-text")).await.unwrap();
    field.send_keys("lockout").await.unwrap();
    assert_eq!(count().await, format!("1 of {all} units shown"));
    field.send_keys(&"\u{e003}".repeat(7)).await.unwrap();

    // A verdict off by the space bar.
    client.find(Locator::Css("#filter input[value=F]")).await.unwrap().send_keys(" ").await.unwrap();
    assert_eq!(count().await, format!("{} of {all} units shown", all - 3));
    // A sample: the verdict that counts is the one on it.
    for (id, value, shown) in [("filter-sample", "2", 7), ("filter-method", "assisted", 1)] {
        let script = format!(
            "const s = document.getElementById('{id}'); s.value = '{value}'; s.dispatchEvent(new Event('input', {{bubbles: true}}));"
        );
        browser.run(&script).await;
        assert_eq!(count().await, format!("{shown} of {all} units shown"), "{id}");
    }
    client.find(Locator::Css("#filter button[type=reset]")).await.unwrap().send_keys("\u{e007}").await.unwrap();
    client.wait().for_element(Locator::XPath(&format!("//*[text()='{all} of {all} units shown']"))).await.unwrap();
    let groups = browser.run("const s = document.getElementById('filter-group'); s.value = '1'; s.dispatchEvent(new Event('input', {bubbles: true})); return document.querySelectorAll('.group:not([hidden])').length").await;
    assert_eq!(groups, 1);

    // A link into a unit that is folded and filtered away opens it and takes the keyboard there.
    browser.run("document.querySelector('#filter-text').value = 'nothing has this'; document.querySelector('#filter-text').dispatchEvent(new Event('input', {bubbles: true}));").await;
    assert_eq!(count().await, format!("0 of {all} units shown"));
    client.goto(&format!("{url}#u-PSTI-3.1")).await.unwrap();
    client.wait().for_element(Locator::Css("#u-PSTI-3\\.1[open]")).await.unwrap();
    let at = browser.run("const u = document.getElementById('u-PSTI-3.1'); return [u.hidden, document.activeElement.parentElement.id, u.getBoundingClientRect().top < innerHeight]").await;
    assert_eq!(at, json!([false, "u-PSTI-3.1", true]));

    // Enter folds, Enter unfolds; the buttons fold and unfold all.
    let open = async || browser.run("return document.getElementById('u-PSTI-3.1').open").await;
    client.find(Locator::Css("#u-PSTI-3\\.1 summary")).await.unwrap().send_keys("\u{e007}").await.unwrap();
    assert_eq!(open().await, false);
    client.find(Locator::Css("#expand")).await.unwrap().send_keys("\u{e007}").await.unwrap();
    assert_eq!(open().await, true);
    client.find(Locator::Css("#fold")).await.unwrap().send_keys("\u{e007}").await.unwrap();
    assert_eq!(open().await, false);
    // The first Tab of the page offers to skip the contents.
    client.goto(&url).await.unwrap();
    let body = client.find(Locator::Css("body")).await.unwrap();
    body.send_keys("\u{e004}").await.unwrap();
    assert_eq!(browser.run("return document.activeElement.className").await, "skip");
    assert_eq!(browser.complaints().await, [""; 0]);
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).expect(start).1.split(end).next().unwrap()
}

/// Every unit, verdict and reason, as words.
fn whole(text: &str, results: &Results) {
    let squeezed: String = text.split_whitespace().collect();
    let has = |what: &str| squeezed.contains(&what.split_whitespace().collect::<String>());
    for (id, unit) in results.units.iter() {
        assert!(has(id) && has(&unit.title) && has(unit.verdict.word()), "{id}");
        for sample in unit.samples.values().chain(&unit.cross_sample) {
            for reason in &sample.reasons {
                let shown = assay_reports::visible(&reason.text);
                assert!(has(&shown.chars().take(60).collect::<String>()), "{id}: {shown}");
            }
        }
    }
    assert!(has(&format!("End of report {}", results.run_id)));
}

#[tokio::test]
async fn the_printed_report_is_whole_and_numbered_with_scripts_on_and_off() {
    if !chromium::have(&PROGRAMS) || !chromium::have(&[("pdftotext", "poppler-utils")]) {
        return;
    }
    let (folder, results, url) = page();
    let mut texts = Vec::new();
    for scripts in [true, false] {
        let browser = Browser::with(1280, 900, scripts).await;
        browser.client.goto(&url).await.unwrap();
        let filter = browser.client.find(Locator::Css("#filter")).await.unwrap();
        assert_eq!(filter.is_displayed().await.unwrap(), scripts, "the filter is there only where it works");
        if scripts {
            // What was filtered and folded on the screen is on the paper all the same.
            browser.client.find(Locator::Css("#fold")).await.unwrap().click().await.unwrap();
            browser.client.find(Locator::Css("#filter-text")).await.unwrap().send_keys("lockout").await.unwrap();
        }
        let pdf = folder.path().join("report.pdf");
        browser.print(&pdf).await;
        texts.push(chromium::text_of(&pdf));
    }
    let [on, off] = texts.try_into().unwrap();
    whole(&on, &results);
    assert_eq!(on, off, "nothing is there only for scripts");
    let number = format!("Report {}", results.run_id);
    let pages: usize = between(&on, "Page 1 of ", " ").parse().unwrap();
    assert!(pages > 1 && (1..=pages).all(|n| on.contains(&format!("Page {n} of {pages}"))), "{pages} pages");
    assert_eq!(on.matches(&number).count(), pages, "the report's number is on every page");
    assert!(on.contains("root\\x0d") || on.contains("to DUT"), "transcripts are printed");
}

#[tokio::test]
async fn under_jenkins_policy_everything_can_be_read() {
    if !chromium::have(&PROGRAMS) {
        return;
    }
    let (folder, results, _) = page();
    let html = std::fs::read(folder.path().join("report.html")).unwrap();
    let url = chromium::serve_as_jenkins(html);
    let browser = Browser::start(1280, 900).await;
    browser.client.goto(&url).await.unwrap();
    // Scripts are off, but WebDriver may look; native folding needs no script.
    for summary in browser.client.find_all(Locator::Css("details:not([open]) > summary")).await.unwrap() {
        summary.click().await.unwrap();
    }
    let text = browser.client.find(Locator::Css("body")).await.unwrap().text().await.unwrap();
    let complaints = browser.complaints().await.join("\n");
    assert!(
        complaints.contains("inline style") && complaints.contains("script"),
        "the policy was in force: {complaints}"
    );
    whole(&text, &results);
    assert!(!text.contains("units shown"), "the filter needs scripts and is not offered");
}

/// Pictures for those who look: `ASSAY_PICTURES=FOLDER` writes them, `ASSAY_PACK` names another pack than the fixture.
#[tokio::test]
async fn pictures() {
    let Some(out) = std::env::var_os("ASSAY_PICTURES") else { return };
    let (_folder, _, mut url) = page();
    if let Ok(pack) = std::env::var("ASSAY_PACK") {
        url = format!("file://{pack}/report.html");
    }
    for (name, media, scheme, width, height) in [
        ("light", "screen", "light", 1280, 3000),
        ("dark", "screen", "dark", 1280, 3000),
        ("narrow", "screen", "light", 500, 3000),
        ("print", "print", "light", 900, 3000),
    ] {
        let browser = Browser::start(width, height).await;
        browser.media(media, scheme).await;
        for anchor in std::env::var("ASSAY_ANCHORS").unwrap_or_default().split(',') {
            browser.client.goto(&format!("{url}#{anchor}")).await.unwrap();
            browser.screenshot(&Path::new(&out).join(format!("{name}{anchor}.png"))).await;
        }
    }
}
