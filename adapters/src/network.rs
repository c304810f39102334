//! The network half of the ways of touching a DUT, for bench providers.

use std::sync::Arc;

use assay_model::{AddressBook, Touches};

use crate::document::{DocumentSettings, DocumentSources};
use crate::http::HttpRequests;
use crate::ports::PortScanner;
use crate::tcp::TcpConnections;
use crate::tls::{TlsHandshakes, TrustError};
use crate::udp::UdpDatagrams;

/// Every way that needs nothing but the network: ports, TCP, UDP, TLS, HTTP and documents. Unrecorded; the rest is
/// `None` and the provider's to add. Made once for each DUT, because TCP connections are numbered per DUT.
///
/// # Errors
/// A root certificate that cannot be used.
pub fn network_touches(documents: DocumentSettings, addresses: Arc<AddressBook>) -> Result<Touches, TrustError> {
    Ok(Touches {
        ports: Some(Arc::new(PortScanner)),
        tcp: Some(Arc::new(TcpConnections::new())),
        udp: Some(Arc::new(UdpDatagrams)),
        tls: Some(Arc::new(TlsHandshakes)),
        http: Some(Arc::new(HttpRequests)),
        documents: Some(Arc::new(DocumentSources::new(documents, addresses)?)),
        ..Touches::default()
    })
}
