//! # `access.rtsp`
//! **Question.** Does an RTSP server describe its streams to whoever asks?
//! **Evidence for.** EN 303 645 V2.1.1 provisions 5.1-1, 5.5-4, 5.6-2 and 5.8-2.
//! **Procedure.** OPTIONS, then DESCRIBE of paths that cameras use (RFC 2326), without a logon. A description is what a player
//! needs to play; the stream itself is not set up.
//! **Observation.** Whether a logon is needed and how it is asked for, which paths are described to strangers.
//! **Effect.** Active: a dozen requests over one connection, or one each where the server closes it.
//! **Does not show.** Streams at paths that no list has.

use assay_model::{CheckContext, Deadline, Endpoint, Fault};

use super::{
    found::{Access, Act, Logon},
    talk::{NoTalk, Talk},
};
use crate::auth::logon::{Attempt, basic, digest::Challenge};

/// Where cameras have their streams.
const PATHS: [&str; 12] = [
    "/",
    "/live",
    "/live/ch0",
    "/stream1",
    "/h264",
    "/live.sdp",
    "/unicast",
    "/onvif1",
    "/11",
    "/Streaming/Channels/101",
    "/cam/realmonitor?channel=1&subtype=0",
    "/videoMain",
];
/// A description is no longer.
const BODY: usize = 65_536;

/// A head: status and headers, names in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub status: u16,
    pub headers: Vec<(String, String)>,
}

impl Head {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Schemes that a 401 asks for.
    fn challenges(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(|(n, _)| n == "www-authenticate").map(|(_, v)| v.as_str())
    }
}

/// Reads the lines of a head.
pub(crate) fn head(lines: &[String]) -> Option<Head> {
    let (first, rest) = lines.split_first()?;
    let status = first.strip_prefix("RTSP/1.0 ")?.get(..3)?.parse().ok()?;
    let headers = rest.iter().filter_map(|l| l.split_once(':'));
    Some(Head { status, headers: headers.map(|(n, v)| (n.trim().to_lowercase(), v.trim().to_owned())).collect() })
}

/// One request and its answer. `Ok(Err(_))`: what came is no RTSP; empty where nothing came.
async fn ask(
    talk: &mut Talk<'_>,
    method: &str,
    url: &str,
    number: usize,
    more: &str,
) -> Result<Result<(Head, String), String>, Fault> {
    let said = format!("{method} {url} RTSP/1.0\r\nCSeq: {number}\r\nAccept: application/sdp\r\n{more}\r\n");
    talk.send(said.as_bytes()).await?;
    let mut lines = Vec::new();
    while let Some(line) = talk.line().await? {
        if line.is_empty() || lines.len() >= 100 {
            break;
        }
        lines.push(line);
    }
    let Some(head) = head(&lines) else { return Ok(Err(lines.into_iter().next().unwrap_or_default())) };
    let length = head.header("content-length").and_then(|v| v.parse::<usize>().ok()).unwrap_or(0);
    let body = match length {
        0 => Vec::new(),
        length => talk.exactly(length.min(BODY)).await?.unwrap_or_default(),
    };
    Ok(Ok((head, String::from_utf8_lossy(&body).into_owned())))
}

fn url(at: &Endpoint, path: &str) -> String {
    format!("rtsp://{}{path}", at.socket())
}

/// A server as it is asked: over one connection, or over a new one where it closed the last after its answer.
struct Server<'a> {
    cx: &'a CheckContext,
    at: &'a Endpoint,
    tls: bool,
    until: Deadline,
    talk: Talk<'a>,
    asked: usize,
}

impl<'a> Server<'a> {
    async fn open(
        cx: &'a CheckContext,
        at: &'a Endpoint,
        tls: bool,
        until: Deadline,
    ) -> Result<Result<Self, NoTalk>, Fault> {
        let talk = Talk::open(cx, at, tls, until).await?;
        Ok(talk.map(|talk| Self { cx, at, tls, until, talk, asked: 0 }))
    }

    /// See [`ask`]. That the other side is gone shows only when nothing comes, so it is asked once more then.
    async fn ask(&mut self, method: &str, url: &str, more: &str) -> Result<Result<(Head, String), String>, Fault> {
        self.asked += 1;
        let said = ask(&mut self.talk, method, url, self.asked, more).await?;
        if !matches!(&said, Err(text) if text.is_empty()) || !self.talk.gone || self.asked == 1 {
            return Ok(said);
        }
        match Talk::open(self.cx, self.at, self.tls, self.until).await? {
            Ok(talk) => std::mem::replace(&mut self.talk, talk).close().await?,
            Err(_) => return Ok(said),
        }
        ask(&mut self.talk, method, url, self.asked, more).await
    }
}

