//! A terminal line: echo, backspace and an end. Shared by console, telnet and SSH.

const MAX_LINE_BYTES: usize = 256;

/// What a byte did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// Nothing to act on yet.
    More,
    /// A whole line.
    Line(String),
    /// Ctrl-C: the line is given up.
    Interrupt,
    /// Ctrl-D on an empty line.
    End,
}

/// Collects typed bytes into lines of at most 256 bytes; what is beyond is not taken.
#[derive(Debug, Default)]
pub(crate) struct LineEditor {
    line: Vec<u8>,
    /// The last byte ended a line by CR: LF or NUL after it belongs to the same key.
    after_cr: bool,
}

impl LineEditor {
    /// Takes one byte; what the terminal shows for it goes to `echo`, except in `hidden` input.
    pub(crate) fn feed(&mut self, byte: u8, hidden: bool, echo: &mut Vec<u8>) -> Typed {
        let after_cr = std::mem::replace(&mut self.after_cr, byte == b'\r');
        match byte {
            b'\n' | 0 if after_cr => Typed::More,
            b'\r' | b'\n' => {
                echo.extend_from_slice(b"\r\n");
                Typed::Line(self.take())
            }
            0x03 => {
                self.line.clear();
                echo.extend_from_slice(b"^C\r\n");
                Typed::Interrupt
            }
            0x04 if self.line.is_empty() => Typed::End,
            0x08 | 0x7f => {
                if self.line.pop().is_some() && !hidden {
                    echo.extend_from_slice(b"\x08 \x08");
                }
                Typed::More
            }
            0x15 => {
                self.line.clear();
                Typed::More
            }
            0x20.. if self.line.len() < MAX_LINE_BYTES => {
                self.line.push(byte);
                if !hidden {
                    echo.push(byte);
                }
                Typed::More
            }
            _ => Typed::More,
        }
    }

    fn take(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_in(bytes: &[u8], hidden: bool) -> (Vec<String>, String) {
        let (mut editor, mut echo, mut lines) = (LineEditor::default(), Vec::new(), Vec::new());
        for byte in bytes {
            if let Typed::Line(line) = editor.feed(*byte, hidden, &mut echo) {
                lines.push(line);
            }
        }
        (lines, String::from_utf8_lossy(&echo).into_owned())
    }

    #[test]
    fn every_line_ending_is_one_line() {
        for bytes in [&b"a\rb\r"[..], b"a\nb\n", b"a\r\nb\r\n", b"a\r\0b\r\0"] {
            assert_eq!(type_in(bytes, false).0, ["a", "b"]);
        }
        assert_eq!(type_in(b"\r\r", false).0, ["", ""]);
    }

    #[test]
    fn backspace_takes_back_and_hidden_input_is_not_shown() {
        assert_eq!(type_in(b"ix\x7fd\r", false), (vec!["id".to_owned()], "ix\x08 \x08d\r\n".to_owned()));
        assert_eq!(type_in(b"secret\r", true), (vec!["secret".to_owned()], "\r\n".to_owned()));
    }

    #[test]
    fn a_flood_without_an_end_stays_bounded() {
        let mut flood = vec![b'x'; 100_000];
        flood.push(b'\r');
        assert_eq!(type_in(&flood, true).0[0].len(), MAX_LINE_BYTES);
    }
}
