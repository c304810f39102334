//! A real Chromium: driven over WebDriver, or run once to print.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use serde_json::{Value, json};

/// Whether these programs can be run; where they must be there and are not, the test fails.
pub fn have(programs: &[(&str, &str)]) -> bool {
    for (program, package) in programs {
        if Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            assert!(std::env::var_os("ASSAY_REQUIRE_PEERS").is_none(), "{package} is not installed");
            eprintln!("skipped: {package} is not installed");
            return false;
        }
    }
    true
}

/// A file of the tools folder that `.ci/install` fills; `None` where it is missing and may be.
pub fn tool(path: &str, name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tools");
    let tools = std::env::var_os("ASSAY_TOOLS").map_or(beside, PathBuf::from);
    let found = Some(tools.join(path)).filter(|p| p.exists());
    if found.is_none() {
        assert!(std::env::var_os("ASSAY_REQUIRE_PEERS").is_none(), "{name} is not installed: run .ci/install");
        eprintln!("skipped: {name} is not installed");
    }
    found
}

/// A browser of its own, closed when it goes out of scope.
pub struct Browser {
    pub client: Client,
    driver: Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    pub async fn start(width: u32, height: u32) -> Self {
        Self::with(width, height, true).await
    }

    /// With `scripts` off, pages run none: as a careful reader has it.
    pub async fn with(width: u32, height: u32, scripts: bool) -> Self {
        let mut driver =
            Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next().expect("chromedriver says its port").unwrap();
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        let profile = tempfile::tempdir().unwrap();
        let arguments = json!([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            format!("--window-size={width},{height}"),
            format!("--user-data-dir={}", profile.path().display())
        ]);
        let preferences = json!({"profile.managed_default_content_settings.javascript": if scripts { 1 } else { 2 }});
        let capabilities = json!({"goog:chromeOptions": {"args": arguments, "prefs": preferences},
            "goog:loggingPrefs": {"browser": "ALL"}});
        let capabilities = capabilities.as_object().unwrap().clone();
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap();
        Self { client, driver, _profile: profile }
    }

    /// A command of the DevTools protocol.
    pub async fn devtools(&self, cmd: &str, params: Value) -> Value {
        self.client
            .issue_cmd(Chrome { path: "goog/cdp/execute", body: json!({"cmd": cmd, "params": params}) })
            .await
            .unwrap()
    }

    pub async fn media(&self, media: &str, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.devtools("Emulation.setEmulatedMedia", json!({"media": media, "features": features})).await;
    }

    /// What the browser complained about: refused styles and scripts, errors.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.client.issue_cmd(Chrome { path: "se/log", body: json!({"type": "browser"}) }).await.unwrap();
        log.as_array().unwrap().iter().map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Prints the page that is open.
    pub async fn print(&self, pdf: &Path) {
        let printed = self.devtools("Page.printToPDF", json!({"preferCSSPageSize": true})).await;
        let bytes = base64::engine::general_purpose::STANDARD.decode(printed["data"].as_str().unwrap()).unwrap();
        std::fs::write(pdf, bytes).unwrap();
    }

    pub async fn screenshot(&self, path: &Path) {
        std::fs::write(path, self.client.screenshot().await.unwrap()).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill(); // takes its browser with it
        let _ = self.driver.wait();
    }
}

#[derive(Debug)]
struct Chrome {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Chrome {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

/// The text of a PDF, white space made one.
pub fn text_of(pdf: &Path) -> String {
    let out = Command::new("pdftotext").arg(pdf).arg("-").output().unwrap();
    assert!(out.status.success());
    String::from_utf8_lossy(&out.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Serves one page under Jenkins' default policy for archived files; gives its address.
pub fn serve_as_jenkins(page: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut seen = [0; 4096];
            let _ = stream.read(&mut seen);
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\
                 content-security-policy: sandbox; default-src 'none'; img-src 'self'; style-src 'self';\r\n\r\n",
                page.len()
            );
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&page));
        }
    });
    format!("http://{address}/")
}
