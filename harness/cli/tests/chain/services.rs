//! What services and web servers give to strangers, in the chain: each surface that is wrong fails its own units, the good
//! camera passes them all, and of a dead one nothing is said.

use super::real_servers::there;
use super::support::{Lab, Ran};
use super::virtual_camera::{each_of, switches, texts};

const DEFECTS: [&str; 7] = [
    "mqtt-anonymous",
    "snmp-public",
    "upnp-igd-open",
    "ftp-anonymous",
    "http-cleartext-login",
    "http-settings-without-auth",
    "http-leaks-serial",
];

/// Units that rest on what services give.
const RESTING: [&str; 6] = ["5.5-4-2 a", "5.5-5-2 a", "5.5-5-2 b", "5.5-6-2 a", "5.6-1-2 b", "5.6-2-2 a"];

/// Those, and what else an open port or a logon can fail.
const UNITS: &str = "unit in ['PSTI-1.1', '5.1-1-2 a', '5.1-5-2 a', '5.5-4-2 a', '5.5-5-2 a', '5.5-5-2 b', '5.5-6-2 a', '5.6-1-2 a', \
     '5.6-1-2 b', '5.6-2-2 a', '5.8-1-2 a']";

/// Both plans, with a scan that is no longer than it must be.
fn ask(lab: &Lab, more: &[&str]) -> Ran {
    let (bench, out) = (lab.bench().display().to_string(), lab.path().display().to_string());
    let mut args =
        vec!["run", "test-plans/psti/passwords.yaml", "test-plans/en303645", "--bench", &bench, "--out", &out];
    args.extend(["--set", "tcp_ports=1800-2400,8000-8500", "--set", "capture_ms=2500", "--select", UNITS]);
    args.extend(more);
    lab.assay(&args)
}

#[test]
fn each_open_surface_fails_its_units_and_no_other() {
    let mut mine = switches_of_cameras("defect");
    mine.retain(|d| d["name"].as_str().is_some_and(|n| DEFECTS.contains(&n)));
    assert_eq!(mine.len(), DEFECTS.len());
    each_of(
        &mine,
        140,
        1,
        |lab, name| ask(lab, &["--defect", name]),
        |defect, ran| {
            let (expected, failed) = (texts(&defect["fails"]), ran.units("FAIL"));
            if expected != failed {
                return Err(format!("was to fail {expected:?} and failed {failed:?}"));
            }
            let undecided: Vec<String> =
                ["ERROR", "INCONCLUSIVE", "NOT_RUN"].iter().flat_map(|v| ran.units(v)).collect();
            if undecided.is_empty() { Ok(()) } else { Err(format!("left {undecided:?} undecided")) }
        },
    );
}

#[test]
fn the_good_camera_gives_nothing_to_strangers_and_a_dead_one_passes_nothing() {
    let lab = Lab::new(150, 1);
    let ran = ask(&lab, &[]);
    assert_eq!(ran.units("FAIL"), Vec::<String>::new(), "{}", ran.stderr);
    let passed = ran.units("PASS");
    assert!(RESTING.iter().all(|unit| passed.contains(&(*unit).to_owned())), "{passed:?}\n{}", ran.stderr);
    lab.judged_again(&ran);

    each_of(
        &switches("dead", "camera"),
        151,
        1,
        |lab, name| ask(lab, &["--defect", name]),
        |_, ran| {
            if !ran.units("FAIL").is_empty() {
                return Err(format!("failed {:?}", ran.units("FAIL")));
            }
            let passed: Vec<String> = ran.units("PASS").into_iter().filter(|u| RESTING.contains(&u.as_str())).collect();
            if passed.is_empty() { Ok(()) } else { Err(format!("passed {passed:?}")) }
        },
    );
}

