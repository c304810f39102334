//! What a TLS service offers, seen with our own record layer: rustls speaks only 1.2 and 1.3, and offers nothing weak.

mod certificate;
mod chain;
mod compare;
mod dtls;
mod flight;
mod full;
mod hello;
mod knock;
mod names;
mod observation;
mod probe;
mod renegotiation;
mod scan;
mod session;
mod starttls;
mod suites;
mod versions;

pub use compare::TlsCompare;
pub(crate) use compare::{Shared, sample_names, shared};
pub(crate) use flight::Cursor;
pub(crate) use knock::{answered_in_dtls, answered_in_tls, dtls_knock, knock};
pub use scan::TlsScan;

#[cfg(feature = "fuzzing")]
pub(crate) fn fuzz_flight(bytes: &[u8]) {
    let _ = flight::server_flight(bytes);
    let _ = flight::is_ssl2_server_hello(bytes);
    let _ = dtls::flight(bytes.chunks(200));
    let _ = dtls::flight(std::iter::once(bytes));
}

#[cfg(feature = "fuzzing")]
pub(crate) fn fuzz_certificate(bytes: &[u8]) {
    let _ = certificate::facts(bytes);
    if let Ok(roots) = chain::roots(&[]) {
        let _ = chain::judge(&[bytes.to_vec()], &roots, Some("camera.test"));
    }
}
