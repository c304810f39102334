//! Signing by `ssh-keygen -Y sign`: FIDO tokens, PKCS#11, and kinds of key that are not signed with here.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

/// Longer output is no signature.
const LONGEST: usize = 64 * 1024;

/// The armoured signature. Prompts of ssh-keygen (passphrase, PIN, touch) reach the person as ssh-keygen shows them; it
/// waits as long as that person does.
///
/// # Errors
/// ssh-keygen is not installed, or ended with an error; what it said stands on standard error.
pub(in crate::pack) fn sign_by_command(key: &Path, namespace: &str, message: &[u8]) -> io::Result<String> {
    let mut child = Command::new("ssh-keygen")
        .args(["-q", "-Y", "sign", "-n", namespace, "-f"])
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| io::Error::new(e.kind(), format!("ssh-keygen could not be started: {e}")))?;
    if let Some(mut stdin) = child.stdin.take() {
        // Broken pipe: it ended early, and its status says more.
        let _ = stdin.write_all(message);
    }
    let out = child.wait_with_output()?;
    if !out.status.success() || out.stdout.len() > LONGEST {
        return Err(io::Error::other(format!("ssh-keygen ended with {} and made no signature", out.status)));
    }
    String::from_utf8(out.stdout).map_err(|_| io::Error::other("ssh-keygen wrote something that is no text"))
}
