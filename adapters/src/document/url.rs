//! The few parts of a URL that fetching needs, and resolving of `Location`.

use std::fmt;
use std::net::IpAddr;

use hyper::Uri;

/// An absolute `http` or `https` URL without fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) tls: bool,
    /// A name in lower case, or an address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Path and query, starting with `/`.
    pub(super) path: String,
}

impl Url {
    /// `None`: not a URL but a file name.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, String> {
        let Some((scheme, _)) = text.split_once("://") else { return Ok(None) };
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            other => return Err(format!("the scheme `{other}` is not fetched, only http and https are")),
        };
        let text = text.split('#').next().unwrap_or_default();
        let uri: Uri = escape(text).parse().map_err(|e| format!("{e}"))?;
        let authority = uri.authority().ok_or("it names no host")?;
        if authority.as_str().contains('@') {
            return Err("it carries a user name".into());
        }
        let port = match authority.as_str()[authority.host().len()..].trim_start_matches(':') {
            "" if tls => 443,
            "" => 80,
            port => port.parse().map_err(|_| format!("`{port}` is no port"))?,
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        if host.is_empty() {
            return Err("it names no host".into());
        }
        let path = uri.path_and_query().map_or("/", hyper::http::uri::PathAndQuery::as_str);
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Some(Self { tls, host, port, path }))
    }

    /// Where a `Location` header leads from here.
    pub(super) fn join(&self, location: &str) -> Result<Self, String> {
        let location = location.trim();
        let scheme = if self.tls { "https" } else { "http" };
        let absolute = if location.starts_with("//") {
            format!("{scheme}:{location}")
        } else if has_scheme(location) {
            location.to_owned()
        } else {
            let path_only = self.path.split('?').next().unwrap_or("/");
            let path = match location {
                l if l.starts_with('/') => l.to_owned(),
                l if l.starts_with('?') => format!("{path_only}{l}"),
                "" => self.path.clone(),
                l => format!("{}/{l}", path_only.rsplit_once('/').map_or("", |(folder, _)| folder)),
            };
            format!("{scheme}://{}{}", self.authority(), without_dots(&path))
        };
        match Self::parse(&absolute)? {
            Some(url) => Ok(url),
            None => Err(format!("`{}` is no http or https URL", location.escape_debug())),
        }
    }

    /// For the `Host` header.
    pub(super) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == if self.tls { 443 } else { 80 } { host } else { format!("{host}:{}", self.port) }
    }

    /// The host, where it is an address.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

/// Whether text starts with `scheme:`.
fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    })
}

/// Characters that a URL cannot hold, as browsers send them.
fn escape(text: &str) -> String {
    let stands = |b: u8| b.is_ascii_graphic() && !b"\"<>`{}|\\^".contains(&b);
    text.bytes().map(|b| if stands(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// A path with `.` and `..` resolved; the query stays as it is.
fn without_dots(path: &str) -> String {
    let (path, query) = path.split_once('?').map_or((path, None), |(p, q)| (p, Some(q)));
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    let folder = path.ends_with("/.") || path.ends_with("/..");
    let resolved = format!("/{}{}", parts.join("/"), if folder && !parts.is_empty() { "/" } else { "" });
    query.map_or(resolved.clone(), |q| format!("{resolved}?{q}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("parses").expect("is a URL")
    }

    #[test]
    fn urls_files_and_mistakes_are_told_apart() {
        assert_eq!(url("HTTPS://Maker.Test:8443/a b?q=ü#part").to_string(), "https://maker.test:8443/a%20b?q=%C3%BC");
        assert_eq!(url("http://[::1]:81").to_string(), "http://[::1]:81/");
        assert_eq!(url("http://h?x").path, "/?x");
        assert_eq!(Url::parse("policies/vdp.html"), Ok(None));
        for bad in ["ftp://h/x", "http://", "http://user@h/", "http:///x", "http://h:99999/"] {
            assert!(Url::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn locations_resolve_as_in_a_browser() {
        let base = url("http://maker.test:8088/security/policy?lang=en");
        for (location, end) in [
            ("/x", "http://maker.test:8088/x"),
            ("other.html", "http://maker.test:8088/security/other.html"),
            ("../up?a=..", "http://maker.test:8088/up?a=.."),
            ("../../../..", "http://maker.test:8088/"),
            ("?lang=de", "http://maker.test:8088/security/policy?lang=de"),
            ("//cdn.test/y", "http://cdn.test/y"),
            ("https://maker.test/z#frag", "https://maker.test/z"),
        ] {
            assert_eq!(base.join(location).map(|u| u.to_string()).as_deref(), Ok(end), "{location}");
        }
        assert!(base.join("javascript:alert(1)").is_err());
        assert!(base.join("file:///etc/passwd").is_err());
    }
}
