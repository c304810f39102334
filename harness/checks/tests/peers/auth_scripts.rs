//! Logons of web servers that are hard to read, by scripts: what leads to the form and away from it, what takes anything,
//! what dies in the middle of a series.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::access::ask;

/// One request: `METHOD /path`, its whole head, and its body.
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Asked {
    fn is(&self, line: &str) -> bool {
        self.line == line
    }

    /// Whether it carries the right password.
    fn right(&self) -> bool {
        self.body.contains("right-1")
    }

    fn logged_on(&self) -> bool {
        self.head.contains("s=in")
    }
}

async fn request(stream: &mut TcpStream) -> Option<Asked> {
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&all).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|l| l.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            if body.len() >= length.unwrap_or(0) {
                let line: Vec<&str> = head.split(' ').take(2).collect();
                return Some(Asked { line: line.join(" "), head: head.to_owned(), body: body.to_owned() });
            }
        }
        match stream.read(&mut buffer).await {
            Ok(read @ 1..) => all.extend(&buffer[..read]),
            _ => return None,
        }
    }
}

/// A server that answers each request over a connection of its own; an empty answer closes it, `None` ends the server.
pub(crate) async fn scripted<F>(host: &str, answer: F) -> u16
where
    F: Fn(&str, &Asked) -> Option<String> + Send + Sync + 'static,
{
    let listener = TcpListener::bind((host, 0)).await.expect("binds");
    let at = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let Some(asked) = request(&mut stream).await else { continue };
            let Some(said) = answer(&at.to_string(), &asked) else { return };
            let _ = stream.write_all(said.as_bytes()).await;
        }
    });
    at.port()
}

