//! Text from outside on its way into XML.

use crate::visible::{capped, visible, visible_line};

/// Bytes of text in one element. Longer text says where the rest is.
const CAP: usize = 8 * 1024;

/// For an attribute: one line, at most 300 bytes.
pub(super) fn attribute(text: &str) -> String {
    let line = unattached(&visible_line(text));
    match capped(&line, 300) {
        (_, 0) => line,
        (head, _) => format!("{head}…"),
    }
}

/// For a CDATA section, which `junit-report` writes without looking inside: `]]>` would end the section and let a
/// device write test cases of its own.
pub(super) fn body(text: &str) -> String {
    let shown = visible(text);
    let (head, left) = capped(&shown, CAP);
    let mut out = unattached(head).replace("]]>", "]]]]><![CDATA[>");
    if left > 0 {
        out.push_str(&format!("\n… {left} bytes more: see report.html and results/results.json"));
    }
    out
}

/// A line `[[ATTACHMENT|path]]` from a device would make Jenkins attach any file of its agent.
fn unattached(text: &str) -> String {
    text.replace("[[ATTACHMENT|", "[ [ATTACHMENT|")
}
