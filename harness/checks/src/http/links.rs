//! Paths that an answer names: links and forms of a page, robots.txt, descriptions of interfaces.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

/// Paths of one answer, at most.
const MOST: usize = 100;

macro_rules! pattern {
    ($name:ident, $regex:literal) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($regex).expect("a constant that the tests compile"));
    };
}

pattern!(ATTRIBUTE, r#"(?is)\b(?:href|src|action|data-url)\s*=\s*["']?([^"'\s>]{1,301})"#);
pattern!(CALL, r#"["'`](/(?:api|rest|cgi-bin|v[0-9])[A-Za-z0-9_/.?=&-]{0,200})["'`]"#);
pattern!(TAG, r"<(?:SCPDURL|controlURL|eventSubURL|presentationURL|loc)>\s*([^<]{1,300}?)\s*<");

/// Where a path was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FoundBy {
    /// The curated list, or the plan.
    List,
    /// A page's links, forms or script.
    Page,
    /// robots.txt.
    Robots,
    /// A description of an interface: OpenAPI, UPnP, a site map.
    Description,
    /// A redirect.
    Redirect,
}

/// A path on this server that `link`, found at `base`, leads to; `None` for other servers, schemes and fragments.
pub(crate) fn resolve(base: &str, link: &str, authority: &str) -> Option<String> {
    let link = link.split('#').next().unwrap_or_default().replace("&amp;", "&");
    let path = match link.split_once("://") {
        Some(("http" | "https", rest)) => {
            let at = rest.find('/').unwrap_or(rest.len());
            let (host, path) = rest.split_at(at);
            (host == authority).then(|| path.to_owned())?
        }
        Some(_) => return None,
        None if link.starts_with("//") || link.is_empty() => return None,
        None if link.starts_with('/') => link,
        None if link.starts_with('?') => format!("{}{link}", base.split('?').next().unwrap_or_default()),
        None if link.split(['/', '?']).next().is_some_and(|first| first.contains(':')) => return None, // mailto:, data:
        None => {
            let folder = base.split('?').next().unwrap_or_default();
            let folder = &folder[..folder.rfind('/').map_or(0, |at| at + 1)];
            format!("{folder}{}", link.strip_prefix("./").unwrap_or(&link))
        }
    };
    let path = if path.is_empty() { "/".to_owned() } else { path };
    let fits = path.len() <= 300 && path.bytes().all(|b| (0x21..0x7F).contains(&b)) && !path.contains("..");
    fits.then_some(path)
}

/// Paths that the answer at `base` names.
pub(crate) fn of(base: &str, media: &str, body: &str, authority: &str) -> Vec<(String, FoundBy)> {
    let mut found: Vec<(String, FoundBy)> = Vec::new();
    let mut add = |link: &str, by| {
        if let Some(path) = resolve(base, link, authority).filter(|_| found.len() < MOST)
            && !found.iter().any(|(known, _)| *known == path)
        {
            found.push((path, by));
        }
    };
    if base.starts_with("/robots.txt") {
        for line in body.lines().take(500) {
            let path =
                line.split_once(':').filter(|(n, _)| matches!(n.trim().to_lowercase().as_str(), "allow" | "disallow"));
            if let Some((_, path)) = path {
                add(path.split(['*', '$', ' ', '#']).find(|p| !p.is_empty()).unwrap_or("/"), FoundBy::Robots);
            }
        }
        return found;
    }
    if media.contains("json") {
        for path in interface(body) {
            add(&path, FoundBy::Description);
        }
        return found;
    }
    TAG.captures_iter(body).take(MOST).for_each(|c| add(&c[1], FoundBy::Description));
    ATTRIBUTE.captures_iter(body).take(MOST).for_each(|c| add(&c[1], FoundBy::Page));
    CALL.captures_iter(body).take(MOST).for_each(|c| add(&c[1], FoundBy::Page));
    found
}

/// Paths of an OpenAPI or Swagger description; a parameter in one stands for 1.
fn interface(body: &str) -> Vec<String> {
    let Ok(json) = serde_json::from_str::<Value>(body) else { return Vec::new() };
    if !json["openapi"].is_string() && !json["swagger"].is_string() {
        return Vec::new();
    }
    let base = json["basePath"].as_str().unwrap_or_default().trim_end_matches('/');
    let server = json["servers"][0]["url"].as_str().filter(|u| u.starts_with('/')).unwrap_or_default();
    let filled = |path: &str| {
        let mut out = format!("{base}{}{path}", server.trim_end_matches('/'));
        while let Some((start, end)) = out.find('{').and_then(|s| Some((s, s + out[s..].find('}')?))) {
            out.replace_range(start..=end, "1");
        }
        out
    };
    json["paths"].as_object().into_iter().flatten().take(MOST).map(|(path, _)| filled(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn paths(base: &str, media: &str, body: &str) -> Vec<String> {
        of(base, media, body, "cam:80").into_iter().map(|(p, _)| p).collect()
    }

    #[test]
    fn pages_robots_and_descriptions_name_paths() {
        let page = r#"<a href="/a?x=1&amp;y=2#top">a</a><form action=b.cgi><img src='//cdn/x'><a href="https://other/x"><a href=mailto:x@y>
            <a href="http://cam:80/c"><script>fetch('/api/wifi')</script>"#;
        assert_eq!(paths("/dir/index.html", "text/html", page), ["/a?x=1&y=2", "/dir/b.cgi", "/c", "/api/wifi"]);
        assert_eq!(resolve("/dir/a?x=1", "?y=2", "cam:80").as_deref(), Some("/dir/a?y=2"));
        let robots = "User-agent: *\nDisallow: /secret/*\nAllow: /open # yes\nSitemap: http://x/y\n";
        assert_eq!(paths("/robots.txt", "text/plain", robots), ["/secret/", "/open"]);
        let api = r#"{"openapi":"3.0.0","servers":[{"url":"/v1"}],"paths":{"/users/{id}":{"get":{}},"/settings":{"put":{}}}}"#;
        assert_eq!(paths("/openapi.json", "application/json", api), ["/v1/users/1", "/v1/settings"]);
        assert_eq!(paths("/d.xml", "text/xml", "<controlURL>/ctl</controlURL>"), ["/ctl"]);
        assert!(paths("/x", "application/json", r#"{"paths":{"/a":1}}"#).is_empty(), "no description");
    }

    #[test]
    fn links_without_number_are_cut() {
        let page: String = (0..10_000).map(|n| format!("<a href=/{n}>")).collect();
        assert_eq!(paths("/", "text/html", &page).len(), MOST);
        assert_eq!(paths("/", "text/html", &format!("<a href=/{}>", "x".repeat(5_000))).len(), 0);
    }

    proptest! {
        #[test]
        fn any_text_does_no_harm(text in "\\PC{0,300}") {
            for media in ["text/html", "application/json"] {
                for path in paths("/a/b", media, &text) {
                    prop_assert!(path.starts_with('/') && path.len() <= 300);
                }
            }
            paths("/robots.txt", "text/plain", &text);
        }
    }
}
