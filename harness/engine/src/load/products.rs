//! The list of a survey: makers and products as CSV, with the addresses of what is published about them.
//!
//! Comma, semicolon or tab between cells, quotes as in RFC 4180, a byte order mark or none. Every mistake is reported with
//! its line and column before anything is fetched.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use assay_model::{Diagnostic, SourceFile, Span};
use csv::{ReaderBuilder, StringRecord};
use serde_json::{Value, json};

use super::lower::Mistakes;
use super::suggest;
use crate::plan::Listed;

/// Larger lists are refused unread.
pub(crate) const MAX_BYTES: u64 = 32 << 20;
const MOST_PRODUCTS: usize = 20_000;
/// Mistakes that are shown one by one; the rest are counted.
const MOST_SHOWN: usize = 200;
const LONGEST_ID: usize = 80;

/// Columns, and what else they may be called.
const COLUMNS: [(&str, &[&str]); 10] = [
    ("maker", &["manufacturer", "brand"]),
    ("product", &["name", "product_name"]),
    ("model", &["model_number", "model_name"]),
    ("type", &["kind", "category"]),
    ("home_url", &["home", "website"]),
    ("policy_url", &["policy", "reporting_policy_url"]),
    ("support_url", &["support", "support_period_url"]),
    ("statement_url", &["statement", "statement_of_compliance_url"]),
    ("sales_urls", &["sales_url", "sales"]),
    ("note", &["notes", "comment"]),
];
const REQUIRED: [&str; 2] = ["maker", "product"];
const URLS: [&str; 5] = ["home_url", "policy_url", "support_url", "statement_url", "sales_urls"];

/// The products of a list; every mistake is reported.
pub(crate) fn read(file: &Arc<SourceFile>, mistakes: &Mistakes) -> Vec<Listed> {
    let list = List { file, delimiter: delimiter(&file.text), found: Mistakes::default() };
    let products = list.products();
    let found = list.found.take();
    let more = found.len().saturating_sub(MOST_SHOWN);
    mistakes.extend(found.into_iter().take(MOST_SHOWN));
    if more > 0 {
        let text = format!("{more} more mistakes in {}", file.path.display());
        mistakes.add(Diagnostic::error("products::more", text, None).help("mend these first"));
    }
    products
}

/// What stands between the cells: whichever splits the first line into most known columns.
fn delimiter(text: &str) -> u8 {
    let head = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let known = |delimiter: &char| {
        head.split(*delimiter).filter(|cell| column(cell.trim().trim_matches('"')).is_some()).count()
    };
    let best = [',', ';', '\t'].into_iter().rev().max_by_key(known).unwrap_or(',');
    u8::try_from(best).unwrap_or(b',')
}

fn column(name: &str) -> Option<&'static str> {
    let folded: String =
        name.trim().to_lowercase().chars().map(|c| if matches!(c, ' ' | '-' | '/') { '_' } else { c }).collect();
    COLUMNS.iter().find(|(column, others)| *column == folded || others.contains(&folded.as_str())).map(|(c, _)| *c)
}

struct List<'a> {
    file: &'a Arc<SourceFile>,
    delimiter: u8,
    found: Mistakes,
}

/// One row with the places of its cells.
struct Row {
    record: StringRecord,
    cells: Vec<Range<usize>>,
    whole: Range<usize>,
    line: usize,
}

