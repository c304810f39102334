//! A terminal on the console's pty: plain reads and writes of the device file, on a thread of its own.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use assay_virtual::VirtualSample;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::lab::PATIENCE;

pub(crate) struct Terminal {
    port: File,
    bytes: mpsc::UnboundedReceiver<Vec<u8>>,
    /// Read and not yet waited past.
    seen: String,
}

impl Terminal {
    pub(crate) fn open(sample: &VirtualSample) -> Self {
        let no_controlling_tty = i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).unwrap();
        let port =
            OpenOptions::new().read(true).write(true).custom_flags(no_controlling_tty).open(&sample.console).unwrap();
        let mut reader = port.try_clone().unwrap();
        let (found, bytes) = mpsc::unbounded_channel();
        // Ends with the camera, whose end of the pty closes then.
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if found.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { port, bytes, seen: String::new() }
    }

    pub(crate) fn type_in(&mut self, keys: &str) {
        self.port.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for `text`; returns what came before it.
    pub(crate) async fn wait_for(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.seen.find(text) {
                let rest = self.seen.split_off(at + text.len());
                let mut before = std::mem::replace(&mut self.seen, rest);
                before.truncate(at);
                return before;
            }
            match timeout(PATIENCE, self.bytes.recv()).await {
                Ok(Some(bytes)) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                end => panic!("no {text:?} ({end:?}); seen {:?}", self.seen),
            }
        }
    }

    /// What arrives until nothing has for so long.
    pub(crate) async fn until_quiet(&mut self, idle: Duration) -> String {
        while let Ok(Some(bytes)) = timeout(idle, self.bytes.recv()).await {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        std::mem::take(&mut self.seen)
    }

    pub(crate) async fn log_on(&mut self, user: &str, password: &str) {
        self.wait_for("login: ").await;
        self.type_in(&format!("{user}\r"));
        self.wait_for("Password: ").await;
        self.type_in(&format!("{password}\r"));
    }
}
