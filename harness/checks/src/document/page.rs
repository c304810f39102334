//! A published page as a flat list of what a reader meets: blocks of text, links, form fields.
//!
//! Made from tokens, not from a tree: one pass, linear in the page's length whatever its markup nests, and no question
//! that the checks ask needs the tree.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

/// Blocks that are kept, at most.
const MOST_BLOCKS: usize = 20_000;
/// Characters that are kept over all blocks, at most: some two hundred printed pages.
const MOST_CHARS: usize = 400_000;
/// Links and fields that are kept, at most, each.
const MOST_PARTS: usize = 2_000;

/// A run of text between two block elements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Block {
    /// Its text, runs of white space as one space.
    pub(crate) text: String,
    /// 1 to 6 for a heading.
    pub(crate) heading: u8,
    /// The heading that it stands under.
    pub(crate) section: String,
    /// The heading of its table column.
    pub(crate) column: String,
    /// What it is the value of: the first cell of its row, or the term of a definition.
    pub(crate) label: String,
    /// Its table row, from 1; 0 outside tables.
    pub(crate) row: u32,
    /// Shown only after the reader opens something.
    pub(crate) folded: bool,
    /// Inside a form.
    pub(crate) form: bool,
}

/// A link.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) href: String,
    pub(crate) text: String,
    /// The block that it stands in.
    pub(crate) block: usize,
}

/// A form field that a reader can fill in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Field {
    /// `type` of an input, or `textarea`, `select`.
    pub(crate) kind: String,
    /// Name, id, placeholder and autocomplete word, in lower case.
    pub(crate) name: String,
    /// Whether the browser refuses to go on without it.
    pub(crate) required: bool,
    /// The block that follows it.
    pub(crate) block: usize,
}

/// A page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// `lang` of the root element.
    pub(crate) lang: String,
    pub(crate) blocks: Vec<Block>,
    pub(crate) links: Vec<Link>,
    pub(crate) fields: Vec<Field>,
    /// Pictures, as an answer to "text or a picture of text?".
    pub(crate) images: usize,
}

impl Page {
    /// From HTML.
    pub(crate) fn of_html(markup: &str) -> Self {
        let tokenizer = Tokenizer::new(Reader(RefCell::new(State::default())), TokenizerOpts::default());
        let input = BufferQueue::default();
        input.push_back(StrTendril::from_slice(markup));
        // Scripts are not run, so nothing ever stops the tokenizer before the end.
        let _ = tokenizer.feed(&input);
        tokenizer.end();
        let mut state = tokenizer.sink.0.into_inner();
        state.flush();
        state.page
    }

    /// From plain text: a block for each paragraph or line.
    pub(crate) fn of_text(text: &str) -> Self {
        let mut page = Self::default();
        let mut kept = 0;
        for line in text.lines() {
            let line = squeezed(line);
            if line.is_empty() {
                continue;
            }
            kept += line.len();
            if kept > MOST_CHARS || page.blocks.len() >= MOST_BLOCKS {
                break;
            }
            page.blocks.push(Block { text: line, ..Block::default() });
        }
        page
    }

    /// All text, a line for each block.
    pub(crate) fn text(&self) -> String {
        self.blocks.iter().map(|b| b.text.as_str()).collect::<Vec<_>>().join("\n")
    }
}

/// Runs of white space as one space, none at the ends.
pub(crate) fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[derive(Default)]
struct State {
    page: Page,
    text: String,
    kept: usize,
    /// Inside an element that no reader sees: its name, and how often it is open.
    unseen: Option<(String, u32)>,
    heading: u8,
    section: String,
    row: u32,
    cells: Vec<(usize, bool)>,
    columns: Vec<String>,
    cell: Option<bool>,
    term: String,
    is_term: bool,
    is_value: bool,
    folded: u32,
    summary: bool,
    forms: u32,
    link: Option<(String, usize)>,
}

