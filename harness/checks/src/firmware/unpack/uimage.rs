//! U-Boot's legacy image: a header of 64 bytes, then one stream.

use super::{Format, Outcome, Unpacker};

const HEADER: usize = 64;

impl Unpacker<'_> {
    pub(super) fn uimage(&mut self, place: &str, bytes: &[u8], depth: u8) -> Outcome {
        let Some(header) = bytes.get(..HEADER) else { return Outcome::not("it is shorter than its header") };
        let size = u32::from_be_bytes([header[12], header[13], header[14], header[15]]) as usize;
        let there = bytes.len() - HEADER;
        let data = &bytes[HEADER..HEADER + size.min(there)];
        let note =
            if size > there { format!("it says to hold {size} bytes, and {there} are here") } else { String::new() };
        let name: String = header[32..].iter().take_while(|b| **b != 0).map(|b| char::from(*b)).collect();
        let name = assay_model::visible_line(&name).replace(['/', '!'], "_");
        let name = if name.is_empty() { "payload".to_owned() } else { name };
        self.unpacked += data.len() as u64;
        // Compression 3 is LZMA, whose streams have no magic to be known by.
        if header[31] == 3 && Format::of(data).is_none() {
            let inner = format!("{place}!{name}");
            self.open(&inner, 0, Format::Lzma, data, depth + 1);
        } else {
            self.stream(place, &name, data, depth);
        }
        Outcome { entries: 1, note, used: Some((HEADER + data.len()) as u64) }
    }
}
