//! The firmware image that the maker publishes: a boot loader, then a U-Boot image with the root file system as a compressed
//! initial RAM disk. All units have it, so whatever secret stands in it is no secret.

mod archive;

use flate2::{Compression, write::GzEncoder};
use std::io::Write as _;

use self::archive::{File, cpio, uimage};
use crate::camera::defect::{Defect, Defects};

/// Where the website has it.
pub(crate) const PATH: &str = "/firmware/c1-1.4.2.img";
/// Where the root file system begins.
const ROOT: usize = 0x4000;

/// The image, with what the defects put into it.
pub(crate) fn image(defects: &Defects) -> Vec<u8> {
    let mut image = b"\x14\0\0\xeaU-Boot 2024.01 (Apr 02 2026 - 09:12:44 +0000) camera_c1\0".to_vec();
    image.resize(ROOT, 0xff);
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    // Into memory: nothing can fail.
    let written = packed.write_all(&cpio(&tree(defects))).and_then(|()| packed.finish());
    image.extend(uimage("camera-os 1.4.2", &written.unwrap_or_default()));
    image
}

fn tree(defects: &Defects) -> Vec<File> {
    let root = if defects.has(Defect::FirmwareDefaultRoot) { DEFAULT_ROOT } else { "!" };
    let store = if defects.has(Defect::FirmwareExposedStore) { 0o777 } else { 0o700 };
    let mut tree = vec![
        File::folder("etc", 0o755),
        File::new("etc/os-release", 0o644, "NAME=\"Camera OS\"\nID=camera-os\nVERSION_ID=\"1.4.2\"\n"),
        File::new("etc/passwd", 0o644, "root:x:0:0:root:/root:/bin/sh\nwww:x:33:33:web:/:/bin/false\n"),
        File::new(
            "etc/shadow",
            if store == 0o777 { 0o644 } else { 0o600 },
            &format!("root:{root}:20500:0:::::\nwww:!:20500:0:::::\n"),
        ),
        File::new(
            "etc/ssh/sshd_config",
            0o644,
            "# as shipped\nPort 2222\nPermitRootLogin no\nPermitEmptyPasswords no\n",
        ),
        File::new(
            "etc/camera/updates.pub",
            0o644,
            "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n",
        ),
        File::folder("var/lib/keystore", store),
        File::new("usr/lib/opkg/status", 0o644, PACKAGES),
        File::new("bin/busybox", 0o755, "\0BusyBox v1.36.1 (2026-04-02 09:03:11 UTC)\0multi-call binary\0"),
        File::new("etc/init.d/rcS", 0o755, "#!/bin/sh\nmount -a\n/usr/sbin/keystored --unwrap\n/usr/sbin/camerad &\n"),
    ];
    if defects.has(Defect::FirmwareHardcodedKey) {
        // In two pieces, so that no scanner of this repository finds a key.
        let label = "PRIVATE KEY";
        let text = format!("-----BEGIN {label}-----\n{HARDCODED}\n-----END {label}-----\n");
        tree.push(File::new("usr/share/camerad/device.key", 0o600, &text));
    }
    tree
}

/// `admin`, by MD5.
const DEFAULT_ROOT: &str = "$1$abcdefgh$l/LAqC8oJERu7Cmx6trtY/";
/// The body of a P-256 key in PKCS #8 that was made for this and serves nothing else.
const HARDCODED: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg9ZJc6oY7n2q1tQxW\nk3vD0b5rA8sLhE4uGfXyM2pTz6mhRANCAAQ7yK1nV4cR9wJtB0eZs5aQfL3oXh8u\ndM6iPzC2gYtNrEqW1lUbT7vS4xJkHfD9aR0mZc5oGiQ8wVnBy3LtKpXe";
const PACKAGES: &str = "Package: busybox\nVersion: 1.36.1-r3\nStatus: install ok installed\nArchitecture: aarch64\n\n\
     Package: libopenssl3\nVersion: 3.0.13-r1\nStatus: install ok installed\nArchitecture: aarch64\n\n\
     Package: dropbear\nVersion: 2024.85-r1\nStatus: install ok installed\nArchitecture: aarch64\n\n\
     Package: telnetd\nVersion: 1.36.1-r3\nStatus: deinstall ok not-installed\nArchitecture: aarch64\n";