pub(crate) async fn look(cx: &CheckContext, at: &Endpoint, tls: bool, until: Deadline) -> Result<Access, Fault> {
    let mut server = match Server::open(cx, at, tls, until).await? {
        Ok(server) => server,
        Err(why) => return Ok(why.into()),
    };
    let mut seen = match server.ask("OPTIONS", &url(at, "/"), "").await? {
        Ok((head, _)) => {
            let mut seen = Access::speaking();
            head.header("server").into_iter().for_each(|server| seen.tell(server));
            seen
        }
        Err(text) if text.is_empty() => return Ok(Access::silent("no answer to OPTIONS")),
        Err(text) => return Ok(Access::other(format!("what answers OPTIONS is no RTSP: {text}"))),
    };
    for path in PATHS {
        let Ok((head, body)) = server.ask("DESCRIBE", &url(at, path), "").await? else {
            seen = seen.note(format!("no answer of RTSP to DESCRIBE of {path}"));
            break;
        };
        match head.status {
            200 => {
                seen.give(Act::View, path);
                body.lines().filter(|l| l.starts_with("s=") || l.starts_with("i=")).for_each(|l| seen.tell(l));
            }
            401 => {
                for scheme in head.challenges().filter_map(|c| c.split_whitespace().next()) {
                    seen.ask(&scheme.to_lowercase());
                }
                // Where a stranger is asked to log on at the first path, the others would count as tries.
                if seen.logon == Logon::Required {
                    break;
                }
            }
            _ => {}
        }
    }
    server.talk.close().await?;
    Ok(seen)
}

/// One logon, at the first usual path that asks for one.
pub(crate) async fn attempt(
    cx: &CheckContext,
    at: &Endpoint,
    tls: bool,
    user: &str,
    password: &str,
    until: Deadline,
) -> Result<Attempt, Fault> {
    let mut server = match Server::open(cx, at, tls, until).await? {
        Ok(server) => server,
        Err(why) => return Ok(why.into()),
    };
    let mut asked = None;
    let mut last = String::new();
    for path in PATHS {
        match server.ask("DESCRIBE", &url(at, path), "").await? {
            Ok((head, _)) if head.status == 401 => {
                asked = Some((head, url(at, path)));
                break;
            }
            Ok((head, _)) => last = format!("status {} without a logon", head.status),
            Err(text) if text.is_empty() => {
                return Ok(if server.talk.gone { Attempt::Dropped } else { Attempt::Silent });
            }
            Err(text) => return Ok(Attempt::Unusable { text }),
        }
    }
    let Some((head, url)) = asked else { return Ok(Attempt::Unusable { text: last }) };
    let Some(header) = authorization(cx, &head, &url, user, password) else {
        return Ok(Attempt::Unusable { text: "it asks for no logon that is spoken here".into() });
    };
    let answer = server.ask("DESCRIBE", &url, &format!("Authorization: {header}\r\n")).await?;
    let ended = server.talk.end().await?;
    Ok(match answer {
        // Let in, whether or not there is a stream at that path.
        Ok((Head { status: 200 | 404 | 454 | 455, .. }, _)) => Attempt::Accepted { token: None },
        Ok((Head { status: 401 | 403, .. }, _)) => ended.refused(),
        Ok((head, _)) => Attempt::Unusable { text: format!("status {}", head.status) },
        Err(_) => ended.unanswered(),
    })
}

/// The header of one logon by the strongest scheme that is offered and known here.
fn authorization(cx: &CheckContext, head: &Head, url: &str, user: &str, password: &str) -> Option<String> {
    if let Some(challenge) = head.challenges().find_map(Challenge::read) {
        return Some(challenge.answer("DESCRIBE", url, user, password, "a55a7"));
    }
    let is_basic = |c: &str| c.split_whitespace().next().is_some_and(|s| s.eq_ignore_ascii_case("basic"));
    head.challenges().any(is_basic).then(|| basic::authorization(cx, user, password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read() {
        let lines = ["RTSP/1.0 401 Unauthorized", "CSeq: 2", "WWW-Authenticate: Digest realm=\"x\", nonce=\"n\""];
        let head = head(&lines.map(str::to_owned)).unwrap();
        assert_eq!((head.status, head.header("cseq"), head.challenges().count()), (401, Some("2"), 1));
        for other in ["HTTP/1.1 200 OK", "RTSP/1.0 x", "RTSP/1.0 é00", ""] {
            assert_eq!(super::head(&[other.to_owned()]), None, "{other}");
        }
    }
}