struct Reader(RefCell<State>);

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) if state.unseen.is_none() => state.text.push_str(&text),
            Token::TagToken(tag) => return state.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl State {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let start = tag.kind == TagKind::StartTag;
        if let Some((unseen, depth)) = &mut self.unseen {
            if unseen == name {
                *depth = if start { depth.saturating_add(1) } else { depth.saturating_sub(1) };
            }
            if *depth == 0 {
                self.unseen = None;
            }
            return raw(name, start);
        }
        if start && !is_void(name) && (is_never_seen(name) || is_hidden(tag)) {
            self.unseen = Some((name.to_owned(), 1));
            return raw(name, start);
        }
        if start {
            self.open(name, tag);
        } else {
            self.close(name);
        }
        raw(name, start)
    }

    fn open(&mut self, name: &str, tag: &Tag) {
        if !is_inline(name) {
            self.flush();
        }
        match name {
            "html" => self.page.lang = attribute(tag, "lang").unwrap_or_default(),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading = name.as_bytes()[1] - b'0',
            "table" => self.columns.clear(),
            "tr" => self.new_row(),
            "td" | "th" => self.cell = Some(name == "th"),
            "dt" => (self.is_term, self.is_value) = (true, false),
            "dd" => (self.is_term, self.is_value) = (false, true),
            "details" => self.folded = self.folded.saturating_add(1),
            "summary" => self.summary = true,
            "form" => self.forms = self.forms.saturating_add(1),
            "img" | "picture" | "svg" | "canvas" => self.page.images += 1,
            "a" => {
                self.close_link();
                if let Some(href) = attribute(tag, "href") {
                    self.link = Some((href, self.text.len()));
                }
            }
            "input" | "textarea" | "select" => self.field(name, tag),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        if name == "a" {
            self.close_link();
        }
        if is_inline(name) {
            return;
        }
        self.flush();
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading = 0,
            "table" => {
                self.new_row();
                self.columns.clear();
            }
            "tr" => self.new_row(),
            "td" | "th" => self.cell = None,
            "dl" => self.term.clear(),
            "dd" => self.is_value = false,
            "details" => self.folded = self.folded.saturating_sub(1),
            "summary" => self.summary = false,
            "form" => self.forms = self.forms.saturating_sub(1),
            _ => {}
        }
    }

    /// Ends a row: its cells get the headings of their columns, or become those headings.
    fn new_row(&mut self) {
        let cells = std::mem::take(&mut self.cells);
        let texts: Vec<String> = cells.iter().map(|(at, _)| self.page.blocks[*at].text.clone()).collect();
        if cells.len() > 1 && cells.iter().all(|(_, head)| *head) {
            self.columns = texts;
        } else {
            for (column, (at, _)) in cells.iter().enumerate() {
                let block = &mut self.page.blocks[*at];
                block.column = self.columns.get(column).cloned().unwrap_or_default();
                if column > 0 {
                    block.label.clone_from(&texts[0]);
                }
            }
        }
        self.row = self.row.saturating_add(1);
        self.cell = None;
    }

    fn field(&mut self, name: &str, tag: &Tag) {
        let kind = if name == "input" { attribute(tag, "type").unwrap_or_else(|| "text".into()) } else { name.into() };
        let kind = kind.to_ascii_lowercase();
        let silent = matches!(kind.as_str(), "hidden" | "submit" | "button" | "image" | "reset");
        if silent || self.page.fields.len() >= MOST_PARTS {
            return;
        }
        let words = ["name", "id", "placeholder", "autocomplete"].iter().filter_map(|a| attribute(tag, a));
        self.page.fields.push(Field {
            kind,
            name: words.collect::<Vec<_>>().join(" ").to_lowercase(),
            required: attribute(tag, "required").is_some()
                || attribute(tag, "aria-required").is_some_and(|v| v == "true"),
            block: self.page.blocks.len(),
        });
    }

    fn close_link(&mut self) {
        let Some((href, from)) = self.link.take() else { return };
        if self.page.links.len() < MOST_PARTS {
            let text = squeezed(self.text.get(from..).unwrap_or_default());
            self.page.links.push(Link { href, text, block: self.page.blocks.len() });
        }
    }

    fn flush(&mut self) {
        self.close_link();
        let text = squeezed(&std::mem::take(&mut self.text));
        self.kept += text.len();
        if text.is_empty() || self.kept > MOST_CHARS || self.page.blocks.len() >= MOST_BLOCKS {
            return;
        }
        if self.heading > 0 {
            self.section.clone_from(&text);
        }
        if self.is_term {
            self.term.clone_from(&text);
        }
        if let Some(head) = self.cell {
            self.cells.push((self.page.blocks.len(), head));
        }
        self.page.blocks.push(Block {
            label: if self.is_value { self.term.clone() } else { String::new() },
            text,
            heading: self.heading,
            section: self.section.clone(),
            column: String::new(),
            row: if self.cell.is_some() { self.row.max(1) } else { 0 },
            folded: self.folded > 0 && !self.summary,
            form: self.forms > 0,
        });
    }
}

