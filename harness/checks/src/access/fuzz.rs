//! The parsers of this group, each fed the same bytes: for the fuzz targets.

use super::{adb, coap, ftp, mdns, mqtt, redis, rtsp, snmp, tftp, upnp, usm, vnc, ws_discovery};

pub(crate) fn fuzz_datagram(bytes: &[u8]) {
    let _ =
        (coap::message(bytes), mdns::records(bytes), snmp::response(bytes), snmp::engine(bytes), tftp::packet(bytes));
    let _ = usm::answer(bytes);
    coap::links(&String::from_utf8_lossy(bytes));
}

pub(crate) fn fuzz_stream(bytes: &[u8]) {
    let mut rest = bytes;
    while let Ok(Some((packet, used))) = mqtt::packet(rest) {
        let _ = mqtt::publication(&packet);
        rest = &rest[used..];
    }
    let _ = (adb::head(bytes), vnc::version(bytes));
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<String> = text.lines().take(100).map(str::to_owned).collect();
    let _ = rtsp::head(&lines);
    for line in &lines {
        let _ = (ftp::code(line), redis::reply(line));
    }
}

pub(crate) fn fuzz_web(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = (upnp::headers(&text), upnp::description(&text), ws_discovery::told(&text));
    upnp::local(&text, [192, 0, 2, 1].into());
}
