//! `tls.scan` against nginx, GnuTLS and tlslite-ng, and against what is no TLS.
