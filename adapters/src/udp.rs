//! Datagrams. Two sockets share one local port: a connected one, which hears that a port is unreachable, and an
//! unconnected one for services that answer from another port (TFTP).

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use assay_model::touch::udp::{Datagram, Udp, UdpRequest, UdpResponse};
use assay_model::{Deadline, Fault, Payload, Touch};
use async_trait::async_trait;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use crate::socket::own_trouble;

/// Bytes of answers that one request keeps, at most.
const MOST_BYTES: usize = 4 << 20;

/// Datagrams to one DUT; nothing is kept between requests.
#[derive(Debug, Clone, Copy, Default)]
pub struct UdpDatagrams;

#[async_trait]
impl Touch<Udp> for UdpDatagrams {
    async fn call(&self, request: UdpRequest, until: Deadline) -> Result<UdpResponse, Fault> {
        let to = request.endpoint.socket();
        let (connected, open) = pair(to, request.from_port.unwrap_or(0)).map_err(|e| cannot(to, &e))?;
        let from_port = connected.local_addr().map_or(0, |a| a.port());
        let mut response = UdpResponse { from_port, ..UdpResponse::default() };
        match connected.send(request.payload.as_slice()).await {
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::ConnectionRefused => response.unreachable = true,
            // The network's word on the way there is silence from the DUT.
            Err(e) if matches!(e.kind(), ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable) => {
                return Ok(response);
            }
            Err(e) => return Err(cannot(to, &e)),
        }
        listen(&connected, &open, &request, until, &mut response).await;
        Ok(response)
    }
}

async fn listen(
    connected: &UdpSocket,
    open: &UdpSocket,
    request: &UdpRequest,
    until: Deadline,
    response: &mut UdpResponse,
) {
    let to = request.endpoint.socket();
    let until = until.capped(Duration::from_millis(request.wait_ms.into()));
    let end = tokio::time::sleep_until(until.instant().into());
    tokio::pin!(end);
    let (mut here, mut there) = (vec![0_u8; 65_536], vec![0_u8; 65_536]);
    let mut kept = 0;
    while response.replies.len() < request.max_replies as usize && kept < MOST_BYTES && !response.unreachable {
        let (from, bytes) = tokio::select! {
            biased;
            () = &mut end => break,
            got = connected.recv(&mut here) => match got {
                Ok(n) => (to, &here[..n]),
                // ICMP port unreachable; any other error is about this host and ends the wait as silence.
                Err(e) => { response.unreachable = e.kind() == ErrorKind::ConnectionRefused; break }
            },
            got = open.recv_from(&mut there) => match got {
                Ok((n, from)) if from.ip() == to.ip() => (from, &there[..n]),
                Ok(_) => continue, // somebody else's
                Err(_) => break,
            },
        };
        kept += bytes.len();
        if let Some(idle_ms) = request.idle_ms {
            let quiet = until.capped(Duration::from_millis(idle_ms.into()));
            end.as_mut().reset(quiet.instant().into());
        }
        response.replies.push(Datagram { from: from.to_string(), bytes: Payload::from(bytes) });
    }
}

