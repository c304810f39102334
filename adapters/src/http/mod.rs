//! HTTP/1 requests, one connection each. Redirects are answers; nothing is decompressed.

mod exchange;
mod request;

use std::time::Instant;

use assay_model::touch::http::{Http, HttpRequest, HttpResponse};
use assay_model::{Deadline, Fault, Touch};
use async_trait::async_trait;

pub(crate) use exchange::{Target, exchange};
pub(crate) use request::Parts;

/// HTTP requests to one DUT; nothing is kept between requests.
#[derive(Debug, Clone, Copy, Default)]
pub struct HttpRequests;

#[async_trait]
impl Touch<Http> for HttpRequests {
    async fn call(&self, request: HttpRequest, until: Deadline) -> Result<HttpResponse, Fault> {
        let (target, parts) = request::of(request)?;
        exchange(&target, parts, Instant::now(), until).await
    }
}

#[cfg(test)]
mod tests;
