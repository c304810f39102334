//! Captures made packet by packet: what is in them is told, what was lost is counted, what is broken breaks nothing.

use std::net::IpAddr;
use std::sync::Arc;

use etherparse::PacketBuilder;
use serde_json::{Value, json};

use super::observation::{self, Asked};
use crate::fake::Secrets;

const DEVICE: [u8; 4] = [127, 99, 0, 1];
const CLOUD: [u8; 4] = [198, 51, 100, 7];
const RESOLVER: [u8; 4] = [192, 168, 1, 1];

/// Packets with their times in milliseconds.
pub(crate) type Packets = Vec<(u64, Vec<u8>)>;

fn udp(from: ([u8; 4], u16), to: ([u8; 4], u16), payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(from.0, to.0, 64).udp(from.1, to.1);
    builder.write(&mut out, payload).unwrap();
    out
}

fn tcp(from: ([u8; 4], u16), to: ([u8; 4], u16), sequence: u32, syn: bool, ack: bool, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut builder =
        PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(from.0, to.0, 64).tcp(from.1, to.1, sequence, 65535);
    if syn {
        builder = builder.syn();
    }
    if ack {
        builder = builder.ack(1);
    }
    builder.write(&mut out, payload).unwrap();
    out
}

/// A connection of the device: what each side says in turn, in segments of `size` bytes.
fn connection(at: u64, port: u16, server: ([u8; 4], u16), turns: &[&[u8]], size: usize) -> Packets {
    let ends = [(DEVICE, port), server];
    let mut numbers = [u32::MAX - 5, 1000]; // the first runs over its end
    let mut out = vec![
        (at, tcp(ends[0], ends[1], numbers[0], true, false, b"")),
        (at, tcp(ends[1], ends[0], numbers[1], true, true, b"")),
    ];
    numbers = numbers.map(|n| n.wrapping_add(1));
    for (turn, payload) in turns.iter().enumerate() {
        let (from, to) = (turn % 2, (turn + 1) % 2);
        for piece in payload.chunks(size) {
            out.push((at + 1 + turn as u64, tcp(ends[from], ends[to], numbers[from], false, true, piece)));
            numbers[from] = numbers[from].wrapping_add(piece.len() as u32);
        }
    }
    out
}

/// The older form: microseconds, Ethernet.
pub(crate) fn pcap(packets: &Packets) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend([0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0]);
    for (at, packet) in packets {
        let length = packet.len() as u32;
        for number in [1_700_000_000 + (at / 1000) as u32, (at % 1000 * 1000) as u32, length, length] {
            out.extend(number.to_le_bytes());
        }
        out.extend(packet);
    }
    out
}

fn client_hello(name: &str) -> Vec<u8> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    config.alpn_protocols = vec![b"mqtt".to_vec()];
    let mut client = rustls::ClientConnection::new(Arc::new(config), name.to_owned().try_into().unwrap()).unwrap();
    let mut out = Vec::new();
    client.write_tls(&mut out).unwrap();
    out
}

fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3][..], &(body.len() as u16).to_be_bytes(), body].concat()
}

