//! Digest access authentication (RFC 7616, and RFC 2617 for older servers), for HTTP and RTSP.

use md5::{Digest as _, Md5};
use sha2::Sha256;

/// What a server asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    /// Whether `qop=auth` is offered.
    counted: bool,
    sha256: bool,
    /// The `-sess` variant.
    session: bool,
}

/// `name=value` pairs of a header, quoted or not; names in lower case, at most 20.
fn pairs(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while let (Some((name, after)), true) = (rest.split_once('='), pairs.len() < 20) {
        let name = name.trim_matches([' ', ',', '\t']).to_lowercase();
        let value = match after.trim_start().strip_prefix('"') {
            Some(quoted) => {
                let end = quoted.find('"').unwrap_or(quoted.len());
                rest = quoted.get(end + 1..).unwrap_or_default();
                &quoted[..end]
            }
            None => {
                let end = after.find(',').unwrap_or(after.len());
                rest = after.get(end + 1..).unwrap_or_default();
                after[..end].trim()
            }
        };
        pairs.push((name, value.to_owned()));
    }
    pairs
}

impl Challenge {
    /// Reads a `WWW-Authenticate` header. `None`: it is no Digest that can be answered here.
    pub(crate) fn read(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(char::is_whitespace)?;
        if !scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let pairs = pairs(rest);
        let of = |name: &str| pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        let algorithm = of("algorithm").unwrap_or_else(|| "md5".into()).to_lowercase();
        let (base, session) = algorithm.strip_suffix("-sess").map_or((algorithm.as_str(), false), |base| (base, true));
        let sha256 = match base {
            "md5" => false,
            "sha-256" => true,
            _ => return None,
        };
        let qop = of("qop");
        let counted = qop.as_deref().is_some_and(|q| q.split(',').any(|q| q.trim() == "auth"));
        if qop.is_some() && !counted {
            return None; // auth-int alone
        }
        Some(Self { realm: of("realm")?, nonce: of("nonce")?, opaque: of("opaque"), counted, sha256, session })
    }

    fn hash(&self, text: &str) -> String {
        match self.sha256 {
            true => hex::encode(Sha256::digest(text.as_bytes())),
            false => hex::encode(Md5::digest(text.as_bytes())),
        }
    }

    /// The `Authorization` header of one request; `own` is the client's nonce.
    pub(crate) fn answer(&self, method: &str, uri: &str, user: &str, password: &str, own: &str) -> String {
        let Self { realm, nonce, .. } = self;
        let mut who = self.hash(&format!("{user}:{realm}:{password}"));
        if self.session {
            who = self.hash(&format!("{who}:{nonce}:{own}"));
        }
        let what = self.hash(&format!("{method}:{uri}"));
        let counted = if self.counted { format!(":00000001:{own}:auth") } else { String::new() };
        let response = self.hash(&format!("{who}:{nonce}{counted}:{what}"));
        let quoted = |text: &str| text.replace(['"', '\\', '\r', '\n'], "");
        let mut header = format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{response}\"",
            quoted(user),
            quoted(realm),
            quoted(nonce)
        );
        if self.counted || self.session {
            header.push_str(&format!(", nc=00000001, cnonce=\"{own}\""));
        }
        if self.counted {
            header.push_str(", qop=auth");
        }
        if self.sha256 || self.session {
            let name = if self.sha256 { "SHA-256" } else { "MD5" };
            header.push_str(&format!(", algorithm={name}{}", if self.session { "-sess" } else { "" }));
        }
        if let Some(opaque) = &self.opaque {
            header.push_str(&format!(", opaque=\"{}\"", quoted(opaque)));
        }
        header
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_standards_come_out() {
        let old = "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
                   opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
        let answer =
            Challenge::read(old).unwrap().answer("GET", "/dir/index.html", "Mufasa", "Circle Of Life", "0a4f113b");
        assert!(answer.contains("response=\"6629fae49393a05397450978507c4ef1\""), "{answer}");
        assert!(answer.contains("opaque=\"5ccc") && answer.contains("qop=auth"), "{answer}");
        let new = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, \
                   nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\"";
        let own = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let answer = Challenge::read(new).unwrap().answer("GET", "/dir/index.html", "Mufasa", "Circle of Life", own);
        assert!(
            answer.contains("response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\""),
            "{answer}"
        );
    }

    #[test]
    fn what_cannot_be_answered_is_none() {
        for other in
            ["Basic realm=\"x\"", "Digest", "Digest realm=\"x\"", "Digest realm=x, nonce=y, algorithm=SHA-512-256"]
        {
            assert_eq!(Challenge::read(other), None, "{other}");
        }
        assert!(Challenge::read("digest realm=x, nonce=y").is_some_and(|c| !c.counted));
        assert_eq!(Challenge::read("Digest realm=\"x\", nonce=\"y\", qop=\"auth-int\""), None);
    }

    proptest! {
        #[test]
        fn any_header_does_no_harm(text in "\\PC{0,200}") {
            if let Some(challenge) = Challenge::read(&format!("Digest {text}")) {
                challenge.answer("GET", "/", "u", "p", "c");
            }
        }
    }
}
