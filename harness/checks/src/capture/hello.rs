//! What a TLS client says first: whom it wants to speak to, and what inside.

/// Of a `ClientHello`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Hello {
    pub(super) server_name: String,
    pub(super) alpn: Vec<String>,
}

/// From the beginning of a stream; nothing where it begins otherwise.
pub(super) fn client_hello(stream: &[u8]) -> Option<Hello> {
    // A record of a handshake, then the message, which may go on in further records.
    let mut message = Vec::new();
    let mut rest = stream;
    while let Some((head, more)) = rest.split_at_checked(5).filter(|(head, _)| head[0] == 22 && head[1] == 3) {
        let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
        message.extend_from_slice(&more[..length.min(more.len())]);
        rest = more.get(length..).unwrap_or_default();
    }
    let mut body = Reader(message.strip_prefix(&[1])?);
    body.take(3 + 2 + 32)?; // length, version, random
    for width in [1, 2, 1] {
        body.vector(width)?; // session, suites, compressions
    }
    let mut extensions = Reader(body.vector(2)?);
    let mut hello = Hello::default();
    while let Some(kind) = extensions.take(2) {
        let data = extensions.vector(2)?;
        match kind {
            [0, 0] => {
                let mut names = Reader(Reader(data).vector(2)?);
                if names.take(1)? == [0] {
                    hello.server_name = text(names.vector(2)?).to_ascii_lowercase();
                }
            }
            [0, 16] => {
                let mut list = Reader(Reader(data).vector(2)?);
                while let Some(protocol) = list.vector(1).filter(|_| hello.alpn.len() < 16) {
                    hello.alpn.push(text(protocol));
                }
            }
            _ => {}
        }
    }
    Some(hello)
}

fn text(bytes: &[u8]) -> String {
    assay_model::visible_line(&String::from_utf8_lossy(bytes)).chars().take(255).collect()
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (now, later) = self.0.split_at_checked(n)?;
        self.0 = later;
        Some(now)
    }

    /// A length of `width` bytes, and so many bytes.
    fn vector(&mut self, width: usize) -> Option<&'a [u8]> {
        let length = self.take(width)?.iter().fold(0, |n, b| n << 8 | usize::from(*b));
        self.take(length)
    }
}
