//! What web servers give to strangers: lighttpd, nginx and BusyBox, each good, bad and stopped; and servers that mean harm.

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::access::ask;
use crate::auth_scripts::{page, scripted};
use crate::peer::{Peer, free_port, installed};

fn write(folder: &Path, file: &str, text: &str) {
    std::fs::write(folder.join(file), text).expect("writes");
}

fn open(port: u16) -> Value {
    json!([{"port": port, "proto": "tcp", "service": "http", "tls": false}])
}

/// `[gate path, ...]`, sorted.
fn gates(seen: &Value) -> Vec<String> {
    let routes = seen["routes"].as_array().expect("a list").iter();
    let mut all: Vec<String> = routes
        .map(|r| format!("{} {}", r["gate"].as_str().expect("gate"), r["path"].as_str().expect("path")))
        .collect();
    all.sort();
    all
}

fn site(folder: &Path) {
    for sub in ["files", "private"] {
        std::fs::create_dir(folder.join(sub)).expect("made");
    }
    write(folder, "index.html", "<title>C1</title><a href=\"/files/\">files</a><a href='/private/x.html'>x</a>");
    write(&folder.join("files"), "backup.txt", "wpa_key=correcthorse\nserial C1-000777\n");
    write(&folder.join("private"), "x.html", "<title>x</title>");
}

fn lighttpd(host: &str, more: &str) -> Option<Peer> {
    let program = installed("lighttpd", "lighttpd")?;
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("www");
    std::fs::create_dir(&root).expect("made");
    site(&root);
    write(folder.path(), "users", "admin:cam:61b1d1d6d5d3c4c5f0a5b7f8a4a4a4a4\n");
    let port = free_port(host);
    let more = more.replace("FOLDER", &folder.path().display().to_string());
    let settings = format!(
        "server.bind = \"{host}\"\nserver.port = {port}\nserver.document-root = \"{}\"\nindex-file.names = (\"index.html\")\n\
         mimetype.assign = (\".html\" => \"text/html\", \".txt\" => \"text/plain\")\n{more}\n",
        root.display()
    );
    write(folder.path(), "l.conf", &settings);
    let mut command = Command::new(program);
    command.arg("-D").arg("-f").arg(folder.path().join("l.conf"));
    Some(Peer::start(&mut command, host, port, Some(folder)))
}

#[tokio::test]
async fn lighttpd_lists_its_folders_and_tells_its_version_or_does_not() {
    let bad = "127.42.20.1";
    let Some(peer) = lighttpd(bad, "server.modules = (\"mod_dirlisting\")\ndir-listing.activate = \"enable\"") else {
        return;
    };
    let markers = json!({"serial": "C1-000777", "mac": null});
    let params = json!({"open": open(peer.port), "markers": markers});
    let seen = ask("http.routes", bad, params.clone()).await;
    assert_eq!((&seen["answered"], &seen["complete"]), (&json!(true), &json!(true)));
    assert!(gates(&seen).contains(&"open /files/backup.txt".to_owned()), "found over the listing: {:?}", gates(&seen));
    assert_eq!(seen["listings"].as_array().map(Vec::len), Some(1), "{seen:#}");
    assert!(seen["versions"].to_string().contains("lighttpd/1."), "{seen:#}");
    assert_eq!(
        (&seen["secrets"][0]["what"], &seen["secrets"][0]["path"]),
        (&json!("wpa_key"), &json!("/files/backup.txt"))
    );
    assert_eq!(seen["leaks"], json!([{"what": "serial", "where": format!("GET /files/backup.txt on {}", peer.port)}]));
    assert_eq!(seen["servers"][0]["leads_to_tls"], json!(false));
    drop(peer);
    let seen = ask("http.routes", bad, params).await;
    assert_eq!((&seen["answered"], &seen["routes"], &seen["complete"]), (&json!(false), &json!([]), &json!(false)));

    let good = "127.42.20.2";
    let quiet = "server.tag = \"\"\nserver.modules = (\"mod_redirect\")\nurl.redirect = (\"(.*)\" => \"https://camera.test$1\")";
    let peer = lighttpd(good, quiet).expect("installed");
    let seen = ask("http.routes", good, json!({"open": open(peer.port), "markers": markers})).await;
    assert_eq!(seen["servers"][0]["leads_to_tls"], json!(true), "{seen:#}");
    for empty in ["listings", "versions", "secrets", "leaks", "cleartext_logons"] {
        assert_eq!(seen[empty], json!([]), "{empty}: {seen:#}");
    }
}

