//! Comma-separated tables: a file is a table, and its name says which.

use csv::ReaderBuilder;

use super::source;
use super::table::{self, Cell, Content, Table};
use crate::place::{Finding, Place};

pub(super) fn tables(file: &str, named: &str, bytes: &[u8], findings: &mut Vec<Finding>) -> Vec<Table> {
    let text = match source::text(file, bytes) {
        Ok(text) => text,
        Err(finding) => {
            findings.push(*finding);
            return Vec::new();
        }
    };
    let whole = Place::File(file.to_owned());
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter(&text)).from_reader(text.as_bytes());
    let (mut rows, mut record) = (Vec::new(), csv::StringRecord::new());
    let (mut seen, mut line, mut left) = (0, 1, table::MAX_CELLS);
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(e) => {
                let help = "save it again as `CSV UTF-8`";
                findings.push(Finding::mistake("import::csv", &whole, format!("this is no table: {e}"), help));
                return Vec::new();
            }
        }
        left = left.saturating_sub(record.len());
        if left == 0 {
            findings.push(table::too_many(&whole));
            return Vec::new();
        }
        // The reader's own count leaves out breaks inside quotes; it may stand before the break that ended the last row.
        let start = record.position().map_or(seen, |p| usize::try_from(p.byte()).unwrap_or(seen));
        let start = text[start..].find(|c| c != '\r' && c != '\n').map_or(start, |skip| start + skip);
        line += text[seen..start].matches('\n').count();
        seen = start;
        // Columns count fields, since quotes and breaks inside them move characters about.
        let cells = record.iter().enumerate().map(|(at, text)| Cell {
            content: Content::Text(text.replace("\r\n", "\n")),
            place: Place::Text { file: file.to_owned(), line, column: at + 1 },
        });
        rows.push(cells.collect());
    }
    vec![Table { name: named.to_owned(), place: whole, rows, exact: false }]
}

/// What separates the fields of the first line outside quotes: the sign that occurs most often there.
fn delimiter(text: &str) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    for byte in text.trim_start().bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if !quoted => counts.iter_mut().filter(|(sign, _)| *sign == byte).for_each(|(_, n)| *n += 1),
            _ => {}
        }
    }
    counts.iter().rev().max_by_key(|(_, n)| *n).filter(|(_, n)| *n > 0).map_or(b',', |(sign, _)| *sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_between_fields_is_seen_in_the_first_line() {
        for (text, wanted) in
            [("a,b,c\n1;2", b','), ("a;b;\"x,y,z,w\"\n", b';'), ("a\tb\n", b'\t'), ("alone\n", b','), ("", b',')]
        {
            assert_eq!(delimiter(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_field_with_breaks_keeps_them_and_the_next_row_its_line() {
        let mut findings = Vec::new();
        let found = tables("f.csv", "ics", b"a,b\r\n\"one\r\ntwo\",x\r\nlast,y\r\n", &mut findings);
        assert!(findings.is_empty());
        let rows = &found[0].rows;
        assert_eq!(rows[1][0].text(), "one\ntwo");
        assert_eq!(rows[2][1].place.to_string(), "f.csv:4:2");
    }
}
