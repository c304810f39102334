//! What is read of a web server's answers, fed any bytes: for the fuzz targets.

use assay_model::touch::http::HttpAnswer;

use super::{links, page, reading};
use crate::auth::logon::digest::Challenge;

pub(crate) fn fuzz_answer(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    for (path, media) in [("/a/b", "text/html"), ("/robots.txt", "text/plain"), ("/openapi.json", "application/json")] {
        links::of(path, media, &text, "192.0.2.1:80");
    }
    let _ = (reading::is_listing(&text), reading::insides(&text), reading::secret(&text));
    let _ = (page::title(&text), page::logon_form(&text));
    if let Some(challenge) = Challenge::read(&text) {
        challenge.answer("GET", "/", "user", "password", "own");
    }
    let headers = vec![("set-cookie".to_owned(), text.clone()), ("server".to_owned(), text)];
    let answer = HttpAnswer { status: 200, headers, body: bytes.into(), truncated: false, tls: None, duration_ms: 0 };
    let _ = (reading::cookies(&answer), reading::versions(&answer, &answer.body.lossy()));
}
