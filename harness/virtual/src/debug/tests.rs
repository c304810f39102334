//! The model by its registers, and the Glasgow server as a host sees it.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

fn target(family: Family, state: DebugState) -> DebugTarget {
    DebugTarget::new(family, state, Image::blank(family).flash_at(0x1000, b"planted"))
}

/// Line reset, DPIDR, power-up: what every session begins with.
fn connect(target: &DebugTarget) -> Result<u32, Ack> {
    target.line_reset();
    let id = target.transfer(false, true, 0, 0)?;
    target.transfer(false, false, 4, 0x5000_0000)?;
    Ok(id)
}

fn ap_read(target: &DebugTarget, port: u8, register: u8) -> Result<u32, Ack> {
    target.transfer(false, false, 8, u32::from(port) << 24 | u32::from(register & 0xf0))?;
    target.transfer(true, true, register & 0xc, 0)?;
    target.transfer(false, true, 0xc, 0)
}

fn memory_read(target: &DebugTarget, address: u32) -> Result<u32, Ack> {
    target.transfer(false, false, 8, 0)?;
    target.transfer(true, false, 4, address)?;
    ap_read(target, 0, 0xc)
}

#[test]
fn an_open_target_reads_what_was_planted() {
    let target = target(Family::Nrf52840, DebugState::Open);
    assert_eq!(connect(&target), Ok(0x2BA0_1477));
    assert_eq!(memory_read(&target, 0x1000), Ok(u32::from_le_bytes(*b"plan")));
    assert_eq!(memory_read(&target, 0xE000_ED00), Ok(0x410F_C241));
    assert_eq!(ap_read(&target, 1, 0x0c), Ok(1), "APPROTECTSTATUS");
}

#[test]
fn nothing_but_dpidr_is_answered_after_a_line_reset() {
    let target = target(Family::Generic, DebugState::Open);
    target.line_reset();
    assert_eq!(target.transfer(false, true, 4, 0), Err(Ack::Silent));
    assert!(target.transfer(false, true, 0, 0).is_ok());
    assert!(target.transfer(false, true, 4, 0).is_ok());
}

#[test]
fn a_fault_sticks_until_it_is_cleared() {
    let target = target(Family::Stm32f407, DebugState::StmRdp1);
    connect(&target).expect("connects");
    assert_eq!(memory_read(&target, 0x0800_1000), Err(Ack::Fault));
    assert_eq!(memory_read(&target, 0x2000_0000), Err(Ack::Fault), "still sticky");
    target.transfer(false, false, 0, 0x1e).expect("ABORT is always taken");
    assert_eq!(memory_read(&target, 0x2000_0000), Ok(0));
    assert_eq!(memory_read(&target, 0x4002_3C14).map(|v| v >> 8 & 0xff), Ok(0x55), "RDP byte");
}

#[test]
fn the_lock_that_says_so_says_so() {
    let target = target(Family::Nrf52840, DebugState::NrfApprotect);
    connect(&target).expect("connects");
    assert_eq!(ap_read(&target, 1, 0x0c), Ok(0), "APPROTECTSTATUS");
    assert_eq!(ap_read(&target, 0, 0).map(|csw| csw & 0x40), Ok(0), "DeviceEn");
    assert_eq!(memory_read(&target, 0x2000_0000), Err(Ack::Fault));
}

#[test]
fn every_way_to_erase_is_counted() {
    let nordic = target(Family::Nrf52840, DebugState::NrfApprotect);
    nordic.may_be_erased();
    connect(&nordic).expect("connects");
    nordic.transfer(false, false, 8, 1 << 24).expect("selects the CTRL-AP");
    nordic.transfer(true, false, 4, 1).expect("ERASEALL");
    assert_eq!((nordic.erase_count(), nordic.state()), (1, DebugState::Open));
    assert_eq!(memory_read(&nordic, 0x1000), Ok(u32::MAX), "all is lost");

    let st = target(Family::Stm32f407, DebugState::StmRdp1);
    st.may_be_erased();
    connect(&st).expect("connects");
    for (address, value) in [(0x4002_3C14, 0x0FFF_AAED), (0x4002_3C10, 0x1_0004)] {
        st.transfer(false, false, 8, 0).expect("selects the AHB-AP");
        st.transfer(true, false, 4, address).expect("TAR");
        st.transfer(true, false, 0xc, value).expect("DRW");
    }
    assert_eq!(st.erase_count(), 2);
}

