//! Real TLS handshakes by rustls: versions 1.2 and 1.3, certificates recorded and never trusted.

mod first_bytes;
mod handshake;
mod trust;
mod words;

use assay_model::touch::tls::{Tls, TlsRequest, TlsResponse};
use assay_model::{Deadline, Fault, Touch};
use async_trait::async_trait;

pub(crate) use handshake::{Handshake, handshake, server_name};
pub(crate) use trust::Trust;
pub use trust::TrustError;

use crate::socket::{Connect, connect};

/// TLS handshakes with one DUT; nothing is kept between requests, sessions are never resumed.
#[derive(Debug, Clone, Copy, Default)]
pub struct TlsHandshakes;

#[async_trait]
impl Touch<Tls> for TlsHandshakes {
    async fn call(&self, request: TlsRequest, until: Deadline) -> Result<TlsResponse, Fault> {
        let name = server_name(request.server_name.as_deref())?;
        let stream = match connect(request.endpoint.socket(), until).await? {
            Connect::Connected(stream) => stream,
            Connect::Refused => return Ok(TlsResponse::Refused),
            Connect::NoAnswer(text) => return Ok(TlsResponse::NoAnswer { text }),
        };
        Ok(match handshake(stream, name, &request.alpn, until).await? {
            Handshake::Established(_, session) => TlsResponse::Established(session),
            Handshake::Failed(text) => TlsResponse::Failed { text },
            Handshake::NoAnswer(text) => TlsResponse::NoAnswer { text },
        })
    }
}

#[cfg(test)]
mod tests;
