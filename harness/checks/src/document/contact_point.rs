//! # `document.contact_point`
//! **Question.** Does a page name a way of reporting security issues to the manufacturer?
//! **Evidence for.** PSTI Schedule 1 paragraph 2; EN 303 645 V2.1.1 provision 5.2-1.
//! **Procedure.** Looks for mail addresses (links and text), forms with room for a message, telephone numbers and postal
//! addresses, and at `security.txt` (RFC 9116) where its place is given.
//! **Observation.** Each contact, its kind, and whether the page says that it is for security issues.
//! **Effect.** Passive: nothing reaches the DUT, and nothing is sent to a contact.
//! **Does not show.** Whether anybody reads what is sent there.

use std::sync::LazyLock;

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::dates::{self, compiled};
use super::page::{Block, Page};
use super::source::{Provenance, Reading, Source, read};
use super::words::{excerpt, phrase_in};

/// Contacts that are listed, at most.
const MOST: usize = 50;

pub(crate) struct ContactPoint;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The page with the policy: URL, file of the dossier, or a literal.
    source: Source,
    /// `security.txt`, an extra that no law asks for; left out where not given.
    #[serde(default)]
    security_txt: Option<Source>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Where the text came from.
    document: Provenance,
    /// The contacts on the page.
    contacts: Vec<Contact>,
    /// How many of them are for security issues.
    for_security: usize,
    /// What `security.txt` says.
    security_txt: SecurityTxt,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Mail,
    Form,
    Telephone,
    Postal,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
