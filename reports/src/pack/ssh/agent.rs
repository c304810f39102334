//! ssh-agent's protocol, the two requests that signing needs (draft-ietf-sshm-ssh-agent).

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::public_key::PublicKey;
use super::wire::{Wire, put};

/// A person may have to touch a token or type a PIN.
const PATIENCE: Duration = Duration::from_secs(60);
/// OpenSSH's own bound on a message.
const LONGEST: u32 = 256 * 1024;

const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
/// RSA signs with SHA-512.
const RSA_SHA2_512: u32 = 4;

/// Where an agent listens.
#[derive(Debug, Clone)]
pub(in crate::pack) struct Agent(pub(in crate::pack) PathBuf);

impl Agent {
    /// The keys that it holds, with their comments.
    ///
    /// # Errors
    /// Nobody answers there, or not as an agent does.
    pub(in crate::pack) fn keys(&self) -> io::Result<Vec<(PublicKey, String)>> {
        let answer = ask(&self.0, &[REQUEST_IDENTITIES])?;
        let mut wire = Wire(&answer);
        let mut read = || -> Option<Vec<(PublicKey, String)>> {
            wire.byte().filter(|b| *b == IDENTITIES_ANSWER)?;
            let count = wire.u32()?;
            (0..count.min(LONGEST / 8))
                .map(|_| {
                    let key = PublicKey::from_wire(wire.string()?)?;
                    Some((key, String::from_utf8_lossy(wire.string()?).into_owned()))
                })
                .collect()
        };
        read().ok_or_else(|| io::Error::other("the agent did not list its keys"))
    }

    /// A signature over `data` in SSH's encoding.
    ///
    /// # Errors
    /// As [`Agent::keys`]; or the agent refuses: it does not hold the key, or its owner said no.
    pub(in crate::pack) fn sign(&self, key: &PublicKey, data: &[u8]) -> io::Result<Vec<u8>> {
        let mut request = vec![SIGN_REQUEST];
        put(&mut request, key.wire());
        put(&mut request, data);
        let flags = if key.kind() == "ssh-rsa" { RSA_SHA2_512 } else { 0 };
        request.extend_from_slice(&flags.to_be_bytes());
        let answer = ask(&self.0, &request)?;
        let mut wire = Wire(&answer);
        let signature = wire.byte().filter(|b| *b == SIGN_RESPONSE).and_then(|_| wire.string());
        signature.map(<[u8]>::to_vec).ok_or_else(|| {
            io::Error::other("the agent refused to sign: it does not hold the key, or confirmation was not given")
        })
    }
}

fn ask(socket: &Path, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut agent = UnixStream::connect(socket)?;
    agent.set_read_timeout(Some(PATIENCE))?;
    agent.set_write_timeout(Some(PATIENCE))?;
    let mut message = Vec::with_capacity(request.len() + 4);
    put(&mut message, request);
    agent.write_all(&message)?;
    let mut length = [0; 4];
    agent.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > LONGEST {
        return Err(io::Error::other("the agent's answer is longer than any agent's"));
    }
    let mut answer = vec![0; length as usize];
    agent.read_exact(&mut answer)?;
    Ok(answer)
}