/// What the tokenizer must read without markup.
fn raw(name: &str, start: bool) -> TokenSinkResult<()> {
    match name {
        _ if !start => TokenSinkResult::Continue,
        "script" => TokenSinkResult::RawData(RawKind::ScriptData),
        "style" | "xmp" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(RawKind::Rawtext),
        "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
        _ => TokenSinkResult::Continue,
    }
}

/// The title is in no reader's text; a `noscript` is for readers without script, of whom there are few.
fn is_never_seen(name: &str) -> bool {
    matches!(
        name,
        "script" | "style" | "template" | "noscript" | "title" | "iframe" | "noembed" | "noframes" | "datalist"
    )
}

fn is_hidden(tag: &Tag) -> bool {
    attribute(tag, "hidden").is_some()
        || attribute(tag, "style").is_some_and(|s| {
            let s: String = s.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
            s.contains("display:none") || s.contains("visibility:hidden")
        })
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "source"
            | "track"
            | "wbr"
    )
}

fn is_inline(name: &str) -> bool {
    matches!(
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
            | "img"
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

fn attribute(tag: &Tag, name: &str) -> Option<String> {
    tag.attrs.iter().find(|a| &*a.name.local == name).map(|a| a.value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(page: &Page) -> Vec<&str> {
        page.blocks.iter().map(|b| b.text.as_str()).collect()
    }

    #[test]
    fn a_reader_sees_words_and_no_machinery() {
        let page = Page::of_html(
            "<!doctype html><html lang=en><title>T</title><style>p{}</style><script>if(a<b)'</p>'</script>
             <h1>Report  a\nproblem</h1><p>Write to <b>sec</b>@maker.test<br>any time.</p><p hidden>draft <i>x</i></p>
             <div style='display: none'>no<div>no</div>no</div><noscript>no</noscript><!-- no --> &copy; us",
        );
        assert_eq!(texts(&page), ["Report a problem", "Write to sec@maker.test", "any time.", "\u{a9} us"]);
        assert_eq!(
            (page.lang.as_str(), page.blocks[0].heading, page.blocks[2].section.as_str()),
            ("en", 1, "Report a problem")
        );
    }

    #[test]
    fn cells_know_their_column_and_row_and_values_their_term() {
        let page = Page::of_html(
            "<table><tr><th>Model<th>Until</tr><tr><td>C1<td>31 May 2031</tr></table><dl><dt>Answer</dt><dd>3 days</dd></dl>",
        );
        let cell = page.blocks.iter().find(|b| b.text == "31 May 2031").unwrap();
        assert_eq!((cell.column.as_str(), cell.label.as_str()), ("Until", "C1"));
        let value = page.blocks.iter().find(|b| b.text == "3 days").unwrap();
        assert_eq!((value.label.as_str(), value.row), ("Answer", 0));
    }

    #[test]
    fn links_fields_and_folded_text_are_seen_as_such() {
        let page = Page::of_html(
            "<p>Mail <a href='mailto:a@b.test'>us</a>.</p><details><summary>More</summary><p>deep</p></details>
             <form><label>E-mail <input type=email name=mail required></label><input type=hidden><button>Go</button></form>",
        );
        assert_eq!(page.links[0], Link { href: "mailto:a@b.test".into(), text: "us".into(), block: 0 });
        assert!(page.blocks.iter().any(|b| b.text == "deep" && b.folded));
        assert!(page.blocks.iter().any(|b| b.text == "More" && !b.folded));
        assert_eq!(page.fields.len(), 1);
        assert!(page.fields[0].required && page.fields[0].kind == "email");
    }

    #[test]
    fn markup_made_to_be_slow_is_read_in_one_pass() {
        let mut markup = "<p>first</p>".to_owned();
        markup.push_str(&"<div><b><table><tr><td>".repeat(100_000));
        markup.push_str("last");
        assert_eq!(texts(&Page::of_html(&markup)), ["first", "last"]);
    }

    proptest! {
        #[test]
        fn no_markup_makes_it_panic(markup in "(<[a-z/!]{0,6}[ a-z='\"-]{0,9}>?|[a-z&;\u{e9} ]{0,5}|</?t[dhr]>|<dl>|</details>){0,40}") {
            let _ = Page::of_html(&markup);
        }
    }
}
