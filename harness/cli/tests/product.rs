//! `assay product`: what is exported comes back, what nobody answers is a form, what is answered is checked at once.
#![allow(clippy::unwrap_used)] // tests say by panicking what is wrong

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_yaml::Value;

fn camera() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../lab-config/products/virtual-camera.yaml")
}

fn yaml(path: &Path) -> Value {
    serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Exit code, standard output, standard error.
fn assay(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let mut command = assert_cmd::Command::cargo_bin("assay").unwrap();
    let out = command.current_dir(folder).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
}

#[test]
fn the_camera_comes_back_from_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let camera = camera();
    for (format, out) in [("xlsx", "d.xlsx"), ("csv", "tables"), ("json", "d.json"), ("markdown", "d.md")] {
        let (code, _, said) =
            assay(folder.path(), &["product", "export", camera.to_str().unwrap(), "--format", format, "--out", out]);
        assert_eq!(code, 0, "{format}: {said}");
        let mut files = vec![out.to_owned()];
        if format == "csv" {
            let entries = std::fs::read_dir(folder.path().join(out)).unwrap();
            files = entries.map(|e| format!("{out}/{}", e.unwrap().file_name().to_string_lossy())).collect();
            assert_eq!(files.len(), 4 + 29, "a file for each table");
        }
        let back = format!("{format}.yaml");
        let mut args = vec!["product", "import", "--out", &back];
        args.extend(files.iter().map(String::as_str));
        let (code, printed, said) = assay(folder.path(), &args);
        assert_eq!((code, printed.trim()), (0, back.as_str()), "{format}: {said}");
        assert_eq!(yaml(&folder.path().join(&back)), yaml(&camera), "{format}");
    }
}

#[test]
fn a_claim_that_cannot_be_true_is_told_at_the_cell_that_makes_it() {
    let folder = tempfile::tempdir().unwrap();
    let camera = camera();
    assay(folder.path(), &["product", "export", camera.to_str().unwrap(), "--format", "markdown", "--out", "d.md"]);
    let path = folder.path().join("d.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let line = text.lines().position(|l| l.starts_with("| 5.1-3 |")).unwrap() + 1;
    std::fs::write(&path, text.replacen("| 5.1-3 | M | Y |", "| 5.1-3 | M | N |", 1)).unwrap();
    let (code, _, said) = assay(folder.path(), &["product", "import", "d.md", "--out", "d.yaml"]);
    assert_eq!(code, 2);
    assert!(said.contains("provision 5.1-3 is mandatory (M), and the dossier says N"), "{said}");
    assert!(said.contains(&format!("--> d.md:{line}:15")), "{said}");
    assert!(said.contains("--> d.yaml:"), "{said}");
    assert!(folder.path().join("d.yaml").exists(), "what the files say is kept, to be mended");

    std::fs::write(&path, text.replacen("| 5.1-3 | M | Y |", "| 5.1-3 | M | perhaps |", 1)).unwrap();
    let (code, _, said) = assay(folder.path(), &["product", "import", "d.md", "--out", "other.yaml"]);
    assert_eq!(code, 2);
    assert!(
        said.contains("`perhaps` is none of Y, N and N/A") && said.contains("nothing was written: 1 mistake"),
        "{said}"
    );
    assert!(!folder.path().join("other.yaml").exists());

    let (code, _, said) = assay(folder.path(), &["product", "import", "d.md", "--out", "d.yaml"]);
    assert!(code == 2 && said.contains("is there already"), "{said}");
}

#[test]
fn where_nobody_answers_a_form_is_written_that_lints_with_its_blanks_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (code, printed, said) = assay(folder.path(), &["product", "init", "--out", "new.yaml"]);
    assert_eq!((code, printed.trim()), (0, "new.yaml"), "{said}");
    let text = std::fs::read_to_string(folder.path().join("new.yaml")).unwrap();
    let blanks = text.lines().filter(|l| l.contains(": # ")).count() - 68; // of a reason that may not be needed
    let (code, _, said) = assay(folder.path(), &["lint", "new.yaml"]);
    assert_eq!(code, 2);
    let errors: Vec<&str> = said.lines().filter(|l| l.starts_with("error[") || l.starts_with("warning[")).collect();
    let is_blank =
        |l: &&&str| l.ends_with(" is blank") || l.ends_with("needs `support`") || l.ends_with("needs `name`");
    let others: Vec<_> = errors.iter().filter(|l| !is_blank(l)).collect();
    assert!(others.is_empty(), "{others:#?}");
    assert_eq!(errors.len(), blanks, "each blank is named once");
    assert!(blanks > 200, "{blanks}");
    let (code, _, said) = assay(folder.path(), &["product", "init", "--out", "new.yaml"]);
    assert!(code == 2 && said.contains("is there already"), "{said}");
}

