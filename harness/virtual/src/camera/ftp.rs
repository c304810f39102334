//! The `ftp-anonymous` defect: an FTP server that shows the recordings' folder to `anonymous`. It takes and changes nothing.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::time::timeout;

use crate::tap::Tapped;

const IDLE: Duration = Duration::from_secs(60);
const MAX_LINE_BYTES: u64 = 512;
const LISTING: &str = "213-Status of .\r\ndrwxr-xr-x 2 cam cam 4096 Jan  1 00:00 recordings\r\n213 End.\r\n";

pub(super) async fn serve(stream: Tapped) {
    if let Err(error) = converse(stream).await {
        tracing::debug!(%error, "ftp");
    }
}

async fn converse(stream: Tapped) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 C1 files\r\n").await?;
    let (mut user, mut inside) = (String::new(), false);
    loop {
        let mut line = Vec::new();
        let mut limited = (&mut stream).take(MAX_LINE_BYTES);
        if timeout(IDLE, limited.read_until(b'\n', &mut line)).await?? == 0 {
            return Ok(());
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let answer = match verb.to_ascii_uppercase().as_str() {
            "USER" => {
                rest.clone_into(&mut user);
                "331 Password, please.\r\n"
            }
            "PASS" if user == "anonymous" => {
                inside = true;
                "230 Welcome.\r\n"
            }
            "PASS" => "530 Login incorrect.\r\n",
            "QUIT" => {
                stream.write_all(b"221 Bye.\r\n").await?;
                return Ok(());
            }
            _ if !inside => "530 Log in first.\r\n",
            "STAT" => LISTING,
            "PWD" => "257 \"/\"\r\n",
            "MKD" | "RMD" | "STOR" | "DELE" => "550 Permission denied.\r\n",
            _ => "502 Not here.\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}
