//! Fetching over HTTP and HTTPS, with redirects.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use assay_model::touch::document::{Document, DocumentResponse};
use assay_model::touch::http::{HttpAnswer, HttpResponse};
use assay_model::{Deadline, Fault};

use super::DocumentSources;
use super::gate::Entry;
use super::public::is_public;
use super::url::Url;
use crate::http::{Parts, Target, exchange};
use crate::socket::within;

/// Redirects that are followed, at most.
const MOST_REDIRECTS: usize = 8;

/// Fetches a document, wherever redirects lead.
///
/// # Errors
/// The first address is private and neither the bench's nor allowed, or this host's own trouble.
pub(super) async fn fetch(
    sources: &DocumentSources,
    first: Url,
    max_bytes: u32,
    until: Deadline,
) -> Result<DocumentResponse, Fault> {
    follow(sources, first, max_bytes, until, true).await
}

/// The same; `obeys` says whether robots.txt is asked first, which is not so for robots.txt itself.
pub(super) async fn follow(
    sources: &DocumentSources,
    first: Url,
    max_bytes: u32,
    until: Deadline,
    obeys: bool,
) -> Result<DocumentResponse, Fault> {
    let mut url = first;
    let mut asked: Vec<String> = Vec::new();
    let mut from_near = false;
    // The page's own time: waiting for one's turn does not count.
    let mut left = sources.gate.as_ref().map_or(Duration::MAX, |gate| gate.page_timeout());
    loop {
        let absent = |text: String, asked: &[String]| Ok(DocumentResponse::Absent { text, redirects: asked.to_vec() });
        if asked.contains(&url.to_string()) {
            return absent(format!("redirects go round in a circle: {url} was asked before"), &asked);
        }
        if asked.len() > MOST_REDIRECTS {
            return absent(format!("more than {MOST_REDIRECTS} redirects, the next to {url}"), &asked);
        }
        let sockets = match resolve(sources, &url, until).await? {
            Place::At(sockets) => {
                from_near = false;
                sockets
            }
            Place::Nowhere(text) => return absent(text, &asked),
            // What the list names is asked for where the list may name it; a public site leads nobody home.
            Place::Near(sockets, _) if sources.allows_near() && (asked.is_empty() || from_near) => {
                from_near = true;
                sockets
            }
            Place::Near(_, text) if asked.is_empty() => {
                return Err(Fault::plan("foreign-address", text).with_help(sources.near_help()));
            }
            Place::Near(_, text) => return absent(format!("redirect refused: {text}"), &asked),
        };
        let _turn = match &sources.gate {
            None => None,
            Some(gate) => match gate.enter(sources, &url, obeys, until).await? {
                Entry::Turn(turn) => Some(turn),
                Entry::Refused(text) => return absent(text, &asked),
            },
        };
        asked.push(url.to_string());
        let started = Instant::now();
        let answer = get(sources, &url, sockets, max_bytes, until.capped(left)).await?;
        left = left.saturating_sub(started.elapsed());
        match answer {
            HttpResponse::Answer(answer) => match next(&url, &answer) {
                Some(Ok(next)) => url = next,
                Some(Err(why)) => return absent(format!("redirect refused: {why}"), &asked),
                None => return Ok(DocumentResponse::Document(Box::new(document(sources, &url, asked, answer)))),
            },
            HttpResponse::Refused => return absent(format!("{url}: connection refused"), &asked),
            HttpResponse::NoAnswer { text } | HttpResponse::Malformed { text } => {
                return absent(format!("{url}: {text}"), &asked);
            }
        }
    }
}

async fn get(
    sources: &DocumentSources,
    url: &Url,
    sockets: Vec<SocketAddr>,
    max_body: u32,
    until: Deadline,
) -> Result<HttpResponse, Fault> {
    let target = Target {
        sockets,
        tls: url.tls,
        server_name: url.address().is_none().then(|| url.host.clone()),
        authority: url.authority(),
    };
    let headers = sources.gate.as_ref().map(|gate| ("user-agent".to_owned(), gate.user_agent().to_owned()));
    let headers = headers.into_iter().collect();
    let parts = Parts { method: "GET".into(), path: url.path.clone(), headers, body: Vec::new(), max_body };
    exchange(&target, parts, Instant::now(), until).await
}

/// Where an answer sends the reader on, if it does.
fn next(from: &Url, answer: &HttpAnswer) -> Option<Result<Url, String>> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    answer.header("location").map(|location| from.join(location))
}

enum Place {
    At(Vec<SocketAddr>),
    /// The name leads nowhere: in words.
    Nowhere(String),
    /// Only to private addresses that the bench does not own: which, and in words.
    Near(Vec<SocketAddr>, String),
}

/// The bench's own names first, then DNS.
async fn resolve(sources: &DocumentSources, url: &Url, until: Deadline) -> Result<Place, Fault> {
    // A name that the bench gives an address is the bench's own doing, like an address that it owns.
    if let Some(address) = sources.hosts.get(&url.host) {
        return Ok(Place::At(vec![SocketAddr::new(*address, url.port)]));
    }
    let found: Vec<SocketAddr> = if let Some(address) = url.address() {
        vec![SocketAddr::new(address, url.port)]
    } else if let Ok(host) = sources.addresses.host(&url.host) {
        vec![SocketAddr::new(host.address(), url.port)]
    } else {
        match within(until, tokio::net::lookup_host((url.host.as_str(), url.port))).await {
            Some(Ok(found)) => found.collect(),
            // EAI_AGAIN: no name server answered. That is this host's network, not the site.
            Some(Err(e)) if e.to_string().contains("Temporary failure") => {
                return Err(Fault::bench("no-name-server", format!("cannot look up `{}`: {e}", url.host))
                    .with_help("connect this host to a name server, or supply the document as a file of the dossier"));
            }
            Some(Err(e)) => return Ok(Place::Nowhere(format!("the name `{}` leads nowhere: {e}", url.host))),
            None => return Err(Fault::timeout(format!("looking up `{}` took longer than the deadline", url.host))),
        }
    };
    let (reachable, near): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|s| is_public(s.ip()) || sources.addresses.owns(s.ip()));
    Ok(match (reachable.is_empty(), near.first()) {
        (false, _) => Place::At(reachable),
        (true, Some(first)) => {
            let text = format!("{url} leads to {}, a private address that {}", first.ip(), sources.near_owner());
            Place::Near(near, text)
        }
        (true, None) => Place::Nowhere(format!("the name `{}` has no address", url.host)),
    })
}

fn document(sources: &DocumentSources, url: &Url, redirects: Vec<String>, answer: HttpAnswer) -> Document {
    let declared = answer.header("content-type").unwrap_or_default();
    let media_type = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    Document {
        url: url.to_string(),
        redirects,
        status: answer.status,
        media_type,
        headers: answer.headers,
        bytes: answer.body,
        truncated: answer.truncated,
        text: String::new(),
        markup: String::new(),
        unread: String::new(),
        sha256: String::new(),
        tls_verifies: answer.tls.as_ref().map(|session| sources.trust.verifies(session, &url.host)),
        tls: answer.tls,
    }
}
