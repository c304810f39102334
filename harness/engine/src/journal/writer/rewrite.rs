//! Taking a secret out of lines that were written before it was known to be one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};

use assay_model::journal::Line;

use super::{Journal, lock};
use crate::journal::line::{GENESIS, digest, encode};
use crate::journal::reader::{JournalError, read};

impl Journal {
    /// Gives every line but the first to `edit`, and where one changes writes the journal anew under its own name: same
    /// numbers, times and order, with the chain closed again from there on. Returns the numbers of the changed lines.
    ///
    /// Only before a journal's head was given away is that honest, and it is said in the line that follows. The first line
    /// may be time-stamped already, so it stays.
    ///
    /// # Errors
    /// The journal does not verify, or the disk refused; the old one is then still in its place.
    pub(crate) fn rewrite(&mut self, mut edit: impl FnMut(&mut Line) -> bool) -> Result<Vec<u64>, JournalError> {
        self.sync()?;
        let beside = self.path.with_added_extension("tmp");
        let error = |source| JournalError::Io { what: "write anew", path: self.path.clone(), source };
        let mut out = BufWriter::new(File::create(&beside).map_err(error)?);
        let (mut head, mut changed, mut failed) = (GENESIS.to_owned(), Vec::new(), Ok(()));
        let mut buffer = Vec::new();
        let found = read(&self.path, |mut line| {
            if line.seq > 1 && edit(&mut line) {
                changed.push(line.seq);
            }
            line.prev = std::mem::take(&mut head);
            buffer.clear();
            encode(&line, &mut buffer);
            head = digest(&buffer);
            buffer.push(b'\n');
            if failed.is_ok() {
                failed = out.write_all(&buffer);
            }
        })?;
        if found.recovered > 0 && !changed.is_empty() {
            // Torn bytes are part of the chain and no line: nothing here could put them back.
            let torn =
                io::Error::other("it holds a line that was torn by a crash, so its chain cannot be closed again");
            return Err(error(torn));
        }
        let written = failed.and_then(|()| out.into_inner().map_err(io::IntoInnerError::into_error));
        let file = written.and_then(|file| file.sync_all().map(|()| file)).map_err(error)?;
        drop(file);
        if changed.is_empty() {
            fs::remove_file(&beside).map_err(error)?;
            return Ok(changed);
        }
        let file = OpenOptions::new().append(true).open(&beside).map_err(error)?;
        lock(&file, &self.path)?;
        fs::rename(&beside, &self.path).map_err(error)?;
        if let Some(folder) = self.path.parent() {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(error)?;
        }
        self.out = BufWriter::with_capacity(1 << 16, file);
        self.head = head;
        Ok(changed)
    }
}
