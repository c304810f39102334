//! How an exchange with a server ends early, in the words of the response.

use assay_model::touch::ssh::SshResponse;
use ssh2::{Error, ErrorCode};

// libssh2.h; stable since 1.0. `ssh2` has them only as bare numbers.
const KEX_FAILURE: i32 = -5;
const TIMEOUT: i32 = -9;
const METHOD_NONE: i32 = -17;
const AUTHENTICATION_FAILED: i32 = -18;
const PASSWORD_EXPIRED: i32 = -15;
const SOCKET_TIMEOUT: i32 = -30;
const EAGAIN: i32 = -37;
const SOCKET_SEND: i32 = -7;
const SOCKET_DISCONNECT: i32 = -13;
const SOCKET_RECV: i32 = -43;
const ALGO_UNSUPPORTED: i32 = -51;
const BANNER_RECV: i32 = -2;

/// Where an exchange stands, for `stage` of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Connect,
    Handshake,
    Methods,
    Logon,
}

impl Stage {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Handshake => "handshake",
            Self::Methods => "methods",
            Self::Logon => "logon",
        }
    }
}

/// What a failed step of libssh2 says about the server. `overdue`: the deadline has passed, so a socket that ended may
/// have been ended by us.
pub(super) fn response(stage: Stage, error: &Error, overdue: bool) -> SshResponse {
    let no_answer = || SshResponse::NoAnswer { stage: stage.word().into() };
    match error.code() {
        ErrorCode::Session(TIMEOUT | SOCKET_TIMEOUT | EAGAIN) => no_answer(),
        _ if overdue => no_answer(),
        ErrorCode::Session(KEX_FAILURE | METHOD_NONE | ALGO_UNSUPPORTED) if stage == Stage::Handshake => {
            SshResponse::NoCommonAlgorithm { text: error.message().into() }
        }
        ErrorCode::Session(SOCKET_DISCONNECT | SOCKET_RECV | SOCKET_SEND | BANNER_RECV) => {
            SshResponse::Dropped { stage: stage.word().into() }
        }
        // No SSH, or SSH that libssh2 cannot follow: it ends the exchange itself, and says at what.
        _ => SshResponse::Dropped { stage: format!("{}: {}", stage.word(), error.message()) },
    }
}

/// Whether the server refused the credential.
pub(super) fn is_denial(error: &Error) -> bool {
    error.code() == ErrorCode::Session(AUTHENTICATION_FAILED)
}

/// Whether the server took the password and wants a new one.
pub(super) fn is_expired(error: &Error) -> bool {
    error.code() == ErrorCode::Session(PASSWORD_EXPIRED)
}
