//! Network checks against real servers from Debian's packages and PyPI, and against scripts where no package has such a
//! server. Ground truth is a server's configuration.
//!
//! A test whose peer is not installed says so and returns; with `ASSAY_REQUIRE_PEERS=1` it fails instead.

mod access;
mod access_scripts;
mod agreement;
mod auth_scripts;
mod bench;
mod certificates;
mod dtls;
mod hostile;
mod http;
mod peer;
mod services;
mod ssh;
mod tls_nss;
mod tls_openssl;
mod tls_others;
mod tls_twins;
