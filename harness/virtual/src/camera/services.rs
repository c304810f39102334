//! The network services: which ports a camera has, and what happens to a connection.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::body::Camera;
use super::defect::{Defect, Defects};
use super::manners::{self, Manners};
use super::{datagrams, debug_service, ftp, mqtt, ssh, telemetry, telnet, web};
use crate::tap::Tapped;

/// Connections of one camera at once; more are closed at once, as a small device does.
const MAX_CONNECTIONS: usize = 128;
/// No connection lives longer, whatever the peer does.
const MAX_CONNECTION_AGE: Duration = Duration::from_secs(600);
/// How long a listener that could not accept (out of descriptors) waits before it tries again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A network service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Https,
    HttpRedirect,
    Ssh,
    Telnet,
    Debug,
    Mqtt,
    Ftp,
}

impl Service {
    pub(crate) const fn port(self) -> u16 {
        match self {
            Self::Https => 8443,
            Self::HttpRedirect => 8080,
            Self::Ssh => 2222,
            Self::Telnet => 2323,
            Self::Debug => 9999,
            Self::Mqtt => 1883,
            Self::Ftp => 2121,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::HttpRedirect => "http",
            Self::Ssh => "ssh",
            Self::Telnet => "telnet",
            Self::Debug => "debug",
            Self::Mqtt => "mqtt",
            Self::Ftp => "ftp",
        }
    }

    /// The account that it runs under.
    pub(crate) const fn account(self) -> &'static str {
        match self {
            Self::Https | Self::HttpRedirect => "web",
            Self::Ssh => "sshd",
            Self::Telnet => "root",
            Self::Debug => "stream",
            Self::Mqtt => "mqtt",
            Self::Ftp => "ftp",
        }
    }
}

/// The services of a camera with these defects.
pub(crate) fn of(defects: &Defects) -> Vec<Service> {
    if defects.has(Defect::Absent) {
        return Vec::new();
    }
    let mut services = vec![Service::Https, Service::HttpRedirect, Service::Ssh];
    if defects.has(Defect::TelnetRoot) {
        services.push(Service::Telnet);
    }
    if defects.has(Defect::UndeclaredPort) {
        services.push(Service::Debug);
    }
    if defects.has(Defect::MqttAnonymous) {
        services.push(Service::Mqtt);
    }
    if defects.has(Defect::FtpAnonymous) {
        services.push(Service::Ftp);
    }
    services
}

/// A port that could not be had.
#[derive(Debug, Clone)]
pub(crate) struct PortTrouble {
    pub(crate) address: SocketAddr,
    pub(crate) kind: io::ErrorKind,
    pub(crate) message: String,
}

impl PortTrouble {
    pub(crate) fn new(address: SocketAddr, error: &io::Error) -> Self {
        Self { address, kind: error.kind(), message: error.to_string() }
    }
}

/// Whether the ports can be had: they are, for a moment.
pub(crate) fn try_ports(host: Ipv4Addr, defects: &Defects) -> Result<(), PortTrouble> {
    for service in of(defects) {
        let address = SocketAddr::from((host, service.port()));
        std::net::TcpListener::bind(address).map_err(|error| PortTrouble::new(address, &error))?;
    }
    for service in datagrams::of(defects) {
        datagrams::socket(host, service)?;
    }
    Ok(())
}

