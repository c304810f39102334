//! What an answer gives away beside its content: a listing, an error's insides, versions, secrets.

use std::sync::LazyLock;

use assay_model::touch::http::HttpAnswer;
use regex::Regex;
use schemars::JsonSchema;
use serde::Serialize;

macro_rules! pattern {
    ($name:ident, $regex:literal) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($regex).expect("a constant that the tests compile"));
    };
}

pattern!(LISTING, r"(?i)<title>\s*(index of|directory listing|listing of)\b|<h1>\s*index of /|\[to parent directory\]");
pattern!(
    INSIDES,
    r#"(?m)Traceback \(most recent call last\)|^\s+at [\w$.<>]+\([\w$]+\.(?:java|kt|cs|js):\d+\)|Fatal error: .{1,200} on line \d+|Warning: .{1,200} on line \d+|File "[^"]{1,200}", line \d+|panicked at |SQLSTATE\[|You have an error in your SQL syntax|stack traceback:|\bat /(?:usr|var|opt|home|root|srv)/[\w./-]+:\d+|\.lua:\d+:"#
);
pattern!(VERSION, r"(?:^|[\s/])v?\d+\.\d+");
pattern!(GENERATOR, r#"(?is)<meta\s[^>]*name\s*=\s*["']?generator["']?[^>]*content\s*=\s*["']([^"']{1,100})"#);
pattern!(
    SECRET,
    r#"(?i)-----BEGIN (?:[A-Z ]{0,20})PRIVATE KEY-----|["']?\b(psk|passphrase|passwd|password|secret|api_?key|private_?key|wpa_?key)["']?\s*[:=]\s*["']?[^\s"',;<>{}&\[\]*]{6,}"#
);

/// A cookie and what protects it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Cookie {
    /// Its name.
    pub name: String,
    /// Sent inside TLS only.
    pub secure: bool,
    /// Hidden from scripts.
    pub http_only: bool,
    /// `strict`, `lax`, `none`; empty where nothing is said.
    pub same_site: String,
}

/// Whether the body is a listing of a folder.
pub(super) fn is_listing(body: &str) -> bool {
    LISTING.is_match(body)
}

/// The line of an error that shows the insides of the program, at most 200 characters.
pub(super) fn insides(body: &str) -> Option<String> {
    let found = INSIDES.find(body)?;
    Some(body[found.start()..].lines().next().unwrap_or_default().trim().chars().take(200).collect())
}

/// Products with their versions that headers and page name.
pub(super) fn versions(answer: &HttpAnswer, body: &str) -> Vec<String> {
    let header = |name: &str| answer.header(name).map(|value| format!("{name}: {value}"));
    let named = ["server", "x-powered-by", "x-aspnet-version", "x-generator"].into_iter().filter_map(header);
    let page = GENERATOR.captures(body).map(|c| format!("generator: {}", &c[1]));
    named.chain(page).filter(|text| VERSION.is_match(text)).map(|t| t.chars().take(200).collect()).collect()
}

/// The name of what looks like a secret in an answer to a stranger; never its value.
pub(super) fn secret(body: &str) -> Option<String> {
    let found = SECRET.captures(body)?;
    Some(found.get(1).map_or_else(|| "a private key".to_owned(), |name| name.as_str().to_lowercase()))
}

/// Cookies that an answer sets.
pub(crate) fn cookies(answer: &HttpAnswer) -> Vec<Cookie> {
    let set = answer.headers.iter().filter(|(name, _)| name == "set-cookie").take(20);
    set.filter_map(|(_, value)| {
        let mut parts = value.split(';').map(str::trim);
        let name = parts.next()?.split('=').next()?.chars().take(100).collect();
        let mut cookie = Cookie { name, secure: false, http_only: false, same_site: String::new() };
        for part in parts {
            match part.to_lowercase().as_str() {
                "secure" => cookie.secure = true,
                "httponly" => cookie.http_only = true,
                other => {
                    if let Some(site) = other.strip_prefix("samesite=") {
                        site.clone_into(&mut cookie.same_site);
                    }
                }
            }
        }
        Some(cookie)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&str, &str)]) -> HttpAnswer {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        HttpAnswer { status: 200, headers, body: "".into(), truncated: false, tls: None, duration_ms: 1 }
    }

    #[test]
    fn listings_and_insides_are_known_and_pages_are_not() {
        assert!(is_listing("<title>Index of /files</title>") && !is_listing("<title>Index</title>"));
        for text in [
            "Traceback (most recent call last):",
            "File \"/usr/lib/x.py\", line 7",
            "x.lua:12: attempt",
            "SQLSTATE[42000]",
        ] {
            assert!(insides(text).is_some(), "{text}");
        }
        assert_eq!(insides("<h1>404 Not Found</h1> at noon"), None);
    }

    #[test]
    fn versions_secrets_and_cookies_are_named() {
        let with = answer(&[
            ("server", "nginx/1.22.1"),
            ("set-cookie", "sid=abc; Path=/; Secure; HttpOnly; SameSite=Lax"),
            ("set-cookie", "b=1"),
        ]);
        assert_eq!(versions(&with, ""), ["server: nginx/1.22.1"]);
        assert!(versions(&answer(&[("server", "nginx")]), "").is_empty());
        let found = cookies(&with);
        assert!(found[0].secure && found[0].http_only && found[0].same_site == "lax" && !found[1].secure);
        assert_eq!(secret(r#"{"ssid":"x","psk":"correct horse"}"#).as_deref(), Some("psk"));
        assert_eq!(secret("-----BEGIN RSA PRIVATE KEY-----").as_deref(), Some("a private key"));
        for none in [
            r#"<input name="password" type="password">"#,
            r#"{"password":"***"}"#,
            r#"{"password":""}"#,
            "Password: (8 characters)",
        ] {
            assert_eq!(secret(none), None, "{none}");
        }
    }
}
