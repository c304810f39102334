//! # `document.language`
//! **Question.** How much of a page is in English?
//! **Evidence for.** PSTI Schedule 1 paragraphs 2 and 3(4)(b).
//! **Procedure.** Cuts the visible text into pieces of some 300 letters; trigrams decide on each piece, and for a short one
//! or an unsure answer the share of common English words.
//! **Observation.** The share of letters in English pieces, the other languages, what the page says of itself.
//! **Effect.** Passive: nothing reaches the DUT.
//! **Does not show.** Whether the English is good; below 200 letters the method is a guess, and `enough_text` is false.

use std::collections::BTreeMap;

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use whatlang::{Lang, detect};

use super::page::Page;
use super::source::{Provenance, Source, read};
use super::words::words;

/// Letters of a piece, about.
const PIECE: usize = 300;
/// Letters below which the answer is a guess.
const ENOUGH: usize = 200;
/// Share of common words above which a piece is English whatever the trigrams say: English prose has 0.35 to 0.55.
const COMMON_SHARE: f64 = 0.25;

pub(crate) struct Language;

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
    /// Letters of the visible text.
    letters: usize,
    /// Whether that is enough to tell a language: 200.
    enough_text: bool,
    /// Share of letters in English pieces, 0 to 1.
    english_share: f64,
    /// Languages and their shares, ISO 639-3, the greatest first.
    languages: Vec<Share>,
    /// What the page says of itself (`lang`); empty where it says nothing.
    html_lang: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
struct Share {
    /// ISO 639-3: `eng`.
    language: String,
    /// 0 to 1.
    share: f64,
}

const COMMON: [&str; 48] = [
    "the", "of", "and", "to", "in", "a", "is", "that", "for", "it", "as", "with", "on", "be", "at", "by", "this", "we",
    "you", "your", "our", "are", "from", "or", "have", "an", "will", "not", "if", "us", "which", "when", "who",
    "until", "any", "can", "may", "no", "has", "was", "their", "please", "how", "what", "all", "its", "each", "get",
];

#[async_trait]
impl TypedCheck for Language {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "document.language";
    const QUESTION: &'static str = "How much of a page is in English?";
    const EVIDENCE_FOR: &'static str = "PSTI Sch. 1 paras 2 and 3(4)(b)";
    const DOES_NOT_SHOW: &'static str = "whether the English is good; below 200 letters the answer is a guess";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &["documents"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let reading = read(cx, &p.source).await?;
        let shares = if reading.speaks() { shares(&reading.page) } else { BTreeMap::new() };
        let letters: usize = shares.values().sum();
        let share = |n: usize| if letters == 0 { 0.0 } else { (n as f64 / letters as f64 * 1_000.0).round() / 1_000.0 };
        let mut languages: Vec<Share> =
            shares.iter().map(|(language, n)| Share { language: (*language).to_owned(), share: share(*n) }).collect();
        languages.sort_by(|a, b| b.share.total_cmp(&a.share));
        Ok(Observation {
            letters,
            enough_text: letters >= ENOUGH,
            english_share: share(shares.get(Lang::Eng.code()).copied().unwrap_or(0)),
            languages,
            html_lang: reading.page.lang,
            document: reading.provenance,
        })
    }
}

/// Whether there is enough text, and most of it is in another language than English.
pub(super) fn is_foreign(page: &Page) -> bool {
    let shares = shares(page);
    let letters: usize = shares.values().sum();
    letters >= ENOUGH && shares.get(Lang::Eng.code()).copied().unwrap_or(0) * 2 < letters
}

/// Letters by language.
fn shares(page: &Page) -> BTreeMap<&'static str, usize> {
    let mut shares = BTreeMap::new();
    let mut piece = String::new();
    for block in &page.blocks {
        piece.push_str(&block.text);
        piece.push('\n');
        if letters_of(&piece) >= PIECE {
            count(&std::mem::take(&mut piece), &mut shares);
        }
    }
    count(&piece, &mut shares);
    shares
}

