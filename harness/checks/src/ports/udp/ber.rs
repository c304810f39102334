//! Tag, length, value as SNMP and LDAP write them (X.690), as far as a look at an answer needs it.

use crate::tls::Cursor;

/// The next element: its tag and content. `None` where it is not whole.
pub(in crate::ports) fn element<'a>(at: &mut Cursor<'a>) -> Option<(u8, &'a [u8])> {
    let tag = at.byte()?;
    let length = match at.byte()? {
        short @ 0..=0x7F => usize::from(short),
        long @ 0x81..=0x83 => {
            let mut length = 0;
            for _ in 0x80..long {
                length = length << 8 | usize::from(at.byte()?);
            }
            length
        }
        _ => return None,
    };
    Some((tag, at.take(length)?))
}

/// The content of the next element if it has that tag.
pub(in crate::ports) fn expect<'a>(at: &mut Cursor<'a>, tag: u8) -> Option<&'a [u8]> {
    element(at).filter(|(found, _)| *found == tag).map(|(_, content)| content)
}
