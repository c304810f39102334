//! Consistent overhead byte stuffing: frames without zero bytes, ended by one.

/// Appends `data` stuffed, and the zero that ends the frame.
pub(super) fn stuff(data: &[u8], out: &mut Vec<u8>) {
    for part in data.split(|b| *b == 0) {
        let mut blocks = part.chunks(254).peekable();
        if blocks.peek().is_none() {
            out.push(1);
        }
        let mut full = false;
        for block in blocks {
            full = block.len() == 254;
            out.push(u8::try_from(block.len() + 1).unwrap_or(0xff));
            out.extend_from_slice(block);
        }
        if full {
            out.push(1); // a block of 254 states no zero of its own
        }
    }
    out.push(0);
}

/// The bytes of one frame without its closing zero; `None` where it is malformed.
pub(super) fn unstuff(frame: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(frame.len());
    let mut rest = frame;
    while let Some((&code, tail)) = rest.split_first() {
        let len = usize::from(code).checked_sub(1)?;
        out.extend_from_slice(tail.get(..len)?);
        rest = &tail[len..];
        if code < 0xff && !rest.is_empty() {
            out.push(0);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stuffed_comes_back_and_holds_no_zero() {
        for len in [0, 1, 2, 253, 254, 255, 256, 508, 509, 1000] {
            for fill in 0..3 {
                let data: Vec<u8> =
                    (0..len).map(|i| if fill == 2 { (i % 300 % 256) as u8 } else { fill * 7 }).collect();
                let mut frame = Vec::new();
                stuff(&data, &mut frame);
                assert_eq!(frame.pop(), Some(0));
                assert!(!frame.contains(&0), "length {len}, fill {fill}");
                assert_eq!(unstuff(&frame), Some(data), "length {len}, fill {fill}");
            }
        }
    }

    #[test]
    fn a_torn_frame_is_refused() {
        assert_eq!(unstuff(&[5, 1, 2]), None);
        assert_eq!(unstuff(&[0]), None);
    }
}