#[tokio::test]
async fn digest_of_lighttpd_is_asked_for_and_answered() {
    let host = "127.42.20.3";
    let settings = "server.modules = (\"mod_auth\", \"mod_authn_file\")\nauth.backend = \"htdigest\"\n\
         auth.backend.htdigest.userfile = \"FOLDER/users\"\n\
         auth.require = (\"/private\" => (\"method\" => \"digest\", \"realm\" => \"cam\", \"require\" => \"valid-user\"))";
    let Some(peer) = lighttpd(host, settings) else { return };
    // HA1 of admin / admin in the realm `cam`.
    let hash =
        Command::new("sh").args(["-c", "printf %s admin:cam:admin | md5sum | cut -d' ' -f1"]).output().expect("runs");
    let line = format!("admin:cam:{}", String::from_utf8_lossy(&hash.stdout));
    write(peer.folder().expect("a folder"), "users", &line);
    let seen = ask("http.routes", host, json!({"open": open(peer.port)})).await;
    assert!(gates(&seen).contains(&"asks /private/x.html".to_owned()), "{:?}", gates(&seen));
    assert_eq!(seen["cleartext_logons"][0]["what"], json!("digest"), "{seen:#}");
    let logon = |list: Value| json!({"port": peer.port, "service": "http-digest", "path": "/private/x.html", "tls": false, "wordlist": list});
    let hit = ask("auth.try_credentials", host, logon(json!(["root:root", "admin:admin"]))).await;
    assert_eq!(hit["accepted"], json!([{"user": "admin", "credential": "inline#2"}]), "{hit:#}");
    let miss = ask("auth.try_credentials", host, logon(json!(["root:root", "admin:password"]))).await;
    assert_eq!(
        (&miss["accepted"], &miss["answered"], &miss["exhausted"]),
        (&json!([]), &json!(true), &json!(true)),
        "{miss:#}"
    );
}

#[tokio::test]
async fn busybox_asks_by_basic_for_what_it_protects() {
    let host = "127.42.20.4";
    let Some(program) = installed("busybox", "busybox") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    site(folder.path());
    write(folder.path(), "httpd.conf", "/private:admin:12345\n");
    let port = free_port(host);
    let mut command = Command::new(program);
    command.args(["httpd", "-f", "-p", &format!("{host}:{port}"), "-c"]);
    command.arg(folder.path().join("httpd.conf")).arg("-h").arg(folder.path());
    let peer = Peer::start(&mut command, host, port, Some(folder));
    let seen = ask("http.routes", host, json!({"open": open(port)})).await;
    assert!(gates(&seen).contains(&"asks /private/x.html".to_owned()), "{:?}", gates(&seen));
    assert_eq!(seen["cleartext_logons"][0]["what"], json!("basic"));
    let params = json!({"open": open(port)});
    let settings = ask("http.settings", host, params.clone()).await;
    assert_eq!((&settings["answered"], &settings["changed"]), (&json!(true), &json!([])), "{settings:#}");
    drop(peer);
    let settings = ask("http.settings", host, params).await;
    assert_eq!((&settings["answered"], &settings["tried"]), (&json!(false), &json!([])));
}

#[tokio::test]
async fn nginx_that_wants_a_certificate_of_its_clients_gives_nothing() {
    let host = "127.42.20.5";
    let Some(program) = installed("nginx", "nginx-light") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port(host);
    let settings = format!(
        "daemon off; pid {0}/pid; error_log {0}/error.log; events {{}} http {{ access_log off; server_tokens off; \
         client_body_temp_path {0}; proxy_temp_path {0}; fastcgi_temp_path {0}; uwsgi_temp_path {0}; scgi_temp_path {0}; \
         server {{ listen {host}:{port}; location / {{ return 401; }} location /api/settings {{ return 403; }} }} }}",
        folder.path().display()
    );
    write(folder.path(), "n.conf", &settings);
    let mut command = Command::new(program);
    command.arg("-c").arg(folder.path().join("n.conf"));
    let peer = Peer::start(&mut command, host, port, Some(folder));
    let seen = ask("http.routes", host, json!({"open": open(peer.port)})).await;
    assert!(gates(&seen).iter().all(|g| g.starts_with("asks ")), "{:?}", gates(&seen));
    assert_eq!(seen["versions"], json!([]), "{seen:#}");
    let settings = ask("http.settings", host, json!({"open": open(peer.port)})).await;
    assert!(settings["refused"].as_u64().is_some_and(|n| n > 5), "{settings:#}");
    assert_eq!(settings["changed"], json!([]));
}

/// A server that answers each request by a function of its path.
async fn says<F, A>(host: &str, answer: F) -> u16
where
    F: Fn(TcpStream, String) -> A + Send + Sync + Copy + 'static,
    A: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind((host, 0)).await.expect("binds");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 8192];
                if let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
                    let path = text.split(' ').nth(1).unwrap_or("/").to_owned();
                    answer(stream, path).await;
                }
            });
        }
    });
    port
}

async fn say(mut stream: TcpStream, head: &str, body: &[u8]) {
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(body).await;
}

