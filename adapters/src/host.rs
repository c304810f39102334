//! The machine that runs the tests: system, kernel, and what its clock follows.

mod clock;

use std::fs;

use assay_model::lab::HostFacts;

/// Asks the host. Takes 6 s at the very most, where its tools hang; never fails: what it does not say stays empty.
#[must_use]
pub fn facts() -> HostFacts {
    HostFacts {
        os: os_name(&fs::read_to_string("/etc/os-release").unwrap_or_default()),
        kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        clock: clock::read(),
    }
}

fn os_name(release: &str) -> String {
    let line = release.lines().find_map(|l| l.strip_prefix("PRETTY_NAME="));
    line.map(|name| name.trim().trim_matches('"').to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_says_who_it_is_and_an_unknown_clock_is_said_to_be_unknown() {
        let facts = facts();
        assert!(!facts.arch.is_empty() && !facts.kernel.is_empty(), "{facts:?}");
        assert!(!facts.clock.source.is_empty() && facts.clock.checked_at.ends_with('Z'), "{facts:?}");
        if facts.clock.source == "unknown" {
            assert_eq!((facts.clock.synchronised, facts.clock.offset_ms), (None, None));
        }
        assert_eq!(os_name("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n"), "Debian GNU/Linux 12");
        assert_eq!(os_name("ID=x\n"), "");
    }
}
