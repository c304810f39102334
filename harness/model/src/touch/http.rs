//! HTTP and HTTPS requests, one at a time; redirects are answers, never followed here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Endpoint, Payload, touch::tls::TlsSession};

/// HTTP requests.
pub struct Http;

impl super::Protocol for Http {
    const NAME: &'static str = "http";
    type Request = HttpRequest;
    type Response = HttpResponse;
}

/// One request.
#[derive(Debug, Clone, Serialize)]
pub struct HttpRequest {
    /// Where to.
    pub endpoint: Endpoint,
    /// TLS or not.
    pub tls: bool,
    /// `GET`, `POST`, ...
    pub method: String,
    /// Path and query, starting with `/`.
    pub path: String,
    /// Further headers, in order. `Host`, `User-Agent` and `Content-Length` are set by the adapter where absent.
    pub headers: Vec<(String, String)>,
    /// The body; may be empty.
    pub body: Payload,
    /// Bytes of the answer's body to keep, at most; the rest is not read.
    pub max_body: u32,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpResponse {
    /// A whole or truncated answer.
    Answer(HttpAnswer),
    /// Connection refused.
    Refused,
    /// Connected or not, no whole answer came within the deadline.
    NoAnswer {
        /// What was missing.
        text: String,
    },
    /// Something came that is no HTTP, or the TLS handshake failed.
    Malformed {
        /// What.
        text: String,
    },
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HttpAnswer {
    /// Status code.
    pub status: u16,
    /// Headers in the order sent; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, up to `max_body`.
    pub body: Payload,
    /// Whether the body went on.
    pub truncated: bool,
    /// The TLS session, where there was one.
    pub tls: Option<TlsSession>,
    /// Milliseconds from the request to the last byte.
    pub duration_ms: u64,
}

impl HttpAnswer {
    /// The first header of that name (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}
