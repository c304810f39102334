//! The `undeclared-port` defect: counters in clear for whoever asks. It has no logon and shows no secret.

use std::time::Duration;

use crate::tap::Tapped;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

const BANNER: &[u8] = b"C1 stream debug 2\r\n";
const IDLE: Duration = Duration::from_secs(60);

pub(super) async fn serve(mut stream: Tapped) {
    if stream.write_all(BANNER).await.is_err() {
        return;
    }
    let mut bytes = [0; 512];
    let mut asked = 0_u64;
    while let Ok(Ok(read @ 1..)) = timeout(IDLE, stream.read(&mut bytes)).await {
        for _ in bytes[..read].iter().filter(|byte| **byte == b'\n') {
            asked += 1;
            let answer = format!("frames 0 dropped 0 asked {asked}\r\n");
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}
