//! What OpenSSH puts on the wire and into files, as far as signatures need it: public keys of every kind, SSHSIG, the agent.
//!
//! Private keys are read by the `ssh-key` crate. Verifying is done here with AWS-LC, because that crate verifies RSA only
//! through `rsa` (RUSTSEC-2023-0071).

mod agent;
mod keygen;
mod public_key;
mod sshsig;
mod wire;

pub(super) use agent::Agent;
pub(super) use keygen::sign_by_command;
pub(super) use public_key::PublicKey;
pub(super) use sshsig::{SshSig, ed25519_signature, signed_data};
pub(super) use wire::Wire;
