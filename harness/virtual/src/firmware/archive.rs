//! Writers of the containers: cpio as Linux unpacks it at the start, and U-Boot's image header.

/// One entry.
pub(super) struct File {
    path: &'static str,
    mode: u32,
    bytes: Vec<u8>,
}

impl File {
    pub(super) fn new(path: &'static str, rights: u32, text: &str) -> Self {
        Self { path, mode: 0o100_000 | rights, bytes: text.as_bytes().to_vec() }
    }

    pub(super) fn folder(path: &'static str, rights: u32) -> Self {
        Self { path, mode: 0o040_000 | rights, bytes: Vec::new() }
    }
}

/// An archive of them.
pub(super) fn cpio(files: &[File]) -> Vec<u8> {
    let trailer = File { path: "TRAILER!!!", mode: 0, bytes: Vec::new() };
    let mut out: Vec<u8> = Vec::new();
    let pad = |out: &mut Vec<u8>| out.resize(out.len().next_multiple_of(4), 0);
    for (number, file) in (1..).zip(files.iter().chain([&trailer])) {
        let (size, name) = (file.bytes.len() as u32, file.path.len() as u32 + 1);
        let fields: [u32; 13] = [number, file.mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name, 0];
        out.extend(b"070701");
        fields.iter().for_each(|field| out.extend(format!("{field:08X}").bytes()));
        out.extend(file.path.bytes().chain([0]));
        pad(&mut out);
        out.extend(&file.bytes);
        pad(&mut out);
    }
    out
}

/// A header of 64 bytes and the data; its checksums are left at zero, as nothing here boots it.
pub(super) fn uimage(name: &str, data: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 64];
    out[..4].copy_from_slice(&0x2705_1956_u32.to_be_bytes());
    out[12..16].copy_from_slice(&(data.len() as u32).to_be_bytes());
    out[28..32].copy_from_slice(&[5, 22, 3, 1]); // Linux, ARM64, RAM disk, gzip
    name.bytes().take(32).enumerate().for_each(|(n, byte)| out[32 + n] = byte);
    out.extend(data);
    out
}
