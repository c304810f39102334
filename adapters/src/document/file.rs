//! Documents that the supplier handed over as files of the dossier.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use assay_model::touch::document::{Document, DocumentResponse};
use assay_model::{Deadline, Fault, Payload};
use tokio::io::AsyncReadExt as _;

use crate::socket::within;

/// Reads a file of the dossier. An absolute path is taken as given: whoever wrote the dossier meant it.
///
/// # Errors
/// A relative path that leaves the folder, by `..` or by a symbolic link; a file that is there and cannot be read.
pub(super) async fn read(
    folder: &Path,
    source: &str,
    max_bytes: u32,
    until: Deadline,
) -> Result<DocumentResponse, Fault> {
    match within(until, read_now(folder, source, max_bytes)).await {
        Some(result) => result,
        None => Err(Fault::timeout(format!("reading `{source}` took longer than the deadline"))),
    }
}

async fn read_now(folder: &Path, source: &str, max_bytes: u32) -> Result<DocumentResponse, Fault> {
    let absent = |text: String| Ok(DocumentResponse::Absent { text, redirects: Vec::new() });
    let path = match locate(folder, source).await? {
        Some(path) => path,
        None => return absent(format!("no such file: `{source}` in {}", folder.display())),
    };
    let unreadable = |e: std::io::Error| {
        Fault::bench("document-unreadable", format!("cannot read {}: {e}", path.display()))
            .with_help("look at the file's permissions")
    };
    // Asked before opening: opening a named pipe would wait for its other end.
    if !tokio::fs::metadata(&path).await.map_err(unreadable)?.is_file() {
        return absent(format!("{} is not a file", path.display()));
    }
    let file = tokio::fs::File::open(&path).await.map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(u64::from(max_bytes) + 1).read_to_end(&mut bytes).await.map_err(unreadable)?;
    let truncated = bytes.len() > max_bytes as usize;
    bytes.truncate(max_bytes as usize);
    Ok(DocumentResponse::Document(Box::new(Document {
        url: source.to_owned(),
        redirects: Vec::new(),
        status: 0,
        headers: Vec::new(),
        media_type: media_type(&path).to_owned(),
        bytes: Payload(bytes),
        truncated,
        text: String::new(),
        markup: String::new(),
        unread: String::new(),
        sha256: String::new(),
        tls: None,
        tls_verifies: None,
    })))
}

/// The real path; `None` where nothing is there.
async fn locate(folder: &Path, source: &str) -> Result<Option<PathBuf>, Fault> {
    let outside = || {
        Fault::plan("outside-dossier", format!("`{source}` leads out of the dossier's folder {}", folder.display()))
            .with_help("put the document beside the dossier, or give an absolute path")
    };
    let relative = Path::new(source).is_relative();
    if relative && Path::new(source).components().any(|c| c == std::path::Component::ParentDir) {
        return Err(outside());
    }
    let real = match tokio::fs::canonicalize(folder.join(source)).await {
        Ok(real) => real,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(e) => {
            return Err(Fault::bench("document-unreadable", format!("cannot reach `{source}`: {e}")));
        }
    };
    if relative {
        let inside = tokio::fs::canonicalize(folder).await.is_ok_and(|folder| real.starts_with(folder));
        if !inside {
            return Err(outside());
        }
    }
    Ok(Some(real))
}

/// By extension: nobody else says.
fn media_type(path: &Path) -> &'static str {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    match extension.as_str() {
        "html" | "htm" => "text/html",
        "xhtml" => "application/xhtml+xml",
        "txt" | "text" => "text/plain",
        "md" => "text/markdown",
        "csv" => "text/csv",
        "json" => "application/json",
        "xml" => "application/xml",
        "yaml" | "yml" => "application/yaml",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        _ => "application/octet-stream",
    }
}
