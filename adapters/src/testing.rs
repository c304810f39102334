//! What the tests share: hosts of their own, servers that do as a script says, a recorder that keeps.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use assay_model::{
    AddressBook, Deadline, Direction, Endpoint, EvidenceId, EvidenceStream, Exchange, Host, Recorder, StreamMeta,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A host that goes by its address.
pub(crate) fn host(address: &str) -> Host {
    AddressBook::new().own(address, address.parse::<IpAddr>().expect("an address"))
}

pub(crate) fn endpoint(at: SocketAddr) -> Endpoint {
    host(&at.ip().to_string()).port(at.port())
}

/// Long enough for anything that is meant to end well.
pub(crate) fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(10))
}

/// Short: for what is meant to end by the deadline.
pub(crate) fn shortly() -> Deadline {
    Deadline::after(Duration::from_millis(300))
}

/// A server on a port of its own; each connection is handed to `serve`.
pub(crate) async fn serve<F, Fut>(address: &str, serve: F) -> SocketAddr
where
    F: Fn(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind((address, 0)).await.expect("binds");
    let at = listener.local_addr().expect("has an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    at
}

/// What a scripted server does, in order.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Waits for bytes from the client.
    Take,
    /// Sends.
    Say(Vec<u8>),
    /// Sends byte by byte, with a pause after each.
    Drip(Vec<u8>, Duration),
    /// Sends the same again and again until the client is gone.
    Forever(Vec<u8>),
    /// Stays connected and silent.
    Stall,
    /// Closes its sending side only, and stays.
    HalfClose,
    /// Resets.
    Reset,
}

/// A server that does the same for every client, then closes.
pub(crate) async fn scripted(address: &str, script: Vec<Act>) -> SocketAddr {
    serve(address, move |mut stream| {
        let script = script.clone();
        async move {
            for act in script {
                if play(&mut stream, act).await.is_err() {
                    return;
                }
            }
        }
    })
    .await
}

async fn play(stream: &mut TcpStream, act: Act) -> std::io::Result<()> {
    match act {
        Act::Take => {
            let mut buffer = [0; 4096];
            let _took = stream.read(&mut buffer).await?;
        }
        Act::Say(bytes) => stream.write_all(&bytes).await?,
        Act::Drip(bytes, pause) => {
            for byte in bytes {
                stream.write_all(&[byte]).await?;
                tokio::time::sleep(pause).await;
            }
        }
        Act::Forever(bytes) => loop {
            stream.write_all(&bytes).await?;
        },
        Act::Stall => std::future::pending().await,
        Act::HalfClose => {
            stream.shutdown().await?;
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        Act::Reset => socket2::SockRef::from(&*stream).set_linger(Some(Duration::ZERO))?,
    }
    Ok(())
}

/// A port on which nothing listens.
pub(crate) async fn closed_port(address: &str) -> SocketAddr {
    let listener = TcpListener::bind((address, 0)).await.expect("binds");
    listener.local_addr().expect("has an address")
}

/// A listener whose queue is full: the kernel drops every further connection request, as a firewall would.
pub(crate) struct Silent {
    pub(crate) at: SocketAddr,
    listener: socket2::Socket,
    _filling: Vec<socket2::Socket>,
}

impl Silent {
    /// Makes room in the queue after a while: the port answers again.
    pub(crate) fn drain_after(self, wait: Duration) -> std::thread::JoinHandle<()> {
        std::thread::spawn(move || {
            std::thread::sleep(wait);
            self.listener.set_read_timeout(Some(Duration::from_secs(1))).expect("timeout");
            while let Ok((stream, _)) = self.listener.accept() {
                drop(stream);
            }
        })
    }
}

pub(crate) fn silent_port(at: &str) -> Silent {
    let at: SocketAddr = at.parse().expect("an address");
    let listener = socket2::Socket::new(socket2::Domain::for_address(at), socket2::Type::STREAM, None).expect("socket");
    listener.set_reuse_address(true).expect("reuse");
    listener.bind(&at.into()).expect("binds");
    listener.listen(0).expect("listens");
    let at = listener.local_addr().expect("bound").as_socket().expect("IP");
    let mut filling = Vec::new();
    loop {
        let socket =
            socket2::Socket::new(socket2::Domain::for_address(at), socket2::Type::STREAM, None).expect("socket");
        let full = socket.connect_timeout(&at.into(), Duration::from_millis(100)).is_err();
        filling.push(socket);
        if full {
            return Silent { at, listener, _filling: filling };
        }
    }
}

/// What a recorder was given.
#[derive(Default, Clone)]
pub(crate) struct Kept {
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) streams: Vec<(StreamMeta, Vec<u8>)>,
    /// What was lost, over all streams.
    pub(crate) dropped: u64,
}

/// A recorder for the code under test, and the same one to look into.
pub(crate) fn recorder() -> (Arc<dyn Recorder>, Arc<MemoryRecorder>) {
    let memory = Arc::new(MemoryRecorder { kept: Arc::default(), started: Instant::now() });
    (Arc::clone(&memory) as Arc<dyn Recorder>, memory)
}

pub(crate) struct MemoryRecorder {
    kept: Arc<Mutex<Kept>>,
    started: Instant,
}

impl MemoryRecorder {
    pub(crate) fn kept(&self) -> Kept {
        self.kept.lock().expect("lock").clone()
    }
}

impl Recorder for MemoryRecorder {
    fn exchange(&self, exchange: Exchange) {
        self.kept.lock().expect("lock").exchanges.push(exchange);
    }

    fn stream(&self, meta: StreamMeta) -> Box<dyn EvidenceStream> {
        let mut kept = self.kept.lock().expect("lock");
        kept.streams.push((meta, Vec::new()));
        Box::new(MemoryStream { index: kept.streams.len() - 1, kept: Arc::clone(&self.kept) })
    }

    fn now_ns(&self) -> u64 {
        self.started.elapsed().as_nanos() as u64
    }
}

struct MemoryStream {
    index: usize,
    kept: Arc<Mutex<Kept>>,
}

impl EvidenceStream for MemoryStream {
    fn id(&self) -> EvidenceId {
        EvidenceId(1)
    }

    fn append(&mut self, _direction: Direction, bytes: &[u8]) {
        self.kept.lock().expect("lock").streams[self.index].1.extend_from_slice(bytes);
    }

    fn dropped(&mut self, bytes: u64, _reason: &str) {
        self.kept.lock().expect("lock").dropped += bytes;
    }
}
