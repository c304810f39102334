//! The health report: counters and the report id, sent to the maker's service once the camera has been set up, which is where
//! the owner consents. Daily in the dossier; here, every second.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpSocket;

use super::body::{Camera, FIRMWARE};
use super::defect::Defect;
use crate::cloud::{NAME, Uplink};
use crate::tap::Tapped;

const EVERY: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(5);

/// Reports for as long as the camera is on. Needs an uplink.
pub(crate) async fn report(camera: Arc<Camera>) {
    let Some(uplink) = camera.uplink.get() else { return };
    if camera.is(Defect::Silent) || camera.is(Defect::Absent) {
        return;
    }
    loop {
        if camera.state().initialised() {
            let sent = tokio::time::timeout(PATIENCE, send(&camera, uplink)).await;
            if let Ok(Err(error)) = sent {
                tracing::debug!(%error, "health report");
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn send(camera: &Camera, uplink: &Uplink) -> std::io::Result<()> {
    let clear = camera.is(Defect::TelemetryCleartext);
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((camera.host, 0)))?;
    let stream = Tapped::new(socket.connect(uplink.address(clear)).await?, &camera.tap, true)?;
    // The older way of reporting named the unit, too.
    let unit = if clear { format!("\"unit\":\"{}\",", camera.label.serial) } else { String::new() };
    let body = format!(
        "{{{unit}\"report_id\":\"{}\",\"firmware\":\"{FIRMWARE}\",\"failed_logons\":0,\"restarts\":1}}",
        camera.report_id(),
    );
    let request = format!(
        "POST /v1/health HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    if clear {
        return exchange(stream, &request).await;
    }
    let name = ServerName::try_from(NAME).map_err(std::io::Error::other)?;
    exchange(uplink.tls().connect(name, stream).await?, &request).await
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> std::io::Result<()> {
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut answer = vec![0; 1024];
    let _ = stream.read(&mut answer).await?;
    stream.shutdown().await
}
