//! # `document.prominence`
//! **Question.** Does a sales page show the end of security updates, and where?
//! **Evidence for.** PSTI Schedule 1 paragraph 3(5).
//! **Procedure.** Finds the ends of update periods on the page, and the price beside which they should stand.
//! **Observation.** Each mention: the date, whether it is the published one, its place, whether it is folded away, its
//! distance from the price in blocks of text.
//! **Effect.** Passive: nothing reaches the DUT.
//! **Does not show.** Size, colour and place on the screen, of which the picture (`picture: true`) lets a person judge.

use assay_model::touch::document::{DocumentRequest, DocumentResponse, Wanted};
use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dates;
use super::page::Page;
use super::period;
use super::source::{Provenance, Source, read};
use super::words::{excerpt, holds};

pub(crate) struct Prominence;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The sales page: URL, file of the dossier, or a literal.
    source: Source,
    /// ISO date of the end as published; empty where none is known.
    #[serde(default)]
    end: String,
    /// Whether a picture of the page is taken, where the bench has a browser. It runs the page's scripts on that machine.
    #[serde(default)]
    picture: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Where the text came from.
    document: Provenance,
    /// Whether any end of updates stands on the page.
    shown: bool,
    /// Whether one of them is the published one.
    same_end: bool,
    /// Whether the page invites a purchase: a price or a basket.
    invites_purchase: bool,
    /// Whether one is to be seen without opening anything.
    visible: bool,
    /// Each mention.
    mentions: Vec<Mention>,
    /// Whether there is a picture: `kept as evidence`, or why there is none.
    screenshot: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Mention {
    /// ISO date.
    end: String,
    /// As written.
    raw: String,
    /// Share of the page's text before it, 0 to 1.
    position: f64,
    /// Blocks of text between it and the nearest price; -1 where the page has none.
    blocks_from_price: i64,
    /// The heading that it stands under.
    section: String,
    /// Shown only after the reader opens something.
    folded: bool,
    /// The text around it.
    excerpt: String,
}

#[async_trait]
impl TypedCheck for Prominence {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "document.prominence";
    const QUESTION: &'static str = "Does a sales page show the end of security updates, and where?";
    const EVIDENCE_FOR: &'static str = "PSTI Sch. 1 para. 3(5)";
    const DOES_NOT_SHOW: &'static str = "size, colour and place on the screen, which a person sees in the picture";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &["documents"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let reading = read(cx, &p.source).await?;
        let screenshot = picture(cx, &p, reading.provenance.found).await?;
        let page = if reading.speaks() { reading.page } else { Page::default() };
        let mentions = mentions(&page);
        Ok(Observation {
            document: reading.provenance,
            shown: !mentions.is_empty(),
            same_end: !p.end.is_empty() && mentions.iter().any(|m| m.end == p.end),
            invites_purchase: page.blocks.iter().any(|b| is_offer(&b.text)),
            visible: mentions.iter().any(|m| !m.folded),
            mentions,
            screenshot,
        })
    }
}

/// Has a picture taken of a page that is there.
async fn picture(cx: &CheckContext, p: &Params, found: bool) -> Result<String, Fault> {
    let source = match (&p.source, p.picture, found) {
        (Source::Address(source), true, true) => source.clone(),
        (_, false, _) => return Ok("none was asked for".into()),
        _ => return Ok("none: there is no page to look at".into()),
    };
    let request = DocumentRequest { source, max_bytes: u32::MAX, wanted: Wanted::Picture };
    Ok(match cx.touches.documents()?.call(request, cx.deadline).await? {
        DocumentResponse::Document(_) => "kept as evidence".into(),
        DocumentResponse::Absent { text, .. } => text,
    })
}

fn mentions(page: &Page) -> Vec<Mention> {
    let offers: Vec<usize> =
        page.blocks.iter().enumerate().filter(|(_, b)| is_offer(&b.text)).map(|(at, _)| at).collect();
    let total: usize = page.blocks.iter().map(|b| b.text.len()).sum();
    let ends = period::of(page).ends;
    let mut found = Vec::new();
    for end in ends.iter().take(50) {
        let Ok(date) = end.date.clone() else { continue };
        let Some(at) = page.blocks.iter().position(|b| b.text.contains(&end.raw)) else { continue };
        let block = &page.blocks[at];
        let before: usize = page.blocks[..at].iter().map(|b| b.text.len()).sum();
        let nearest = offers.iter().map(|offer| offer.abs_diff(at)).min();
        found.push(Mention {
            end: dates::iso(date),
            raw: end.raw.clone(),
            position: (before as f64 / total.max(1) as f64 * 100.0).round() / 100.0,
            blocks_from_price: nearest.and_then(|n| i64::try_from(n).ok()).unwrap_or(-1),
            section: excerpt(&block.section),
            folded: block.folded,
            excerpt: excerpt(&end.excerpt),
        });
    }
    found
}

/// A price, or a way into a basket.
fn is_offer(text: &str) -> bool {
    let lower = text.to_lowercase();
    let currency =
        lower.contains(['\u{a3}', '$', '\u{20ac}']) || ["gbp", "eur", "pounds"].iter().any(|w| holds(&lower, w));
    currency && lower.chars().any(|c| c.is_ascii_digit())
        || ["add to basket", "add to cart", "buy now", "order now", "price"].iter().any(|w| holds(&lower, w))
}

#[cfg(test)]
mod tests {
    use crate::document::fake::Site;
    use serde_json::json;

    const NAME: &str = "document.prominence";

    #[tokio::test]
    async fn a_good_sales_page_shows_the_end_beside_the_price() {
        let seen =
            Site::of("good").ask(NAME, json!({"source": "http://maker.test:8088/product", "end": "2035-12-31"})).await;
        for field in ["shown", "same_end", "invites_purchase", "visible"] {
            assert_eq!(seen[field], true, "{field}: {seen}");
        }
        assert!(seen["mentions"][0]["blocks_from_price"].as_i64().unwrap() <= 2, "{seen}");
        assert!(seen["screenshot"].as_str().unwrap().starts_with("none"));
    }

    #[tokio::test]
    async fn an_end_that_is_missing_folded_or_another_is_seen_as_such() {
        for variant in ["support-not-on-sales-page", "dead", "garbage"] {
            let seen = Site::of(variant)
                .ask(NAME, json!({"source": "http://maker.test:8088/product", "end": "2035-12-31"}))
                .await;
            assert_eq!(
                (&seen["shown"], &seen["same_end"], &seen["visible"]),
                (&json!(false), &json!(false), &json!(false)),
                "{variant}"
            );
        }
        let other = Site::of("support-period-shortened")
            .ask(NAME, json!({"source": "http://maker.test:8088/product", "end": "2035-12-31"}))
            .await;
        assert_eq!((&other["shown"], &other["same_end"]), (&json!(true), &json!(false)));
        let folded = "<p>C1, £79</p><details><summary>Details</summary><p>Security updates until 31 December 2031.</p></details>";
        let seen = Site::of("good").ask(NAME, json!({"source": {"literal": folded}})).await;
        assert_eq!((&seen["shown"], &seen["visible"]), (&json!(true), &json!(false)));
    }
}
