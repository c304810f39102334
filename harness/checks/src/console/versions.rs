//! Names and versions that boot loaders, kernels and services print of themselves.

use std::sync::LazyLock;

use regex::Regex;
use schemars::JsonSchema;
use serde::Serialize;

/// A component that named itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Version {
    /// `U-Boot`, `Linux`, `BusyBox`.
    pub component: &'static str,
    /// As printed.
    pub version: String,
}

/// What a component is, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Loader,
    Kernel,
    Other,
}

/// Component, role, and a pattern whose first group is the version.
const PRINTED: [(&str, Role, &str); 18] = [
    ("U-Boot SPL", Role::Other, r"U-Boot SPL (\d{4}\.\d{2}[^\s(]*)"),
    ("U-Boot", Role::Loader, r"U-Boot (\d{4}\.\d{2}[^\s(]*|1\.\d\.\d[^\s(]*)"),
    ("Barebox", Role::Loader, r"(?i)barebox (\d{4}\.\d{2}\.\d[^\s(]*)"),
    ("GRUB", Role::Loader, r"GNU GRUB +version ([^\s(]+)"),
    ("RedBoot", Role::Loader, r"RedBoot\(tm\)[^\n]*?(?:version|release) ([^\s,]+)"),
    ("CFE", Role::Loader, r"CFE version ([^\s(]+)"),
    ("C1 Boot", Role::Loader, r"C1 Boot (\d{4}\.\d{2}[^\s(]*)"),
    ("Breed", Role::Loader, r"Boot and Recovery Environment for Embedded Devices[^\n]*\n[^\n]*?([0-9a-f]{7,}|r\d{3,})"),
    ("ESP-IDF", Role::Loader, r"ESP-IDF (v\d[^\s]*)"),
    ("TF-A", Role::Other, r"BL31: (v\d[^\s(]*)"),
    ("OP-TEE", Role::Other, r"OP-TEE version: ([^\s(]+)"),
    ("Linux", Role::Kernel, r"Linux version (\S+)"),
    ("Zephyr", Role::Kernel, r"Booting Zephyr OS (?:build |version )?(\S+)"),
    ("FreeRTOS", Role::Kernel, r"FreeRTOS(?: Kernel)? (V\d\S*)"),
    ("BusyBox", Role::Other, r"BusyBox (v\d[^\s(]*)"),
    ("systemd", Role::Other, r"systemd (\d{3}[^\s]*) running"),
    ("OpenWrt", Role::Other, r"OpenWrt (\d{2}\.\d{2}[^\s,]*)"),
    ("Dropbear", Role::Other, r"(?i)dropbear[ _](?:v|sshd v)?(\d{4}\.\d{2})"),
];

static COMPILED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let compile = |pattern: &str| Regex::new(pattern).expect("a constant that the tests compile");
    PRINTED.iter().map(|(_, _, pattern)| compile(pattern)).collect()
});

/// What named itself in a boot log, each component and version once.
#[derive(Debug, Default)]
pub(crate) struct Components {
    pub(crate) versions: Vec<Version>,
    /// `U-Boot 2023.01`.
    pub(crate) bootloader: Option<String>,
    /// `Linux 6.6.32`.
    pub(crate) kernel: Option<String>,
}

pub(crate) fn of(log: &str) -> Components {
    let mut found = Components::default();
    for ((component, role, _), pattern) in PRINTED.into_iter().zip(COMPILED.iter()) {
        for captures in pattern.captures_iter(log).take(8) {
            let version: String = captures[1].chars().take(80).collect();
            let named = Version { component, version };
            if found.versions.contains(&named) {
                continue;
            }
            let shown = || Some(format!("{component} {}", named.version));
            match role {
                Role::Loader if found.bootloader.is_none() => found.bootloader = shown(),
                Role::Kernel if found.kernel.is_none() => found.kernel = shown(),
                _ => {}
            }
            found.versions.push(named);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_common_systems_print_is_read() {
        for (log, loader, kernel) in [
            ("\r\nU-Boot 2023.01+dfsg-2+deb12u3 (Jun 22)\r\n", Some("U-Boot 2023.01+dfsg-2+deb12u3"), None),
            ("U-Boot 1.1.4 (Mar 1 2012)", Some("U-Boot 1.1.4"), None),
            ("barebox 2024.04.0 #1 Wed", Some("Barebox 2024.04.0"), None),
            ("                     GNU GRUB  version 2.06-13\r\n", Some("GRUB 2.06-13"), None),
            ("RedBoot(tm) bootstrap and debug environment [ROMRAM]\nRed Hat", None, None),
            ("CFE version 1.0.38-106.24 for BCM96328 (32bit)", Some("CFE 1.0.38-106.24"), None),
            ("[    0.000000] Linux version 6.6.32 (build@x)", None, Some("Linux 6.6.32")),
            ("*** Booting Zephyr OS build v3.6.0 ***", None, Some("Zephyr v3.6.0")),
            ("nothing of the kind", None, None),
        ] {
            let found = of(log);
            assert_eq!((found.bootloader.as_deref(), found.kernel.as_deref()), (loader, kernel), "{log}");
        }
        assert_eq!(of("U-Boot SPL 2024.01 (x)\nU-Boot 2024.01 (x)\nBusyBox v1.36.1 ()").versions.len(), 3);
        assert_eq!(of(&"Linux version 6.6\n".repeat(50)).versions.len(), 1);
    }
}
