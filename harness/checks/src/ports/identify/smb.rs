//! SMB (MS-SMB2 2.2.3): a negotiation of the dialects 2.0.2 to 3.0.

use super::probe::{Identified, Logon, Probe};

pub(super) const PROBE: Probe = Probe { ports: &[445, 139], everywhere: true, send: negotiate, read };

fn negotiate() -> Vec<u8> {
    let mut header = b"\xfeSMB\x40\0".to_vec();
    header.resize(64, 0);
    header[14] = 1; // one credit
    let mut body = vec![36, 0, 3, 0, 1, 0, 0, 0];
    body.extend_from_slice(&[0; 4]);
    body.extend_from_slice(b"assay negotiate!"); // any client id
    body.extend_from_slice(&[0; 8]);
    for dialect in [0x0202_u16, 0x0210, 0x0300] {
        body.extend_from_slice(&dialect.to_le_bytes());
    }
    let length = (header.len() + body.len()) as u8;
    [&[0, 0, 0, length][..], &header, &body].concat()
}

fn read(bytes: &[u8]) -> Option<Identified> {
    let message = bytes.get(4..)?;
    if !message.starts_with(b"\xfeSMB") && !message.starts_with(b"\xffSMB") {
        return None;
    }
    // An answer has the flag that a request has not.
    let answer = message.get(16).is_some_and(|flags| flags & 1 == 1) || message.starts_with(b"\xffSMB");
    let version = match message.get(68..70) {
        Some([low, high]) if message.starts_with(b"\xfe") => format!("{high}.{}.{}", low >> 4, low & 15),
        _ => "1".to_owned(),
    };
    answer.then(|| Identified { logon: Logon::password("smb"), ..Identified::versioned("smb", &version) })
}
