//! Unpacking, in memory: archives, file systems and compressed streams inside each other, down to files.
//!
//! Nothing is written anywhere, so a path that leads out of its archive can do no harm: it is cut to its root, and told.
//! Bytes, files, depth and time are bounded over the whole image; what stood outside the bounds, and what is not understood,
//! is said.

mod carve;
mod cpio;
mod format;
mod packed;
mod path;
mod squashfs;
mod tar;
mod ubi;
mod uimage;
mod zip;

use std::collections::BTreeSet;
use std::io::Read;

use assay_model::Deadline;
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) use format::Format;
pub(crate) use path::clean;

/// How much of an image is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Bytes that come out of archives and compressed streams, all together.
    pub(crate) unpacked: u64,
    /// Files and folders.
    pub(crate) entries: u64,
    /// Containers inside containers.
    pub(crate) depth: u8,
    /// Until when.
    pub(crate) until: Deadline,
}

/// What an entry of an archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    Link,
    /// Devices, pipes, sockets.
    Special,
}

/// An entry of an archive or file system, or bytes that no container holds.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// Where it stands: the path of the container, `!`, and the path inside it.
    pub(crate) place: String,
    /// The path inside its own container, from its root: `/etc/shadow`; empty for bytes without a name.
    pub(crate) path: String,
    pub(crate) kind: Kind,
    /// Permission bits with setuid, setgid and sticky; none where the format keeps none.
    pub(crate) mode: Option<u32>,
    /// User id of the owner.
    pub(crate) owner: Option<u32>,
    /// Contents of a file; where a link leads.
    pub(crate) bytes: &'a [u8],
}

/// An entry as its archive has it.
struct Raw<'a> {
    path: &'a str,
    kind: Kind,
    mode: Option<u32>,
    owner: Option<u32>,
    bytes: &'a [u8],
}

/// One container, or bytes that could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Layer {
    /// Where it stands: the image itself is `image`, what begins further on in it `image@0x40000`.
    pub place: String,
    /// Its first byte in what it stands in.
    pub offset: u64,
    /// What it is.
    pub format: Format,
    /// Its bytes, packed.
    pub bytes: u64,
    /// Entries that came out of it.
    pub entries: u64,
    /// Whether it was read to its end.
    pub complete: bool,
    /// Why not, in words; empty where it was.
    pub note: String,
}

/// Most layers that are told; more are counted.
const LAYERS: usize = 500;
/// Most paths out of their archives that are told.
const ESCAPES: usize = 50;
/// A file in an archive is read up to here.
const FILE: u64 = 256 << 20;
/// Between looks at the clock.
const PIECE: usize = 64 * 1024;

/// Unpacking under way.
pub(crate) struct Unpacker<'v> {
    bounds: Bounds,
    visit: &'v mut dyn FnMut(Entry<'_>),
    pub(crate) layers: Vec<Layer>,
    /// Layers beyond those that are told.
    pub(crate) more_layers: u64,
    /// Paths that led out of their archive.
    pub(crate) escapes: Vec<String>,
    /// Which bounds were met.
    pub(crate) exhausted: BTreeSet<&'static str>,
    pub(crate) unpacked: u64,
    pub(crate) entries: u64,
}

