//! A device that says whatever does harm, asked by the real binary: the corpus of the reports reaches the terminal, the
//! live view, the journal, the logs and every report, and acts in none.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::support::Lab;

#[path = "../../../../reports/tests/fixture/hostile.rs"]
#[allow(dead_code, unreachable_pub)]
mod corpus;

const ADDRESS: &str = "127.22.90.1";

/// Says `bytes` to whoever connects, and hangs up when the other side does.
fn say(port: u16, bytes: Vec<u8>) {
    let listener = TcpListener::bind((ADDRESS, port)).expect("the address is ours");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let bytes = bytes.clone();
            std::thread::spawn(move || {
                let _ = stream.write_all(&bytes);
                let _ = stream.set_read_timeout(Some(std::time::Duration::from_secs(5)));
                let _ = std::io::copy(&mut stream, &mut std::io::sink());
            });
        }
    });
}

/// What acts on a terminal, or hides from a reader.
fn acts(c: char) -> bool {
    c != '\n' && c != '\t' && assay_model::hidden(c)
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        match entry.path() {
            path if path.is_dir() => files(&path, found),
            path => found.push(path),
        }
    }
}

#[test]
fn nothing_that_a_device_says_acts_anywhere() {
    let http = format!("HTTP/1.1 200 {0}\r\nserver: {0}\r\nx: y\r\n\r\n<title>{0}</title>", corpus::CORPUS[0].1);
    say(5000, b"welcome\r\n".to_vec());
    // Short ones first: the reason of a verdict keeps the beginning of what was heard.
    let short = ["terminal", "forged line", "bidi", "c1", "xml illegal", "cdata"];
    for (port, name) in (5001u16..).zip(short) {
        let (_, text) = corpus::CORPUS.iter().find(|(n, _)| *n == name).expect("in the corpus");
        say(port, text.as_bytes().to_vec());
    }
    say(5008, http.into_bytes());
    say(5009, corpus::BYTES.concat());
    say(5010, corpus::all().into_bytes());

    let lab = Lab::new(90, 1);
    let bench = lab.path().join("local.yaml");
    let text = format!(
        "assay: bench/1\nbench: hostile\nprovider: {{ local: null }}\npermits: [passive, active]\n\
         limits: {{ tries_per_mechanism: 8, pause_ms: 20 }}\nduts: [{{ id: s1, host: {ADDRESS} }}]\n"
    );
    std::fs::write(&bench, text).expect("bench written");
    let (bench, out) = (bench.to_str().expect("UTF-8"), lab.path().to_str().expect("UTF-8"));
    let ran = lab.assay(&[
        "run",
        "test-plans/first-look.yaml",
        "--bench",
        bench,
        "--out",
        out,
        "--set",
        "expected=[5000]",
        "--set",
        "tcp_ports=5000-5020",
        "--junit",
        "rich",
    ]);
    assert!(ran.units("FAIL").contains(&"look.services".to_owned()), "{}", ran.stderr);
    let told = |what: &str| assert!(ran.stderr.contains(what), "the live view tells {what}: {}", ran.stderr);
    ["payload", "\\u{202e}", "\\nPASS           PSTI-1.1"].into_iter().for_each(told);
    for (what, printed) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
        assert_eq!(printed.chars().find(|c| acts(*c)), None, "{what}: {printed}");
        assert_eq!(printed.lines().find(|l| l.starts_with("PASS           PSTI-1.1")), None, "{what}");
    }

    let pack = ran.pack();
    let mut all = Vec::new();
    files(&pack, &mut all);
    let of_evidence = |path: &Path| path.strip_prefix(&pack).is_ok_and(|p| p.starts_with("evidence"));
    for path in all.iter().filter(|p| !of_evidence(p)) {
        let text = String::from_utf8(std::fs::read(path).expect("readable")).expect("UTF-8");
        let machine = path.extension().is_some_and(|e| e == "json" || e == "jsonl");
        let bad = text.chars().find(|c| acts(*c) && !(machine && u32::from(*c) >= 0x20));
        assert_eq!(bad, None, "{}", path.display());
        let page = path.extension().is_some_and(|e| e == "html");
        assert!(!(page && text.contains("<script>window")), "{}", path.display());
    }
    let journal = std::fs::read_to_string(pack.join("journal/journal.jsonl")).expect("a journal");
    let lines: Vec<Value> = journal.lines().map(|l| serde_json::from_str(l).expect("one JSON object a line")).collect();
    assert!((1..).zip(&lines).all(|(n, line)| line["seq"] == n), "no line was forged");
    let log = std::fs::read_to_string(pack.join("cases/look.services.log")).expect("a case log");
    assert!(log.contains("payload") && log.lines().all(|l| !l.starts_with("PASS           PSTI-1.1")), "{log}");

    let pack_path = pack.to_str().expect("UTF-8");
    for format in ["html", "junit", "junit-rich", "csv", "sarif", "oscal", "statement"] {
        let report = lab.assay(&["report", pack_path, "--format", format]);
        assert_eq!(report.code, 0, "{}", report.stderr);
        assert_eq!(report.stdout.chars().find(|c| acts(*c) && *c != '\r'), None, "{format}");
    }
    let verified = lab.assay(&["verify", pack_path]);
    assert_eq!(verified.stdout.chars().find(|c| acts(*c)), None);
    lab.judged_again(&ran);
}
