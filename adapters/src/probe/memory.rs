//! Memory, in pieces that the DUT may refuse one by one.

use assay_model::Fault;
use assay_model::touch::probe::{MAX_READ, ProbeResponse, Stage, StageOutcome};

use super::classify::Facts;
use super::link::{Link, Trying};
use super::look::{access_ports, memory_ports};

/// Bytes asked for at once: each question costs a few transfers of its own.
const LARGE: usize = 32 * 1024;
/// Bytes asked for at once where a large piece was refused: what a memory access port's address increment spans.
const SMALL: usize = 1024;

/// Reads up to `length` bytes from `address`, as far as the DUT lets one.
pub(super) fn read(selector: &str, address: u64, length: u32, trying: Trying<'_>) -> Result<ProbeResponse, Fault> {
    if length > MAX_READ || address.checked_add(length.into()).is_none_or(|end| end > 1 << 32) {
        return Err(Fault::plan(
            "bad-range",
            format!("{length} bytes at {address:#x}: one read takes at most {MAX_READ} bytes below 4 GiB"),
        ));
    }
    let mut link = Link::open(selector, trying)?;
    let ports = reachable(&mut link)?;
    let (mut most, mut stopped) = (Vec::new(), link.last().cloned());
    // What one port refuses another may give: the one in front of a second core or bus, say.
    for (tried, port) in ports.iter().enumerate() {
        let mut bytes = vec![0; length as usize];
        let (read, why) = pieces(&mut link, port, address, &mut bytes);
        if tried == 0 || read > most.len() {
            bytes.truncate(read);
            (most, stopped) = (bytes, why);
        }
        if stopped.is_none() {
            break;
        }
    }
    Ok(ProbeResponse::Memory { bytes: most.into(), stopped })
}

/// Fills `bytes` piece by piece; how many came, and what stopped it.
pub(super) fn pieces(
    link: &mut Link<'_>,
    port: &probe_rs::architecture::arm::FullyQualifiedApAddress,
    address: u64,
    bytes: &mut [u8],
) -> (usize, Option<Stage>) {
    let mut read = 0;
    let mut piece = LARGE;
    while read < bytes.len() {
        let at = address + read as u64;
        // To the next boundary, so that what faults is one block and no more.
        let end = bytes.len().min(read + piece - (at as usize % piece));
        if let Err(stage) = link.bytes("memory", port, at, &mut bytes[read..end]) {
            if piece == LARGE && stage.outcome == StageOutcome::Refused {
                piece = SMALL;
                continue;
            }
            let text = stage.text.map_or_else(String::new, |t| format!(": {t}"));
            return (read, Some(Stage { text: Some(format!("at {at:#010x}{text}")), ..stage }));
        }
        read = end;
    }
    (read, None)
}

/// The fault of a probe that cannot be opened.
pub(super) fn probe_missing(why: &str) -> Fault {
    Fault::bench("probe-missing", format!("the debug probe cannot be opened: {why}"))
        .with_help("run `assay doctor` to see the probes of this host and what they need")
}

/// The memory access ports, once link and ports are there. None: the link's last stage says why not.
///
/// # Errors
/// The probe is missing, which is the bench's fault and no answer of the DUT.
pub(super) fn reachable(
    link: &mut Link<'_>,
) -> Result<Vec<probe_rs::architecture::arm::FullyQualifiedApAddress>, Fault> {
    if let Some(stage) = link.stages.iter().find(|s| s.name == "probe" && s.outcome != StageOutcome::Ok) {
        let text = stage.text.clone().unwrap_or_default();
        return Err(probe_missing(&text));
    }
    if !link.is_up() {
        return Ok(Vec::new());
    }
    let ports = access_ports(link, &mut Facts::default());
    let ports = memory_ports(link, &ports);
    if ports.is_empty() {
        link.stages.push(Stage {
            name: "access-ports".into(),
            outcome: StageOutcome::Refused,
            value: None,
            text: Some("there is no memory access port".into()),
        });
    }
    Ok(ports)
}
