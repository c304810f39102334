//! The web interface: pages for people and a JSON API for the app, over one set of actions.

mod api;
mod form;
mod pages;
mod reply;
mod route;

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::LOCATION;
use hyper::{Method, Request, StatusCode, header};

use super::body::Camera;
use super::defect::Defect;
use super::old_tls;
use super::services::Service;
use super::upnp;
use crate::http_server::{self, Page};
use crate::tap::Tapped;

const TLS_HANDSHAKE: Duration = Duration::from_secs(10);

/// HTTPS: the web interface.
pub(super) async fn https(stream: Tapped, camera: Arc<Camera>) {
    if let Some(agreed) = old_tls::meant_for(&stream, &camera.defects).await {
        return old_tls::serve(stream, &camera.identity.old, agreed).await;
    }
    match tokio::time::timeout(TLS_HANDSHAKE, camera.identity.tls.accept(stream)).await {
        Ok(Ok(stream)) => http_server::serve(stream, |request| route::answer(&camera, request)).await,
        Ok(Err(error)) => tracing::debug!(%error, "tls handshake"),
        Err(_) => tracing::debug!("tls handshake took too long"),
    }
}

/// HTTP: the description for discovery, and for all else the way to HTTPS.
pub(super) async fn redirect(stream: Tapped, camera: Arc<Camera>) {
    http_server::serve(stream, |request| plain(&camera, request)).await;
}

async fn plain(camera: &Arc<Camera>, request: Request<Incoming>) -> Page {
    match request.uri().path() {
        upnp::DESCRIPTION => reply::xml(StatusCode::OK, upnp::description(camera)),
        upnp::CONTROL if camera.is(Defect::UpnpIgdOpen) => {
            let action = request.headers().get("soapaction").and_then(|value| value.to_str().ok()).unwrap_or_default();
            let (status, envelope) = upnp::act(action);
            reply::xml(status, envelope)
        }
        "/login" if camera.is(Defect::HttpCleartextLogin) && request.method() == Method::GET => {
            reply::html(StatusCode::OK, pages::login(""))
        }
        "/login" if camera.is(Defect::HttpCleartextLogin) => route::answer(camera, request).await,
        _ => to_https(camera, &request),
    }
}

/// The host comes from the camera, not from the request, so it cannot be bent.
fn to_https(camera: &Camera, request: &Request<Incoming>) -> Page {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let mut page = reply::text(StatusCode::PERMANENT_REDIRECT, "use https\n");
    let target = format!("https://{}:{}{path}", camera.host, Service::Https.port());
    if let Ok(target) = header::HeaderValue::from_str(&target) {
        page.headers_mut().insert(LOCATION, target);
    }
    page
}
