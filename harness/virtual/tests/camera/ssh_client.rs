//! An SSH client by russh.

use std::sync::Arc;

use assay_virtual::VirtualSample;
use russh::client::{self, Handle};
use russh::keys::PublicKeyOrCertificate;
use russh::{ChannelMsg, client::AuthResult};
use tokio::time::timeout;

use crate::lab::PATIENCE;

#[derive(Default)]
pub(crate) struct Client {
    host_key: Arc<std::sync::Mutex<String>>,
}

impl client::Handler for Client {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        *self.host_key.lock().unwrap() = format!("{key:?}");
        Ok(true)
    }
}

pub(crate) async fn connect(sample: &VirtualSample) -> Result<Handle<Client>, russh::Error> {
    let config = Arc::new(client::Config::default());
    timeout(PATIENCE, client::connect(config, (sample.host, 2222), Client::default())).await.unwrap()
}

/// What the host key looks like.
pub(crate) async fn host_key(sample: &VirtualSample) -> String {
    let client = Client::default();
    let seen = client.host_key.clone();
    client::connect(Arc::default(), (sample.host, 2222), client).await.unwrap();
    seen.lock().unwrap().clone()
}

/// Whether a fresh connection is let in.
pub(crate) async fn log_on(sample: &VirtualSample, user: &str, password: &str) -> bool {
    let mut session = connect(sample).await.unwrap();
    session.authenticate_password(user, password).await.unwrap().success()
}

/// What `none` is answered with.
pub(crate) async fn methods(sample: &VirtualSample) -> String {
    match connect(sample).await.unwrap().authenticate_none("admin").await.unwrap() {
        AuthResult::Success => "success".to_owned(),
        AuthResult::Failure { remaining_methods, .. } => format!("{remaining_methods:?}"),
    }
}

/// Output and exit status of one command.
pub(crate) async fn exec(session: &Handle<Client>, command: &str) -> (String, u32) {
    let mut channel = session.channel_open_session().await.unwrap();
    channel.exec(true, command).await.unwrap();
    let (mut text, mut status) = (String::new(), u32::MAX);
    while let Some(message) = timeout(PATIENCE, channel.wait()).await.unwrap() {
        match message {
            ChannelMsg::Data { data } => text.push_str(std::str::from_utf8(&data).unwrap()),
            ChannelMsg::ExitStatus { exit_status } => status = exit_status,
            _ => {}
        }
    }
    (text, status)
}

/// A shell on a pty: types `line`, and returns all output up to the end of the session.
pub(crate) async fn shell(session: &Handle<Client>, lines: &str) -> String {
    let mut channel = session.channel_open_session().await.unwrap();
    channel.request_pty(true, "vt100", 80, 24, 0, 0, &[]).await.unwrap();
    channel.request_shell(true).await.unwrap();
    channel.data(lines.as_bytes()).await.unwrap();
    let mut text = String::new();
    while let Some(message) = timeout(PATIENCE, channel.wait()).await.unwrap() {
        if let ChannelMsg::Data { data } = message {
            text.push_str(std::str::from_utf8(&data).unwrap());
        }
    }
    text
}
