//! # `document.readability`
//! **Question.** How hard is a page to read for somebody without technical background?
//! **Evidence for.** PSTI Schedule 1 paragraphs 2 (clear) and 3(4)(e) (understandable).
//! **Procedure.** Flesch reading ease over sentences of prose, a list of technical and legal words, headings, pictures.
//! **Observation.** The numbers. A threshold is a lab's policy and stands in the plan.
//! **Effect.** Passive: nothing reaches the DUT.
//! **Does not show.** Whether a person understands it; the formula counts syllables, not sense, and is for English only.

use std::collections::BTreeMap;

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::page::Page;
use super::source::{Provenance, Source, read};
use super::words::{holds, sentences, syllables, words};

/// Words of a sentence below which it is a title or a cell, not prose.
const SENTENCE: usize = 4;

pub(crate) struct Readability;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The page: URL, file of the dossier, or a literal.
    source: Source,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Where the text came from.
    document: Provenance,
    /// Words of prose.
    words: usize,
    /// Sentences of prose.
    sentences: usize,
    /// Flesch reading ease: 60 to 70 is plain English, below 30 a law text; 0 where there is no prose.
    reading_ease: f64,
    /// Technical and legal words, and how often each stands there.
    jargon: BTreeMap<String, usize>,
    /// Such words per 100 words.
    jargon_per_100: f64,
    /// Headings.
    headings: usize,
    /// Pictures: text in them is not read.
    images: usize,
}

/// Words that a reader without technical background has no use for.
const JARGON: [&str; 62] = [
    "firmware",
    "artefact",
    "artefacts",
    "ota",
    "cve",
    "cvss",
    "endpoint",
    "endpoints",
    "sku",
    "soc",
    "bsp",
    "ga",
    "eol",
    "eos",
    "eoss",
    "sla",
    "lts",
    "tee",
    "trustzone",
    "kernel",
    "rootfs",
    "bootloader",
    "backport",
    "backporting",
    "upstream",
    "regression",
    "fuzzing",
    "psirt",
    "csirt",
    "triage",
    "toolchain",
    "provisioned",
    "deprecation",
    "deprecated",
    "lifecycle",
    "cryptographically",
    "authenticated",
    "mitigations",
    "remediation",
    "vulnerability",
    "vulnerabilities",
    "exploit",
    "payload",
    "api",
    "sdk",
    "hash",
    "signature",
    "daemon",
    "repository",
    "branch",
    "build",
    "pursuant",
    "notwithstanding",
    "hereinafter",
    "aforementioned",
    "herein",
    "thereof",
    "subsequent",
    "enumerated",
    "commensurate",
    "ancillary",
    "decommissioned",
];

#[async_trait]
impl TypedCheck for Readability {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "document.readability";
    const QUESTION: &'static str = "How hard is a page to read for somebody without technical background?";
    const EVIDENCE_FOR: &'static str = "PSTI Sch. 1 paras 2 and 3(4)(e)";
    const DOES_NOT_SHOW: &'static str = "whether a person understands it; the formula is for English only";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &["documents"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let reading = read(cx, &p.source).await?;
        let page = if reading.speaks() { reading.page } else { Page::default() };
        let numbers = measure(&page);
        let jargon = jargon(&page);
        let total: usize = page.blocks.iter().map(|b| words(&b.text).count()).sum();
        let hits: usize = jargon.values().sum();
        Ok(Observation {
            document: reading.provenance,
            words: numbers.words,
            sentences: numbers.sentences,
            reading_ease: numbers.ease(),
            jargon_per_100: if total == 0 { 0.0 } else { tenths(hits as f64 * 100.0 / total as f64) },
            jargon,
            headings: page.blocks.iter().filter(|b| b.heading > 0).count(),
            images: page.images,
        })
    }
}

fn tenths(n: f64) -> f64 {
    (n * 10.0).round() / 10.0
}

#[derive(Default)]
struct Numbers {
    words: usize,
    sentences: usize,
    syllables: usize,
}

impl Numbers {
    fn ease(&self) -> f64 {
        if self.sentences == 0 {
            return 0.0;
        }
        let (words, sentences) = (self.words as f64, self.sentences as f64);
        tenths(206.835 - 1.015 * words / sentences - 84.6 * self.syllables as f64 / words)
    }
}

fn measure(page: &Page) -> Numbers {
    let mut numbers = Numbers::default();
    for block in page.blocks.iter().filter(|b| b.heading == 0) {
        for sentence in sentences(&block.text) {
            let count = words(sentence).count();
            if count >= SENTENCE {
                numbers.words += count;
                numbers.sentences += 1;
                numbers.syllables += words(sentence).map(syllables).sum::<usize>();
            }
        }
    }
    numbers
}

fn jargon(page: &Page) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for word in page.blocks.iter().flat_map(|b| words(&b.text)).map(str::to_lowercase) {
        if JARGON.iter().any(|j| holds(&word, j)) {
            *found.entry(word).or_default() += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::document::fake::Site;
    use serde_json::json;

    const NAME: &str = "document.readability";

    #[tokio::test]
    async fn plain_words_score_higher_than_jargon() {
        let ask =
            async |variant| Site::of(variant).ask(NAME, json!({"source": "http://maker.test:8088/support"})).await;
        let (good, bad) = (ask("good").await, ask("support-period-jargon").await);
        assert!(good["reading_ease"].as_f64().unwrap() >= 50.0, "{good}");
        assert!(good["jargon_per_100"].as_f64().unwrap() < 3.0, "{good}");
        assert!(bad["reading_ease"].as_f64().unwrap() < 20.0, "{bad}");
        assert!(bad["jargon_per_100"].as_f64().unwrap() > 10.0 && bad["jargon"]["backporting"] == 1, "{bad}");
    }

    #[tokio::test]
    async fn a_source_without_text_scores_nothing() {
        for variant in ["dead", "garbage", "no-policy-page"] {
            let seen = Site::of(variant).ask(NAME, json!({"source": "http://maker.test:8088/security"})).await;
            assert_eq!((seen["reading_ease"].as_f64(), &seen["words"]), (Some(0.0), &json!(0)), "{variant}");
        }
    }

    /// A known text of the formula's literature: short words, short sentences.
    #[tokio::test]
    async fn the_formula_is_the_published_one() {
        let seen = Site::of("good").ask(NAME, json!({"source": {"literal": "The cat sat on the mat."}})).await;
        assert_eq!(seen["reading_ease"].as_f64(), Some(116.1)); // 206.835 - 1.015 * 6 - 84.6 * 1
    }
}
