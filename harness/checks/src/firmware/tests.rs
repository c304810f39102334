//! Images of every kind with the same tree in them, real programs beside `readelf`, and images made to do harm.

#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

use std::io::{Cursor, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use assay_model::Deadline;
use serde_json::{Value, json};

use super::inspect::look;
use super::survey::Survey;
use super::unpack::{Bounds, clean};
use crate::fake::Secrets;
use crate::secrets::SearchOptions;

/// A file of a tree: path, permission bits with the kind, contents.
type File = (&'static str, u32, Vec<u8>);

const HASH: &str = "$1$abcdefgh$l/LAqC8oJERu7Cmx6trtY/"; // of the default `admin`

fn pem() -> String {
    let body = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgq8Fq1k2Zp0".repeat(2);
    let label = "PRIVATE KEY"; // in two pieces, so that no scanner of this repository finds a key
    format!("-----BEGIN {label}-----\n{}\n{}\n-----END {label}-----\n", &body[..64], &body[64..])
}

fn good_tree() -> Vec<File> {
    vec![
        ("etc", 0o040755, Vec::new()),
        ("etc/os-release", 0o100644, b"ID=camera-os\nVERSION_ID=\"1.4.2\"\n".to_vec()),
        ("etc/passwd", 0o100644, b"root:x:0:0:root:/root:/bin/false\n".to_vec()),
        ("etc/shadow", 0o100600, b"root:!:19000:0:::::\n".to_vec()),
        ("etc/ssh/sshd_config", 0o100644, b"# PermitRootLogin yes\nPermitRootLogin no\n".to_vec()),
        ("bin/busybox", 0o100755, b"\0BusyBox v1.36.1 (2024-05-01)\0".to_vec()),
        ("tmp", 0o041777, Vec::new()),
    ]
}

fn weak_tree() -> Vec<File> {
    let mut tree = good_tree();
    tree.retain(|(path, ..)| !matches!(*path, "etc/shadow" | "etc/ssh/sshd_config"));
    tree.extend([
        ("etc/shadow", 0o100644, format!("root:{HASH}:19000:0:::::\nguest::19000:0:::::\n").into_bytes()),
        ("etc/ssh/sshd_config", 0o100644, b"PermitRootLogin yes\n".to_vec()),
        ("etc/ssl/private/device.pem", 0o100644, pem().into_bytes()),
        ("etc/init.d/rcS", 0o100777, b"#!/bin/sh\n/usr/sbin/telnetd -l /bin/sh\n".to_vec()),
        ("usr/bin/helper", 0o104755, b"#!/bin/sh\n".to_vec()),
        ("root/.ssh/authorized_keys", 0o100600, b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 factory@line-3\n".to_vec()),
    ]);
    tree
}

/// As an initial RAM disk.
pub(crate) fn cpio(tree: &[File]) -> Vec<u8> {
    let mut out = Vec::new();
    let trailer = ("TRAILER!!!", 0, Vec::new());
    for (n, (path, mode, bytes)) in (1..).zip(tree.iter().chain([&trailer])) {
        let fields = [n, *mode, 0, 0, 1, 0, bytes.len() as u32, 0, 0, 0, 0, path.len() as u32 + 1, 0];
        out.extend(b"070701");
        fields.iter().for_each(|f| write!(out, "{f:08X}").unwrap());
        out.extend(path.as_bytes());
        out.push(0);
        out.resize(out.len().next_multiple_of(4), 0);
        out.extend(bytes);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

fn tar(tree: &[File]) -> Vec<u8> {
    let mut out = ::tar::Builder::new(Vec::new());
    for (path, mode, bytes) in tree {
        let mut header = ::tar::Header::new_ustar();
        header.set_mode(mode & 0o7777);
        header.set_uid(0);
        header.set_size(bytes.len() as u64);
        header.set_entry_type(if mode >> 12 == 4 { ::tar::EntryType::Directory } else { ::tar::EntryType::Regular });
        // Straight into the header: the crate would refuse to write `..`.
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        out.append(&header, &bytes[..]).unwrap();
    }
    out.into_inner().unwrap()
}

fn zip(tree: &[File]) -> Vec<u8> {
    let mut out = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, mode, bytes) in tree {
        let options = ::zip::write::SimpleFileOptions::default().unix_permissions(mode & 0o7777);
        if mode >> 12 == 4 {
            out.add_directory(*path, options).unwrap();
        } else {
            out.start_file(*path, options).unwrap();
            out.write_all(bytes).unwrap();
        }
    }
    out.finish().unwrap().into_inner()
}

fn squashfs(tree: &[File]) -> Vec<u8> {
    use backhand::{FilesystemWriter, NodeHeader};
    let mut out = FilesystemWriter::default();
    for (path, mode, bytes) in tree {
        let header = NodeHeader { permissions: (mode & 0o7777) as u16, ..NodeHeader::default() };
        if let Some((folder, _)) = path.rsplit_once('/') {
            out.push_dir_all(folder, NodeHeader { permissions: 0o755, ..NodeHeader::default() }).unwrap();
        }
        if mode >> 12 == 4 {
            let _there_already = out.push_dir(*path, header);
        } else {
            out.push_file(Cursor::new(bytes.clone()), *path, header).unwrap();
        }
    }
    let mut image = Cursor::new(Vec::new());
    out.write(&mut image).unwrap();
    image.into_inner()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut out = liblzma::write::XzEncoder::new(Vec::new(), 1);
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn lzma(bytes: &[u8]) -> Vec<u8> {
    use liblzma::stream::{LzmaOptions, Stream};
    let stream = Stream::new_lzma_encoder(&LzmaOptions::new_preset(1).unwrap()).unwrap();
    let mut out = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ::zstd::encode_all(bytes, 1).unwrap()
}

fn uimage(bytes: &[u8], compression: u8) -> Vec<u8> {
    let mut out = vec![0; 64];
    out[..4].copy_from_slice(b"\x27\x05\x19\x56");
    out[12..16].copy_from_slice(&(bytes.len() as u32).to_be_bytes());
    out[31] = compression;
    out[32..38].copy_from_slice(b"kernel");
    out.extend(bytes);
    out
}

/// The image that the three twins of the check have.
pub(crate) fn image(weak: bool) -> Vec<u8> {
    gzip(&cpio(&if weak { weak_tree() } else { good_tree() }))
}

fn bounds() -> Bounds {
    Bounds { unpacked: 256 << 20, entries: 10_000, depth: 8, until: Deadline::after(Duration::from_secs(60)) }
}

fn seen_within(image: &[u8], bounds: Bounds) -> Value {
    let survey = Survey::new(SearchOptions::default()).unwrap();
    serde_json::to_value(look(image, bounds, survey, &Secrets::default())).unwrap()
}

fn seen(image: &[u8]) -> Value {
    seen_within(image, bounds())
}

/// What is found in the tree, whatever holds it; places without the containers around them.
fn essence(seen: &Value) -> Value {
    let paths = |field: &str| {
        let paths = seen[field].as_array().unwrap().iter().map(|f| {
            let place = f["place"].as_str().unwrap();
            place.rsplit('!').next().unwrap().to_owned()
        });
        let mut paths: Vec<String> = paths.collect();
        paths.sort();
        paths
    };
    let names = |field: &str, key: &str| -> Vec<Value> {
        seen[field].as_array().unwrap().iter().map(|f| f[key].clone()).collect()
    };
    json!({
        "understood": seen["understood"], "complete": seen["complete"],
        "secrets": paths("secrets"), "setuid": paths("setuid"), "world_writable": paths("world_writable"),
        "exposed": paths("exposed"), "keys": paths("authorized_keys"), "settings": names("open_settings", "service"),
        "accounts": names("accounts", "password"), "components": names("components", "purl"),
    })
}

fn of_weak() -> Value {
    json!({
        "understood": true, "complete": true,
        "secrets": ["/etc/shadow", "/etc/ssl/private/device.pem"],
        "setuid": ["/usr/bin/helper"], "world_writable": ["/etc/init.d/rcS"],
        "exposed": ["/etc/shadow", "/etc/ssl/private/device.pem"], "keys": ["/root/.ssh/authorized_keys"],
        "settings": ["sshd", "telnetd"], "accounts": ["hash", "empty"],
        "components": ["pkg:generic/busybox@1.36.1", "pkg:generic/camera-os@1.4.2"],
    })
}

fn sorted(mut essence: Value) -> Value {
    for list in essence.as_object_mut().unwrap().values_mut().filter_map(Value::as_array_mut) {
        list.sort_by_key(Value::to_string);
    }
    essence
}

#[test]
fn the_same_tree_is_found_in_every_container() {
    let tree = weak_tree();
    let inner = cpio(&tree);
    let flash = [
        vec![0xff; 0x1000],
        b"U-Boot 2024.01 (May 01 2024)\0".to_vec(),
        vec![0; 0x1003],
        squashfs(&tree),
        vec![0xff; 77],
    ];
    for (name, image) in [
        ("cpio", inner.clone()),
        ("tar", tar(&tree)),
        ("zip", zip(&tree)),
        ("squashfs", squashfs(&tree)),
        ("gzip", gzip(&inner)),
        ("xz", xz(&inner)),
        ("lzma", lzma(&inner)),
        ("zstd", zstd(&inner)),
        ("uImage", uimage(&gzip(&inner), 1)),
        ("uImage, lzma", uimage(&lzma(&inner), 3)),
        ("zip of tar.gz", zip(&[("update.tar.gz", 0o100644, gzip(&tar(&tree)))])),
    ] {
        let seen = seen(&image);
        let mut expected = of_weak();
        if name == "zip" {
            // Its writer here drops setuid and sticky.
            expected["setuid"] = json!([]);
            expected["world_writable"] = json!(["/etc/init.d/rcS", "/tmp"]);
        }
        assert_eq!(sorted(essence(&seen)), sorted(expected), "{name}: {:#}", seen["layers"]);
    }
    let seen = seen(&flash.concat());
    let mut expected = of_weak();
    expected["components"].as_array_mut().unwrap().push(json!("pkg:generic/u-boot@2024.01"));
    assert_eq!(sorted(essence(&seen)), sorted(expected), "{:#}", seen["layers"]);
    assert_eq!(seen["layers"][0]["offset"], 0x1000 + 29 + 0x1003, "{:#}", seen["layers"]);
    assert_eq!(seen["accounts"][0]["default_password"], "admin");
}

/// What stands behind the first container is looked at too: microcode before the RAM disk, a second member, a second image.
#[test]
fn what_stands_behind_a_container_is_opened() {
    let (good, weak) = (good_tree(), weak_tree());
    let microcode = cpio(&[("kernel/x86/microcode/GenuineIntel.bin", 0o100644, vec![7; 500])]);
    let whole = cpio(&weak);
    let (front, back) = whole.split_at(whole.len() / 2);
    for (name, image) in [
        ("microcode, then the RAM disk", [microcode, vec![0; 512], gzip(&cpio(&weak))].concat()),
        ("two images", [squashfs(&good), squashfs(&weak)].concat()),
        ("a compressed archive behind another", [xz(&cpio(&good)), xz(&cpio(&weak))].concat()),
        ("the same of zstd", [zstd(&cpio(&good)), zstd(&cpio(&weak))].concat()),
    ] {
        let seen = seen(&image);
        assert_eq!(seen["setuid"].as_array().map(Vec::len), Some(1), "{name}: {:#}", seen["layers"]);
        assert_eq!(seen["complete"], true, "{name}: {:#}", seen["layers"]);
    }
    let members = seen(&[gzip(front), gzip(back)].concat());
    assert!(members["layers"].as_array().is_some_and(|layers| layers.len() > 1), "{:#}", members["layers"]);
}

/// A file system that no reader here opens keeps the image from counting as looked at; its name in a program does not.
#[test]
fn what_is_found_further_on_and_cannot_be_opened_is_said() {
    let boot =
        [b"U-Boot 2024.01 (May 01 2024)\0".to_vec(), vec![0xff; 0x800], gzip(&cpio(&good_tree())), vec![0xff; 64]];
    let mut lzo = squashfs(&weak_tree());
    lzo[20] = 3;
    let mut ext = vec![0; 4096];
    ext[1048] = 2;
    ext[1080..1082].copy_from_slice(b"\x53\xef");
    (ext[1082], ext[1084], ext[1100]) = (1, 1, 1);
    let mut romfs = [&b"-rom1fs-"[..], &[0, 0, 0x10, 0]].concat();
    romfs.resize(0x1000, 7);
    for (format, part) in [("squashfs", lzo), ("ext", ext), ("romfs", romfs)] {
        let seen = seen(&[boot.concat(), part].concat());
        let layers = seen["layers"].as_array().unwrap();
        assert_eq!((&seen["understood"], &seen["complete"]), (&json!(true), &json!(false)), "{format}: {layers:#?}");
        assert!(layers.iter().any(|l| l["format"] == format && l["complete"] == false), "{format}: {layers:#?}");
    }
    let names = b"\0hsqs\0-rom1fs-\x00070701\0UBI#\x01\0BZh\0Compressed ROMFS\0\x53\xef".repeat(40);
    let seen = seen(&[boot.concat(), names].concat());
    assert_eq!((&seen["understood"], &seen["complete"]), (&json!(true), &json!(true)), "{:#}", seen["layers"]);
}

/// Beginnings inside what was opened are no tries.
#[test]
fn a_large_archive_does_not_hide_what_stands_behind_it() {
    let many: Vec<File> = (0..3_000).map(|_| ("x", 0o100644, Vec::new())).collect();
    let image = [b"boot".to_vec(), vec![0xff; 0x400], cpio(&many), vec![0; 512], squashfs(&weak_tree())].concat();
    let seen = seen(&image);
    assert_eq!(seen["setuid"].as_array().map(Vec::len), Some(1), "{:#}", seen["layers"]);
    assert_eq!(seen["bounds_met"], json!([]));
}

#[test]
fn a_good_tree_is_quiet_and_secrets_are_not_shown() {
    let quiet = seen(&image(false));
    for field in
        ["secrets", "setuid", "world_writable", "exposed", "authorized_keys", "open_settings", "escapes", "bounds_met"]
    {
        assert_eq!(quiet[field], json!([]), "{field}");
    }
    assert_eq!(
        quiet["accounts"],
        json!([{"place": "image!unpacked!/etc/shadow", "user": "root", "password": "locked"}])
    );
    assert_eq!((&quiet["understood"], &quiet["complete"]), (&json!(true), &json!(true)));
    let shown = seen(&image(true)).to_string();
    assert!(!shown.contains("MIGHAgEAMBMG") && !shown.contains("abcdefgh$l"), "{shown}");
}

#[test]
fn what_is_not_understood_is_said() {
    for (image, format) in [
        ([&b"Salted__"[..], &[7; 4000]].concat(), "openssl-encrypted"),
        ([&b"\x31\x18\x10\x06"[..], &[7; 4000]].concat(), "ubifs"),
        ([&[0x85, 0x19, 3, 0x20][..], &[7; 4000]].concat(), "jffs2"),
    ] {
        let seen = seen(&image);
        assert_eq!((&seen["understood"], &seen["complete"]), (&json!(false), &json!(false)), "{format}");
        assert_eq!(seen["layers"][0]["format"], format);
        assert_eq!(seen["layers"][0]["note"], "there is no reader for it here");
    }
    let noise = seen(&[5, 9, 1, 3].repeat(1000));
    assert_eq!((&noise["understood"], &noise["layers"], &noise["files"]), (&json!(false), &json!([]), &json!(1)));
    assert_eq!(seen(b"")["understood"], false);
}

#[test]
fn bombs_deep_nests_and_paths_out_of_the_archive_are_bounded_and_told() {
    let small = Bounds { unpacked: 1 << 20, ..bounds() };
    for bomb in [
        gzip(&vec![0; 64 << 20]),
        xz(&vec![0; 64 << 20]),
        zstd(&vec![0; 64 << 20]),
        zip(&[("a", 0o100644, vec![0; 64 << 20])]),
    ] {
        let seen = seen_within(&bomb, small);
        assert_eq!(seen["bounds_met"], json!(["bytes"]), "{:#}", seen["layers"]);
        assert!(seen["unpacked_bytes"].as_u64().unwrap() <= (1 << 20) + 65_536 && seen["complete"] == false);
    }
    let many: Vec<File> = (0..200).map(|_| ("x", 0o100644, Vec::new())).collect();
    let seen_many = seen_within(&cpio(&many), Bounds { entries: 50, ..bounds() });
    assert_eq!((&seen_many["files"], &seen_many["bounds_met"]), (&json!(50), &json!(["files"])));
    let nest = (0..40).fold(b"the end".to_vec(), |inner, _| gzip(&inner));
    let seen_nest = seen(&nest);
    assert_eq!((&seen_nest["bounds_met"], &seen_nest["complete"]), (&json!(["depth"]), &json!(false)));
    let late = seen_within(&image(true), Bounds { until: Deadline::after(Duration::ZERO), ..bounds() });
    assert_eq!((&late["bounds_met"], &late["complete"]), (&json!(["time"]), &json!(false)));
    let out = seen(&tar(&[("../../../etc/cron.d/own", 0o100644, b"* * * * * root id\n".to_vec())]));
    assert_eq!(out["escapes"], json!(["image!../../../etc/cron.d/own"]));
    assert!(!Path::new("/etc/cron.d/own").exists());
    assert_eq!(clean("../../../etc/cron.d/own").0, "/etc/cron.d/own");
}

/// Cut short anywhere, and with any byte changed, an image is looked at to an end and nothing panics out of it.
#[test]
fn broken_images_are_looked_at_to_an_end() {
    let tree = weak_tree();
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    let quick = || Bounds { unpacked: 8 << 20, until: Deadline::after(Duration::from_secs(20)), ..bounds() };
    for image in [
        squashfs(&tree),
        cpio(&tree),
        tar(&tree),
        zip(&tree),
        gzip(&cpio(&tree)),
        xz(&tar(&tree)),
        uimage(&zstd(&cpio(&tree)), 0),
    ] {
        for _ in 0..12 {
            seen_within(&image[..random() % image.len()], quick());
            let mut broken = image.clone();
            for _ in 0..1 + random() % 8 {
                let at = random() % broken.len();
                broken[at] = random() as u8;
            }
            seen_within(&broken, quick());
        }
    }
    if let Ok(program) = std::fs::read("/bin/ls") {
        for _ in 0..100 {
            let mut broken = program.clone();
            for _ in 0..1 + random() % 6 {
                let at = random() % if random() % 2 == 0 { 0x200 } else { broken.len() };
                broken[at] = random() as u8;
            }
            let _ = super::elf::of("ls", &broken);
        }
    }
}

/// Whether the peer is there; without it a test says so and ends.
fn there(program: &str, package: &str) -> bool {
    let found =
        std::env::var_os("PATH").is_some_and(|p| std::env::split_paths(&p).any(|dir| dir.join(program).is_file()));
    if !found {
        assert!(std::env::var_os("ASSAY_REQUIRE_PEERS").is_none(), "{package} is not installed: run .ci/install");
        println!("skipped: {package} is not installed");
    }
    found
}

/// The tree on disk, for the tools that make images of folders.
fn on_disk(tree: &[File], root: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    for (path, mode, bytes) in tree {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        if mode >> 12 == 4 {
            std::fs::create_dir_all(&path).unwrap();
        } else {
            std::fs::write(&path, bytes).unwrap();
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode & 0o7777)).unwrap();
    }
}

fn run(program: &str, args: &[&str], folder: &Path) {
    let output = Command::new(program).args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn images_that_the_usual_tools_made_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    on_disk(&weak_tree(), &here.join("root"));
    let check = |file: &str| {
        let seen = seen(&std::fs::read(here.join(file)).unwrap());
        assert_eq!(sorted(essence(&seen)), sorted(of_weak()), "{file}: {:#}", seen["layers"]);
    };
    if there("mksquashfs", "squashfs-tools") {
        for compressor in ["gzip", "xz", "zstd", "lz4"] {
            run("mksquashfs", &["root", compressor, "-comp", compressor, "-all-root", "-noappend", "-quiet"], here);
            check(compressor);
        }
        run("mksquashfs", &["root", "lzo", "-comp", "lzo", "-all-root", "-noappend", "-quiet"], here);
        let lzo = seen(&std::fs::read(here.join("lzo")).unwrap());
        assert!(lzo["layers"][0]["note"].as_str().unwrap().contains("LZO") && lzo["understood"] == false, "{lzo}");
        if there("ubinize", "mtd-utils") {
            let volume = "[rootfs]\nmode=ubi\nimage=xz\nvol_id=0\nvol_type=static\nvol_name=rootfs\n";
            std::fs::write(here.join("ubi.ini"), volume).unwrap();
            run("ubinize", &["-o", "flash.ubi", "-p", "128KiB", "-m", "2048", "ubi.ini"], here);
            check("flash.ubi");
        }
    }
    if there("cpio", "cpio") {
        run("sh", &["-c", "cd root && find . | cpio --quiet -o -H newc -R 0:0 > ../tool.cpio"], here);
        check("tool.cpio");
    }
    run("tar", &["-czf", "tool.tar.gz", "--owner=0", "--group=0", "-C", "root", "."], here);
    check("tool.tar.gz");
}

/// What `readelf` says of a program, in our words.
fn by_readelf(path: &str) -> Value {
    let read = |flag: &str| {
        let output = Command::new("readelf").args(["-W", flag, path]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let (header, segments, dynamic, names) = (read("-h"), read("-l"), read("-d"), read("--dyn-syms"));
    let stack = segments.lines().find(|l| l.contains("GNU_STACK"));
    let now = dynamic.lines().any(|l| l.contains("BIND_NOW") || l.contains("(FLAGS_1)") && l.contains("NOW"));
    let relro = match (segments.contains("GNU_RELRO"), now) {
        (false, _) => "none",
        (true, false) => "partial",
        (true, true) => "full",
    };
    let checked =
        names.split_whitespace().any(|w| w.starts_with("__") && w.split('@').next().unwrap().ends_with("_chk"));
    json!({
        "nx": stack.is_some_and(|l| !l.contains("RWE")),
        "pie": header.contains("DYN ("),
        "relro": relro,
        "stack_protector": names.contains("__stack_chk_fail"),
        "checked": checked,
        "library": !segments.contains("INTERP"),
    })
}

#[test]
fn programs_of_debian_are_seen_as_readelf_sees_them() {
    if !there("readelf", "binutils") || !there("busybox", "busybox") {
        return;
    }
    let mut compared = 0;
    for path in [
        "/bin/busybox",
        "/bin/ls",
        "/usr/bin/ssh",
        "/usr/bin/dbclient",
        "/usr/sbin/nginx",
        "/lib/x86_64-linux-gnu/libc.so.6",
        "/usr/bin/python3",
    ] {
        let Ok(bytes) = std::fs::read(path) else { continue };
        let seen = serde_json::to_value(super::elf::of(path, &bytes).unwrap().unwrap()).unwrap();
        let read = by_readelf(path);
        for field in ["nx", "pie", "relro", "stack_protector"] {
            assert_eq!(seen[field], read[field], "{field} of {path}");
        }
        if path.contains("bin/") {
            assert_eq!(seen["library"], read["library"], "{path}");
        }
        assert_eq!(seen["fortify"] == true, read["checked"] == true, "{path}: {seen}");
        compared += 1;
    }
    assert!(compared >= 2);
    let busybox = std::fs::read("/bin/busybox").unwrap();
    let components = super::components::of("/bin/busybox", "/bin/busybox", &busybox);
    let own = components.iter().find(|c| c.name == "busybox").unwrap();
    let said = Command::new("busybox").output().unwrap();
    assert!(String::from_utf8_lossy(&said.stdout).contains(&format!("BusyBox v{} ", own.version)), "{own:?}");
}

/// Programs built for it: each protection away, one at a time.
#[test]
fn a_protection_that_is_missing_is_missed() {
    if !there("gcc", "build-essential") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = "#include <string.h>\n#include <stdio.h>\nint main(int c, char **v) { char b[64]; strcpy(b, v[0]); puts(b); return c; }\n";
    std::fs::write(folder.path().join("a.c"), source).unwrap();
    let hard = [
        "-O2",
        "-fstack-protector-all",
        "-U_FORTIFY_SOURCE",
        "-D_FORTIFY_SOURCE=2",
        "-fPIE",
        "-pie",
        "-Wl,-z,relro,-z,now",
    ];
    let built = |more: &[&str]| {
        run("gcc", &[&["a.c", "-o", "a"][..], &hard, more].concat(), folder.path());
        let bytes = std::fs::read(folder.path().join("a")).unwrap();
        super::elf::of("a", &bytes).unwrap().unwrap()
    };
    let all = serde_json::to_value(built(&[])).unwrap();
    let good =
        json!({"nx": true, "pie": true, "relro": "full", "stack_protector": true, "fortify": true, "library": false});
    for (field, value) in good.as_object().unwrap() {
        assert_eq!(&all[field], value, "{field}");
    }
    for (flags, field, value) in [
        (&["-z", "execstack"][..], "nx", json!(false)),
        (&["-no-pie", "-fno-pie"], "pie", json!(false)),
        (&["-Wl,-z,norelro"], "relro", json!("none")),
        (&["-Wl,-z,lazy"], "relro", json!("partial")),
        (&["-fno-stack-protector"], "stack_protector", json!(false)),
        (&["-U_FORTIFY_SOURCE"], "fortify", json!(false)),
    ] {
        let seen = serde_json::to_value(built(flags)).unwrap();
        for (name, usual) in good.as_object().unwrap() {
            let expected = if name == field { &value } else { usual };
            assert_eq!(&seen[name], expected, "{name} with {flags:?}");
        }
    }
}

/// `ASSAY_WRITE=1` prints the image that the plan has as its known bad one, for who changes it.
#[test]
fn the_known_bad_image_of_the_plan_is_this_one() {
    let known: Vec<File> = vec![
        ("etc/shadow", 0o100644, format!("root:{HASH}:19000:0:::::\n").into_bytes()),
        ("etc/ssl/private/device.pem", 0o100666, pem().into_bytes()),
        ("root/.ssh/authorized_keys", 0o100600, b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 factory@line-3\n".to_vec()),
    ];
    let image = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, gzip(&cpio(&known)));
    if std::env::var_os("ASSAY_WRITE").is_some() {
        println!("{image}");
    }
    let plan = include_str!("../../../../test-plans/en303645/5.4.yaml");
    let literal = plan.split("base64: ").nth(1).unwrap().split_whitespace().next().unwrap();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, literal).unwrap();
    let seen = seen(&bytes);
    assert_eq!((&seen["understood"], &seen["complete"]), (&json!(true), &json!(true)));
    assert_eq!(seen["files"], known.len());
}
