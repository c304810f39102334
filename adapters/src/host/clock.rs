//! What the host's clock follows and how far off it is: by chrony, else by systemd-timesyncd, else unknown.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use assay_model::lab::ClockState;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// For each tool.
const LIMIT: Duration = Duration::from_secs(2);
/// More than any of them prints.
const MOST_BYTES: u64 = 16 * 1024;

pub(super) fn read() -> ClockState {
    let chrony = output("chronyc", &["-c", "-n", "tracking"]);
    let state = chrony.as_deref().and_then(by_chrony).or_else(|| {
        let status = output("timedatectl", &["timesync-status"]);
        let synchronised = output("timedatectl", &["show", "-p", "NTPSynchronized", "--value"]);
        by_timesyncd(status.as_deref(), synchronised.as_deref())
    });
    let checked_at = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
    let unknown = || ClockState { source: "unknown".into(), ..ClockState::default() };
    ClockState { checked_at, ..state.unwrap_or_else(unknown) }
}

/// What a tool prints where it ends well in time.
fn output(tool: &str, args: &[&str]) -> Option<String> {
    let mut command = Command::new(tool);
    command.args(args).env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let end = Instant::now() + LIMIT;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(10)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    };
    let mut text = String::new();
    child.stdout.take()?.take(MOST_BYTES).read_to_string(&mut text).ok()?;
    status.success().then_some(text)
}

/// One line of `chronyc -c tracking`: the 5th field is the correction still to be made, in seconds, positive where the
/// clock is behind; 11th and 12th are delay and dispersion to the root; the last is the leap status.
fn by_chrony(line: &str) -> Option<ClockState> {
    let fields: Vec<&str> = line.trim().split(',').collect();
    let seconds = |n: usize| fields.get(n)?.parse::<f64>().ok().filter(|s| s.is_finite());
    let (behind, delay, dispersion) = (seconds(4)?, seconds(10)?, seconds(11)?);
    let following = !fields.last()?.starts_with("Not");
    Some(ClockState {
        source: "chrony".into(),
        synchronised: Some(following),
        // Without a source the numbers mean nothing.
        offset_ms: following.then(|| rounded(-behind * 1e3)),
        uncertainty_ms: following.then(|| rounded((delay / 2.0 + dispersion + behind.abs()) * 1e3)),
        checked_at: String::new(),
    })
}

fn by_timesyncd(status: Option<&str>, synchronised: Option<&str>) -> Option<ClockState> {
    let synchronised = match synchronised?.trim() {
        "yes" => true,
        "no" => false,
        _ => return None,
    };
    let field = |name: &str| {
        let line = status?.lines().find_map(|l| l.trim().strip_prefix(name)?.strip_prefix(':'))?;
        milliseconds(line.trim().split(" (").next()?)
    };
    let server = status.is_some_and(|s| s.lines().any(|l| l.trim_start().starts_with("Server:")));
    Some(ClockState {
        // The kernel's flag says that something keeps the time; only its status says what.
        source: if server { "systemd-timesyncd".into() } else { "unknown".into() },
        synchronised: Some(synchronised),
        offset_ms: field("Offset").map(|behind| rounded(-behind)),
        uncertainty_ms: field("Root distance").map(rounded),
        checked_at: String::new(),
    })
}

/// `+1.215ms`, `26us`, `1.2s`, `1min 2s`.
fn milliseconds(text: &str) -> Option<f64> {
    let (sign, text) = text.strip_prefix('-').map_or((1.0, text.trim_start_matches('+')), |rest| (-1.0, rest));
    let mut total = 0.0;
    for part in text.split(' ') {
        let unit = part.find(|c: char| c.is_ascii_alphabetic())?;
        let number = part[..unit].parse::<f64>().ok()?;
        total += number
            * match &part[unit..] {
                "us" => 0.001,
                "ms" => 1.0,
                "s" => 1_000.0,
                "min" => 60_000.0,
                "h" => 3_600_000.0,
                _ => return None,
            };
    }
    Some(sign * total)
}

/// To the microsecond: more would be noise.
fn rounded(ms: f64) -> f64 {
    (ms * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chrony_says_how_far_off_and_nothing_where_it_follows_nobody() {
        let line = "A29FC87B,162.159.200.123,4,1668160021.129,-0.001462300,0.000026,0.000041,-9.366,0.002,0.051,0.013424,\
                    0.000718,258.5,Normal\n";
        let state = by_chrony(line).expect("parses");
        assert_eq!((state.synchronised, state.offset_ms, state.uncertainty_ms), (Some(true), Some(1.462), Some(8.892)));
        let lost = by_chrony(&line.replace("Normal", "Not synchronised")).expect("parses");
        assert_eq!((lost.synchronised, lost.offset_ms), (Some(false), None));
        for bad in ["", "506 Cannot talk to daemon", "a,b,c", &line.replace("-0.0014", "nan0")] {
            assert_eq!(by_chrony(bad), None, "{bad}");
        }
    }

    #[test]
    fn timesyncd_says_its_offset_and_without_it_the_source_is_unknown() {
        let status = "       Server: 193.182.111.14 (2.debian.pool.ntp.org)\nRoot distance: 26.336ms (max: 5s)\n\
                      \x20      Offset: +1.215ms\n";
        let state = by_timesyncd(Some(status), Some("yes\n")).expect("parses");
        assert_eq!(state.source, "systemd-timesyncd");
        assert_eq!(
            (state.synchronised, state.offset_ms, state.uncertainty_ms),
            (Some(true), Some(-1.215), Some(26.336))
        );
        let other = by_timesyncd(None, Some("yes")).expect("the kernel's flag alone");
        assert_eq!((other.source.as_str(), other.synchronised, other.offset_ms), ("unknown", Some(true), None));
        assert_eq!(by_timesyncd(None, None), None);
        assert_eq!(by_timesyncd(Some(status), Some("maybe")), None);
    }

    #[test]
    fn durations_of_systemd() {
        for (text, ms) in [("26us", 0.026), ("-1min 2s", -62_000.0), ("+1.5s", 1500.0)] {
            assert!(milliseconds(text).is_some_and(|seen| (seen - ms).abs() < 1e-9), "{text}");
        }
        assert_eq!(milliseconds("soon"), None);
        assert_eq!(milliseconds("5 parsecs"), None);
    }

    #[test]
    fn a_tool_that_hangs_or_is_missing_says_nothing() {
        let began = Instant::now();
        assert_eq!(output("sleep", &["60"]), None);
        assert!(began.elapsed() >= LIMIT, "it was waited for");
        assert_eq!(output("no-such-tool-here", &[]), None);
        assert_eq!(output("false", &[]), None);
    }
}
