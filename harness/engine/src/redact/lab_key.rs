//! The lab's public key: what evidence is encrypted to that holds secrets in clear.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

/// Writes one file that only the lab can read.
pub type Encrypting = age::stream::StreamWriter<File>;

/// A recipient of the age format, `age1...`; its identity stays with the lab.
#[derive(Clone)]
pub struct LabKey(age::x25519::Recipient);

impl LabKey {
    /// A new file, readable with the lab's identity alone (`age -d -i FILE`).
    ///
    /// # Errors
    /// The file is there already or cannot be written.
    pub fn encrypting(&self, path: &Path) -> io::Result<Encrypting> {
        let to = std::iter::once(&self.0 as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(to).map_err(io::Error::other)?;
        encryptor.wrap_output(File::create_new(path)?)
    }

    /// Encrypts a whole file into a new one.
    ///
    /// # Errors
    /// Either cannot be read or written.
    pub fn encrypt(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut out = self.encrypting(to)?;
        io::copy(&mut File::open(from)?, &mut out)?;
        let mut file = out.finish()?;
        file.flush()?;
        file.sync_all()
    }
}

impl FromStr for LabKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
            return Err("this is the identity, which stays with the lab; the recipient beside it begins with age1");
        }
        text.trim().parse().map(Self)
    }
}

impl std::fmt::Debug for LabKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LabKey({})", self.0)
    }
}
