//! The maker's website: plain HTTP on an address of its own, beside the samples of a run.

mod pages;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Response, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::camera::services::PortTrouble;
use crate::http_server::{self, Page};

/// Its port.
pub(crate) const PORT: u16 = 8088;
const MAX_CONNECTIONS: usize = 64;
const MAX_CONNECTION_AGE: Duration = Duration::from_secs(300);

/// Binds and serves until `stop`.
pub(crate) async fn serve(host: Ipv4Addr, tasks: &TaskTracker, stop: &CancellationToken) -> Result<(), PortTrouble> {
    let address = SocketAddr::from((host, PORT));
    let listener = TcpListener::bind(address).await.map_err(|error| PortTrouble::new(address, &error))?;
    let seats = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let (connections, off) = (tasks.clone(), stop.clone());
    let accept = async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let Ok(seat) = seats.clone().try_acquire_owned() else { continue };
            let connection = async move {
                let _seat = seat;
                let serving =
                    http_server::serve(stream, |request| async move { answer(request.method(), request.uri().path()) });
                // Past its age a connection is dropped wherever it stands.
                let _ = tokio::time::timeout(MAX_CONNECTION_AGE, serving).await;
            };
            connections.spawn(off.clone().run_until_cancelled_owned(connection));
        }
    };
    tasks.spawn(stop.clone().run_until_cancelled_owned(accept));
    Ok(())
}

fn answer(method: &Method, path: &str) -> Page {
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut page =
            html(StatusCode::METHOD_NOT_ALLOWED, pages::render("Not here", "<p>This page can only be read.</p>"));
        page.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return page;
    }
    match pages::at(path) {
        Some(page) => html(StatusCode::OK, pages::render(page.title, page.body)),
        None => html(StatusCode::NOT_FOUND, pages::render("No such page", "<p><a href=\"/\">Start</a></p>")),
    }
}

fn html(status: StatusCode, body: String) -> Page {
    let mut page = Response::new(Full::new(Bytes::from(body)));
    *page.status_mut() = status;
    page.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    page
}