/// The program on a terminal of its own.
struct Terminal {
    child: Child,
    screen: std::fs::File,
    seen: String,
}

impl Terminal {
    fn start(folder: &Path, args: &[&str]) -> Self {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
        let main = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&main).unwrap();
        unlockpt(&main).unwrap();
        let name = ptsname(&main, Vec::new()).unwrap();
        let side = || std::fs::OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let child = std::process::Command::new(assert_cmd::cargo::cargo_bin("assay"))
            .current_dir(folder)
            .args(args)
            .stdin(Stdio::from(side()))
            .stdout(Stdio::from(side()))
            .stderr(Stdio::from(side()))
            .spawn()
            .unwrap();
        rustix::io::ioctl_fionbio(&main, true).unwrap();
        Self { child, screen: std::fs::File::from(main), seen: String::new() }
    }

    /// Waits until the screen shows `wanted`, and forgets what came before it.
    fn until(&mut self, wanted: &str) {
        let until = Instant::now() + Duration::from_secs(120);
        while !self.seen.contains(wanted) {
            assert!(Instant::now() < until, "`{wanted}` does not come:\n{}", self.seen);
            let mut bytes = [0; 4096];
            match self.screen.read(&mut bytes) {
                Ok(n) if n > 0 => self.seen.push_str(&String::from_utf8_lossy(&bytes[..n])),
                _ => std::thread::sleep(Duration::from_millis(10)),
            }
        }
        let at = self.seen.find(wanted).unwrap() + wanted.len();
        self.seen.drain(..at);
    }

    fn say(&mut self, line: &str) {
        self.screen.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn answers_are_checked_at_once_and_kept_for_whoever_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(camera()).unwrap();
    // Two things are not said yet.
    let text = text.replacen("  model: C1\n", "", 1).replacen("    update_mechanism: true\n", "", 1);
    let text = text.replacen("  \"5.1-3\":\n    support: Y\n", "  \"5.1-3\":\n", 1);
    std::fs::write(folder.path().join("most.yaml"), text).unwrap();
    let mut terminal = Terminal::start(folder.path(), &["product", "init", "--out", "d.yaml", "--from", "most.yaml"]);
    terminal.until("model of the product");
    terminal.say("C1");
    terminal.until("update_mechanism");
    terminal.say("perhaps");
    terminal.until("say y or n");
    terminal.say("n");
    terminal.until("no update mechanism exists");
    terminal.say("y");
    terminal.until("Provision 5.1-3 (M)");
    terminal.say("N");
    terminal.until("provision 5.1-3 is mandatory");
    drop(terminal); // as Ctrl-C would
    assert!(!folder.path().join("d.yaml").exists());
    let draft = yaml(&folder.path().join("d.yaml.draft"));
    assert_eq!(draft["product"]["model"], Value::from("C1"));

    let mut terminal = Terminal::start(folder.path(), &["product", "init", "--out", "d.yaml"]);
    terminal.until("going on with d.yaml.draft");
    terminal.until("Provision 5.1-3 (M)");
    terminal.say("y");
    terminal.until("d.yaml");
    assert_eq!(terminal.child.wait().unwrap().code(), Some(0));
    assert!(!folder.path().join("d.yaml.draft").exists());
    assert_eq!(yaml(&folder.path().join("d.yaml")), yaml(&camera()));
    let (code, _, said) = assay(folder.path(), &["lint", "d.yaml"]);
    assert_eq!(code, 0, "{said}");
}
