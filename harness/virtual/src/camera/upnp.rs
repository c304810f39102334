//! UPnP: how an owner's app finds the camera. Search and description tell the model and nothing of the unit; with the defect
//! `upnp-igd-open` the camera also offers to open ports for whoever asks.

use hyper::StatusCode;

use super::body::Camera;
use super::defect::Defect;
use super::services::Service;

/// The path of the description, on the plain port: apps fetch it without TLS.
pub(super) const DESCRIPTION: &str = "/upnp.xml";
/// The path of the defect's control.
pub(super) const CONTROL: &str = "/upnp/wanip";
const GATEWAY: &str = "urn:schemas-upnp-org:service:WANIPConnection:1";

/// The answer to a search.
pub(super) fn answer(asked: &[u8], camera: &Camera) -> Option<Vec<u8>> {
    let asked = String::from_utf8_lossy(asked);
    if !asked.starts_with("M-SEARCH ") || !asked.contains("ssdp:discover") {
        return None;
    }
    Some(
        format!(
            "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nEXT:\r\nLOCATION: http://{}:{}{DESCRIPTION}\r\n\
             SERVER: C1 UPnP/2.0\r\nST: upnp:rootdevice\r\nUSN: uuid:5a5a5a5a-0000-4000-8000-0000000000c1::upnp:rootdevice\r\n\r\n",
            camera.host,
            Service::HttpRedirect.port()
        )
        .into_bytes(),
    )
}

/// The description.
pub(super) fn description(camera: &Camera) -> String {
    let gateway = format!(
        "<service><serviceType>{GATEWAY}</serviceType><serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>\
         <SCPDURL>/upnp/wanip.xml</SCPDURL><controlURL>{CONTROL}</controlURL><eventSubURL></eventSubURL></service>"
    );
    let services = if camera.is(Defect::UpnpIgdOpen) { gateway.as_str() } else { "" };
    format!(
        "<?xml version=\"1.0\"?>\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\"><specVersion><major>2</major><minor>0</minor>\
         </specVersion><device><deviceType>urn:schemas-upnp-org:device:Basic:1</deviceType><friendlyName>Smart camera</friendlyName>\
         <manufacturer>Example Ltd</manufacturer><modelName>{}</modelName><UDN>uuid:5a5a5a5a-0000-4000-8000-0000000000c1</UDN>\
         <serviceList>{services}</serviceList></device></root>\n",
        camera.label.model
    )
}

/// What the defect's control answers to a SOAP action.
pub(super) fn act(action: &str) -> (StatusCode, String) {
    let name = action.trim_matches('"').rsplit_once('#').map_or("", |(_, name)| name);
    let inside = match name {
        "GetExternalIPAddress" => "<NewExternalIPAddress>192.0.2.1</NewExternalIPAddress>",
        "AddPortMapping" | "DeletePortMapping" => "",
        _ => {
            return (StatusCode::INTERNAL_SERVER_ERROR, envelope("<s:Fault><faultcode>s:Client</faultcode></s:Fault>"));
        }
    };
    (StatusCode::OK, envelope(&format!("<u:{name}Response xmlns:u=\"{GATEWAY}\">{inside}</u:{name}Response>")))
}

fn envelope(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{body}</s:Body></s:Envelope>\n"
    )
}
