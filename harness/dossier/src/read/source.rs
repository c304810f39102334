//! Bytes of a file, bounded.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::place::{Finding, Place};

/// Most bytes of a file. The largest honest dossiers are a tenth of it.
const MAX_BYTES: u64 = 16 << 20;

/// The bytes of a regular file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Box<Finding>> {
    let place = Place::File(path.display().to_string());
    let failed = |e: std::io::Error| {
        let text = format!("it cannot be read: {e}");
        Box::new(Finding::mistake("import::file", &place, text, "see whether the path is right"))
    };
    let file = File::open(path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    if !meta.is_file() {
        return Err(Box::new(Finding::mistake(
            "import::file",
            &place,
            "this is no regular file",
            "name the files in it one by one",
        )));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        let text = format!("it has {} MiB, and {} MiB are the limit", meta.len() >> 20, MAX_BYTES >> 20);
        return Err(Box::new(Finding::mistake(
            "import::size",
            &place,
            text,
            "take pictures and empty formatted cells out of it",
        )));
    }
    Ok(bytes)
}

/// UTF-8, with or without its mark, or UTF-16 with its mark.
pub(super) fn text(file: &str, bytes: &[u8]) -> Result<String, Box<Finding>> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16(&units).ok()
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => std::str::from_utf8(rest).ok().map(str::to_owned),
        all => std::str::from_utf8(all).ok().map(str::to_owned),
    };
    text.ok_or_else(|| {
        let good = std::str::from_utf8(bytes).map_or_else(|e| e.valid_up_to(), str::len);
        let before = String::from_utf8_lossy(&bytes[..good]);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        let place = Place::Text { file: file.to_owned(), line, column };
        let help = "save it as UTF-8 (in a spreadsheet: `CSV UTF-8`); which letters were meant is not guessed";
        Box::new(Finding::mistake("import::encoding", &place, "this is no UTF-8", help))
    })
}
