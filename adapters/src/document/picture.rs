//! A picture of a page as a browser shows it, where the machine has a browser.
//!
//! A browser runs what a page brings with it and asks whom the page names, from the bench's own host: only a plan that says
//! so gets one. It starts with an empty profile, for one page, and is ended at its deadline.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use assay_model::touch::document::{Document, DocumentResponse};
use assay_model::{Deadline, Payload};
use tokio::process::Command;

use crate::socket::within;

const LONGEST: Duration = Duration::from_secs(30);
/// Larger pictures are no evidence but a nuisance.
const MOST_BYTES: usize = 16 << 20;
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// Nothing but the page: no first run, no updates, no sync.
const QUIET: [&str; 9] = [
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--window-size=1280,1600",
];

/// Takes it. `hosts` are names that the bench answers itself.
pub(super) async fn take(url: &str, hosts: &BTreeMap<String, IpAddr>, until: Deadline) -> DocumentResponse {
    let absent = |text: String| DocumentResponse::Absent { text, redirects: Vec::new() };
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return absent("no picture: only pages of the web have one".into());
    }
    let Some(browser) = installed() else { return absent("no picture: no browser is installed".into()) };
    match within(until.capped(LONGEST), shown(browser, url, hosts)).await {
        None => absent("no picture: the browser took longer than is allowed, and was ended".into()),
        Some(Err(why)) => absent(format!("no picture: {why}")),
        Some(Ok(png)) => DocumentResponse::Document(Box::new(Document {
            url: url.to_owned(),
            redirects: Vec::new(),
            status: 200,
            headers: Vec::new(),
            media_type: "image/png".into(),
            bytes: Payload(png),
            truncated: false,
            text: String::new(),
            markup: String::new(),
            unread: String::new(),
            sha256: String::new(),
            tls: None,
            tls_verifies: None,
        })),
    }
}

fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).flat_map(|folder| BROWSERS.map(|name| folder.join(name))).find(|file| file.is_file())
}

async fn shown(browser: PathBuf, url: &str, hosts: &BTreeMap<String, IpAddr>) -> Result<Vec<u8>, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let picture = folder.path().join("page.png");
    let rules: Vec<String> = hosts.iter().map(|(name, address)| format!("MAP {name} {address}")).collect();
    let mut command = Command::new(browser);
    command.args(QUIET).arg(format!("--user-data-dir={}", folder.path().join("profile").display()));
    command
        .arg(format!("--screenshot={}", picture.display()))
        .arg(format!("--host-resolver-rules={}", rules.join(",")));
    if rustix::process::geteuid().is_root() {
        command.arg("--no-sandbox"); // it starts without one as root, or not at all
    }
    command.arg("--").arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let ended = command.status().await.map_err(|e| format!("the browser could not be started: {e}"))?;
    let png = tokio::fs::read(&picture).await.map_err(|_| format!("the browser ended with {ended} and left none"))?;
    if png.len() > MOST_BYTES {
        return Err(format!("it has {} bytes, and at most {MOST_BYTES} are kept", png.len()));
    }
    Ok(png)
}
