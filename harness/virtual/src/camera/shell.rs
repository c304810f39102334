//! The small shell behind console, SSH and telnet logons. It shows, and changes nothing but power.

use std::sync::Arc;

use super::body::{Camera, FIRMWARE};

/// Who is logged on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: &'static str,
    uid: u16,
    pub(crate) prompt: &'static str,
}

impl User {
    pub(crate) const ADMIN: Self = Self { name: "admin", uid: 1000, prompt: "c1$ " };
    pub(crate) const SERVICE: Self = Self { name: "service", uid: 1001, prompt: "c1$ " };
    pub(crate) const ROOT: Self = Self { name: "root", uid: 0, prompt: "c1# " };
}

/// What a command came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Lines ended by CR LF.
    pub(crate) text: String,
    pub(crate) then: Then,
}

/// What happens after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Prompt,
    Exit,
}

/// One logged-on shell.
pub(crate) struct Shell {
    camera: Arc<Camera>,
    pub(crate) user: User,
    /// Exit status of the last command, as `$?`.
    pub(crate) status: u8,
    generation: u64,
}

impl Shell {
    pub(crate) fn new(camera: Arc<Camera>, user: User) -> Self {
        let generation = camera.state().generation();
        Self { camera, user, status: 0, generation }
    }

    /// Runs one line.
    pub(crate) fn run(&mut self, line: &str) -> Outcome {
        if self.camera.state().generation() != self.generation {
            return Outcome { text: "factory reset: session closed\r\n".to_owned(), then: Then::Exit };
        }
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let Some((&command, arguments)) = words.split_first() else {
            return Outcome { text: String::new(), then: Then::Prompt };
        };
        match command {
            "exit" | "logout" => Outcome { text: String::new(), then: Then::Exit },
            "reboot" => {
                self.camera.reboot.notify_one();
                Outcome { text: "The system is going down for reboot\r\n".to_owned(), then: Then::Exit }
            }
            _ => {
                let (text, status) = self.show(command, arguments);
                self.status = status;
                Outcome { text, then: Then::Prompt }
            }
        }
    }

    fn show(&self, command: &str, arguments: &[&str]) -> (String, u8) {
        let User { name, uid, .. } = self.user;
        let text = match (command, arguments) {
            ("uname", ["-a"]) => "Linux c1 6.6.32 #1 SMP armv7l GNU/Linux\r\n".to_owned(),
            ("uname", []) => "Linux\r\n".to_owned(),
            ("id", []) => format!("uid={uid}({name}) gid={uid}({name})\r\n"),
            ("whoami", []) => format!("{name}\r\n"),
            ("hostname", []) => "c1\r\n".to_owned(),
            ("version", []) | ("cat", ["/etc/version"]) => format!("{FIRMWARE}\r\n"),
            ("ps", _) => self.processes(),
            ("ls", [] | ["/"]) => "bin  dev  etc  proc  tmp  var\r\n".to_owned(),
            ("ls", ["/etc"]) => "version\r\n".to_owned(),
            ("cat", [path]) => return (format!("cat: {path}: Permission denied\r\n"), 1),
            ("ls", [path, ..]) => return (format!("ls: {path}: No such file or directory\r\n"), 1),
            ("echo", words) => {
                let status = self.status.to_string();
                let words: Vec<String> = words.iter().map(|word| product(&word.replace("$?", &status))).collect();
                format!("{}\r\n", words.join(" "))
            }
            ("true", _) => String::new(),
            ("false", _) => return (String::new(), 1),
            ("help", _) => "cat echo exit help hostname id ls ps reboot uname version whoami\r\n".to_owned(),
            _ => return (format!("sh: {command}: not found\r\n"), 127),
        };
        (text, 0)
    }

    fn processes(&self) -> String {
        let services = super::services::of(&self.camera.defects);
        let mut text = "  PID USER     COMMAND\r\n    1 root     init\r\n".to_owned();
        for (pid, service) in (40..).zip(services) {
            text.push_str(&format!("{pid:5} {:8} {}d\r\n", service.account(), service.name()));
        }
        text
    }
}

/// The one sum that this shell works out: `$((a*b))`.
fn product(word: &str) -> String {
    let sum = word.split_once("$((").and_then(|(head, rest)| Some((head, rest.split_once("))")?)));
    let Some((head, (sum, tail))) = sum else { return word.to_owned() };
    let numbers = sum.split_once('*').and_then(|(a, b)| Some((a.parse::<u16>().ok()?, b.parse::<u16>().ok()?)));
    match numbers {
        Some((a, b)) => format!("{head}{}{tail}", u32::from(a) * u32::from(b)),
        None => word.to_owned(),
    }
}