impl<'v> Unpacker<'v> {
    pub(crate) fn new(bounds: Bounds, visit: &'v mut dyn FnMut(Entry<'_>)) -> Self {
        Self {
            bounds,
            visit,
            layers: Vec::new(),
            more_layers: 0,
            escapes: Vec::new(),
            exhausted: BTreeSet::new(),
            unpacked: 0,
            entries: 0,
        }
    }

    /// Unpacks an image and all that stands in it.
    pub(crate) fn image(&mut self, bytes: &[u8]) {
        if !self.inside("image", bytes, 0) {
            self.leaf("image", bytes);
        }
    }

    /// Opens what `bytes` are; `false` where they are no container.
    fn inside(&mut self, place: &str, bytes: &[u8], depth: u8) -> bool {
        let Some(format) = Format::of(bytes) else { return depth == 0 && self.carve(place, bytes, 0, depth) };
        if self.stopped() {
            return false;
        }
        if depth >= self.bounds.depth {
            self.exhausted.insert("depth");
            self.layer(place, 0, format, bytes, Outcome::not("it stands too deep inside other containers"));
            return true;
        }
        let at = self.layers.len();
        let understood = self.open(place, 0, format, bytes, depth);
        if !understood && depth <= 1 {
            return self.carve(place, bytes, 0, depth);
        }
        if understood {
            // One thing may stand behind another: microcode before the RAM disk, the next member of a stream.
            let used = self.layers.get(at).and_then(|layer| usize::try_from(layer.bytes).ok());
            let end = used.unwrap_or(bytes.len()).min(bytes.len());
            if !self.carve(place, bytes, end, depth) {
                self.gap(place, end, &bytes[end..]);
            }
        }
        // A file that cannot be opened is still a file with bytes.
        understood
    }

    /// Opens one container; `false` where nothing came out of it.
    fn open(&mut self, place: &str, offset: u64, format: Format, bytes: &[u8], depth: u8) -> bool {
        let at = self.layers.len();
        let before = (self.entries, self.unpacked);
        // Told in the order in which one opens them: outer first.
        self.layer(place, offset, format, bytes, Outcome::default());
        let mut outcome = match format {
            Format::Squashfs => self.squashfs(place, bytes, depth),
            Format::Cpio => self.cpio(place, bytes, depth),
            Format::Tar => self.tar(place, bytes, depth),
            Format::Zip => self.zip(place, bytes, depth),
            Format::Uimage => self.uimage(place, bytes, depth),
            Format::Ubi => self.ubi(place, bytes, depth),
            Format::Gzip | Format::Xz | Format::Lzma | Format::Zstd => self.packed(place, format, bytes, depth),
            Format::DeviceTree => Outcome::not("what stands in it is found by its own beginning"),
            _ => Outcome::not("there is no reader for it here"),
        };
        if outcome.note.is_empty() && self.stopped() {
            outcome.note = "a bound was met".into();
        }
        let came = (self.entries, self.unpacked) != before;
        if let Some(layer) = self.layers.get_mut(at) {
            layer.entries = outcome.entries;
            layer.complete = outcome.note.is_empty();
            layer.note = outcome.note;
            if let Some(used) = outcome.used {
                layer.bytes = used;
            }
        }
        came
    }

    fn layer(&mut self, place: &str, offset: u64, format: Format, bytes: &[u8], outcome: Outcome) {
        if self.layers.len() >= LAYERS {
            self.more_layers += 1;
            return;
        }
        self.layers.push(Layer {
            place: place.to_owned(),
            offset,
            format,
            bytes: bytes.len() as u64,
            entries: 0,
            complete: outcome.note.is_empty(),
            note: outcome.note,
        });
    }

    /// An entry of an archive: told, and opened where it is a container itself.
    fn entry(&mut self, place: &str, raw: Raw<'_>, depth: u8) {
        let Raw { path, kind, mode, owner, bytes } = raw;
        let (clean, escaped) = clean(path);
        if escaped && self.escapes.len() < ESCAPES {
            self.escapes.push(format!("{place}!{}", assay_model::visible_line(path)));
        }
        if !self.may_count() {
            return;
        }
        let inner = format!("{place}!{clean}");
        let opened = kind == Kind::File && self.inside(&inner, bytes, depth + 1);
        // What stands inside an opened container is told by its own entries; rights count for the container too.
        let bytes = if opened { &[] } else { bytes };
        (self.visit)(Entry { place: inner, path: clean, kind, mode, owner, bytes });
    }

    /// Bytes that no archive names.
    fn leaf(&mut self, place: &str, bytes: &[u8]) {
        if self.may_count() {
            let place = place.to_owned();
            (self.visit)(Entry { place, path: String::new(), kind: Kind::File, mode: None, owner: None, bytes });
        }
    }

    /// What came out of a compressed stream: opened where it is a container, told otherwise.
    fn stream(&mut self, place: &str, suffix: &str, bytes: &[u8], depth: u8) {
        let inner = format!("{place}!{suffix}");
        let opened = self.inside(&inner, bytes, depth + 1) || depth == 0 && self.carve(&inner, bytes, 0, depth + 1);
        if !opened {
            self.leaf(&inner, bytes);
        }
    }

    fn may_count(&mut self) -> bool {
        if self.entries >= self.bounds.entries {
            self.exhausted.insert("files");
            return false;
        }
        self.entries += 1;
        !self.stopped()
    }

    /// Whether a bound on all of the image has been met.
    fn stopped(&mut self) -> bool {
        if self.bounds.until.passed() {
            self.exhausted.insert("time");
        }
        self.exhausted.iter().any(|bound| !matches!(*bound, "depth" | "tries"))
    }

    /// Reads to the end, or to a bound; with what the reader said where it broke off.
    fn read(&mut self, mut from: impl Read) -> (Vec<u8>, Option<String>) {
        let mut bytes = Vec::new();
        let mut piece = vec![0; PIECE];
        loop {
            if self.stopped() {
                return (bytes, Some("a bound was met".into()));
            }
            match from.read(&mut piece) {
                Ok(0) => return (bytes, None),
                Ok(n) => {
                    self.unpacked += n as u64;
                    if self.unpacked > self.bounds.unpacked || bytes.len() as u64 + n as u64 > FILE {
                        self.exhausted.insert("bytes");
                        return (bytes, Some("the bound on bytes was met".into()));
                    }
                    bytes.extend_from_slice(&piece[..n]);
                }
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return (bytes, Some(e.to_string())),
            }
        }
    }
}

/// What came of opening one container.
#[derive(Debug, Default)]
struct Outcome {
    entries: u64,
    /// Why it was not read to its end; empty where it was.
    note: String,
    /// Its packed length, where it is less than the bytes at hand.
    used: Option<u64>,
}

impl Outcome {
    fn not(note: impl Into<String>) -> Self {
        Self { note: note.into(), ..Self::default() }
    }
}

/// A reader of somebody else's, on hostile input: should it panic, the image is what broke it.
fn guarded<T>(read: impl FnOnce() -> T) -> Result<T, String> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).map_err(|_| "its reader broke off".to_owned())
}
