//! Its boot: stages that pass while somebody waits on the console, and a power switch.

use assay_model::{
    Deadline, Fault, Touch,
    touch::{
        console::ConsoleResponse,
        power::{Power, PowerRequest, PowerResponse},
    },
};
use async_trait::async_trait;
use regex::bytes::RegexBuilder;

use super::{
    Dut,
    camera::{Camera, Kind, Terminal},
};

/// How far a boot has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Stage {
    /// Login prompt or shell.
    #[default]
    Up,
    /// The countdown runs.
    Loader,
    /// The countdown was stopped.
    Stopped,
    /// Cut in the middle of a boot, and weak: it never comes up again.
    Bricked,
}

const LOADER: &str = "\r\nU-Boot 2024.01 (Jan 01 2024)\r\n\r\nDRAM: 128 MiB\r\nHit any key to stop autoboot:  2 ";
const QUIET_KERNEL: &str = "\x08 0\r\nStarting kernel ...\r\n[ 0.0] Linux version 6.6.1 (b@x) #1\r\n";
const LOUD_KERNEL: &str = "\x08 0\r\nStarting kernel ...\r\n[ 0.0] Linux version 6.6.1 (b@x) #1\r\n\
    [ 0.0] Kernel command line: console=ttyS0 debug\r\n[ 1.2] wlan0: psk=hunter22horse\r\n";

impl Camera {
    fn restart(&mut self) {
        let interrupted = self.stage == Stage::Loader && self.weak();
        self.console = Terminal { shell: self.open_shell, washed_away: self.lost_start, ..Terminal::default() };
        (self.image_altered, self.boots_to_shell) = (false, false); // in memory
        self.stage = match self.stage {
            Stage::Bricked => Stage::Bricked,
            _ if interrupted => Stage::Bricked,
            _ => {
                self.console.out.push_str(LOADER);
                Stage::Loader
            }
        };
    }

    /// Time passes: the countdown ends.
    pub(super) fn boot_on(&mut self) {
        if self.stage == Stage::Loader {
            self.console.out.push_str(if self.weak() { LOUD_KERNEL } else { QUIET_KERNEL });
            self.console.shell |= self.boots_to_shell;
            self.console.out.push_str(if self.console.shell { "\r\n# " } else { "\r\ncam login: " });
            if self.talks_on {
                self.console.out.push_str("[ 7.1] random: crng init done\r\n");
            }
            self.stage = Stage::Up;
        }
    }

    /// Takes what is typed before the kernel runs. False: the kernel runs.
    pub(super) fn loader_takes(&mut self, typed: &str) -> bool {
        match self.stage {
            Stage::Up => return false,
            Stage::Loader if self.weak() => {
                self.console.out.push_str("\r\n=> ");
                self.stage = Stage::Stopped;
            }
            Stage::Stopped => self.command(typed.trim_end()),
            Stage::Loader | Stage::Bricked => {}
        }
        true
    }

    /// A command at the loader's prompt.
    fn command(&mut self, command: &str) {
        let answer = match command {
            "help" => "help\r\nboot - boot it\r\n=> ",
            "alter" => {
                self.image_altered = true;
                "alter\r\n=> "
            }
            "wrong" => "wrong\r\nUnknown command 'wrong' - try 'help'\r\n=> ",
            "boot" if self.image_altered && self.verifying => {
                "boot\r\n   Verifying Checksum ... Bad Data CRC\r\nERROR: can't get kernel image!\r\n=> "
            }
            "boot" => {
                self.stage = Stage::Loader;
                "boot\r\n"
            }
            _ if command.starts_with("setenv bootargs ${bootargs} ") => {
                self.boots_to_shell = command.ends_with("init=/bin/sh");
                "setenv\r\n=> "
            }
            _ => "\r\n=> ",
        };
        self.console.out.push_str(answer);
    }

    /// The earliest end of any pattern; while there is none and there is time, the boot goes on.
    pub(super) fn expect(&mut self, patterns: &[String], within_ms: u64) -> ConsoleResponse {
        let found = |out: &str| {
            let ends = patterns.iter().enumerate().filter_map(|(i, pattern)| {
                let regex = RegexBuilder::new(pattern).unicode(false).build().unwrap();
                regex.find(out.as_bytes()).map(|m| (m.end(), i, m.start()))
            });
            ends.min()
        };
        let mut hit = found(&self.console.out);
        if hit.is_none() {
            self.boot_on();
            hit = (within_ms >= 1_000).then(|| found(&self.console.out)).flatten();
        }
        let Some((end, pattern, start)) = hit else {
            let total = self.console.out.len() as u64;
            return ConsoleResponse::Text { bytes: self.console.out.as_str().into(), total };
        };
        let rest = self.console.out.split_off(end);
        let taken = std::mem::replace(&mut self.console.out, rest);
        let (before, matched) = taken.split_at(start);
        let skipped = std::mem::take(&mut self.console.washed_away);
        let (before, matched) = (before.into(), matched.into());
        ConsoleResponse::Matched { pattern: pattern as u32, before, skipped, matched }
    }
}

#[async_trait]
impl Touch<Power> for Dut {
    async fn call(&self, request: PowerRequest, _: Deadline) -> Result<PowerResponse, Fault> {
        let mut camera = self.lock();
        if matches!(request, PowerRequest::On | PowerRequest::Cycle { .. })
            && camera.kind != Kind::Silent
            && !camera.never_off
        {
            camera.restart();
            camera.just_on = true;
        }
        Ok(PowerResponse::Is { on: Some(request_leaves_on(request)) })
    }
}

const fn request_leaves_on(request: PowerRequest) -> bool {
    !matches!(request, PowerRequest::Off)
}