/// Every switch of the cameras, whichever plan its units are of.
fn switches_of_cameras(kind: &str) -> Vec<serde_json::Value> {
    let lab = Lab::new(155, 1);
    let listed = lab.assay(&["virtual", "list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&listed.stdout).expect("JSON");
    let all = list["models"][0]["defects"].as_array().expect("defects").iter();
    all.filter(|d| d["kind"] == kind && d["part"] == "camera").cloned().collect()
}

/// Avahi listens for the whole host: it gets a network of its own, with the loopback interface alone.
const ANNOUNCE: &str = "busybox ip link set lo up; busybox ip link set lo multicast on; busybox ip route add 224.0.0.0/4 dev lo
avahi-daemon -f avahi.conf --no-drop-root --no-chroot --no-rlimits >/dev/null 2>&1 & avahi=$!
for i in 1 2 3 4 5 6 7 8 9; do \"$ASSAY\" check access.mdns --host 127.0.0.1 >first; grep -q 'c1.local: 127' first && break; sleep 1; done
cat first; kill $avahi; wait $avahi; \"$ASSAY\" check access.mdns --host 127.0.0.1
sed -i 's/publish-workstation=yes/disable-publishing=yes/' avahi.conf
avahi-daemon -f avahi.conf --no-drop-root --no-chroot --no-rlimits >/dev/null 2>&1 & avahi=$!
for i in 1 2 3 4 5 6 7 8 9; do grep -qi ':14e9 ' /proc/net/udp && break; sleep 1; done
\"$ASSAY\" check access.mdns --host 127.0.0.1; kill $avahi; wait $avahi";

#[test]
#[expect(clippy::print_stderr, reason = "a test that could not run says so")]
fn avahi_announces_the_host_until_it_is_stopped() {
    if !there("/usr/sbin/avahi-daemon", "avahi-daemon") || !there("/usr/bin/busybox", "busybox") {
        return;
    }
    let lab = Lab::new(156, 1);
    let settings = "[server]\nhost-name=c1\nuse-ipv6=no\nallow-interfaces=lo\nenable-dbus=no\ndisallow-other-stacks=no\n\
         [publish]\npublish-workstation=yes\n[rlimits]\n";
    std::fs::write(lab.path().join("avahi.conf"), settings).expect("written");
    let mut command = std::process::Command::new("unshare");
    command.args(["--net", "sh", "-c", ANNOUNCE]).current_dir(lab.path());
    command.env("XDG_CONFIG_HOME", lab.path()).env("ASSAY", env!("CARGO_BIN_EXE_assay"));
    let ran = command.output().expect("unshare is there");
    let said = String::from_utf8_lossy(&ran.stdout);
    let seen: Vec<serde_json::Value> = said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let [alive, stopped, discreet] = &seen[..] else {
        let why = String::from_utf8_lossy(&ran.stderr);
        assert!(why.contains("unshare"), "{said}{why}");
        eprintln!("skipped: a network of its own needs root (unshare --net)");
        return;
    };
    assert!(alive["tells"].to_string().contains("c1.local: 127.0.0.1"), "{alive}");
    assert_eq!(discreet["tells"], serde_json::json!([]), "it publishes nothing: {discreet}");
    assert_eq!((&stopped["answered"], &stopped["tells"]), (&false.into(), &serde_json::json!([])), "{stopped}");
}

/// MiniDLNA listens for searches at the multicast group alone, which is no address of a bench: its web server tells.
const STREAM: &str = "busybox ip link set lo up; busybox ip link set lo multicast on
minidlnad -S -f dlna.conf -P \"$PWD/pid\" >/dev/null 2>&1 & dlna=$!
ask() { \"$ASSAY\" check http.routes --host 127.0.0.1 --with 'open=[{\"port\":8200,\"proto\":\"tcp\",\"service\":\"http\",\"tls\":false}]'; }
for i in 1 2 3 4 5 6 7 8 9; do ask >first; grep -q '\"answered\":true,\"asked\"' first && break; sleep 1; done
cat first; \"$ASSAY\" check access.upnp --host 127.0.0.1; kill $dlna; wait $dlna; ask";

#[test]
#[expect(clippy::print_stderr, reason = "a test that could not run says so")]
fn minidlna_describes_itself_to_strangers_until_it_is_stopped() {
    if !there("/usr/sbin/minidlnad", "minidlna") || !there("/usr/bin/busybox", "busybox") {
        return;
    }
    let lab = Lab::new(172, 1);
    let folder = lab.path().display();
    let settings = format!(
        "network_interface=lo\nport=8200\nmedia_dir={folder}\ndb_dir={folder}/db\nlog_dir={folder}\nfriendly_name=C1\n\
         serial=C1-000777\ninotify=no\n"
    );
    std::fs::write(lab.path().join("dlna.conf"), settings).expect("written");
    let mut command = std::process::Command::new("unshare");
    command.args(["--net", "sh", "-c", STREAM]).current_dir(lab.path());
    command.env("XDG_CONFIG_HOME", lab.path()).env("ASSAY", env!("CARGO_BIN_EXE_assay"));
    let ran = command.output().expect("unshare is there");
    let said = String::from_utf8_lossy(&ran.stdout);
    let seen: Vec<serde_json::Value> = said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let [alive, search, stopped] = &seen[..] else {
        let why = String::from_utf8_lossy(&ran.stderr);
        assert!(why.contains("unshare"), "{said}{why}");
        eprintln!("skipped: a network of its own needs root (unshare --net)");
        return;
    };
    let routes = alive["routes"].as_array().expect("routes").iter();
    let open: Vec<&str> = routes.filter(|r| r["gate"] == "open").filter_map(|r| r["path"].as_str()).collect();
    assert!(open.contains(&"/rootDesc.xml") && open.contains(&"/ContentDir.xml"), "{alive}");
    assert!(alive["versions"].to_string().contains("MiniDLNA/1."), "{alive}");
    assert_eq!((&search["answered"], &search["open"]), (&false.into(), &serde_json::json!([])), "{search}");
    assert_eq!((&stopped["answered"], &stopped["routes"]), (&false.into(), &serde_json::json!([])), "{stopped}");
}
