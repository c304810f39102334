//! QEMU's machine protocol over the process's own pipes: enough to know that the guest stands ready, to let it go, and to give
//! its serial port a break.

use std::time::Duration;

use assay_model::Deadline;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::time::timeout_at;

/// One message of QEMU is far shorter.
const LONGEST: u64 = 64 * 1024;
/// QEMU answers in milliseconds; under a load of other guests in seconds.
const ANSWER: Duration = Duration::from_secs(15);

/// Why QEMU did not do as it was told.
#[derive(Debug, thiserror::Error)]
pub(super) enum QmpError {
    /// It ended, or closed the pipe.
    #[error("it ended before it answered")]
    Gone,
    /// No answer in time.
    #[error("it did not answer within {} s", ANSWER.as_secs())]
    Silent,
    /// It answered with an error.
    #[error("it refused `{command}`: {text}")]
    Refused {
        /// What it was told.
        command: &'static str,
        /// What it said.
        text: String,
    },
}

/// A monitor of one guest.
pub(super) struct Qmp<R, W> {
    from: BufReader<R>,
    to: W,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Qmp<R, W> {
    pub(super) fn new(from: R, to: W) -> Self {
        Self { from: BufReader::new(from), to }
    }

    /// Waits for the greeting and enters command mode; afterwards the guest is set up and stands still.
    pub(super) async fn greet(&mut self, until: Deadline) -> Result<(), QmpError> {
        let until = until.capped(ANSWER);
        while self.message(until).await?.get("QMP").is_none() {}
        self.execute("qmp_capabilities", until).await
    }

    /// Lets the guest run.
    pub(super) async fn cont(&mut self, until: Deadline) -> Result<(), QmpError> {
        self.execute("cont", until.capped(ANSWER)).await
    }

    /// Gives the UART behind that character device a break.
    pub(super) async fn send_break(&mut self, device: &str, until: Deadline) -> Result<(), QmpError> {
        self.command("chardev-send-break", json!({"id": device}), until.capped(ANSWER)).await
    }

    /// Reads what QEMU says unasked, so that it is never held up by a full pipe; until it ends. What is cut off here is no
    /// message any more, and passed over.
    pub(super) async fn pass_over(&mut self) {
        let mut said = [0; 4096];
        while let Ok(1..) = self.from.read(&mut said).await {}
    }

    async fn execute(&mut self, command: &'static str, until: Deadline) -> Result<(), QmpError> {
        self.command(command, json!({}), until).await
    }

    async fn command(&mut self, command: &'static str, arguments: Value, until: Deadline) -> Result<(), QmpError> {
        let line = format!("{}\n", json!({"execute": command, "arguments": arguments}));
        self.to.write_all(line.as_bytes()).await.map_err(|_| QmpError::Gone)?;
        self.to.flush().await.map_err(|_| QmpError::Gone)?;
        loop {
            let message = self.message(until).await?;
            if message.get("return").is_some() {
                return Ok(());
            }
            if let Some(error) = message.get("error") {
                let text = error.get("desc").and_then(Value::as_str).unwrap_or("no reason given").to_owned();
                return Err(QmpError::Refused { command, text });
            }
        }
    }

    async fn message(&mut self, until: Deadline) -> Result<Value, QmpError> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.from).take(LONGEST);
        match timeout_at(until.instant().into(), bounded.read_until(b'\n', &mut line)).await {
            Err(_) => Err(QmpError::Silent),
            Ok(Ok(1..)) => Ok(serde_json::from_slice(&line).unwrap_or_default()),
            Ok(_) => Err(QmpError::Gone),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    async fn answered(says: &'static str) -> Result<(), QmpError> {
        let (ours, mut theirs) = duplex(1024);
        let (from, to) = tokio::io::split(ours);
        theirs.write_all(says.as_bytes()).await.expect("written");
        theirs.shutdown().await.expect("closed");
        Qmp::new(from, to).greet(Deadline::after(Duration::from_secs(5))).await
    }

    #[tokio::test]
    async fn events_and_noise_are_no_answers() {
        let greeting = "{\"QMP\":{}}\n";
        assert!(answered("noise\n{\"QMP\":{}}\n{\"event\":\"RESET\"}\n{\"return\":{}}\n").await.is_ok());
        assert!(matches!(answered(greeting).await, Err(QmpError::Gone)));
        assert!(matches!(answered("").await, Err(QmpError::Gone)));
        let refused = answered("{\"QMP\":{}}\n{\"error\":{\"desc\":\"no\"}}\n").await;
        assert!(matches!(refused, Err(QmpError::Refused { ref text, .. }) if text == "no"), "{refused:?}");
    }
}