/// Looks up its cloud, and speaks to it inside TLS; the weak one also tells a stranger its serial number.
pub(crate) fn traffic(weak: bool) -> Packets {
    let question = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07reports\x05maker\x04test\0\0\x01\0\x01";
    let mut answer = question.to_vec();
    answer[2] = 0x81;
    answer[7] = 1;
    answer.extend(b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc6\x33\x64\x07");
    let mut out =
        vec![(0, udp((DEVICE, 40_000), (RESOLVER, 53), question)), (2, udp((RESOLVER, 53), (DEVICE, 40_000), &answer))];
    let [hello, said, sent] = [client_hello("reports.maker.test"), record(22, &noise(900)), record(23, &noise(2000))];
    out.extend(connection(10, 41_000, (CLOUD, 443), &[&hello, &said, &sent], 500));
    if weak {
        let request =
            b"POST /t HTTP/1.1\r\nHost: telemetry.example\r\nContent-Length: 21\r\n\r\n{\"serial\":\"C1-000042\"}";
        out.extend(connection(30, 42_000, ([203, 0, 113, 5], 80), &[request, b"HTTP/1.1 204 No Content\r\n\r\n"], 40));
    }
    out
}

/// The lab asks the device whether it lives.
pub(crate) fn question() -> (u64, Vec<u8>) {
    (40, tcp(([127, 0, 0, 1], 50_000), (DEVICE, 8443), 1, true, false, b""))
}

fn asked() -> Asked {
    Asked {
        device: vec![IpAddr::from(DEVICE)],
        peers: serde_json::from_value(json!([
            {"host": "reports.maker.test", "proto": "tcp", "port": 443},
        ]))
        .unwrap(),
        canaries: [("serial".to_owned(), "C1-000042".to_owned())].into(),
    }
}

fn seen(file: &[u8]) -> Value {
    let observation = observation::of(file, String::new(), &asked(), &Secrets::default()).unwrap();
    serde_json::to_value(observation).unwrap()
}

#[test]
fn a_flow_that_began_before_goes_where_another_one_says() {
    let mut packets = traffic(false).split_off(2); // nobody looked the name up
    let middle = record(23, &noise(300));
    packets.insert(0, (1, tcp((DEVICE, 41_999), (CLOUD, 443), 9_000, false, true, &middle)));
    assert_eq!(seen(&pcap(&packets))["undeclared"], json!([]));
    packets.push((60, tcp((DEVICE, 41_998), ([203, 0, 113, 9], 443), 9_000, false, true, &middle)));
    assert_eq!(seen(&pcap(&packets))["undeclared"], json!(["tcp 203.0.113.9:443"]));
}

#[test]
fn flows_names_and_destinations_are_told() {
    let seen = seen(&pcap(&traffic(true)));
    assert_eq!(
        (&seen["found"], &seen["complete"], &seen["unread"]),
        (&json!(true), &json!(true), &json!(0)),
        "{seen:#}"
    );
    let flow = |port: u16| seen["flows"].as_array().unwrap().iter().find(|f| f["port"] == port).unwrap();
    let tls = flow(443);
    assert_eq!(tls["names"], json!(["reports.maker.test"]));
    assert_eq!(
        (&tls["protocol"], &tls["protection"], &tls["alpn"]),
        (&json!("tls"), &json!("encrypted"), &json!(["mqtt"]))
    );
    assert_eq!((&tls["declared"], &tls["by_device"]), (&json!(true), &json!(true)));
    assert_eq!((tls["first_ms"].as_u64(), tls["last_ms"].as_u64()), (Some(10), Some(13)));
    let http = flow(80);
    assert_eq!(
        (&http["protocol"], &http["protection"], &http["declared"]),
        (&json!("http"), &json!("clear"), &json!(false))
    );
    assert_eq!(http["names"], json!(["telemetry.example"]));
    assert_eq!(flow(53)["declared"], true);
    assert_eq!(seen["undeclared"], json!(["tcp telemetry.example:80"]));
    assert_eq!(seen["clear"], json!(["http telemetry.example:80"]), "a look-up in clear is how networks work");
    assert_eq!(seen["findings"][0]["flow"], "127.99.0.1 > telemetry.example:80");
    let (clear, all) = (seen["clear_payload"].as_f64().unwrap(), seen["payload"].as_f64().unwrap());
    assert!((seen["clear_share"].as_f64().unwrap() - clear / all).abs() < 1e-9 && clear > 100.0 && clear < all / 5.0);
}

#[test]
fn datagrams_begin_with_who_sends_the_first_and_answers_to_a_group_with_who_asked() {
    let lab = [192, 168, 1, 2];
    let told = |from: ([u8; 4], u16), to: ([u8; 4], u16)| seen(&pcap(&vec![(0, udp(from, to, b"temperature=21"))]));
    for own in [(20_000, 40_000), (50_000, 443), (40_000, 20_000), (1900, 1900), (68, 67)] {
        let seen = told((DEVICE, own.0), (CLOUD, own.1));
        assert_eq!((&seen["by_device"], &seen["flows"][0]["port"]), (&json!(1), &json!(own.1)), "{own:?}");
    }
    for port in [53, 1900, 5353, 5683] {
        assert_eq!(told((DEVICE, port), (lab, 40_000))["by_device"], 0, "{port}: somebody had asked");
    }
}

#[test]
fn segments_out_of_order_again_and_across_the_end_of_numbers_are_one_stream() {
    let secret = b"GET / HTTP/1.1\r\nHost: x.example\r\nX: C1-000042 and some more text behind it\r\n\r\n";
    let straight = connection(0, 42_000, (CLOUD, 80), &[secret], 7);
    let mut mixed = straight.clone();
    let tail = mixed.split_off(2);
    for pair in tail.chunks(3) {
        mixed.extend(pair.iter().rev().cloned());
        mixed.push(pair[0].clone());
    }
    for packets in [straight, mixed] {
        let seen = seen(&pcap(&packets));
        assert_eq!(seen["findings"].as_array().unwrap().len(), 1, "{seen:#}");
        assert_eq!((&seen["payload"], &seen["complete"]), (&json!(secret.len()), &json!(true)));
    }
}

#[test]
fn values_are_found_in_the_usual_encodings() {
    use base64::Engine as _;
    let value = "C1-000042";
    let wide: Vec<u8> = value.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let forms = [
        ("plain", value.as_bytes().to_vec()),
        ("base64", base64::engine::general_purpose::STANDARD.encode(format!("id={value};")).into_bytes()),
        ("hex", hex::encode(value).into_bytes()),
        ("utf16", wide),
    ];
    for (form, bytes) in forms {
        let seen = seen(&pcap(&vec![(
            0,
            udp((DEVICE, 5000), (CLOUD, 9999), &[b"\x01\x02report ", &bytes[..], b"\0\0"].concat()),
        )]));
        assert_eq!(seen["findings"][0]["form"], form, "{seen:#}");
        assert_eq!(seen["findings"][0]["rule"], "canary:serial");
    }
}

#[test]
fn protocols_of_their_own_are_told_by_the_spread_of_their_bytes() {
    let packet = |payload: &[u8]| {
        seen(&pcap(&vec![(0, udp((DEVICE, 5000), (CLOUD, 9999), payload))]))["flows"][0]["protection"].clone()
    };
    assert_eq!(packet(&noise(1200)), "opaque");
    assert_eq!(packet(&noise(200)), "opaque");
    let structure: Vec<u8> = (0..100u32).flat_map(|n| [0, 0, 4, 1, (n % 7) as u8, 0, 20, 30]).collect();
    assert_eq!(packet(&structure), "clear");
    assert_eq!(packet(b"temperature=21.5;humidity=40"), "clear");
    assert_eq!(packet(&[7, 9, 200]), "undecided");
    assert_eq!(packet(b""), "undecided");
}

/// The newer form, as little as it needs; `lost` in the statistics that end it.
pub(crate) fn pcapng(packets: &Packets, lost: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let mut block = |kind: u32, body: &[u8]| {
        let length = (12 + body.len().next_multiple_of(4)) as u32;
        out.extend(kind.to_le_bytes());
        out.extend(length.to_le_bytes());
        out.extend(body);
        out.resize(out.len().next_multiple_of(4), 0);
        out.extend(length.to_le_bytes());
    };
    block(0x0A0D_0D0A, &[&0x1A2B_3C4D_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat());
    block(1, &[&[1, 0, 0, 0, 0, 0, 4, 0][..], &[9, 0, 1, 0, 9, 0, 0, 0], &[0; 4]].concat()); // Ethernet, nanoseconds
    for (at, packet) in packets {
        let ticks = (1_700_000_000_000 + at) * 1_000_000;
        let length = (packet.len() as u32).to_le_bytes();
        let head =
            [&[0; 4][..], &((ticks >> 32) as u32).to_le_bytes(), &(ticks as u32).to_le_bytes(), &length, &length];
        block(6, &[&head.concat()[..], packet].concat());
    }
    block(5, &[&[0; 12][..], &[5, 0, 8, 0], &lost.to_le_bytes(), &[0; 4]].concat());
    out
}

#[test]
fn what_was_lost_or_cut_is_counted_and_keeps_a_capture_from_being_complete() {
    let packets = traffic(false);
    let whole = seen(&pcapng(&packets, 0));
    assert_eq!(
        (&whole["complete"], &whole["dropped"], &whole["packets"]),
        (&json!(true), &json!(0), &json!(packets.len())),
        "{whole:#}"
    );
    assert_eq!(whole["duration_ms"], 13);
    assert_eq!(whole["flows"], seen(&pcap(&packets))["flows"], "both forms tell the same");
    let lossy = seen(&pcapng(&packets, 3));
    assert_eq!((&lossy["complete"], &lossy["dropped"]), (&json!(false), &json!(3)));
    let file = pcap(&packets);
    let short = seen(&file[..file.len() - 10]);
    assert_eq!(
        (&short["complete"], &short["note"]),
        (&json!(false), &json!("it breaks off in the middle of a packet"))
    );
    let mut cut = pcap(&vec![packets[0].clone()]);
    cut[36] = 200; // the packet was longer on the wire
    assert_eq!((&seen(&cut)["cut"], &seen(&cut)["complete"]), (&json!(1), &json!(false)));
    for nothing in [&b""[..], b"not a capture", &noise(400)] {
        let seen = seen(nothing);
        assert_eq!((&seen["found"], &seen["complete"]), (&json!(false), &json!(false)), "{seen:#}");
    }
}

#[test]
fn broken_captures_are_read_to_an_end() {
    let files = [pcap(&traffic(true)), pcapng(&traffic(true), 0)];
    let picks = noise(800);
    for (n, pick) in picks.chunks_exact(10).enumerate() {
        let mut file = files[n % 2].clone();
        for at in pick.chunks_exact(2) {
            let at = (usize::from(at[0]) << 8 | usize::from(at[1])) % file.len();
            file[at] = pick[9].wrapping_add(at as u8);
        }
        file.truncate(file.len() - usize::from(pick[8]));
        seen(&file);
    }
}