fn letters_of(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphabetic()).count()
}

fn count(piece: &str, shares: &mut BTreeMap<&'static str, usize>) {
    let letters = letters_of(piece);
    if letters > 0 {
        *shares.entry(language(piece)).or_default() += letters;
    }
}

fn language(piece: &str) -> &'static str {
    let info = detect(piece);
    match info {
        Some(info) if info.is_reliable() => info.lang().code(),
        _ if common_share(piece) >= COMMON_SHARE => Lang::Eng.code(),
        Some(info) => info.lang().code(),
        None => "und",
    }
}

fn common_share(piece: &str) -> f64 {
    let (mut common, mut all) = (0u32, 0u32);
    for word in words(piece) {
        all += 1;
        common += u32::from(COMMON.contains(&word.to_lowercase().as_str()));
    }
    if all == 0 { 0.0 } else { f64::from(common) / f64::from(all) }
}

#[cfg(test)]
mod tests {
    use crate::document::fake::Site;
    use serde_json::json;

    const NAME: &str = "document.language";

    #[tokio::test]
    async fn english_pages_are_english_and_a_french_one_is_not() {
        for (variant, path, english) in [
            ("good", "/security", true),
            ("good", "/support", true),
            ("support-period-jargon", "/support", true),
            ("policy-in-french", "/security", false),
        ] {
            let seen = Site::of(variant).ask(NAME, json!({"source": format!("http://maker.test:8088{path}")})).await;
            let share = seen["english_share"].as_f64().unwrap();
            assert_eq!(share >= 0.8, english, "{variant} {path}: {seen}");
            assert_eq!(seen["enough_text"], true);
        }
        let french = Site::of("policy-in-french").ask(NAME, json!({"source": "http://maker.test:8088/security"})).await;
        assert_eq!((&french["languages"][0]["language"], &french["html_lang"]), (&json!("fra"), &json!("fr")));
    }

    #[tokio::test]
    async fn other_languages_and_mixtures_are_seen() {
        for (text, language) in [
            (
                "Wenn Sie glauben, dass eines unserer Produkte eine Sicherheitslücke hat, sagen Sie es uns bitte. Sie brauchen kein Konto und müssen uns nicht sagen, wer Sie sind. Schreiben Sie uns eine Nachricht, und wir antworten innerhalb von drei Arbeitstagen auf Ihre Meldung.",
                "deu",
            ),
            (
                "Si cree que uno de nuestros productos tiene un fallo de seguridad, díganoslo. No necesita una cuenta ni decirnos quién es. Escríbanos un mensaje y le responderemos en un plazo de tres días laborables con los pasos siguientes.",
                "spa",
            ),
            (
                "私たちの製品にセキュリティの問題があると思われる場合は、お知らせください。アカウントは必要ありません。三営業日以内にご返信いたします。問題が解決するまで、二週間ごとに状況をお知らせします。",
                "jpn",
            ),
        ] {
            let seen = Site::of("good").ask(NAME, json!({"source": {"literal": text}})).await;
            assert_eq!(
                (&seen["languages"][0]["language"], seen["english_share"].as_f64()),
                (&json!(language), Some(0.0)),
                "{seen}"
            );
        }
    }

    #[tokio::test]
    async fn too_little_text_and_dead_sources_are_no_english() {
        let short = Site::of("good").ask(NAME, json!({"source": {"literal": "Report issues to us."}})).await;
        assert_eq!(short["enough_text"], false);
        for variant in ["dead", "garbage", "no-policy-page"] {
            let seen = Site::of(variant).ask(NAME, json!({"source": "http://maker.test:8088/security"})).await;
            assert_eq!((&seen["enough_text"], seen["english_share"].as_f64()), (&json!(false), Some(0.0)), "{variant}");
        }
    }
}
