//! Serial transcripts: what was said on each console around the times that matter, control bytes shown.

use askama::Template;
use assay_model::Direction;

use super::evidence::anchor;
use super::{Built, Section, Source};
use crate::html::detail::Detail;
use crate::html::value::offset;
use crate::visible::visible;

#[derive(Template)]
#[template(path = "section/serial.html")]
struct Body {
    transcripts: Vec<TranscriptView>,
}

struct TranscriptView {
    id: String,
    anchor: String,
    title: String,
    path: String,
    bytes: u64,
    dropped: u64,
    excerpts: Vec<ExcerptView>,
    left_off: usize,
}

struct ExcerptView {
    label: String,
    pieces: Vec<PieceView>,
    left_off: usize,
}

struct PieceView {
    at: String,
    way: &'static str,
    class: &'static str,
    /// Text, and whether it stands for bytes that are no text.
    runs: Vec<(bool, String)>,
}

pub(super) fn section(source: &Source<'_>) -> Built {
    if source.trace.transcripts.is_empty() || source.detail < Detail::Full {
        return Ok(None);
    }
    let transcripts: Vec<TranscriptView> = source
        .trace
        .transcripts
        .iter()
        .map(|t| TranscriptView {
            id: t.evidence.clone(),
            anchor: anchor(&t.evidence),
            title: t.title.clone(),
            path: t.path.clone(),
            bytes: t.bytes,
            dropped: t.dropped,
            excerpts: t
                .excerpts
                .iter()
                .map(|e| ExcerptView {
                    label: e.label.clone(),
                    left_off: e.left_off,
                    pieces: e.pieces.iter().map(piece).collect(),
                })
                .collect(),
            left_off: t.left_off,
        })
        .collect();
    Section::counted("serial", "Serial transcripts", transcripts.len(), &Body { transcripts })
}

fn piece(piece: &crate::trace::Piece) -> PieceView {
    let (way, class) = match piece.direction {
        Direction::In => ("from DUT", "in"),
        Direction::Out => ("to DUT", "out"),
    };
    PieceView { at: offset(piece.at_ms), way, class, runs: runs(&piece.bytes) }
}

/// Line ends end lines; every other byte that is no readable text is shown as its escape.
fn runs(bytes: &[u8]) -> Vec<(bool, String)> {
    let mut runs: Vec<(bool, String)> = Vec::new();
    let mut add = |escaped: bool, text: &str| match runs.last_mut() {
        Some((before, run)) if *before == escaped => run.push_str(text),
        _ => runs.push((escaped, text.to_owned())),
    };
    for chunk in bytes.utf8_chunks() {
        let mut chars = chunk.valid().chars().peekable();
        while let Some(c) = chars.next() {
            let mut buffer = [0; 4];
            match c {
                '\r' if chars.peek() == Some(&'\n') => {}
                '\n' => add(false, "\n"),
                _ => {
                    let text: &str = c.encode_utf8(&mut buffer);
                    let shown = visible(text);
                    add(shown != text || c == '\t', if c == '\t' { "\\t" } else { &shown });
                }
            }
        }
        for byte in chunk.invalid() {
            add(true, &format!("\\x{byte:02x}"));
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::runs;

    #[test]
    fn control_bytes_and_broken_utf8_are_told_from_text() {
        let seen = runs(b"login:\r\n\x1b[2J\xff\xfeok\rx");
        let seen: Vec<(bool, &str)> = seen.iter().map(|(e, t)| (*e, t.as_str())).collect();
        let want = [
            (false, "login:\n"),
            (true, "\\x1b"),
            (false, "[2J"),
            (true, "\\xff\\xfe"),
            (false, "ok"),
            (true, "\\x0d"),
            (false, "x"),
        ];
        assert_eq!(seen, want);
        assert_eq!(runs("\u{202e}".as_bytes()), [(true, "\\u{202e}".to_owned())]);
    }
}