#[tokio::test]
async fn redirects_without_end_and_endless_links_are_cut_by_the_number_of_requests() {
    let host = "127.42.21.1";
    let redirects = says(host, |stream, path| async move {
        let head = format!("HTTP/1.1 302 Found\r\nLocation: {path}x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        say(stream, &head, b"").await;
    })
    .await;
    let seen = ask("http.routes", host, json!({"open": open(redirects), "requests": 60})).await;
    assert_eq!((&seen["complete"], &seen["servers"][0]["asked"]), (&json!(false), &json!(60)), "{seen:#}");
    let links = says(host, |stream, path| async move {
        let page: String = (0..500).map(|n| format!("<a href=\"{path}{n}/\">")).collect();
        say(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", page.as_bytes()).await;
    })
    .await;
    let seen = ask("http.routes", host, json!({"open": open(links), "requests": 60})).await;
    assert_eq!((&seen["complete"], &seen["servers"][0]["asked"]), (&json!(false), &json!(60)), "{seen:#}");
}

#[tokio::test]
async fn bodies_without_end_bombs_and_lies_are_bounded() {
    let host = "127.42.21.2";
    let floods = says(host, |mut stream, path| async move {
        let whole = path.contains("assay") || path == "/";
        let head = if whole {
            "HTTP/1.1 200 OK\r\nContent-Length: 4294967296\r\n\r\n"
        } else {
            "HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n"
        };
        if stream.write_all(head.as_bytes()).await.is_ok() && whole {
            while stream.write_all(&[b'x'; 65_536]).await.is_ok() {}
        }
    })
    .await;
    let seen = ask("http.routes", host, json!({"open": open(floods)})).await;
    assert_eq!(seen["answered"], json!(true), "{seen:#}");
    // A bomb of 64 KiB stays that: nothing is decompressed here.
    let bomb = says(host, |stream, path| async move {
        let (status, body) = if path == "/" { ("200 OK", vec![0x1F; 65_536]) } else { ("404 x", Vec::new()) };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        say(stream, &head, &body).await;
    })
    .await;
    let seen = ask("http.routes", host, json!({"open": open(bomb)})).await;
    assert_eq!((&seen["complete"], &seen["secrets"]), (&json!(true), &json!([])), "{seen:#}");
    let lies = says(host, |stream, _| async move {
        say(stream, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nConnection: close\r\n\r\n", b"short").await;
    })
    .await;
    for check in ["http.routes", "http.settings"] {
        let seen = ask(check, host, json!({"open": open(lies)})).await;
        assert_eq!(seen["answered"], json!(false), "{check}: {seen:#}");
    }
}

#[tokio::test]
async fn a_byte_a_second_ends_after_a_few_requests() {
    let host = "127.42.21.3";
    let drips = says(host, |mut stream, _| async move {
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n".iter().cycle() {
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    })
    .await;
    let seen = ask("http.routes", host, json!({"open": open(drips)})).await;
    assert_eq!((&seen["answered"], &seen["complete"]), (&json!(false), &json!(false)), "{seen:#}");
    assert!(seen["servers"][0]["asked"].as_u64().is_some_and(|n| n < 5));
}

/// What a server that falls silent, or changes a setting and does not say so, leaves open.
#[tokio::test]
async fn requests_without_an_answer_leave_the_observation_incomplete() {
    let host = "127.42.21.4";
    let hole = scripted(host, |_, asked| match asked.line.as_str() {
        "GET /" => page("200 OK", "", "<a href=/silent>x</a>"),
        "GET /silent" => Some(String::new()),
        _ => page("404 Not Found", "", ""),
    })
    .await;
    let seen = ask("http.routes", host, json!({"open": open(hole)})).await;
    assert_eq!((&seen["answered"], &seen["complete"]), (&json!(true), &json!(false)), "{seen:#}");

    let dies = scripted(host, |_, asked| match asked.line.as_str() {
        "GET /api/config" => None,
        _ => page("404 Not Found", "", ""),
    })
    .await;
    let paths = json!(["/first", "/api/config"]);
    let seen = ask("http.settings", host, json!({"open": open(dies), "paths": paths})).await;
    assert_eq!((&seen["answered"], &seen["complete"]), (&json!(true), &json!(false)), "{seen:#}");

    // It takes the change and closes; another only closes.
    for takes in [true, false] {
        let name = Mutex::new("cam".to_owned());
        let mute = scripted(host, move |_, asked| match asked.line.as_str() {
            "GET /api/name" => {
                let body = format!("{{\"name\":\"{}\"}}", name.lock().expect("whole"));
                page("200 OK", "Content-Type: application/json\r\n", &body)
            }
            "PUT /api/name" if takes => {
                let sent: Value = serde_json::from_str(&asked.body).expect("JSON");
                *name.lock().expect("whole") = sent["name"].as_str().expect("text").to_owned();
                Some(String::new())
            }
            "PUT /api/name" => Some(String::new()),
            _ => page("404 Not Found", "", ""),
        })
        .await;
        let seen = ask("http.settings", host, json!({"open": open(mute), "paths": ["/api/name"]})).await;
        assert_eq!(seen["complete"], json!(false), "{seen:#}");
        let changed = seen["changed"].as_array().expect("a list");
        assert_eq!((changed.len(), &seen["restored"]), (usize::from(takes), &json!(true)), "{seen:#}");
    }
}
