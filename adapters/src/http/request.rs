//! What is sent: the request line and the headers that a check left to us.

use assay_model::Fault;
use assay_model::touch::http::HttpRequest;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Method, Request, Uri};

use super::Target;

/// One request, whoever it goes to.
pub(crate) struct Parts {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) max_body: u32,
}

/// Where a check's request goes, and what it says.
pub(super) fn of(request: HttpRequest) -> Result<(Target, Parts), Fault> {
    let endpoint = &request.endpoint;
    let stated = request.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case("host")).map(|(_, v)| host_of(v));
    // A bench may call its DUT `camera`: only a name with a dot is one that the DUT itself can know.
    let named = stated.unwrap_or(endpoint.host().name());
    let dns = named.contains('.') && named.parse::<std::net::IpAddr>().is_err();
    let host = if dns { named.to_owned() } else { bracketed(endpoint.host().address()) };
    let default = if request.tls { 443 } else { 80 };
    let target = Target {
        sockets: vec![endpoint.socket()],
        tls: request.tls,
        server_name: dns.then(|| named.to_owned()),
        authority: if endpoint.port() == default { host } else { format!("{host}:{}", endpoint.port()) },
    };
    let HttpRequest { method, path, headers, body, max_body, .. } = request;
    Ok((target, Parts { method, path, headers, body: body.0, max_body }))
}

/// An address as it stands in a URL.
fn bracketed(address: std::net::IpAddr) -> String {
    if address.is_ipv6() { format!("[{address}]") } else { address.to_string() }
}

/// `Host` without its port.
fn host_of(value: &str) -> &str {
    match value.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !host.ends_with(':') => host,
        _ => value,
    }
}

impl Parts {
    /// The request as the library sends it.
    ///
    /// # Errors
    /// A method, path or header that HTTP cannot carry: the plan's mistake.
    pub(super) fn build(self, authority: &str) -> Result<Request<Full<Bytes>>, Fault> {
        let bad = |what: &str, value: &str| {
            Fault::plan("bad-request", format!("HTTP cannot carry the {what} `{}`", value.escape_debug()))
        };
        let method = Method::from_bytes(self.method.as_bytes()).map_err(|_| bad("method", &self.method))?;
        let uri: Uri = self.path.parse().map_err(|_| bad("path", &self.path))?;
        if !self.path.starts_with('/') && self.path != "*" {
            return Err(bad("path", &self.path));
        }
        let carries_body = !self.body.is_empty() || matches!(self.method.as_str(), "POST" | "PUT" | "PATCH");
        let length = self.body.len();
        let mut request = Request::new(Full::new(Bytes::from(self.body)));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        for (name, value) in &self.headers {
            let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("header name", name))?;
            headers.append(key, HeaderValue::from_str(value).map_err(|_| bad("header value of", name))?);
        }
        let mut default = |name, value: String| -> Result<(), Fault> {
            if !headers.contains_key(&name) {
                let value = HeaderValue::from_str(&value).map_err(|_| bad("header value", &value))?;
                headers.insert(name, value);
            }
            Ok(())
        };
        default(header::HOST, authority.to_owned())?;
        default(header::USER_AGENT, concat!("assay/", env!("CARGO_PKG_VERSION")).to_owned())?;
        default(header::ACCEPT, "*/*".to_owned())?;
        default(header::CONNECTION, "close".to_owned())?;
        if carries_body {
            default(header::CONTENT_LENGTH, length.to_string())?;
        }
        Ok(request)
    }
}
