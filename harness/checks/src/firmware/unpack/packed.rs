//! Compressed streams: gzip, xz, lzma, zstd.

use super::{Format, Outcome, Unpacker, guarded};

/// Memory that a decoder may ask for.
const MEMORY: u64 = 128 << 20;

impl Unpacker<'_> {
    pub(super) fn packed(&mut self, place: &str, format: Format, bytes: &[u8], depth: u8) -> Outcome {
        let mut rest = bytes;
        let read = guarded(|| match format {
            Format::Gzip => Ok(self.read(flate2::bufread::GzDecoder::new(&mut rest))),
            Format::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(&mut rest).map_err(|e| e.to_string())?;
                let mut decoder = decoder.single_frame();
                decoder.window_log_max(27).map_err(|e| e.to_string())?;
                Ok(self.read(decoder))
            }
            _ => {
                use liblzma::{bufread::XzDecoder, stream::Stream};
                let stream = match format {
                    Format::Lzma => Stream::new_lzma_decoder(MEMORY),
                    _ => Stream::new_stream_decoder(MEMORY, 0),
                };
                Ok(self.read(XzDecoder::new_stream(&mut rest, stream.map_err(|e| e.to_string())?)))
            }
        });
        let used = (rest.len() < bytes.len()).then(|| (bytes.len() - rest.len()) as u64);
        match read {
            Err(note) | Ok(Err(note)) => Outcome::not(note),
            Ok(Ok((unpacked, note))) => {
                if !unpacked.is_empty() {
                    self.stream(place, "unpacked", &unpacked, depth);
                }
                Outcome { entries: u64::from(!unpacked.is_empty()), note: note.unwrap_or_default(), used }
            }
        }
    }
}
