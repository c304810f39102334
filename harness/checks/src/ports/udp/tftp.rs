//! TFTP (RFC 1350): a read of a file that nobody has. The answer comes from another port.

use super::probe::{Probe, Told};

pub(super) const PROBE: Probe =
    Probe { service: "tftp", ports: &[69], send: || vec![b"\0\x01assay-no-such-file\0octet\0".to_vec()], read };

fn read(reply: &[u8]) -> Option<Told> {
    match reply {
        [0, 5, _, _, text @ ..] => Told::banner(text.split(|b| *b == 0).next().unwrap_or_default()),
        [0, 3, 0, 1, ..] | [0, 6, ..] => Told::only(),
        _ => None,
    }
}