/// A connected and an unconnected socket on the same local port. The kernel gives each datagram to the best match.
fn pair(to: SocketAddr, from_port: u16) -> std::io::Result<(UdpSocket, UdpSocket)> {
    let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let bound = |port| -> std::io::Result<Socket> {
        let socket = Socket::new(Domain::for_address(to), Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_nonblocking(true)?;
        if port != 0 {
            socket.set_reuse_address(true)?;
        }
        socket.bind(&SocketAddr::new(any, port).into())?;
        // Set only after the kernel chose a port, so that it cannot choose one that another request shares already.
        socket.set_reuse_address(true)?;
        Ok(socket)
    };
    let open = bound(from_port)?;
    let port = open.local_addr()?.as_socket().map_or(0, |a| a.port());
    let connected = bound(port)?;
    connected.connect(&to.into())?;
    Ok((UdpSocket::from_std(connected.into())?, UdpSocket::from_std(open.into())?))
}

fn cannot(to: SocketAddr, error: &std::io::Error) -> Fault {
    own_trouble(error).unwrap_or_else(|| Fault::bench("udp-socket", format!("cannot send a datagram to {to}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{endpoint, soon};

    const HOST: &str = "127.31.3.1";

    async fn ask(to: SocketAddr, wait_ms: u32, max_replies: u32) -> UdpResponse {
        let request = UdpRequest::new(endpoint(to), "ping", wait_ms, max_replies);
        UdpDatagrams.call(request, soon()).await.expect("no fault")
    }

    async fn peer() -> UdpSocket {
        UdpSocket::bind((HOST, 0)).await.expect("binds")
    }

    #[tokio::test]
    async fn a_closed_port_says_so_and_a_silent_one_does_not() {
        let silent = peer().await;
        let at = silent.local_addr().expect("bound");
        let answer = ask(at, 100, 1).await;
        assert!(answer.replies.is_empty() && !answer.unreachable);
        drop(silent);
        let closed = ask(at, 2_000, 1).await;
        assert!(closed.unreachable && closed.replies.is_empty());
    }

    #[tokio::test]
    async fn answers_come_from_the_port_and_from_others_of_the_host() {
        let (service, other, stranger) =
            (peer().await, peer().await, UdpSocket::bind("127.31.3.2:0").await.expect("binds"));
        let at = service.local_addr().expect("bound");
        let from = [at, other.local_addr().expect("bound")];
        tokio::spawn(async move {
            let mut buffer = [0; 64];
            let (_, asker) = service.recv_from(&mut buffer).await.expect("receives");
            stranger.send_to(b"not asked", asker).await.expect("sends");
            service.send_to(b"first", asker).await.expect("sends");
            other.send_to(b"second", asker).await.expect("sends");
            tokio::time::sleep(Duration::from_secs(5)).await;
        });
        let answer = ask(at, 2_000, 2).await;
        let mut replies: Vec<(String, String)> =
            answer.replies.into_iter().map(|d| (d.bytes.lossy(), d.from)).collect();
        replies.sort();
        assert_eq!(replies, [("first".into(), from[0].to_string()), ("second".into(), from[1].to_string())]);
    }

    #[tokio::test]
    async fn an_answer_is_over_when_nothing_follows() {
        let service = peer().await;
        let at = service.local_addr().expect("bound");
        tokio::spawn(async move {
            let (_, asker) = service.recv_from(&mut [0; 64]).await.expect("receives");
            for _ in 0..3 {
                service.send_to(b"part", asker).await.expect("sends");
            }
            tokio::time::sleep(Duration::from_secs(60)).await;
        });
        let request = UdpRequest { idle_ms: Some(50), ..UdpRequest::new(endpoint(at), "ping", 60_000, 100) };
        let answer = tokio::time::timeout(Duration::from_secs(10), UdpDatagrams.call(request, soon())).await;
        assert_eq!(answer.expect("long before its wait is over").expect("no fault").replies.len(), 3);
    }

    #[tokio::test]
    async fn a_conversation_keeps_its_port() {
        let service = peer().await;
        let at = service.local_addr().expect("bound");
        tokio::spawn(async move {
            let mut buffer = [0; 64];
            while let Ok((_, asker)) = service.recv_from(&mut buffer).await {
                let port = asker.port().to_string();
                service.send_to(port.as_bytes(), asker).await.expect("sends");
            }
        });
        let first = ask(at, 2_000, 1).await;
        assert_eq!(first.replies[0].bytes.lossy(), first.from_port.to_string());
        for _ in 0..20 {
            let request =
                UdpRequest { from_port: Some(first.from_port), ..UdpRequest::new(endpoint(at), "again", 2_000, 1) };
            let again = UdpDatagrams.call(request, soon()).await.expect("no fault");
            assert_eq!((&again.replies, again.from_port), (&first.replies, first.from_port));
        }
    }

    #[tokio::test]
    async fn a_flood_ends_by_count_and_silence_by_time() {
        let service = peer().await;
        let at = service.local_addr().expect("bound");
        tokio::spawn(async move {
            let (_, asker) = service.recv_from(&mut [0; 64]).await.expect("receives");
            while service.send_to(&[7; 1_000], asker).await.is_ok() {}
        });
        let answer = ask(at, 60_000, 5).await;
        assert_eq!(answer.replies.len(), 5);
        assert!(!answer.unreachable);
    }
}
