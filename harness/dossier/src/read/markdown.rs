//! Markdown: tables with pipes, and the other public shape, where each field is a heading with its text below.

use super::recognise::{self, Named};
use super::source;
use super::table::{self, Cell, Content, Table};
use crate::ident;
use crate::place::{Finding, Place};
use crate::shape::Shape;

/// Most lines.
const MAX_LINES: usize = 200_000;

pub(super) fn tables(file: &str, named: &str, bytes: &[u8], shape: &Shape, findings: &mut Vec<Finding>) -> Vec<Table> {
    let text = match source::text(file, bytes) {
        Ok(text) => text,
        Err(finding) => {
            findings.push(*finding);
            return Vec::new();
        }
    };
    if text.lines().count() > MAX_LINES {
        let said = format!("it has more than {MAX_LINES} lines");
        let place = Place::File(file.to_owned());
        findings.push(Finding::mistake("import::size", &place, said, "keep the tables of the dossier"));
        return Vec::new();
    }
    let mut reader = Reader {
        file,
        shape,
        tables: Vec::new(),
        headings: vec![(0, named.to_owned())],
        left: table::MAX_CELLS,
        open: None,
        fields: None,
    };
    let mut fenced = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~") {
            fenced = !fenced;
        }
        reader.line(number + 1, line, fenced);
    }
    reader.finish();
    if reader.left == 0 {
        findings.push(table::too_many(&Place::File(file.to_owned())));
        return Vec::new();
    }
    reader.tables
}

struct Reader<'a> {
    file: &'a str,
    shape: &'a Shape,
    tables: Vec<Table>,
    /// The headings around this line, with their depth; the file's name first.
    headings: Vec<(usize, String)>,
    /// How many more cells are taken.
    left: usize,
    /// A table with pipes, while its lines last.
    open: Option<Table>,
    /// A table whose fields are headings, while its section lasts.
    fields: Option<Fields>,
}

/// A table whose fields are headings.
struct Fields {
    /// Depth of the heading that names the table.
    depth: usize,
    name: String,
    place: Place,
    record: bool,
    /// Id, where rows have them, with its fields.
    rows: Vec<(Option<Cell>, Vec<Labelled>)>,
}

/// A field's heading, and the text below it.
type Labelled = (Cell, Cell);

