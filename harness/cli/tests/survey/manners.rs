//! How pages are asked for: robots.txt, turns at a host, private addresses; and what a signal leaves behind.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::site::{Answers, Site};
use super::support::{Desk, HEAD, row};

#[test]
fn robots_txt_is_obeyed_and_said() {
    let host = Ipv4Addr::new(127, 23, 2, 1);
    let robots = "User-agent: *\nDisallow: /good/G1/security\n\nUser-agent: Assay\nDisallow: /good/G2/\nAllow: /good/G2/product\n";
    let answers = Answers { robots: BTreeMap::from([(host, robots.to_owned())]), ..Answers::default() };
    let site = Site::start(host, 1, answers);
    let list = format!("{HEAD}{}{}", row(&site.root(0), "good", "G1"), row(&site.root(0), "good", "G2"));
    let desk = Desk::new();
    let ran = desk.survey(&list, &["--set", "contact=lab@example.org"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    // Rules for our own name win over those for everybody.
    assert_eq!(ran.items("acme-good-g1", "PASS").len(), 18, "{:?}", ran.product("acme-good-g1"));
    let why = ran.reason("acme-good-g2", "PSTI-2.1");
    assert!(why.contains("robots.txt of 127.23.2.1 does not allow /good/G2/security"), "{why}");
    assert_eq!((site.times("/good/G2/security"), site.times("/good/G2/product")), (0, 1));
    let agents: Vec<String> = site.asked().into_iter().map(|(_, agent)| agent).collect();
    assert!(agents.iter().all(|a| a.starts_with("assay/") && a.contains("lab@example.org")), "{agents:?}");

    let desk = Desk::new();
    let ignored = desk.survey(&list, &["--set", "robots=false"]);
    assert_eq!(ignored.code, 0, "{}", ignored.stderr);
}

#[test]
fn a_site_whose_robots_txt_cannot_be_read_is_left_alone() {
    let own = BTreeMap::from([("/robots.txt".to_owned(), (503, "text/plain".to_owned(), b"busy".to_vec()))]);
    let site = Site::start(Ipv4Addr::new(127, 23, 2, 2), 1, Answers { own, ..Answers::default() });
    let desk = Desk::new();
    let ran = desk.survey(&format!("{HEAD}{}", row(&site.root(0), "good", "G1")), &[]);
    assert_eq!(ran.items("acme-good-g1", "INCONCLUSIVE").len(), 18);
    assert!(ran.reason("acme-good-g1", "PSTI-2.1").contains("robots.txt could not be read (status 503)"));
    assert_eq!(site.asked().len(), 1, "robots.txt and nothing else");
}

#[test]
fn a_host_gets_its_pauses_and_others_do_not_wait_for_it() {
    let site = Site::start(Ipv4Addr::new(127, 23, 3, 1), 2, Answers::default());
    // Four pages of one host a second apart take three seconds at least; robots.txt asks for that second.
    let host = Ipv4Addr::new(127, 23, 3, 10);
    let robots = BTreeMap::from([(host, "User-agent: *\nCrawl-delay: 1\n".to_owned())]);
    let slow = Site::start(host, 1, Answers { robots, ..Answers::default() });
    let list = format!(
        "{HEAD}{}{}{}",
        row(&slow.root(0), "good", "S1"),
        row(&site.root(0), "good", "A1"),
        row(&site.root(1), "good", "B1")
    );
    let started = Instant::now();
    let desk = Desk::new();
    let ran = desk.survey(&list, &[]);
    assert!(started.elapsed().as_secs() >= 3, "{:?}", started.elapsed());
    assert_eq!(ran.code, 0, "{}\n{:?}", ran.stderr, ran.product("acme-good-s1"));
}

#[test]
fn private_addresses_are_asked_only_where_that_is_said() {
    let site = Site::start(Ipv4Addr::new(127, 23, 4, 1), 1, Answers::default());
    let list = format!("{HEAD}{}", row(&site.root(0), "good", "G1"));
    let desk = Desk::new();
    let ran = desk.bare(&list, &[]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    let why = ran.reason("acme-good-g1", "PSTI-2.1");
    assert!(why.contains("private address") && why.contains("allow_private=true"), "{why}");
    assert!(site.asked().is_empty());
}

#[test]
fn a_signal_seals_what_is_there() {
    let site = Site::start(Ipv4Addr::new(127, 23, 5, 1), 1, Answers::default());
    let rows: String = (0..6).map(|n| row(&format!("{}/slow", site.root(0)), "good", &format!("G{n}"))).collect();
    let desk = Desk::new();
    let list = desk.list(&format!("{HEAD}{rows}"));
    let set = ["--json", "--set", "allow_private=true", "--set", "pause=0", "--set", "at_once=1"];
    let mut child = desk.command(&list, &set).stdout(Stdio::piped()).spawn().expect("starts");
    let (mut folder, mut progress) = (PathBuf::new(), 0);
    for line in BufReader::new(child.stdout.take().expect("stdout")).lines() {
        let event: serde_json::Value = serde_json::from_str(&line.expect("a line")).expect("events are JSON");
        if event["event"] == "run-started" {
            folder = PathBuf::from(event["folder"].as_str().expect("a folder"));
        }
        progress += usize::from(event["event"] == "unit-ended" && event["sample"] == "acme-good-g0");
        if progress == 18 {
            break;
        }
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    assert_eq!(child.wait().expect("ended").code(), Some(130));
    let sealed = folder.with_extension("");
    let verified = desk.assay(&["verify", sealed.to_str().expect("UTF-8")]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    let summary = std::fs::read_to_string(sealed.join("summary.json")).expect("summary.json");
    assert!(summary.contains("NOT_RUN"), "{summary}");
    assert!(std::fs::read_to_string(sealed.join("report.html")).expect("report.html").contains("was interrupted"));
}