/// Not a test of its own: with the variable set, this process is the one that erases, in a task whose panic nobody would see.
#[tokio::test]
async fn an_erase_that_nobody_announced() {
    if std::env::var_os(ERASES).is_none() {
        return;
    }
    let task = tokio::spawn(async {
        let chip = target(Family::Nrf52840, DebugState::NrfApprotect);
        connect(&chip).expect("connects");
        chip.transfer(false, false, 8, 1 << 24).expect("selects the CTRL-AP");
        let _ = chip.transfer(true, false, 4, 1);
    });
    let _ = task.await;
}

const ERASES: &str = "ASSAY_TEST_ERASES";

#[test]
fn an_erase_that_nobody_announced_ends_the_process() {
    use std::os::unix::process::ExitStatusExt as _;
    let ends = |name: &str| {
        let ourselves = std::env::current_exe().expect("a path");
        let mut command = std::process::Command::new(ourselves);
        command.args(["--exact", name]).env(ERASES, "1").output().expect("starts")
    };
    let erased = ends("debug::tests::an_erase_that_nobody_announced");
    assert_eq!(erased.status.signal(), Some(6), "{erased:?}");
    assert!(String::from_utf8_lossy(&erased.stderr).contains("erased a virtual chip"), "{erased:?}");
    assert!(ends("debug::tests::every_way_to_erase_is_counted").status.success(), "an announced one does not");
}

#[test]
fn the_cable_is_lost_when_it_should_be_and_can_be_plugged_in_again() {
    let target = target(Family::Generic, DebugState::CableLost { after: 2 });
    assert!(connect(&target).is_ok());
    assert_eq!(target.transfer(false, true, 0, 0), Err(Ack::Silent));
    target.set_state(DebugState::Open);
    assert!(connect(&target).is_ok());
}

#[test]
fn states_are_words_in_files() {
    for state in DebugState::ALL {
        let json = serde_json::to_string(&state).expect("serializes");
        assert_eq!(serde_json::from_str::<DebugState>(&json).expect("parses"), state);
    }
    assert_eq!(serde_json::to_string(&DebugState::NrfApprotect).expect("json"), "\"nrf-approtect\"");
}

async fn ask(stream: &mut TcpStream, packet: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    cobs::stuff(packet, &mut frame);
    stream.write_all(&frame).await.expect("sends");
    let mut answer = Vec::new();
    while answer.last() != Some(&0) {
        assert!(stream.read_buf(&mut answer).await.expect("reads") > 0, "the probe hung up");
    }
    answer.pop();
    cobs::unstuff(&answer).expect("a whole frame")
}

#[tokio::test]
async fn the_glasgow_server_identifies_resets_and_reads() {
    let target = target(Family::Generic, DebugState::Open);
    let listener = DebugListener::loopback().await.expect("binds");
    let server = serve_glasgow(target, listener).expect("serves");
    let address = server.selector().strip_prefix("20b7:9db1:tcp:").expect("a TCP selector");
    let mut host = TcpStream::connect(address).await.expect("connects");
    assert_eq!(ask(&mut host, &[0, 0]).await, b"\0probe-rs,v01");
    // 32 and 19 ones, then a DPIDR read.
    let packet = [1, 0x20, 0xff, 0xff, 0xff, 0xff, 0x20 | 19, 0xff, 0xff, 0x07, 0, 0x02];
    assert_eq!(ask(&mut host, &packet).await, [1, 1, 0x77, 0x14, 0xa0, 0x2b]);
}

#[tokio::test]
async fn a_missing_probe_refuses_and_garbage_ends_the_connection() {
    let missing = serve_glasgow(
        target(Family::Generic, DebugState::ProbeMissing),
        DebugListener::loopback().await.expect("binds"),
    )
    .expect("starts");
    let address = missing.selector().strip_prefix("20b7:9db1:tcp:").expect("a TCP selector").to_owned();
    while TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }

    let server =
        serve_glasgow(target(Family::Generic, DebugState::Open), DebugListener::loopback().await.expect("binds"))
            .expect("starts");
    let address = server.selector().strip_prefix("20b7:9db1:tcp:").expect("a TCP selector");
    let mut host = TcpStream::connect(address).await.expect("connects");
    host.write_all(b"\x09garbage\0").await.expect("sends");
    assert_eq!(host.read(&mut [0; 16]).await.expect("reads"), 0, "closed");
    let mut again = TcpStream::connect(address).await.expect("the next host is served");
    assert_eq!(ask(&mut again, &[0, 0]).await, b"\0probe-rs,v01");
}