/// Binds every service of the camera and serves it until `off`. All of them or none.
pub(crate) async fn serve(
    camera: &Arc<Camera>,
    tasks: &TaskTracker,
    off: &CancellationToken,
) -> Result<(), PortTrouble> {
    let mut listeners = Vec::new();
    for service in of(&camera.defects) {
        let address = SocketAddr::from((camera.host, service.port()));
        let listener = TcpListener::bind(address).await.map_err(|error| PortTrouble::new(address, &error))?;
        listeners.push((service, listener));
    }
    for service in datagrams::of(&camera.defects) {
        let socket = datagrams::socket(camera.host, service)?;
        let address = SocketAddr::from((camera.host, service.port()));
        let socket = UdpSocket::from_std(socket).map_err(|error| PortTrouble::new(address, &error))?;
        let serve = datagrams::serve(socket, service, camera.clone());
        tasks.spawn(off.clone().run_until_cancelled_owned(serve));
    }
    let filter = manners::filter(camera.host, &camera.defects)
        .await
        .map_err(|error| PortTrouble::new(SocketAddr::from((camera.host, 0)), &error))?;
    if let Some(filter) = filter {
        let held = async move {
            let _filter = filter;
            std::future::pending::<()>().await;
        };
        tasks.spawn(off.clone().run_until_cancelled_owned(held));
    }
    tasks.spawn(off.clone().run_until_cancelled_owned(telemetry::report(camera.clone())));
    let door = Arc::new(Door {
        manners: Manners::of(&camera.defects),
        seats: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
        accepted: AtomicU32::new(0),
    });
    for (service, listener) in listeners {
        let accept = accept(service, listener, camera.clone(), door.clone(), tasks.clone(), off.clone());
        tasks.spawn(off.clone().run_until_cancelled_owned(accept));
    }
    Ok(())
}

/// What the connections of one camera share.
struct Door {
    manners: Manners,
    seats: Arc<Semaphore>,
    accepted: AtomicU32,
}

async fn accept(
    service: Service,
    listener: TcpListener,
    camera: Arc<Camera>,
    door: Arc<Door>,
    tasks: TaskTracker,
    off: CancellationToken,
) {
    loop {
        door.manners.before_accepting().await;
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::debug!(%error, service = service.name(), "accept");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let third = door.accepted.fetch_add(1, Ordering::Relaxed) % 3 == 2;
        if third && camera.is(Defect::Flaky) {
            continue;
        }
        let Ok(seat) = door.seats.clone().try_acquire_owned() else { continue };
        let (camera, door) = (camera.clone(), door.clone());
        let connection = async move {
            let _seat = (seat, door.manners.seat().await);
            door.manners.before_answering().await;
            // Past its age a connection is dropped wherever it stands.
            let _ = tokio::time::timeout(MAX_CONNECTION_AGE, handle(service, stream, camera)).await;
        };
        tasks.spawn(off.clone().run_until_cancelled_owned(connection));
    }
}

async fn handle(service: Service, stream: TcpStream, camera: Arc<Camera>) {
    let _ = stream.set_nodelay(true);
    // A peer that is gone again has nothing to say.
    let Ok(stream) = Tapped::new(stream, &camera.tap, false) else { return };
    if camera.is(Defect::Silent) {
        return swallow(stream).await;
    }
    match service {
        Service::Https => web::https(stream, camera).await,
        Service::HttpRedirect => web::redirect(stream, camera).await,
        Service::Ssh => ssh::serve(stream, camera).await,
        Service::Telnet => telnet::serve(stream, camera).await,
        Service::Debug => debug_service::serve(stream).await,
        Service::Mqtt => mqtt::serve(stream, camera).await,
        Service::Ftp => ftp::serve(stream).await,
    }
}

/// Reads until the peer has enough, and says nothing.
async fn swallow(mut stream: Tapped) {
    let mut ignored = [0; 4096];
    while matches!(stream.read(&mut ignored).await, Ok(1..)) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_follow_the_defects() {
        let ports = |defects: &[Defect]| -> Vec<u16> {
            of(&defects.iter().copied().collect()).into_iter().map(Service::port).collect()
        };
        assert_eq!(ports(&[]), [8443, 8080, 2222]);
        assert_eq!(ports(&[Defect::TelnetRoot, Defect::UndeclaredPort]), [8443, 8080, 2222, 2323, 9999]);
        assert!(ports(&[Defect::Absent, Defect::TelnetRoot]).is_empty());
    }
}
