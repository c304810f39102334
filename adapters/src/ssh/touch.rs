//! SSH as a way of touching a DUT.

use std::io::ErrorKind;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use assay_model::{
    Deadline, Endpoint, Fault, Touch,
    touch::ssh::{Ssh, SshRequest, SshResponse},
};
use async_trait::async_trait;
use tokio::time::timeout_at;

use super::{ending::Stage, kexinit, logon, session::Greeted};

/// SSH to any endpoint of the bench. Host keys are told, never judged here.
#[derive(Debug, Default, Clone, Copy)]
pub struct SshTouch;

#[async_trait]
impl Touch<Ssh> for SshTouch {
    async fn call(&self, request: SshRequest, until: Deadline) -> Result<SshResponse, Fault> {
        match &request {
            SshRequest::Hello { .. } => {}
            SshRequest::Methods { user, .. } => no_nul("user", user)?,
            SshRequest::Logon { user, password, command, .. } => {
                no_nul("user", user)?;
                no_nul("password", password)?;
                no_nul("command", command.as_deref().unwrap_or_default())?;
            }
        }
        let (SshRequest::Hello { endpoint }
        | SshRequest::Methods { endpoint, .. }
        | SshRequest::Logon { endpoint, .. }) = &request;
        let endpoint = endpoint.clone();
        let stream = match connect(&endpoint, until).await? {
            Ok(stream) => Arc::new(stream),
            Err(response) => return Ok(response),
        };
        let cut = CutOnDrop(Arc::clone(&stream));
        let mut exchange =
            tokio::task::spawn_blocking(move || talk(stream, &request, until).unwrap_or_else(|early| early));
        let in_time = timeout_at(until.instant().into(), &mut exchange).await;
        // libssh2 looks at its clock only when nothing arrives; a server that never stops must be cut off.
        drop(cut);
        let ended = match in_time {
            Ok(ended) => ended,
            Err(_) => exchange.await,
        };
        let response = ended.map_err(|e| Fault::adapter("ssh-thread", format!("the SSH exchange ended early: {e}")))?;
        Ok(match response {
            SshResponse::NoCommonAlgorithm { text } => no_common_algorithm(&endpoint, until, &text).await,
            other => other,
        })
    }
}

/// Ends an exchange that is overdue, or whose asker went away: its thread must not go on trying.
struct CutOnDrop(Arc<TcpStream>);

impl Drop for CutOnDrop {
    fn drop(&mut self) {
        // It may be gone already.
        let _gone = self.0.shutdown(Shutdown::Both);
    }
}

fn talk(stream: Arc<TcpStream>, request: &SshRequest, until: Deadline) -> Result<SshResponse, SshResponse> {
    let greeted = Greeted::new(stream, until)?;
    match request {
        SshRequest::Hello { .. } => Ok(SshResponse::Hello(greeted.hello())),
        SshRequest::Methods { user, .. } => logon::methods(&greeted, user),
        SshRequest::Logon { user, password, command, .. } => logon::logon(&greeted, user, password, command.as_deref()),
    }
}

/// Connects; what the DUT or the network did instead is a response.
async fn connect(endpoint: &Endpoint, until: Deadline) -> Result<Result<TcpStream, SshResponse>, Fault> {
    let no_answer = || SshResponse::NoAnswer { stage: Stage::Connect.word().into() };
    let connecting = tokio::net::TcpStream::connect(endpoint.socket());
    let stream = match timeout_at(until.instant().into(), connecting).await {
        Err(_) => return Ok(Err(no_answer())),
        Ok(Err(e)) => match e.kind() {
            ErrorKind::ConnectionRefused => return Ok(Err(SshResponse::Refused)),
            ErrorKind::ConnectionReset => {
                return Ok(Err(SshResponse::Dropped { stage: Stage::Connect.word().into() }));
            }
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::TimedOut => {
                return Ok(Err(no_answer()));
            }
            _ => return Err(Fault::bench("no-socket", format!("no connection to {endpoint}: {e}"))),
        },
        Ok(Ok(stream)) => stream,
    };
    let blocking = |stream: tokio::net::TcpStream| {
        let stream = stream.into_std()?;
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        Ok::<_, std::io::Error>(stream)
    };
    blocking(stream).map(Ok).map_err(|e| Fault::adapter("ssh-socket", format!("the socket to {endpoint}: {e}")))
}

/// Looks whether the server made an offer at all; without one, libssh2's words mean a broken handshake.
async fn no_common_algorithm(endpoint: &Endpoint, until: Deadline, text: &str) -> SshResponse {
    match kexinit::read(endpoint, until).await {
        Some(offer) => SshResponse::NoCommonAlgorithm { text: format!("{text}: {offer}") },
        None => SshResponse::Dropped { stage: format!("{}: no KEXINIT came", Stage::Handshake.word()) },
    }
}

fn no_nul(what: &str, text: &str) -> Result<(), Fault> {
    if text.contains('\0') {
        return Err(Fault::plan("bad-parameter", format!("a {what} with a NUL byte cannot be sent by libssh2")));
    }
    Ok(())
}
