//! Makers' websites on loopback addresses, a maker each: the pages of the virtual maker for any model, good and in each
//! defect, and hosts that behave badly. For tests, and for the benchmark of surveys.
#![allow(dead_code, reason = "tests and benchmark use a part each")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[path = "../../../virtual/pages/table.rs"]
mod table;

/// What every host of a site answers.
#[derive(Default)]
pub(crate) struct Answers {
    /// robots.txt by host; none where absent.
    pub(crate) robots: BTreeMap<Ipv4Addr, String>,
    /// Pages of a test's own, by path: status, media type, bytes.
    pub(crate) own: BTreeMap<String, (u16, String, Vec<u8>)>,
}

/// Hosts that serve until the process ends.
pub(crate) struct Site {
    pub(crate) hosts: Vec<SocketAddr>,
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

impl Site {
    /// `count` hosts from `first` on, each on a port of its own.
    pub(crate) fn start(first: Ipv4Addr, count: u32, answers: Answers) -> Self {
        let (asked, answers) = (Arc::default(), Arc::new(answers));
        let hosts = (0..count).map(|n| {
            let host = Ipv4Addr::from(u32::from(first) + n);
            let listener = TcpListener::bind((host, 0)).unwrap_or_else(|e| panic!("{host}: {e}"));
            let address = listener.local_addr().expect("an address");
            let (asked, answers): (Arc<Mutex<_>>, Arc<Answers>) = (Arc::clone(&asked), Arc::clone(&answers));
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let (asked, answers) = (Arc::clone(&asked), Arc::clone(&answers));
                    std::thread::spawn(move || serve(stream, host, &asked, &answers));
                }
            });
            address
        });
        Self { hosts: hosts.collect(), asked }
    }

    /// `http://127.x.y.z:port` of a host.
    pub(crate) fn root(&self, host: usize) -> String {
        format!("http://{}", self.hosts[host])
    }

    /// What was asked: host and path, user agent.
    pub(crate) fn asked(&self) -> Vec<(String, String)> {
        self.asked.lock().expect("lock").clone()
    }

    /// How often a path was asked for, on any host.
    pub(crate) fn times(&self, path: &str) -> usize {
        self.asked().iter().filter(|(asked, _)| asked.ends_with(path)).count()
    }
}

fn serve(stream: TcpStream, host: Ipv4Addr, asked: &Mutex<Vec<(String, String)>>, answers: &Answers) {
    let mut reader = BufReader::new(&stream);
    let (mut request, mut agent) = (String::new(), String::new());
    if reader.read_line(&mut request).is_err() {
        return;
    }
    loop {
        let mut line = String::new();
        match reader.read_line(&mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) if line.trim().is_empty() => break,
            Ok(_) => {
                if let Some((name, value)) = line.split_once(':')
                    && name.eq_ignore_ascii_case("user-agent")
                {
                    value.trim().clone_into(&mut agent);
                }
            }
        }
    }
    let path = request.split(' ').nth(1).unwrap_or("/").to_owned();
    asked.lock().expect("lock").push((format!("{host}{path}"), agent));
    if path.starts_with("/silent") {
        std::thread::sleep(Duration::from_secs(600));
        return;
    }
    if path.starts_with("/slow") {
        std::thread::sleep(Duration::from_millis(1_500));
    }
    let (status, location, media_type, body) = answer(host, &path, answers);
    let mut head = format!("HTTP/1.1 {status} X\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n", body.len());
    if !location.is_empty() {
        let _ = write!(head, "Location: {location}\r\n");
    }
    let _ = (&stream).write_all(format!("{head}Connection: close\r\n\r\n").as_bytes());
    let _ = (&stream).write_all(&body);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let _ = std::io::copy(&mut reader.take(1024), &mut std::io::sink());
}

/// Paths are `/VARIANT/MODEL/PAGE`: the page of that variant, with the model in the place of the camera's.
fn answer(host: Ipv4Addr, path: &str, answers: &Answers) -> (u16, String, String, Vec<u8>) {
    let plain = |status: u16, text: &str| (status, String::new(), "text/plain".to_owned(), text.as_bytes().to_vec());
    if let Some((status, media_type, body)) = answers.own.get(path) {
        return (*status, String::new(), media_type.clone(), body.clone());
    }
    match path.split('/').collect::<Vec<_>>()[..] {
        ["", "robots.txt"] => match answers.robots.get(&host) {
            Some(text) => plain(200, text),
            None => plain(404, "none"),
        },
        ["", "loop", n] => {
            let next = n.parse::<u32>().unwrap_or(0) % 3 + 1;
            (302, format!("/loop/{next}"), "text/plain".to_owned(), Vec::new())
        }
        ["", "slow", variant, model, page] | ["", variant, model, page] => {
            match table::at(&[variant], &format!("/{page}")) {
                Some(found) => {
                    let location = match found.location {
                        "" => String::new(),
                        to => format!("/{variant}/{model}{to}"),
                    };
                    let body = found.body.replace("C1", model).into_bytes();
                    (found.status, location, found.media_type.to_owned(), body)
                }
                None => plain(404, "no such page"),
            }
        }
        _ => plain(404, "no such page"),
    }
}
