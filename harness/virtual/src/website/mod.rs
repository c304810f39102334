//! The maker's website: plain HTTP on an address of its own, beside the samples of a run. Its pages stand in `pages/`.

#[path = "../../pages/table.rs"]
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

use crate::camera::defect::{Defect, Defects};
use crate::camera::services::PortTrouble;
use crate::firmware;
use crate::http_server::{self, Page};

/// Its port.
pub(crate) const PORT: u16 = 8088;
const MAX_CONNECTIONS: usize = 64;
const MAX_CONNECTION_AGE: Duration = Duration::from_secs(300);

/// Binds and serves until `stop`, with the pages that the defects make of it.
pub(crate) async fn serve(
    host: Ipv4Addr,
    defects: &Defects,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<(), PortTrouble> {
    if defects.has(Defect::WebsiteAbsent) {
        return Ok(());
    }
    let address = SocketAddr::from((host, PORT));
    let listener = TcpListener::bind(address).await.map_err(|error| PortTrouble::new(address, &error))?;
    let seats = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let (connections, off) = (tasks.clone(), stop.clone());
    let silent = defects.has(Defect::WebsiteSilent);
    let variants: Arc<[&'static str]> = defects.names().collect();
    let image = Bytes::from(firmware::image(defects));
    let accept = async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let Ok(seat) = seats.clone().try_acquire_owned() else { continue };
            let (variants, image) = (variants.clone(), image.clone());
            let connection = async move {
                let _seat = seat;
                if silent {
                    tokio::time::sleep(MAX_CONNECTION_AGE).await;
                    drop(stream);
                    return;
                }
                let serving = http_server::serve(stream, |request| {
                    let page = answer(&variants, &image, request.method(), request.uri().path());
                    async move { page }
                });
                // Past its age a connection is dropped wherever it stands.
                let _ = tokio::time::timeout(MAX_CONNECTION_AGE, serving).await;
            };
            connections.spawn(off.clone().run_until_cancelled_owned(connection));
        }
    };
    tasks.spawn(stop.clone().run_until_cancelled_owned(accept));
    Ok(())
}

fn answer(variants: &[&str], image: &Bytes, method: &Method, path: &str) -> Page {
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut page = html(StatusCode::METHOD_NOT_ALLOWED, plain("Not here", "<p>This page can only be read.</p>"));
        page.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return page;
    }
    if path == firmware::PATH {
        let mut page = Response::new(Full::new(image.clone()));
        page.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        return page;
    }
    let Some(found) = pages::at(variants, path) else {
        return html(StatusCode::NOT_FOUND, plain("No such page", "<p><a href=\"/\">Start</a></p>"));
    };
    let mut page = Response::new(Full::new(Bytes::from_static(found.body.as_bytes())));
    *page.status_mut() = StatusCode::from_u16(found.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    page.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(found.media_type));
    if !found.location.is_empty() {
        page.headers_mut().insert(header::LOCATION, HeaderValue::from_static(found.location));
    }
    page
}

fn plain(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )
}

fn html(status: StatusCode, body: String) -> Page {
    let mut page = Response::new(Full::new(Bytes::from(body)));
    *page.status_mut() = status;
    page.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    page
}

/// The variants that the table has pages of.
#[cfg(test)]
pub(crate) fn variants() -> impl Iterator<Item = &'static str> {
    pages::PAGES.iter().map(|page| page.variant)
}