impl List<'_> {
    fn products(&self) -> Vec<Listed> {
        let (rows, whole) = self.rows();
        let mut rows = rows.into_iter();
        let Some(head) = rows.next() else {
            if whole {
                self.mistake("products::empty", "the list has no header and no products", 0..0, None);
            }
            return Vec::new();
        };
        let columns = self.columns(&head);
        let mut products = Vec::new();
        let mut ids = BTreeSet::new();
        let mut seen: BTreeMap<[String; 3], Range<usize>> = BTreeMap::new();
        let mut rows_met = 0;
        for row in rows {
            rows_met += 1;
            if rows_met > MOST_PRODUCTS {
                let text = format!("more than {MOST_PRODUCTS} products stand in the list");
                self.mistake("products::too-many", text, row.whole, Some("split it, and survey each part"));
                break;
            }
            products.extend(self.product(&row, &head, &columns, &mut ids, &mut seen));
        }
        if rows_met == 0 && whole {
            self.mistake("products::empty", "the list has a header and no products", head.whole, None);
        }
        products
    }

    /// The rows that are not blank, and whether the list could be read to its end.
    fn rows(&self) -> (Vec<Row>, bool) {
        let text = &self.file.text;
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .from_reader(text.as_bytes());
        let mut rows = Vec::new();
        let (mut line, mut counted) = (1, 0);
        for record in reader.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    self.mistake("products::csv", format!("this is no CSV: {error}"), 0..0, None);
                    return (rows, false);
                }
            };
            let at = record.position().map_or(0, |p| usize::try_from(p.byte()).unwrap_or(usize::MAX));
            let (whole, cells, open) = places(text, at, self.delimiter);
            line += text[counted..whole.start].matches('\n').count();
            counted = whole.start;
            if let Some(quote) = open {
                let text = "this quote is never closed, so the rest of the list is one cell";
                self.mistake("products::quote", text, quote..quote + 1, Some("close it, or double it: `\"\"`"));
                return (rows, false);
            }
            let blank = record.iter().all(|cell| cell.trim().is_empty());
            if !blank {
                rows.push(Row { record, cells, whole, line });
            }
        }
        (rows, true)
    }

    /// Which column is where.
    fn columns(&self, head: &Row) -> Vec<Option<&'static str>> {
        let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
        let mut columns: Vec<Option<&'static str>> = Vec::new();
        for (at, cell) in head.record.iter().enumerate() {
            let known = column(cell);
            match known {
                None if cell.trim().is_empty() => {}
                None => {
                    let text = format!("there is no column `{}`", cell.trim().escape_debug());
                    let help = suggest::of(cell.trim(), &names, "there are");
                    self.mistake("products::unknown-column", text, head.cell(at), Some(&help));
                }
                Some(name) if columns.contains(&known) => {
                    let text = format!("the column `{name}` stands here a second time");
                    self.mistake("products::duplicate-column", text, head.cell(at), None);
                }
                Some(_) => {}
            }
            columns.push(known.filter(|_| !columns.contains(&known)));
        }
        for name in REQUIRED.into_iter().filter(|name| !columns.contains(&Some(*name))) {
            let text = format!("the list has no column `{name}`");
            let help = format!("its first line names the columns: {}", names.join(", "));
            self.mistake("products::missing-column", text, head.whole.clone(), Some(&help));
        }
        if !URLS.iter().any(|name| columns.contains(&Some(*name))) {
            let text = "the list has no column with addresses, so there is nothing to read";
            let help = format!("add one of {}", URLS.join(", "));
            self.mistake("products::missing-column", text, head.whole.clone(), Some(&help));
        }
        columns
    }

    fn product(
        &self,
        row: &Row,
        head: &Row,
        columns: &[Option<&'static str>],
        ids: &mut BTreeSet<String>,
        seen: &mut BTreeMap<[String; 3], Range<usize>>,
    ) -> Option<Listed> {
        let (have, want) = (row.record.len(), head.record.len());
        if have != want {
            let text = format!("this row has {have} cells, and the header has {want}");
            let help = "a cell that holds the separator itself stands in quotes";
            self.mistake("products::cells", text, row.whole.clone(), Some(help));
            return None;
        }
        let at = |name: &str| columns.iter().position(|c| *c == Some(name));
        let cell = |name: &str| at(name).and_then(|n| row.record.get(n)).unwrap_or_default().trim().to_owned();
        let place = |name: &str| at(name).map_or_else(|| row.whole.clone(), |n| row.cell(n));
        for name in REQUIRED.into_iter().filter(|name| at(name).is_some() && cell(name).is_empty()) {
            self.mistake("products::missing", format!("this product has no `{name}`"), place(name), None);
        }
        let mut addresses = BTreeMap::new();
        for name in URLS {
            let text = cell(name);
            let several: Vec<&str> =
                text.split(|c: char| c.is_whitespace() || c == '|').filter(|u| !u.is_empty()).collect();
            if several.len() > 1 && name != "sales_urls" {
                let text = format!("`{name}` takes one address, and {} stand here", several.len());
                self.mistake(
                    "products::url",
                    text,
                    place(name),
                    Some("only `sales_urls` takes several, with blanks between"),
                );
            }
            for url in &several {
                if let Some(why) = no_url(url) {
                    let text = format!("`{}` is no address of a page: {why}", url.escape_debug());
                    self.mistake(
                        "products::url",
                        text,
                        place(name),
                        Some("write it as in a browser: `https://maker.example/security`"),
                    );
                }
            }
            addresses.insert(name, several.into_iter().map(str::to_owned).collect::<Vec<_>>());
        }
        if addresses.values().all(Vec::is_empty) {
            let text = "this product has no address at all: every item will be INCONCLUSIVE";
            let span = self.span(row.whole.clone());
            self.found.add(Diagnostic::warning("products::no-address", text, Some(span)));
        }
        let (maker, name, model) = (cell("maker"), cell("product"), cell("model"));
        let key = [maker.to_lowercase(), name.to_lowercase(), model.to_lowercase()];
        if let Some(first) = seen.get(&key) {
            let mistake = Diagnostic::error(
                "products::duplicate",
                format!("{maker} {name} {model} stands here a second time"),
                Some(self.span(row.whole.clone())),
            );
            self.found.add(mistake.label(self.span(first.clone()), "first here"));
            return None;
        }
        seen.insert(key, row.whole.clone());
        let one = |name: &str| addresses.get(name).and_then(|all| all.first()).cloned().unwrap_or_default();
        let product: Value = json!({
            "name": name,
            "manufacturer": maker,
            "model": if model.is_empty() { &name } else { &model },
            "type": cell("type"),
            "line": row.line,
            "documents": {
                "home": one("home_url"),
                "policy": one("policy_url"),
                "support": one("support_url"),
                "statement": one("statement_url"),
                "sales": addresses.get("sales_urls"),
            },
        });
        Some(Listed { id: id(&[&maker, &name, &model], ids), line: row.line, product })
    }

    fn span(&self, bytes: Range<usize>) -> Span {
        Span { file: Arc::clone(self.file), bytes }
    }

    fn mistake(&self, code: &'static str, text: impl Into<String>, at: Range<usize>, help: Option<&str>) {
        let mistake = Diagnostic::error(code, text, Some(self.span(at)));
        self.found.add(match help {
            Some(help) => mistake.help(help),
            None => mistake,
        });
    }
}

