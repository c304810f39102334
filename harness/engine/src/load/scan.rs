//! A look at a YAML text before the parser's: tabs as indentation, and `${...}` outside quotes.
//!
//! In YAML a `{` ends an unquoted value inside `{ host: ${dut.host} }`. Plans are written so all the same: each special
//! character inside such an expression is replaced by a stand-in of its own, one for one, and put back after parsing.

use crate::load::template;

/// Stand-ins are `STAND_IN + ASCII code`, in a private-use plane.
const STAND_IN: u32 = 0xF_0000;
const SPECIAL: &str = "{}[],:#\"'&*!|>%@`?";

/// What the parser gets.
pub(crate) struct Scan {
    /// The text with stand-ins; as many characters as before.
    pub(crate) text: String,
    /// Byte offset of the first tab that indents a line.
    pub(crate) tab: Option<usize>,
    /// Byte offset of a character that is a stand-in already.
    pub(crate) reserved: Option<usize>,
}

/// Puts the characters back.
pub(crate) fn restore(text: &str) -> String {
    text.chars().map(|c| original(c).unwrap_or(c)).collect()
}

fn original(c: char) -> Option<char> {
    let code = (c as u32).checked_sub(STAND_IN).filter(|code| *code < 0x80)?;
    char::from_u32(code)
}

fn stand_in(c: char) -> char {
    if SPECIAL.contains(c) { char::from_u32(STAND_IN + c as u32).unwrap_or(c) } else { c }
}

/// Looks through the whole text once.
pub(crate) fn scan(text: &str) -> Scan {
    let mut scanner = Scanner { out: String::with_capacity(text.len()), quote: None, flow: 0, block: None };
    let (mut at, mut tab) = (0, None);
    for line in text.split_inclusive('\n') {
        if let Some(in_line) = scanner.line(line) {
            tab = tab.or(Some(at + in_line));
        }
        at += line.len();
    }
    let reserved = if text.is_ascii() { None } else { text.find(|c| original(c).is_some()) };
    Scan { text: scanner.out, tab, reserved }
}

struct Scanner {
    out: String,
    /// The open quote, which may span lines.
    quote: Option<char>,
    /// Open flow brackets.
    flow: usize,
    /// Inside a block scalar whose parent stands in this column.
    block: Option<usize>,
}

impl Scanner {
    /// Copies one line; the offset of a tab that indents it.
    fn line(&mut self, line: &str) -> Option<usize> {
        let content = line.trim_start_matches([' ', '\t']);
        let lead = line.len() - content.len();
        let spaces = line.len() - line.trim_start_matches(' ').len();
        let blank = content.trim_end().is_empty();
        if let Some(parent) = self.block {
            if blank || spaces > parent {
                self.out.push_str(line);
                return None;
            }
            self.block = None;
        }
        let tab = if blank || self.quote.is_some() { None } else { line[..lead].find('\t') };
        self.out.push_str(&line[..lead]);
        if self.quote.is_none() && self.flow == 0 && !content.contains(['"', '\'', '[', '{', '$']) {
            self.out.push_str(content);
        } else {
            self.content(content);
        }
        if self.quote.is_none() && self.flow == 0 && opens_block_scalar(content) {
            self.block = Some(lead + parent_column(content));
        }
        tab
    }

    fn content(&mut self, content: &str) {
        // A quote or bracket only means something where a value may start.
        let mut fresh = true;
        let mut before = ' ';
        let mut rest = content;
        while let Some(c) = rest.chars().next() {
            let mut took = c.len_utf8();
            let next = rest[took..].chars().next();
            match self.quote {
                Some('"') if c == '\\' => took += next.map_or(0, char::len_utf8),
                Some(q) if c == q && q == '\'' && next == Some('\'') => took += 1,
                Some(q) if c == q => (self.quote, fresh) = (None, false),
                Some(_) => {}
                None if c == '#' && before.is_whitespace() => {
                    self.out.push_str(rest);
                    return;
                }
                None if c == '$' && next == Some('{') => {
                    let end = template::end_of_expression(rest, 2).unwrap_or(took);
                    self.out.extend(rest[..end].chars().map(stand_in));
                    (rest, fresh, before) = (&rest[end..], false, '}');
                    continue;
                }
                None if fresh && (c == '"' || c == '\'') => self.quote = Some(c),
                None => fresh = self.plain(c, next, fresh),
            }
            self.out.push_str(&rest[..took]);
            rest = &rest[took..];
            before = c;
        }
    }

