//! What a signal, a kill and a resume leave behind.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use super::support::Lab;

/// Starts a run and returns once its third unit has ended; with the folder that it writes.
fn under_way(lab: &Lab) -> (Child, PathBuf) {
    let mut child = lab.command(&lab.run_args(&["--json"])).stdout(Stdio::piped()).spawn().expect("starts");
    let stdout = BufReader::new(child.stdout.take().expect("stdout"));
    let (mut folder, mut ended) = (PathBuf::new(), 0);
    for line in stdout.lines() {
        let event: serde_json::Value = serde_json::from_str(&line.expect("a line")).expect("events are JSON");
        if event["event"] == "run-started" {
            folder = PathBuf::from(event["folder"].as_str().expect("a folder"));
        }
        ended += usize::from(event["event"] == "unit-ended");
        if ended == 3 {
            break;
        }
    }
    (child, folder)
}

fn signal(child: &Child, name: &str) {
    let sent = std::process::Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
}

#[test]
fn ctrl_c_seals_a_partial_pack() {
    let lab = Lab::new(60, 1);
    let (mut child, folder) = under_way(&lab);
    signal(&child, "-INT");
    assert_eq!(child.wait().expect("ended").code(), Some(130));
    let sealed = folder.with_extension("");
    assert!(sealed.is_dir(), "{} was not sealed", folder.display());
    let verified = lab.assay(&["verify", sealed.to_str().expect("UTF-8")]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    let judged = lab.assay(&["rejudge", sealed.to_str().expect("UTF-8")]);
    assert_eq!(judged.code, 0, "{}{}", judged.stdout, judged.stderr);
    let results = std::fs::read_to_string(sealed.join("results/results.json")).expect("results");
    let results: serde_json::Value = serde_json::from_str(&results).expect("JSON");
    assert_eq!(results["partial"], true);
    assert_eq!(results["exit_code"], 130);
}

#[test]
fn a_killed_run_keeps_its_record_and_can_be_resumed() {
    let lab = Lab::new(61, 1);
    let (mut child, folder) = under_way(&lab);
    signal(&child, "-KILL");
    child.wait().expect("ended");
    let partial = folder.to_str().expect("UTF-8");
    let verified = lab.assay(&["verify", partial]);
    assert_eq!(verified.code, 5, "a partial pack is not whole: {}", verified.stdout);
    assert!(!verified.stdout.contains("chain"), "its journal must verify: {}", verified.stdout);
    let resumed = lab.assay(&["resume", partial]);
    assert_eq!(resumed.code, 3, "one sample leaves units undecided: {}", resumed.stderr);
    lab.judged_again(&resumed);
    let pack = resumed.pack();
    let verified = lab.assay(&["verify", pack.to_str().expect("UTF-8")]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    assert_eq!(resumed.units("ERROR"), Vec::<String>::new());

    // A run that ended and could not be sealed is sealed by the same command, and nothing runs again.
    std::fs::rename(&pack, &folder).expect("as if the disk had been full");
    for signed in ["SHA256SUMS", "SHA256SUMS.sshsig"] {
        std::fs::remove_file(folder.join(signed)).expect("removed");
    }
    let sealed = lab.assay(&["resume", partial]);
    assert_eq!(sealed.code, 3, "the run's own code: {}", sealed.stderr);
    assert!(sealed.stderr.contains("sealing what is there"), "{}", sealed.stderr);
    assert_eq!(lab.assay(&["verify", sealed.pack().to_str().expect("UTF-8")]).code, 0);
}