pub(crate) fn page(status: &str, headers: &str, body: &str) -> Option<String> {
    let length = body.len();
    Some(format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"))
}

fn led(to: &str, headers: &str) -> Option<String> {
    page("302 Found", &format!("Location: {to}\r\n{headers}"), "")
}

const FORM: &str = "<form method=post action=\"login.cgi\"><input name=u><input type=password name=p></form>";
const IN: &str = "Set-Cookie: s=in\r\n";

fn at(port: u16, path: &str) -> Value {
    json!({"port": port, "tls": false, "service": "http-form", "path": path})
}

/// The same place, asked for its limit.
async fn limit(host: &str, port: u16, path: &str, more: Value) -> Value {
    let mut params = at(port, path);
    params["user"] = "admin".into();
    params["tries"] = 3.into();
    more.as_object().into_iter().flatten().for_each(|(name, value)| params[name] = value.clone());
    ask("auth.lockout", host, params).await
}

/// The same place, asked for default passwords.
async fn defaults(host: &str, port: u16, path: &str, list: Value) -> Value {
    let mut params = at(port, path);
    params["wordlist"] = list;
    ask("auth.try_credentials", host, params).await
}

/// Both logons lead away from the form at `/`, one home and one back.
#[tokio::test]
async fn a_form_at_the_root_with_a_relative_action_and_absolute_redirects_is_read() {
    let host = "127.42.30.1";
    let port = scripted(host, |own, asked| {
        if asked.is("POST /login.cgi") && asked.right() {
            return led(&format!("http://{own}/home"), IN);
        }
        match asked.line.as_str() {
            "GET /home" if asked.logged_on() => page("200 OK", "", "<h1>Live view</h1>"),
            "POST /login.cgi" => led(&format!("http://{own}/?err=1"), ""),
            "GET /" | "GET /?err=1" => page("200 OK", "", FORM),
            _ => page("404 Not Found", "", ""),
        }
    })
    .await;
    let hit = defaults(host, port, "/", json!(["admin:wrong", "admin:right-1"])).await;
    assert_eq!(hit["accepted"], json!([{"user": "admin", "credential": "inline#2"}]), "{hit:#}");
    let seen = limit(host, port, "/", json!({"password": "right-1"})).await;
    assert_eq!((&seen["right_password_worked_before"], &seen["right_password_works"]), (&json!(true), &json!(true)));
    assert_eq!((&seen["limited"], &seen["by"], &seen["tries"]), (&json!(false), &Value::Null, &json!(3)), "{seen:#}");
    // A password that never worked: its refusal is no limit.
    let seen = limit(host, port, "/", json!({"password": "stale"})).await;
    assert_eq!((&seen["right_password_worked_before"], &seen["limited"]), (&json!(false), &json!(false)), "{seen:#}");
    assert_eq!((&seen["tries"], &seen["wrong_password_refused"]), (&json!(0), &json!(false)), "{seen:#}");
}

/// `/` leads strangers to the form: a wrong password is led there, and so is the right one.
#[tokio::test]
async fn what_is_led_on_to_the_form_is_refused() {
    let host = "127.42.30.2";
    let port = scripted(host, |_, asked| match asked.line.as_str() {
        "POST /login.cgi" if asked.right() => led("/", IN),
        "POST /login.cgi" => led("/?err=1", ""),
        "GET /" if asked.logged_on() => page("200 OK", "", "<h1>Live view</h1>"),
        "GET /" | "GET /?err=1" => led("/login", ""),
        "GET /login" => page("200 OK", "", FORM),
        _ => page("404 Not Found", "", ""),
    })
    .await;
    let hit = defaults(host, port, "/login", json!(["admin:wrong", "admin:right-1"])).await;
    assert_eq!(hit["accepted"], json!([{"user": "admin", "credential": "inline#2"}]), "{hit:#}");
    let miss = defaults(host, port, "/login", json!(["admin:wrong"])).await;
    assert_eq!((&miss["accepted"], &miss["exhausted"]), (&json!([]), &json!(true)), "{miss:#}");
    let seen = limit(host, port, "/login", json!({"password": "right-1"})).await;
    assert_eq!((&seen["wrong_password_refused"], &seen["limited"]), (&json!(true), &json!(false)), "{seen:#}");
}

#[tokio::test]
async fn what_seems_to_take_any_password_tells_nothing() {
    let host = "127.42.30.3";
    let port = scripted(host, |_, asked| match asked.line.as_str() {
        "GET /login" => page("200 OK", "", FORM),
        _ => page("200 OK", "", "<script>start()</script>"),
    })
    .await;
    let seen = defaults(host, port, "/login", json!(["admin:admin", "root:root"])).await;
    assert_eq!((&seen["accepted"], &seen["answered"]), (&json!([]), &json!(false)), "{seen:#}");
    assert_eq!((&seen["stopped"], &seen["exhausted"]), (&json!("unusable"), &json!(false)), "{seen:#}");
    let seen = limit(host, port, "/login", json!({})).await;
    assert_eq!((&seen["limited"], &seen["wrong_password_refused"]), (&json!(false), &json!(false)), "{seen:#}");
    let elsewhere = scripted(host, |_, asked| match asked.line.as_str() {
        "GET /login" => page("200 OK", "", FORM),
        _ => led("http://192.0.2.9/home", ""),
    })
    .await;
    let seen = defaults(host, elsewhere, "/login", json!(["admin:admin"])).await;
    assert_eq!((&seen["accepted"], &seen["stopped"]), (&json!([]), &json!("unusable")), "{seen:#}");
}

/// A JSON logon that ends after `lives` wrong passwords: for ever, or for some connections.
async fn mortal(host: &str, lives: u32, back_after: Option<u32>) -> u16 {
    let wrong = Arc::new(AtomicU32::new(0));
    scripted(host, move |_, asked| {
        if asked.right() && wrong.load(Ordering::Relaxed) <= lives {
            return page("200 OK", "", "{\"token\":\"t\"}");
        }
        let count = wrong.fetch_add(1, Ordering::Relaxed) + 1;
        match back_after {
            _ if count <= lives => page("401 Unauthorized", "", "{}"),
            None => None,
            Some(after) if count <= lives + after => Some(String::new()),
            Some(_) => {
                wrong.store(0, Ordering::Relaxed);
                page("401 Unauthorized", "", "{}")
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_service_that_dies_is_told_from_one_that_closes_for_a_while() {
    let host = "127.42.30.4";
    let json = json!({"service": "https-json", "password": "right-1", "tries": 6, "reachable_within_ms": 8_000});
    let dies = mortal(host, 2, None).await;
    let seen = limit(host, dies, "/api/login", json.clone()).await;
    assert_eq!((&seen["by"], &seen["unreachable_after"]), (&json!("disconnect"), &json!(true)), "{seen:#}");
    let closes = mortal(host, 2, Some(5)).await;
    let seen = limit(host, closes, "/api/login", json).await;
    assert_eq!((&seen["by"], &seen["unreachable_after"]), (&json!("disconnect"), &json!(false)), "{seen:#}");
}