    /// One character outside quotes: whether a value may start after it.
    fn plain(&mut self, c: char, next: Option<char>, fresh: bool) -> bool {
        let ends = next.is_none_or(char::is_whitespace);
        match c {
            '[' | '{' if fresh || self.flow > 0 => {
                self.flow += 1;
                true
            }
            ']' | '}' if self.flow > 0 => {
                self.flow -= 1;
                false
            }
            ',' if self.flow > 0 => true,
            ':' if ends || self.flow > 0 && next.is_some_and(|n| ",[]{}\"'".contains(n)) => true,
            '-' | '?' if fresh && ends => true,
            c if c.is_whitespace() => fresh,
            _ => false,
        }
    }
}

/// Whether a line ends with the header of a block scalar: `text: |`, `- >-`.
fn opens_block_scalar(content: &str) -> bool {
    let line = content.split(" #").next().unwrap_or(content).trim_end();
    let Some((before, header)) =
        line.rsplit_once([' ', '\t']).or_else(|| line.starts_with(['|', '>']).then_some(("-", line)))
    else {
        return false;
    };
    let before = before.trim_end();
    header.starts_with(['|', '>'])
        && header[1..].chars().all(|c| matches!(c, '+' | '-' | '1'..='9'))
        && header.len() <= 3
        && (before.ends_with(':') || before.ends_with('-'))
}

/// The column, from the line's first character, of the key or dash that a block scalar belongs to.
fn parent_column(content: &str) -> usize {
    let mut column = 0;
    loop {
        let rest = &content[column..];
        let after = rest.strip_prefix('-').map(|r| r.trim_start_matches(' '));
        match after {
            Some(after) if rest.starts_with("- ") && !after.starts_with(['|', '>']) => {
                column += rest.len() - after.len();
            }
            _ => return column,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let scan = scan(text);
        assert_eq!(scan.text.chars().count(), text.chars().count());
        assert_eq!(restore(&scan.text), text);
        scan.text.chars().map(|c| if original(c).is_some() { '~' } else { c }).collect()
    }

    #[test]
    fn expressions_outside_quotes_get_stand_ins() {
        assert_eq!(masked("a: { host: ${dut.host}, b: 1 }"), "a: { host: $~dut.host~, b: 1 }");
        assert_eq!(masked("a: ${x ? \"p, q\" : 'r'}"), "a: $~x ~ ~p~ q~ ~ ~r~~");
        assert_eq!(masked("a: [${f({'k': 1})}, 2]"), "a: [$~f(~~k~~ 1~)~, 2]");
    }

    #[test]
    fn expressions_inside_quotes_comments_and_blocks_stay() {
        for text in [
            "a: \"${x == \\\"y\\\"}\"",
            "a: '${x == ''y''}'",
            "# ${x}\na: b # ${y}",
            "a: |\n  see: ${x[0]}\n  'tis\nb: 1",
            "- text: >-\n    ${x}\n- |\n  ${y}\n",
        ] {
            assert_eq!(masked(text), text);
        }
        assert_eq!(masked("- text: |\n    'tis ${x}\n  b: ${y}"), "- text: |\n    'tis ${x}\n  b: $~y~");
    }

    #[test]
    fn tabs_are_found_where_they_indent_and_nowhere_else() {
        assert_eq!(scan("a:\n\tb: 1").tab, Some(3));
        assert_eq!(scan("a:\n  \tb: 1").tab, Some(5));
        assert_eq!(scan("a:\tb\n\t\nc: |\n  x\n  \ty\n").tab, None);
        assert_eq!(scan("a: \"x\n\ty\"\n").tab, None);
    }
}