impl Row {
    fn cell(&self, at: usize) -> Range<usize> {
        self.cells.get(at).cloned().unwrap_or_else(|| self.whole.clone())
    }
}

/// Where a record and its cells stand: the CSV reader tells where a record begins, and no more. Also the place of a quote
/// that nothing closes.
fn places(text: &str, from: usize, delimiter: u8) -> (Range<usize>, Vec<Range<usize>>, Option<usize>) {
    let bytes = text.as_bytes();
    let mut at = from.min(bytes.len());
    while matches!(bytes.get(at), Some(b'\r' | b'\n')) {
        at += 1;
    }
    let start = at;
    let mut cells = Vec::new();
    loop {
        let cell = at;
        let mut quoted = None;
        if bytes.get(at) == Some(&b'"') {
            quoted = Some(at);
            at += 1;
        }
        while let Some(byte) = bytes.get(at) {
            match (quoted, byte) {
                (Some(_), b'"') if bytes.get(at + 1) == Some(&b'"') => at += 1,
                (Some(_), b'"') => quoted = None,
                (None, b'\r' | b'\n') => break,
                (None, byte) if *byte == delimiter => break,
                _ => {}
            }
            at += 1;
        }
        cells.push(cell..at);
        if quoted.is_some() || bytes.get(at) != Some(&delimiter) {
            return (start..at, cells, quoted);
        }
        at += 1;
    }
}

/// Why a text is no address that could be asked; what a reader would type into a browser is one.
fn no_url(text: &str) -> Option<String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Some("it does not begin with `https://` or `http://`".into());
    };
    if !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") {
        return Some(format!("`{}` pages are not fetched", scheme.escape_debug()));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Some("it carries a user name".into());
    }
    let bracketed = authority.starts_with('[');
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !bracketed || host.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if let Some(port) = port
        && port.parse::<u16>().is_err()
    {
        return Some(format!("`{}` is no port", port.escape_debug()));
    }
    let address = host.trim_start_matches('[').trim_end_matches(']');
    if bracketed {
        return address.parse::<std::net::Ipv6Addr>().is_err().then(|| "its address is none".into());
    }
    let odd = |c: char| !(c.is_alphanumeric() || c == '-' || c == '.' || c == '_');
    if host.is_empty() || host.contains(odd) || host.split('.').any(str::is_empty) {
        return Some("it names no host".into());
    }
    None
}

/// `acme-doorbell-d1`: letters and digits of all three, with a number where that is taken.
fn id(parts: &[&str], taken: &mut BTreeSet<String>) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in parts.join(" ").to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        if words.last().is_none_or(|last| last != word) {
            words.push(word.to_owned());
        }
    }
    let stem: String = words.join("-").chars().take(LONGEST_ID).collect();
    let stem = if stem.is_empty() { "product".to_owned() } else { stem };
    let mut id = stem.clone();
    for n in 2.. {
        if taken.insert(id.clone()) {
            break;
        }
        id = format!("{stem}-{n}");
    }
    id
}

#[cfg(test)]
mod tests;
