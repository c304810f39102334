//! A connection with its handshake done, and the facts of that.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use assay_model::{
    Deadline,
    touch::ssh::{SshHello, SshResponse},
};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use sha2::{Digest, Sha256};
use ssh2::{MethodType, Session};

use super::ending::{self, Stage};

/// Agreed algorithms under the names that the responses give them.
const AGREED: [(&str, MethodType); 8] = [
    ("kex", MethodType::Kex),
    ("host_key", MethodType::HostKey),
    ("cipher_out", MethodType::CryptCs),
    ("cipher_in", MethodType::CryptSc),
    ("mac_out", MethodType::MacCs),
    ("mac_in", MethodType::MacSc),
    ("compression_out", MethodType::CompCs),
    ("compression_in", MethodType::CompSc),
];

/// A session after its handshake.
pub(super) struct Greeted {
    pub(super) session: Session,
    socket: Arc<TcpStream>,
    until: Deadline,
}

impl Greeted {
    /// Shakes hands on `socket`. Blocking.
    pub(super) fn new(socket: Arc<TcpStream>, until: Deadline) -> Result<Self, SshResponse> {
        let failed = |e: &ssh2::Error| ending::response(Stage::Handshake, e, until.passed());
        let mut session = Session::new().map_err(|e| failed(&e))?;
        session.set_tcp_stream(Arc::clone(&socket));
        let mut greeted = Self { session, socket, until };
        greeted.allow();
        greeted.session.handshake().map_err(|e| failed(&e))?;
        Ok(greeted)
    }

    /// Gives the next blocking call what is left of the deadline.
    pub(super) fn allow(&self) {
        // Zero would mean: for ever.
        let left = self.until.remaining().max(Duration::from_millis(1));
        self.session.set_timeout(u32::try_from(left.as_millis()).unwrap_or(u32::MAX));
    }

    /// The deadline of the request.
    pub(super) const fn until(&self) -> Deadline {
        self.until
    }

    /// The socket, to wait on.
    pub(super) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// What a failed step says about the server.
    pub(super) fn ended(&self, stage: Stage, error: &ssh2::Error) -> SshResponse {
        ending::response(stage, error, self.until.passed())
    }

    /// The facts of the handshake.
    pub(super) fn hello(&self) -> SshHello {
        let key = self.session.host_key().map(|(key, _)| key).unwrap_or_default();
        let agreed: BTreeMap<String, String> = AGREED
            .iter()
            .filter_map(|(name, method)| Some(((*name).to_owned(), self.session.methods(*method)?.to_owned())))
            .collect();
        SshHello {
            banner: self.session.banner_bytes().map(|b| String::from_utf8_lossy(b).into_owned()).unwrap_or_default(),
            host_key_type: key_type(key),
            host_key_sha256: STANDARD_NO_PAD.encode(Sha256::digest(key)),
            agreed,
        }
    }
}

/// The name at the head of a key blob (RFC 4253, 6.6): a length and as many bytes.
fn key_type(key: &[u8]) -> String {
    let name = key
        .split_first_chunk()
        .and_then(|(length, rest)| rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?));
    name.map(|n| String::from_utf8_lossy(n).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::key_type;

    #[test]
    fn a_key_blob_that_lies_about_its_length_has_no_type() {
        assert_eq!(key_type(b"\0\0\0\x0bssh-ed25519\0\0\0\x20"), "ssh-ed25519");
        assert_eq!(key_type(b"\xff\xff\xff\xffssh"), "");
        assert_eq!(key_type(b""), "");
    }
}
