//! The `mqtt-anonymous` defect: a broker of MQTT 3.1.1 in clear that asks nobody who is there. It keeps nothing, and sends
//! back to each client what that client itself publishes.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::body::Camera;
use crate::tap::Tapped;

const IDLE: Duration = Duration::from_secs(60);
const MAX_PACKET_BYTES: usize = 4_096;

pub(super) async fn serve(mut stream: Tapped, camera: Arc<Camera>) {
    if let Err(error) = converse(&mut stream, &camera).await {
        tracing::debug!(%error, "mqtt");
    }
}

async fn converse(stream: &mut Tapped, camera: &Camera) -> io::Result<()> {
    let mut subscribed = false;
    loop {
        let (first, body) = timeout(IDLE, packet(stream)).await??;
        let answer = match first >> 4 {
            1 => vec![0x20, 2, 0, 0],
            // Every filter of a subscription is granted.
            8 if body.len() > 2 => {
                subscribed = true;
                let state = format!("{{\"recording\":{}}}", camera.state().settings.recording);
                [granted(&body), published("camera/state", state.as_bytes())].concat()
            }
            3 if subscribed => [&[first & 0xF0], &length(body.len())[..], &body].concat(),
            12 => vec![0xD0, 0],
            3 => continue,
            _ => return Ok(()),
        };
        stream.write_all(&answer).await?;
    }
}

async fn packet(stream: &mut Tapped) -> io::Result<(u8, Vec<u8>)> {
    let first = stream.read_u8().await?;
    let mut length = 0;
    for shift in 0..4 {
        let byte = stream.read_u8().await?;
        length |= usize::from(byte & 0x7F) << (7 * shift);
        if byte & 0x80 == 0 {
            break;
        }
    }
    if length > MAX_PACKET_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok((first, body))
}

fn granted(body: &[u8]) -> Vec<u8> {
    let (mut rest, mut filters) = (&body[2..], 0_u8);
    while let [high, low, after @ ..] = rest {
        let skip = usize::from(u16::from_be_bytes([*high, *low])) + 1;
        filters = filters.saturating_add(1).min(100);
        rest = after.get(skip..).unwrap_or_default();
    }
    [&[0x90, filters + 2, body[0], body[1]], &vec![0; filters.into()][..]].concat()
}

fn published(topic: &str, payload: &[u8]) -> Vec<u8> {
    let size = u16::try_from(topic.len()).unwrap_or(0).to_be_bytes();
    let body = [&size[..], topic.as_bytes(), payload].concat();
    [&[0x30], &length(body.len())[..], &body].concat()
}

/// A length of at most two bytes: packets here are short.
fn length(bytes: usize) -> Vec<u8> {
    let low = u8::try_from(bytes & 0x7F).unwrap_or(0);
    match u8::try_from(bytes >> 7).unwrap_or(0) {
        0 => vec![low],
        high => vec![low | 0x80, high],
    }
}