impl Reader<'_> {
    fn place(&self, line: usize, column: usize) -> Place {
        Place::Text { file: self.file.to_owned(), line, column }
    }

    fn line(&mut self, number: usize, line: &str, fenced: bool) {
        let trimmed = line.trim_start();
        let in_field = self.fields.as_ref().is_some_and(|f| !f.rows.is_empty());
        if trimmed.starts_with('|') && !fenced && !in_field {
            return self.row(number, line);
        }
        self.close();
        let depth = trimmed.chars().take_while(|c| *c == '#').count();
        if !fenced && (1..=6).contains(&depth) && trimmed[depth..].starts_with(' ') {
            self.heading(number, depth, trimmed[depth..].trim().trim_end_matches('#').trim());
        } else if let Some((_, fields)) = self.fields.as_mut().and_then(|f| f.rows.last_mut())
            && let Some((_, value)) = fields.last_mut()
            && let Content::Text(text) = &mut value.content
            && trimmed != "---"
        {
            text.push_str(line);
            text.push('\n');
        }
    }

    /// What a table under these headings is called: the nearest heading that names a table, or else the nearest one.
    fn name(&self) -> String {
        let known = |name: &&str| !matches!(recognise::by_name(name, self.shape), Named::Unknown);
        let names = || self.headings.iter().rev().map(|(_, name)| name.as_str());
        names().find(known).or(names().next()).unwrap_or_default().to_owned()
    }

    fn heading(&mut self, number: usize, depth: usize, text: &str) {
        if self.fields.as_ref().is_some_and(|f| depth <= f.depth) {
            self.finish();
        }
        let place = self.place(number, depth + 2);
        if let Some(mut fields) = self.fields.take() {
            self.field(&mut fields, text, place);
            self.fields = Some(fields);
            return;
        }
        self.headings.retain(|(d, _)| *d < depth);
        self.headings.push((depth, text.to_owned()));
        if let Named::Known(recognise::Kind::Ixit(of)) = recognise::by_name(text, self.shape) {
            let (name, place) = (of.name.clone(), place);
            self.fields = Some(Fields { depth, name, place, record: of.record, rows: Vec::new() });
        }
    }

    /// A heading inside a table's section: an id, or a field.
    fn field(&self, fields: &mut Fields, text: &str, place: Place) {
        let cell = |text: &str| Cell { content: Content::Text(text.to_owned()), place: place.clone() };
        let id = text.split_once(':').filter(|(word, _)| ident::letters(word) == "id").map(|(_, id)| id.trim());
        let of = self.shape.table(&fields.name);
        match id {
            Some(id) => fields.rows.push((Some(cell(id.trim_start_matches('*').trim())), Vec::new())),
            // A title such as `Table C.10` is no field.
            None if of.is_some_and(|of| of.field(text).is_none()) && fields.rows.is_empty() => {}
            None => {
                if fields.rows.is_empty() {
                    fields.rows.push((None, Vec::new()));
                }
                if let Some((_, row)) = fields.rows.last_mut() {
                    row.push((cell(text), cell("")));
                }
            }
        }
    }

    /// A line of a table with pipes.
    fn row(&mut self, number: usize, line: &str) {
        let cells = cells(line)
            .into_iter()
            .map(|(column, text)| Cell { content: Content::Text(text), place: self.place(number, column) });
        let cells: Vec<Cell> = cells.collect();
        self.left = self.left.saturating_sub(cells.len());
        if self.left == 0 {
            return;
        }
        let ruler = |cell: &Cell| {
            let text = cell.text();
            !text.is_empty() && text.chars().all(|c| "-: ".contains(c)) && text.contains('-')
        };
        let is_ruler = cells.iter().all(ruler);
        let (name, place) = (self.name(), self.place(number, 1));
        let open = self.open.get_or_insert_with(|| Table { name, place, rows: Vec::new(), exact: false });
        if !(is_ruler && open.rows.len() == 1) {
            open.rows.push(cells);
        }
    }

    fn close(&mut self) {
        self.tables.extend(self.open.take());
    }

    /// Ends whatever is open.
    fn finish(&mut self) {
        self.close();
        let Some(fields) = self.fields.take() else { return };
        let found: Vec<_> = fields.rows.into_iter().filter(|(id, row)| id.is_some() || !row.is_empty()).collect();
        if found.is_empty() {
            return;
        }
        let text = |text: &str| Cell { content: Content::Text(text.to_owned()), place: fields.place.clone() };
        let trimmed =
            |cell: &Cell| Cell { content: Content::Text(cell.text().trim().to_owned()), place: cell.place.clone() };
        let mut rows = Vec::new();
        if fields.record {
            rows.push(vec![text("Field"), text("Value")]);
            let pairs = found.iter().flat_map(|(_, row)| row);
            rows.extend(pairs.map(|(label, value)| vec![label.clone(), trimmed(value)]));
        } else {
            let mut labels: Vec<String> = Vec::new();
            for label in found.iter().flat_map(|(_, row)| row).map(|(label, _)| label.text()) {
                if !labels.contains(&label) {
                    labels.push(label);
                }
            }
            self.left = self.left.saturating_sub((labels.len() + 1) * (found.len() + 1));
            if self.left == 0 {
                return;
            }
            rows.push(std::iter::once("ID").chain(labels.iter().map(String::as_str)).map(text).collect());
            for (id, row) in &found {
                let value = |label: &String| {
                    let of = row.iter().find(|(l, _)| l.text() == *label);
                    of.map_or_else(|| text(""), |(_, value)| trimmed(value))
                };
                let id = id.clone().unwrap_or_else(|| text(""));
                rows.push(std::iter::once(id).chain(labels.iter().map(value)).collect());
            }
        }
        self.tables.push(Table { name: fields.name, place: fields.place, rows, exact: false });
    }
}

/// The cells of a line with pipes, each with the column of its first character. `\|` is a pipe, `<br>` a line break.
fn cells(line: &str) -> Vec<(usize, String)> {
    let mut cells: Vec<(usize, String)> = Vec::new();
    let inside = line.chars().enumerate().skip_while(|(_, c)| c.is_whitespace()).skip(1);
    let mut text = String::new();
    let mut start = None;
    let mut escaped = false;
    let mut closed = false;
    for (at, c) in inside {
        closed = false;
        if !c.is_whitespace() && start.is_none() {
            start = Some(at + 1);
        }
        match c {
            _ if escaped => {
                // A backslash before a letter is one that was meant.
                if !matches!(c, '|' | '\\' | '<') {
                    text.push('\\');
                }
                // Stands in for a sign that means nothing here.
                text.push(if c == '<' { '\u{1}' } else { c });
                escaped = false;
            }
            '\\' => escaped = true,
            '|' => {
                cells.push((start.take().unwrap_or(at + 1), clean(&text)));
                text.clear();
                closed = true;
            }
            c => text.push(c),
        }
    }
    if escaped {
        text.push('\\');
    }
    if !closed && !text.trim().is_empty() {
        cells.push((start.unwrap_or(1), clean(&text)));
    }
    cells
}

fn clean(text: &str) -> String {
    ["<br>", "<br/>", "<br />"]
        .iter()
        .fold(text.to_owned(), |text, mark| text.replace(mark, "\n"))
        .replace('\u{1}', "<")
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipes_breaks_and_backslashes_of_a_cell_survive() {
        let found = |line: &str| cells(line).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        assert_eq!(found("| a | b\\|c | d<br>e | \\<br> | x\\\\y | |"), ["a", "b|c", "d\ne", "<br>", "x\\y", ""]);
        assert_eq!(found("  | C:\\dir | open"), ["C:\\dir", "open"]);
        assert_eq!(cells("| a |  b |")[1].0, 8, "where its first character stands");
    }
}
