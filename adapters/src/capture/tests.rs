//! Captures on the loopback interface: with real packets where this process may capture, and by name where it may not.

#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;

use assay_model::touch::capture::{Begun, CaptureRequest, Captured};
use assay_model::{AddressBook, Deadline, Fault, Touch, Touches};

use super::InterfaceCapture;
use super::pcapng::{ETHERNET, Writer};
use crate::testing::{recorder, soon};

fn request(address: &str, within_ms: u32) -> CaptureRequest {
    let host = AddressBook::new().own("dut", address.parse().expect("address"));
    CaptureRequest { host, within_ms, begun: Begun::default() }
}

async fn capture(interface: &str, request: CaptureRequest) -> Result<Captured, Fault> {
    InterfaceCapture::new(interface).call(request, Deadline::after(Duration::from_secs(20))).await
}

/// How often the bytes stand in a file.
fn count(file: &[u8], bytes: &[u8]) -> usize {
    file.windows(bytes.len()).filter(|w| *w == bytes).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_of_the_host_are_captured_once_and_those_of_others_are_not() {
    let request = request("127.22.121.1", 1500);
    let begun = request.begun.clone();
    let listening = tokio::spawn(capture("lo", request));
    while !begun.is_set() && !listening.is_finished() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Somebody takes them: a refusal would bring their beginnings back.
    let taker = UdpSocket::bind("127.22.121.2:0").expect("bound");
    let to = taker.local_addr().expect("an address");
    for (from, text) in [("127.22.121.1:0", "of the device"), ("127.22.121.3:0", "of another")] {
        UdpSocket::bind(from).expect("bound").send_to(text.as_bytes(), to).expect("sent");
    }
    match listening.await.expect("ended") {
        Ok(captured) => {
            let file = captured.file.as_slice();
            assert_eq!(count(file, b"of the device"), 1, "once, though it leaves and arrives on one interface");
            assert_eq!(count(file, b"of another"), 0);
            assert!(captured.packets >= 1 && captured.dropped == 0 && captured.source == "lo");
            assert_eq!(captured.addresses, ["127.22.121.1".parse::<std::net::IpAddr>().expect("an address")]);
        }
        Err(fault) => {
            assert_eq!(fault.code, "capture-not-permitted");
            assert!(fault.help.contains("CAP_NET_RAW"), "{fault:?}");
            println!("skipped: capturing needs CAP_NET_RAW");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interface_that_is_not_there_is_the_benchs_fault() {
    let fault = capture("no-such-if0", request("127.22.121.1", 50)).await.expect_err("no interface");
    assert!(
        ["capture", "capture-not-permitted"].contains(&fault.code.as_str()) && fault.text.contains("no-such-if0"),
        "{fault:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_that_is_given_up_ends() {
    let request = request("127.22.121.1", 60_000);
    let begun = request.begun.clone();
    let listening = tokio::spawn(capture("lo", request));
    while !begun.is_set() && !listening.is_finished() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    listening.abort();
    // The runtime ends only when its blocking threads have: this test hangs where listening goes on.
}

/// A way that captured two packets, and lost three.
struct Lossy;

#[async_trait::async_trait]
impl Touch<assay_model::touch::capture::Captures> for Lossy {
    async fn call(&self, _: CaptureRequest, _: Deadline) -> Result<Captured, Fault> {
        let mut writer = Writer::new("eth7", ETHERNET, 65_535);
        writer.packet(1_700_000_000_000_000_000, b"first packet", 12);
        writer.packet(1_700_000_000_000_000_001, b"second", 60);
        let (packets, file) = (writer.packets(), assay_model::Payload(writer.finish(3)));
        Ok(Captured { source: "eth7".into(), file, packets, dropped: 3, addresses: Vec::new() })
    }
}

#[tokio::test]
async fn a_capture_is_kept_once_with_what_was_lost_and_in_no_exchange() {
    let (step, kept) = recorder();
    let touches = crate::seam::recorded(&Touches { capture: Some(Arc::new(Lossy)), ..Touches::default() }, &step);
    let captured = touches.capture().expect("a way").call(request("127.22.121.1", 1), soon()).await.expect("captured");
    assert_eq!((captured.packets, captured.dropped), (2, 3));
    let kept = kept.kept();
    assert_eq!(kept.exchanges.len(), 0, "the item is the only record");
    let [(meta, bytes)] = &kept.streams[..] else { panic!("one item, not {}", kept.streams.len()) };
    assert_eq!((meta.kind, bytes), (assay_model::EvidenceKind::Pcap, &captured.file.0));
    assert_eq!(kept.dropped, 3, "which keeps an absence from being concluded");
}
