//! The `bootloader-shell` defect: the prompt behind the countdown, with the few commands that show what it is.

use super::port::ConsoleLine;
use crate::camera::line_editor::{LineEditor, Typed};

const HELP: &str = "boot    - boot default, i.e., run 'bootcmd'\r\nhelp    - print command description/usage\r\n\
    md      - memory display\r\nprintenv- print environment variables\r\nreset   - perform RESET of the CPU\r\n\
    setenv  - set environment variables\r\nversion - print monitor version\r\n";
const ENVIRONMENT: [(&str, &str); 4] = [
    ("baudrate", "115200"),
    ("bootargs", "console=ttyS0,115200 root=/dev/mtdblock2 ro"),
    ("bootcmd", "bootm 80000"),
    ("bootdelay", "1"),
];

/// The kernel argument that starts a shell in place of the product.
const SHELL_ARGUMENT: &str = "init=/bin/sh";

/// Talks until `boot`, `reset` or the end of the port. True: the kernel is told to start a shell and nothing else.
pub(super) async fn prompt(line: &ConsoleLine) -> bool {
    let mut editor = LineEditor::default();
    let mut environment: Vec<(String, String)> =
        ENVIRONMENT.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    line.say("=> ");
    while let Some(typed) = line.hear().await {
        for byte in typed {
            let mut echo = Vec::new();
            let command = editor.feed(byte, false, &mut echo);
            line.say(&echo);
            match command {
                Typed::Line(command) => {
                    if run(line, &mut environment, &command) {
                        let arguments = environment.iter().find(|(name, _)| name == "bootargs");
                        let reset = command.trim_start().starts_with("reset"); // what was set is forgotten
                        return !reset && arguments.is_some_and(|(_, value)| value.contains(SHELL_ARGUMENT));
                    }
                    line.say("=> ");
                }
                Typed::Interrupt => line.say("=> "),
                Typed::More | Typed::End => {}
            }
        }
    }
    false
}

/// Runs one command. True: the boot goes on.
fn run(line: &ConsoleLine, environment: &mut Vec<(String, String)>, command: &str) -> bool {
    let words: Vec<&str> = command.split_ascii_whitespace().collect();
    match words.as_slice() {
        [] => {}
        ["boot" | "reset" | "bootd", ..] => return true,
        ["help" | "?", ..] => line.say(HELP),
        ["version", ..] => line.say("C1 Boot 2026.04 (Apr 02 2026 - 10:12:44 +0000)\r\n"),
        ["printenv", ..] => {
            for (name, value) in environment {
                line.say(format!("{name}={value}\r\n"));
            }
        }
        ["setenv", name, value @ ..] => {
            let old = environment.iter().find(|(there, _)| there == name).map_or("", |(_, value)| value).to_owned();
            let value: Vec<String> = value.iter().map(|word| word.replace(&format!("${{{name}}}"), &old)).collect();
            environment.retain(|(there, _)| there != name);
            if !value.is_empty() && environment.len() < 32 {
                environment.push(((*name).to_owned(), value.join(" ")));
            }
        }
        ["md", ..] => line.say("80000000: ea000007 e59ff014 e59ff014 e59ff014    ................\r\n"),
        [other, ..] => line.say(format!("Unknown command '{other}' - try 'help'\r\n")),
    }
    false
}
