//! SSH by libssh2: handshake, methods, logon, one command.

use serde::{Deserialize, Serialize};

use crate::{Endpoint, Payload};

/// SSH.
pub struct Ssh;

impl super::Protocol for Ssh {
    const NAME: &'static str = "ssh";
    type Request = SshRequest;
    type Response = SshResponse;
}

/// What can be asked. Each request is a connection of its own.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SshRequest {
    /// Handshake only: banner, host key, what was agreed on.
    Hello {
        /// Where to.
        endpoint: Endpoint,
    },
    /// The methods that the server offers to `user`. Looks at the `none` method first: it may succeed.
    Methods {
        /// Where to.
        endpoint: Endpoint,
        /// For whom.
        user: String,
    },
    /// A logon by password (keyboard-interactive where that alone is offered), then at most one command.
    Logon {
        /// Where to.
        endpoint: Endpoint,
        /// Who.
        user: String,
        /// The password.
        password: String,
        /// A command to run once logged on.
        command: Option<String>,
    },
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SshResponse {
    /// The handshake completed.
    Hello(SshHello),
    /// Methods offered.
    Methods {
        /// `password`, `publickey`, `keyboard-interactive`; empty where `none` succeeded.
        methods: Vec<String>,
        /// The server let the user in without any credential.
        none_accepted: bool,
    },
    /// The password was accepted.
    Accepted {
        /// Output of the command, stdout then stderr, at most 64 KiB.
        output: Payload,
        /// Its exit status.
        exit: Option<i32>,
    },
    /// The password was refused.
    Denied {
        /// Milliseconds that the server took to say so.
        after_ms: u64,
    },
    /// The server closed while the logon was under way: often a lockout.
    Dropped {
        /// At which stage.
        stage: String,
    },
    /// Connection refused.
    Refused,
    /// Nothing more came within the deadline.
    NoAnswer {
        /// At which stage.
        stage: String,
    },
    /// libssh2 and the server have no algorithm in common: says nothing about logons.
    NoCommonAlgorithm {
        /// What libssh2 said.
        text: String,
    },
}

/// Facts of a handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshHello {
    /// The server's banner line.
    pub banner: String,
    /// `ssh-ed25519`, `ecdsa-sha2-nistp256`, ...
    pub host_key_type: String,
    /// SHA-256 of the host key, base64 without padding, as OpenSSH prints it.
    pub host_key_sha256: String,
    /// Agreed algorithms by libssh2's names: `kex`, `cipher_out`, `mac_out`, ...
    pub agreed: std::collections::BTreeMap<String, String>,
}
