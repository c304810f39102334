//! SSH by russh: password logon of `admin`, commands and a small shell. Nothing is forwarded.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Session};
use russh::{Channel, ChannelId, MethodKind, MethodSet, Preferred, Pty, SshId, kex};
use tokio::io::{copy_bidirectional, duplex};

use super::body::{Camera, FIRMWARE};
use super::defect::Defect;
use super::line_editor::{LineEditor, Typed};
use super::shell::{Shell, Then, User};
use super::state::LogOn;
use crate::tap::Tapped;

const BANNER: &str = "SSH-2.0-C1sshd_1.4";
const REJECTION_TIME: Duration = Duration::from_millis(30);
/// A client that has not logged on by then is dropped.
const LOGIN_GRACE: Duration = Duration::from_secs(20);
const IDLE: Duration = Duration::from_secs(300);
const LAST_WORDS: Duration = Duration::from_secs(2);
const TRIES_PER_CONNECTION: usize = 20;
const MAX_CHANNELS: usize = 4;

pub(super) async fn serve(mut stream: Tapped, camera: Arc<Camera>) {
    // russh runs a session in a task of its own; through this pipe it ends when the connection's task is dropped.
    let (mut near, far) = duplex(64 * 1024);
    let logged_on = Arc::new(AtomicBool::new(false));
    let config = Arc::new(config(&camera));
    let handler = Connection { camera, logged_on: logged_on.clone(), channels: HashMap::new() };
    let session = async {
        if let Ok(session) = russh::server::run_stream(config, far, handler).await
            && let Err(error) = session.await
        {
            tracing::debug!(%error, "ssh session");
        }
        // The pipe's far end is closed by now; what the session said last still has to reach the client.
        tokio::time::sleep(LAST_WORDS).await;
    };
    let grace = async {
        tokio::time::sleep(LOGIN_GRACE).await;
        if logged_on.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        _ = copy_bidirectional(&mut stream, &mut near) => {}
        () = session => {}
        () = grace => {}
    }
}

fn config(camera: &Camera) -> Config {
    Config {
        server_id: SshId::Standard(Cow::Borrowed(BANNER)),
        methods: methods(),
        auth_rejection_time: REJECTION_TIME,
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: vec![camera.identity.ssh_host_key.clone()],
        max_auth_attempts: TRIES_PER_CONNECTION,
        inactivity_timeout: Some(IDLE),
        nodelay: true,
        preferred: preferred(camera),
        ..Config::default()
    }
}

/// What is offered; with the defect also methods over SHA-1, one of them in a field of 1024 bits.
fn preferred(camera: &Camera) -> Preferred {
    let mut offered = Preferred::default();
    if camera.is(Defect::SshWeakKex) {
        offered.kex.to_mut().extend([kex::DH_G14_SHA1, kex::DH_G1_SHA1]);
    }
    offered
}

fn methods() -> MethodSet {
    MethodSet::from(&[MethodKind::Password][..])
}

/// One client.
struct Connection {
    camera: Arc<Camera>,
    logged_on: Arc<AtomicBool>,
    channels: HashMap<ChannelId, Terminal>,
}

/// One session channel.
#[derive(Default)]
struct Terminal {
    shell: Option<Shell>,
    editor: LineEditor,
    /// With a pty the far side echoes and prompts.
    pty: bool,
}

impl Connection {
    /// Ends a channel from our side. russh tells only of those that the client closed first.
    fn finish(&mut self, channel: ChannelId, status: u8, session: &mut Session) -> Result<(), russh::Error> {
        self.channels.remove(&channel);
        session.exit_status_request(channel, u32::from(status))?;
        session.eof(channel)?;
        session.close(channel)
    }
}

impl Handler for Connection {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        let result = self.camera.state().log_on(user, password);
        if result == LogOn::Accepted {
            self.logged_on.store(true, Ordering::Relaxed);
            return Ok(Auth::Accept);
        }
        // Without naming it again russh would take the method away after one wrong password.
        Ok(Auth::Reject { proceed_with_methods: Some(methods()), partial_success: false })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        if self.channels.len() < MAX_CHANNELS {
            self.channels.insert(channel.id(), Terminal::default());
            reply.accept().await;
        }
        Ok(())
    }

    async fn channel_close(&mut self, channel: ChannelId, _session: &mut Session) -> Result<(), Self::Error> {
        self.channels.remove(&channel);
        Ok(())
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        _term: &str,
        _columns: u32,
        _rows: u32,
        _width: u32,
        _height: u32,
        _modes: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        match self.channels.get_mut(&channel) {
            Some(terminal) => {
                terminal.pty = true;
                session.channel_success(channel)
            }
            None => session.channel_failure(channel),
        }
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        let Some(terminal) = self.channels.get_mut(&channel).filter(|terminal| terminal.shell.is_none()) else {
            return session.channel_failure(channel);
        };
        terminal.shell = Some(Shell::new(self.camera.clone(), User::ADMIN));
        session.channel_success(channel)?;
        if terminal.pty {
            let greeting = format!("C1 firmware {FIRMWARE}\r\n{}", User::ADMIN.prompt);
            session.data(channel, greeting.into_bytes())?;
        }
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        if !self.channels.contains_key(&channel) {
            return session.channel_failure(channel);
        }
        session.channel_success(channel)?;
        let mut shell = Shell::new(self.camera.clone(), User::ADMIN);
        let outcome = shell.run(&String::from_utf8_lossy(command));
        session.data(channel, outcome.text.replace("\r\n", "\n").into_bytes())?;
        self.finish(channel, shell.status, session)
    }

    async fn data(&mut self, channel: ChannelId, data: &[u8], session: &mut Session) -> Result<(), Self::Error> {
        if session.has_pending_data(channel) {
            // The client types and does not read: what it types is lost rather than kept in memory.
            return Ok(());
        }
        let Some(Terminal { shell: Some(shell), editor, pty }) = self.channels.get_mut(&channel) else { return Ok(()) };
        let mut shown = Vec::new();
        let mut over = false;
        for byte in data {
            let mut echo = Vec::new();
            let typed = editor.feed(*byte, false, &mut echo);
            if *pty {
                shown.append(&mut echo);
            }
            let outcome = match typed {
                Typed::More => continue,
                Typed::Interrupt => shell.run(""),
                Typed::Line(line) => shell.run(&line),
                Typed::End => shell.run("exit"),
            };
            shown.extend_from_slice(outcome.text.as_bytes());
            over = outcome.then == Then::Exit;
            if over {
                break;
            }
            if *pty {
                shown.extend_from_slice(shell.user.prompt.as_bytes());
            }
        }
        let status = shell.status;
        if !shown.is_empty() {
            session.data(channel, shown)?;
        }
        if over { self.finish(channel, status, session) } else { Ok(()) }
    }

    async fn channel_eof(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        let shell = self.channels.get(&channel).and_then(|terminal| terminal.shell.as_ref());
        match shell.map(|shell| shell.status) {
            Some(status) => self.finish(channel, status, session),
            None => Ok(()),
        }
    }
}
