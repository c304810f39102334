//! # `document.free_access`
//! **Question.** Does a reader get to the text without logging on, paying, asking or giving personal data?
//! **Evidence for.** PSTI Schedule 1 paragraphs 2 and 3(4)(a), (c), (d).
//! **Procedure.** One plain GET without cookies. Looks at the status, at where redirects end, and at what stands on the
//! page in place of text: password fields, prices, required fields, cookie walls.
//! **Observation.** Per hurdle: open, closed, or unclear with the text that made it so. Doubt is never open.
//! **Effect.** Passive: nothing reaches the DUT; no form is sent.
//! **Does not show.** What scripts would put over the page in a browser; what other countries or devices get.

use assay_model::{CheckContext, CheckKind, Effect, Fault, TypedCheck};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::page::{Field, Page};
use super::source::{Provenance, Reading, Source, read};
use super::words::{excerpt, holds, phrase_in};

pub(crate) struct FreeAccess;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// The page: URL, file of the dossier, or a literal.
    source: Source,
    /// Characters of text outside forms that count as having reached the text.
    #[serde(default = "enough_chars")]
    enough_chars: usize,
}

const fn enough_chars() -> usize {
    300
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Observation {
    /// Where the text came from.
    document: Provenance,
    /// The worst of all hurdles.
    state: State,
    /// A logon or an account.
    logon: Hurdle,
    /// A payment.
    payment: Hurdle,
    /// Personal data of the reader, or agreement to be tracked.
    personal_data: Hurdle,
    /// Having to ask for the text.
    request: Hurdle,
    /// Characters of text outside forms.
    prose_chars: usize,
    /// Required fields of a form on a page whose text is there all the same: a report form that insists on a name.
    form_insists_on: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    /// Nothing in the way was found, and the text is there.
    Open,
    /// Signs of a hurdle that a person must judge, or no text at all.
    #[default]
    Unclear,
    /// It is in the way.
    Closed,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
struct Hurdle {
    /// Whether it is in the way.
    state: State,
    /// What was seen.
    why: String,
    /// The text that made it so.
    excerpt: String,
}

impl Hurdle {
    fn of(state: State, why: impl Into<String>, text: &str) -> Self {
        Self { state, why: why.into(), excerpt: excerpt(text) }
    }
}

const LOGON: [&str; 16] = [
    "sign in to",
    "log in to",
    "login to",
    "please sign in",
    "please log in",
    "please login",
    "sign in or register",
    "members only",
    "registered users",
    "registered customers",
    "create an account to",
    "you must be logged in",
    "access denied",
    "sign in required",
    "login required",
    "customer portal",
];
const PAYMENT: [&str; 12] = [
    "buy this document",
    "purchase this document",
    "subscribe to read",
    "subscribe to continue",
    "subscribers only",
    "payment required",
    "you can buy",
    "to read the full",
    "unlock this",
    "start your free trial",
    "become a member",
    "premium content",
];
const ASKED: [&str; 10] = [
    "enter your e-mail",
    "enter your email",
    "is sent to you",
    "we will send you",
    "sent to you by",
    "provide your e-mail",
    "provide your email",
    "enter your name",
    "fill in the form to",
    "complete the form to",
];
const ON_REQUEST: [&str; 8] = [
    "available on request",
    "on request",
    "upon request",
    "request a copy",
    "ask for a copy",
    "contact us for our policy",
    "write to us for a copy",
    "send you the policy",
];
const COOKIES: [&str; 7] = [
    "accept cookies to",
    "accept all cookies to",
    "you must accept",
    "cookies to continue",
    "consent to continue",
    "accept and continue",
    "agree to continue",
];
/// Names of fields that ask who the reader is.
const PERSONAL: [&str; 12] =
    ["email", "e-mail", "mail", "name", "phone", "tel", "address", "company", "birth", "customer", "account", "serial"];

#[async_trait]
impl TypedCheck for FreeAccess {
    type Params = Params;
    type Observation = Observation;
    const NAME: &'static str = "document.free_access";
    const QUESTION: &'static str =
        "Does a reader get to the text without logging on, paying, asking or giving personal data?";
    const EVIDENCE_FOR: &'static str = "PSTI Sch. 1 paras 2 and 3(4)(a), (c), (d)";
    const DOES_NOT_SHOW: &'static str = "what scripts would put over the page; what other countries or devices get";
    const EFFECT: Effect = Effect::Passive;
    const KIND: CheckKind = CheckKind::Presence;
    const NEEDS: &'static [&'static str] = &["documents"];

    async fn run(&self, cx: &CheckContext, p: Params) -> Result<Observation, Fault> {
        let reading = read(cx, &p.source).await?;
        let prose = prose(&reading.page);
        let prose_chars = prose.chars().count();
        let reached = reading.speaks() && prose_chars >= p.enough_chars;
        let [logon, payment, personal_data, request] = hurdles(&reading, &prose, reached);
        let state = [&logon, &payment, &personal_data, &request].iter().map(|h| h.state).max().unwrap_or_default();
        let form_insists_on =
            if reached { required(&reading.page).map(|f| excerpt(&f.name)).collect() } else { Vec::new() };
        Ok(Observation {
            document: reading.provenance,
            state,
            logon,
            payment,
            personal_data,
            request,
            prose_chars,
            form_insists_on,
        })
    }
}

/// Text outside forms and folded parts: what a reader gets by looking.
fn prose(page: &Page) -> String {
    page.blocks.iter().filter(|b| !b.form).map(|b| b.text.as_str()).collect::<Vec<_>>().join("\n")
}

fn required(page: &Page) -> impl Iterator<Item = &Field> {
    page.fields.iter().filter(|f| {
        f.required && (matches!(f.kind.as_str(), "email" | "tel") || PERSONAL.iter().any(|word| f.name.contains(word)))
    })
}

/// Logon, payment, personal data, request.
fn hurdles(reading: &Reading, prose: &str, reached: bool) -> [Hurdle; 4] {
    let document = &reading.provenance;
    let page = &reading.page;
    let unread = || Hurdle::of(State::Unclear, unread_because(reading), prose);
    // The way there says most, whatever the page then shows.
    let logon = match document.status {
        401 | 403 | 407 => Hurdle::of(State::Closed, format!("status {}", document.status), prose),
        _ if led_to_logon(reading) && !reached => {
            Hurdle::of(State::Closed, format!("the reader is sent to {}", document.url), prose)
        }
        _ if !document.found => unread(),
        _ => {
            let password = page.fields.iter().find(|f| f.kind == "password");
            match (password, phrase_in(prose, &LOGON), reached) {
                (Some(_), _, false) => {
                    Hurdle::of(State::Closed, "a password field stands where the text should", prose)
                }
                (None, Some(phrase), false) => {
                    Hurdle::of(State::Closed, format!("`{phrase}` stands where the text should"), prose)
                }
                (_, Some(phrase), true) => {
                    Hurdle::of(State::Unclear, format!("the text says `{phrase}`"), &around(prose, phrase))
                }
                (_, None, true) => Hurdle::of(State::Open, "the text is there without a logon", ""),
                (None, None, false) => unread(),
            }
        }
    };
    let payment = match document.status {
        402 => Hurdle::of(State::Closed, "status 402", prose),
        _ if !document.found => unread(),
        _ => match (priced_document(page), phrase_in(prose, &PAYMENT), reached) {
            (Some(text), _, false) => Hurdle::of(State::Closed, "the text is a document that costs money", &text),
            (_, Some(phrase), false) => {
                Hurdle::of(State::Closed, format!("`{phrase}` stands where the text should"), prose)
            }
            (Some(text), _, true) => Hurdle::of(State::Unclear, "a document on the page costs money", &text),
            (_, Some(phrase), true) => {
                Hurdle::of(State::Unclear, format!("the text says `{phrase}`"), &around(prose, phrase))
            }
            (None, None, true) => Hurdle::of(State::Open, "the text is there without a payment", ""),
            // A logon page or a form says nothing of money.
            (None, None, false) => unread(),
        },
    };
    let asks: Vec<&Field> = required(page).collect();
    let personal_data = match (asks.first(), phrase_in(prose, &ASKED), phrase_in(prose, &COOKIES), reached) {
        _ if !document.found => unread(),
        (Some(field), _, _, false) => Hurdle::of(
            State::Closed,
            format!("a required field `{}` stands where the text should", excerpt(&field.name)),
            prose,
        ),
        (None, Some(phrase), _, false) => {
            Hurdle::of(State::Closed, format!("`{phrase}` stands where the text should"), prose)
        }
        (_, _, Some(phrase), _) => {
            Hurdle::of(State::Unclear, format!("a cookie wall: `{phrase}`"), &around(prose, phrase))
        }
        (_, _, None, true) => Hurdle::of(State::Open, "the text is there without personal data", ""),
        (None, None, None, false) => unread(),
    };
    let request = match (phrase_in(prose, &ON_REQUEST), reached) {
        _ if !document.found => unread(),
        (Some(phrase), false) => Hurdle::of(State::Closed, format!("`{phrase}` stands where the text should"), prose),
        (Some(phrase), true) => Hurdle::of(State::Unclear, format!("the text says `{phrase}`"), &around(prose, phrase)),
        (None, true) => Hurdle::of(State::Open, "a plain request reaches the text", ""),
        (None, false) if logon.state == State::Closed || personal_data.state == State::Closed => {
            Hurdle::of(State::Closed, "the text comes only after a form", prose)
        }
        (None, false) => unread(),
    };
    [logon, payment, personal_data, request]
}

fn unread_because(reading: &Reading) -> String {
    match reading.provenance.note.as_str() {
        "" => "hardly any text stands on the page".into(),
        note => note.to_owned(),
    }
}

/// Redirected to an address that is a logon by its name.
fn led_to_logon(reading: &Reading) -> bool {
    let path = |url: &str| {
        url.split_once("://").map_or(url, |(_, rest)| rest).split_once('/').map_or("", |(_, p)| p).to_lowercase()
    };
    let last = path(&reading.provenance.url);
    reading.redirects.len() > 1
        && last
            .split(['/', '?', '=', '&', '.', '-', '_'])
            .any(|part| matches!(part, "login" | "signin" | "logon" | "auth" | "sso" | "account"))
}

/// A block with a link to a document and a price.
fn priced_document(page: &Page) -> Option<String> {
    let priced = |text: &str| {
        let lower = text.to_lowercase();
        let digits = lower.chars().any(|c| c.is_ascii_digit());
        digits
            && (lower.contains(['\u{a3}', '$', '\u{20ac}'])
                || ["gbp", "eur", "usd", "pounds"].iter().any(|w| holds(&lower, w)))
    };
    let document = |href: &str| {
        let path = href.split(['?', '#']).next().unwrap_or_default().to_lowercase();
        [".pdf", ".doc", ".docx", ".epub"].iter().any(|end| path.ends_with(end))
    };
    let link =
        page.links.iter().find(|l| document(&l.href) && page.blocks.get(l.block).is_some_and(|b| priced(&b.text)));
    link.and_then(|l| page.blocks.get(l.block)).map(|b| b.text.clone())
}

/// The line of `text` with `phrase` in it.
fn around(text: &str, phrase: &str) -> String {
    text.lines().find(|line| phrase_in(line, &[phrase]).is_some()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use crate::document::fake::Site;
    use serde_json::{Value, json};

    const NAME: &str = "document.free_access";

    async fn states(variant: &'static str, path: &str) -> (Value, [String; 4]) {
        let seen = Site::of(variant).ask(NAME, json!({"source": format!("http://maker.test:8088{path}")})).await;
        let state = |hurdle: &str| seen[hurdle]["state"].as_str().unwrap().to_owned();
        (seen.clone(), [state("logon"), state("payment"), state("personal_data"), state("request")])
    }

    #[tokio::test]
    async fn good_pages_are_open_in_every_way() {
        for path in ["/security", "/support"] {
            let (seen, states) = states("good", path).await;
            assert_eq!(states, ["open", "open", "open", "open"], "{path}: {seen}");
            assert_eq!(seen["state"], "open");
        }
    }

    #[tokio::test]
    async fn each_hurdle_is_seen_for_what_it_is_and_nothing_dead_is_open() {
        for (variant, wanted) in [
            ("policy-behind-login", ["closed", "unclear", "closed", "closed"]),
            ("policy-asks-email", ["unclear", "unclear", "closed", "closed"]),
            ("policy-pdf-paywalled", ["unclear", "closed", "unclear", "unclear"]),
            ("no-policy-page", ["unclear", "unclear", "unclear", "unclear"]),
            ("dead", ["unclear", "unclear", "unclear", "unclear"]),
            ("garbage", ["unclear", "unclear", "unclear", "unclear"]),
        ] {
            let (seen, states) = states(variant, "/security").await;
            assert_eq!(states, wanted, "{variant}: {seen}");
        }
        let pdf = Site::of("policy-pdf-paywalled")
            .ask(NAME, json!({"source": "http://maker.test:8088/security-policy.pdf"}))
            .await;
        assert_eq!(pdf["payment"]["state"], "closed");
    }

    #[tokio::test]
    async fn doubt_is_unclear_and_a_report_form_is_no_hurdle() {
        let text = "This is how we treat reports of security issues. ".repeat(12);
        for (extra, hurdle, state) in [
            ("<p>We use cookies to continue improving.</p>", "personal_data", "unclear"),
            ("<p>Details are available on request.</p>", "request", "unclear"),
            ("<p>Please sign in to see your reports.</p>", "logon", "unclear"),
            ("<form><input type=password name=p></form>", "logon", "open"),
            ("<form><input name=name required><textarea name=t></textarea></form>", "personal_data", "open"),
        ] {
            let literal = format!("<h1>Reports</h1><p>{text}</p>{extra}");
            let seen = Site::of("good").ask(NAME, json!({"source": {"literal": literal}})).await;
            assert_eq!(seen[hurdle]["state"], state, "{extra}: {seen}");
            assert_eq!(seen["form_insists_on"] == json!(["name"]), extra.contains("name=name"));
        }
    }
}
