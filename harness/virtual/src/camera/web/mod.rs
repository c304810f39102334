//! The web interface: pages for people and a JSON API for the app, over one set of actions.

mod api;
mod form;
mod pages;
mod reply;
mod route;

use std::sync::Arc;
use std::time::Duration;

use hyper::header::LOCATION;
use hyper::{StatusCode, header};
use tokio::net::TcpStream;

use super::body::Camera;
use super::old_tls;
use super::services::Service;
use crate::http_server;

const TLS_HANDSHAKE: Duration = Duration::from_secs(10);

/// HTTPS: the web interface.
pub(super) async fn https(stream: TcpStream, camera: Arc<Camera>) {
    if let Some(agreed) = old_tls::meant_for(&stream, &camera.defects).await {
        return old_tls::serve(stream, &camera.identity.old, agreed).await;
    }
    match tokio::time::timeout(TLS_HANDSHAKE, camera.identity.tls.accept(stream)).await {
        Ok(Ok(stream)) => http_server::serve(stream, |request| route::answer(&camera, request)).await,
        Ok(Err(error)) => tracing::debug!(%error, "tls handshake"),
        Err(_) => tracing::debug!("tls handshake took too long"),
    }
}

/// HTTP: one answer, the way to HTTPS. The host comes from the camera, not from the request, so it cannot be bent.
pub(super) async fn redirect(stream: TcpStream, camera: Arc<Camera>) {
    let (host, port) = (camera.host, Service::Https.port());
    http_server::serve(stream, |request| async move {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let mut page = reply::text(StatusCode::PERMANENT_REDIRECT, "use https\n");
        let target = format!("https://{host}:{port}{path}");
        if let Ok(target) = header::HeaderValue::from_str(&target) {
            page.headers_mut().insert(LOCATION, target);
        }
        page
    })
    .await;
}
