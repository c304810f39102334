//! The text of a document as a reader sees it.

use assay_model::Deadline;
use html5ever::driver::{ParseOpts, parse_document};
use html5ever::tendril::{StrTendril, TendrilSink as _};
use scraper::node::Element;
use scraper::{Html, HtmlTreeSink, Node};

use super::charset::decode;

/// Words of HTML without markup, script and style; other kinds of text decoded; nothing for the rest. Beside it the markup
/// of HTML, decoded.
pub(super) fn readable(
    bytes: &[u8],
    media_type: &str,
    content_type: Option<&str>,
    until: Deadline,
) -> (String, String) {
    let html =
        matches!(media_type, "text/html" | "application/xhtml+xml") || (media_type.is_empty() && sniffs_html(bytes));
    if html {
        let markup = decode(bytes, content_type, true).into_owned();
        (visible(&markup, until), markup)
    } else if is_text(media_type, bytes) {
        (decode(bytes, content_type, false).into_owned(), String::new())
    } else {
        (String::new(), String::new())
    }
}

fn is_text(media_type: &str, bytes: &[u8]) -> bool {
    let stated = media_type.starts_with("text/")
        || media_type.ends_with("+json")
        || media_type.ends_with("+xml")
        || matches!(media_type, "application/json" | "application/xml" | "application/yaml" | "application/x-yaml");
    stated
        || (matches!(media_type, "" | "application/octet-stream")
            && std::str::from_utf8(bytes).is_ok_and(|t| !t.contains('\0')))
}

fn sniffs_html(bytes: &[u8]) -> bool {
    let head = bytes[..bytes.len().min(256)].to_ascii_lowercase();
    memchr::memmem::find(&head, b"<!doctype html").is_some() || memchr::memmem::find(&head, b"<html").is_some()
}

/// Markup that is given to the parser between two looks at the clock.
const PIECE: usize = 8 * 1024;

/// The visible text of markup: as much of it as could be parsed by the deadline.
///
/// The parser's time can grow with the square of the depth of nesting, so a hostile page must not be parsed in one go.
fn visible(markup: &str, until: Deadline) -> String {
    let mut parser = parse_document(HtmlTreeSink::new(Html::new_document()), ParseOpts::default());
    let mut rest = markup;
    while !rest.is_empty() && !until.passed() {
        let cut = rest.char_indices().map(|(i, _)| i).find(|i| *i >= PIECE).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(cut);
        parser.process(StrTendril::from_slice(piece));
        rest = after;
    }
    words(&parser.finish())
}

/// Text nodes in order: a new line at each block, single spaces elsewhere. No recursion: depth is the page's choice.
fn words(html: &Html) -> String {
    let mut text = String::new();
    let mut node = html.tree.root();
    loop {
        let hidden = matches!(node.value(), Node::Element(element) if is_hidden(element));
        match node.value() {
            Node::Text(words) => append(&mut text, words),
            Node::Element(element) if is_block(element.name()) => new_line(&mut text),
            _ => {}
        }
        if let Some(child) = node.first_child().filter(|_| !hidden) {
            node = child;
            continue;
        }
        loop {
            if matches!(node.value(), Node::Element(element) if is_block(element.name())) {
                new_line(&mut text);
            }
            if let Some(next) = node.next_sibling() {
                node = next;
                break;
            }
            let Some(parent) = node.parent() else {
                text.truncate(text.trim_end().len());
                return text;
            };
            node = parent;
        }
    }
}

fn is_hidden(element: &Element) -> bool {
    matches!(element.name(), "script" | "style" | "template" | "noscript") || element.attr("hidden").is_some()
}

fn is_block(name: &str) -> bool {
    !matches!(
        name,
        "a" | "abbr"
            | "b"
            | "bdi"
            | "bdo"
            | "cite"
            | "code"
            | "data"
            | "del"
            | "dfn"
            | "em"
            | "font"
            | "i"
            | "ins"
            | "kbd"
            | "label"
            | "mark"
            | "q"
            | "s"
            | "samp"
            | "small"
            | "span"
            | "strong"
            | "sub"
            | "sup"
            | "time"
            | "tt"
            | "u"
            | "var"
            | "wbr"
    )
}

fn new_line(text: &mut String) {
    text.truncate(text.trim_end_matches(' ').len());
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

/// Adds words with runs of white space as one space.
fn append(text: &mut String, words: &str) {
    for c in words.chars() {
        if !c.is_whitespace() {
            text.push(c);
        } else if !text.is_empty() && !text.ends_with([' ', '\n']) {
            text.push(' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(5))
    }

    #[test]
    fn a_reader_sees_words_and_no_machinery() {
        let page = b"<!doctype html><title>Policy</title><style>p{}</style><script>alert('no')</script>
            <h1>Report  a\nproblem</h1><p>Write to <b>sec</b>@maker.test<br>any time.</p><p hidden>draft</p>
            <noscript>no</noscript><template>no</template><ul><li>one<li>two</ul><!-- no --> &copy; us";
        assert_eq!(
            readable(page, "text/html", None, soon()).0,
            "Policy\nReport a problem\nWrite to sec@maker.test\nany time.\none\ntwo\n\u{a9} us"
        );
    }

    #[test]
    fn bytes_that_are_no_text_give_none() {
        assert_eq!(readable(b"%PDF-1.7\n\xe2\xe3", "application/pdf", None, soon()).0, "");
        assert_eq!(readable(b"\x00\x01", "", None, soon()).0, "");
        assert_eq!(readable(b"plain", "", None, soon()).0, "plain");
        assert_eq!(readable(b"<HTML>x", "", None, soon()).0, "x");
    }

    #[test]
    fn pages_in_other_encodings_are_read_as_a_browser_reads_them() {
        let utf16: Vec<u8> = "<html><p>security@maker.test".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let (text, markup) = readable(&utf16, "text/html", Some("text/html; charset=utf-16le"), soon());
        assert_eq!((text.as_str(), markup.starts_with("<html><p>")), ("security@maker.test", true));
        let shift_jis = b"<meta charset=shift_jis><p>\x93\xfa\x96\x7b";
        assert_eq!(readable(shift_jis, "text/html", None, soon()).0, "\u{65e5}\u{672c}");
        // Declared wrongly: what it says is what a browser does, and addresses in ASCII survive that.
        let wrong = "<p>Z\u{fc}rich security@maker.test".as_bytes();
        let (text, _) = readable(wrong, "text/html", Some("text/html; charset=shift_jis"), soon());
        assert!(text.contains("security@maker.test"), "{text}");
    }

    /// Without the deadline this page would keep the parser busy for minutes.
    #[test]
    fn markup_made_to_be_slow_is_cut_off_and_read_so_far() {
        let mut page = "<p>first</p>".to_owned();
        page.push_str(&"<div><b><p>".repeat(400_000));
        page.push_str("last");
        let (text, _) = readable(page.as_bytes(), "text/html", None, Deadline::after(Duration::from_millis(200)));
        assert!(text.starts_with("first") && !text.contains("last"), "{} bytes", text.len());
    }
}