struct Contact {
    /// What kind of way it is.
    kind: Kind,
    /// The address or number; of a form, its message field.
    value: String,
    /// Whether address, sentence, heading or page say that it is for security issues.
    for_security: bool,
    /// A telephone number that costs extra (UK 084, 087, 09).
    premium_rate: bool,
    /// The text around it.
    excerpt: String,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
struct SecurityTxt {
    /// Whether there is one with a contact.
    found: bool,
    /// Its contacts.
    contacts: Vec<String>,
    /// ISO date of its end; empty where it states none.
    expires: String,
    /// Whether that date has passed.
    expired: bool,
}

static MAIL: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?i)\b([a-z0-9][a-z0-9._%+-]{0,63})\s?(?:@|\s?[\[({]\s?at\s?[\])}]\s?)\s?([a-z0-9-]{1,63}(?:(?:\.|\s?[\[({]\s?dot\s?[\])}]\s?)[a-z0-9-]{1,63}){1,6})",
    )
});
static PHONE: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"(?:\+\d{1,3}|\b0)[\s.()/-]?(?:\d[\s.()/-]{0,2}){7,13}\d\b"));
static POSTCODE: LazyLock<Regex> = LazyLock::new(|| compiled(r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b"));
static PREMIUM: LazyLock<Regex> = LazyLock::new(|| compiled(r"^(?:\+44|0)(?:84|87|9)"));

/// Words of pages and sentences about reporting security issues.
const SECURITY: [&str; 12] = [
    "security issue",
    "security issues",
    "security problem",
    "security problems",
    "vulnerability",
    "vulnerabilities",
    "security flaw",
    "security flaws",
    "security report",
    "security reports",
    "security team",
    "responsible disclosure",
];
/// Local parts that name their purpose.
const ADDRESSES: [&str; 9] = ["security", "psirt", "cert", "csirt", "vuln", "disclosure", "bugbounty", "secure", "cvd"];

#[async_trait]
impl TypedCheck for ContactPoint {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "document.contact_point";
    const QUESTION: &'static str = "Does a page name a way of reporting security issues to the manufacturer?";
    const EVIDENCE_FOR: &'static str = "PSTI Sch. 1 para. 2; EN 303 645 V2.1.1 5.2-1";
    const DOES_NOT_SHOW: &'static str = "whether anybody reads what is sent there";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &["documents"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let reading = read(cx, &p.source).await?;
        let security_txt = match &p.security_txt {
            Some(source) => of_security_txt(&read(cx, source).await?),
            None => SecurityTxt::default(),
        };
        let contacts = if reading.speaks() { contacts(&reading.page) } else { Vec::new() };
        let for_security = contacts.iter().filter(|c| c.for_security).count();
        Ok(Observation { document: reading.provenance, contacts, for_security, security_txt })
    }
}

fn contacts(page: &Page) -> Vec<Contact> {
    let page_about = page.blocks.iter().filter(|b| b.heading == 1).any(|b| about_security(&b.text))
        || page.blocks.iter().filter(|b| about_security(&b.text)).count() >= 2;
    let mut found: Vec<Contact> = Vec::new();
    let mut add = |kind: Kind, value: String, block: Option<&Block>, named: bool| {
        if found.len() < MOST && !found.iter().any(|c| c.kind == kind && c.value == value) {
            let near = block
                .is_some_and(|b| about_security(&b.text) || about_security(&b.section) || about_security(&b.label));
            let premium_rate = kind == Kind::Telephone && PREMIUM.is_match(&value);
            let excerpt = block.map(|b| excerpt(&b.text)).unwrap_or_default();
            found.push(Contact { kind, value, for_security: named || near || page_about, premium_rate, excerpt });
        }
    };
    for link in &page.links {
        let block = page.blocks.get(link.block);
        let href = link.href.trim();
        let lower = href.to_ascii_lowercase();
        if lower.starts_with("mailto:") {
            let address = href[7..].split('?').next().unwrap_or_default().to_lowercase();
            if MAIL.is_match(&address) {
                let named = is_named(&address);
                add(Kind::Mail, address, block, named);
            }
        } else if lower.starts_with("tel:") {
            add(Kind::Telephone, plain_number(&href[4..]), block, false);
        }
    }
    for block in &page.blocks {
        for c in MAIL.captures_iter(&block.text) {
            let host = c[2].to_lowercase();
            let host: String = host
                .split(|ch: char| ".[](){} ".contains(ch))
                .filter(|p| !p.is_empty() && *p != "dot")
                .collect::<Vec<_>>()
                .join(".");
            let address = format!("{}@{host}", c[1].to_lowercase());
            let named = is_named(&address);
            add(Kind::Mail, address, Some(block), named);
        }
        for m in PHONE.find_iter(&block.text).filter(|m| dates::find(m.as_str()).is_empty()) {
            add(Kind::Telephone, plain_number(m.as_str()), Some(block), false);
        }
        if let Some(m) = POSTCODE
            .find(&block.text)
            .filter(|_| phrase_in(&block.text, &["write to", "post", "address", "letter"]).is_some())
        {
            add(Kind::Postal, m.as_str().to_owned(), Some(block), false);
        }
    }
    for field in page.fields.iter().filter(|f| f.kind == "textarea") {
        let block = page.blocks.get(field.block.saturating_sub(1));
        add(Kind::Form, field.name.clone(), block, false);
    }
    found
}

fn about_security(text: &str) -> bool {
    phrase_in(text, &SECURITY).is_some()
}

fn is_named(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default();
    ADDRESSES.iter().any(|word| local.split(['.', '-', '_', '+']).any(|part| part.contains(word)))
}

fn plain_number(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
}

/// RFC 9116. A page of the site that answers for every path is none: it must hold a contact line.
fn of_security_txt(reading: &Reading) -> SecurityTxt {
    let mut txt = SecurityTxt::default();
    if !reading.speaks() || reading.provenance.media_type.contains("html") {
        return txt;
    }
    for line in reading.raw.lines().take(500) {
        let Some((name, value)) = line.split_once(':') else { continue };
        match name.trim().to_ascii_lowercase().as_str() {
            "contact" if txt.contacts.len() < MOST => txt.contacts.push(excerpt(value.trim())),
            "expires" => {
                if let Ok(date) = dates::only(value).and_then(|f| f.date) {
                    txt.expires = dates::iso(date);
                    txt.expired = date < OffsetDateTime::now_utc().date();
                }
            }
            _ => {}
        }
    }
    txt.found = !txt.contacts.is_empty();
    txt
}

#[cfg(test)]
mod tests {
    use crate::document::fake::{Site, kinds_of};
    use serde_json::{Value, json};

    const NAME: &str = "document.contact_point";

    fn params(path: &str) -> Value {
        json!({"source": format!("http://maker.test:8088{path}"), "security_txt": "http://maker.test:8088/.well-known/security.txt"})
    }

    #[tokio::test]
    async fn a_good_policy_has_contacts_for_security() {
        let seen = Site::of("good").ask(NAME, params("/security")).await;
        assert_eq!(kinds_of(&seen["contacts"]), ["mail", "telephone"]);
        assert_eq!(seen["contacts"][0]["value"], "security@maker.test");
        assert_eq!(
            (&seen["for_security"], &seen["security_txt"]["found"], &seen["security_txt"]["expired"]),
            (&json!(2), &json!(true), &json!(false))
        );
    }

    #[tokio::test]
    async fn pages_without_a_contact_and_dead_sources_have_none() {
        for variant in
            ["no-contact", "no-policy-page", "policy-behind-login", "policy-asks-email", "policy-pdf-paywalled", "dead"]
        {
            let seen = Site::of(variant).ask(NAME, params("/security")).await;
            assert_eq!(seen["for_security"], 0, "{variant}: {seen}");
        }
        let dead = Site::of("dead").ask(NAME, params("/security")).await;
        assert_eq!(
            (&dead["document"]["found"], &dead["document"]["answered"], &dead["security_txt"]["found"]),
            (&json!(false), &json!(false), &json!(false))
        );
    }

    #[tokio::test]
    async fn each_kind_is_seen_and_other_purposes_are_told_apart() {
        for (literal, kind, value, for_security) in [
            ("Report vulnerabilities to psirt [at] maker [dot] co [dot] uk", "mail", "psirt@maker.co.uk", true),
            (
                "<p>Questions about an order: <a href='mailto:Sales@maker.test?subject=x'>sales</a></p>",
                "mail",
                "sales@maker.test",
                false,
            ),
            (
                "<h1>Report a vulnerability</h1><form>Describe it <textarea name=text></textarea></form>",
                "form",
                "text",
                true,
            ),
            ("Security issues: call 0871 234 5678", "telephone", "08712345678", true),
            ("For vulnerabilities write to Example Ltd, 1 Street, London EC1A 1AA", "postal", "EC1A 1AA", true),
        ] {
            let seen = Site::of("good").ask(NAME, json!({"source": {"literal": literal}})).await;
            let contact = &seen["contacts"][0];
            assert_eq!(
                (contact["kind"].as_str(), contact["value"].as_str(), contact["for_security"].as_bool()),
                (Some(kind), Some(value), Some(for_security)),
                "{seen}"
            );
            assert_eq!(contact["premium_rate"], value.starts_with("0871"));
        }
    }
}
