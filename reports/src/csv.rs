//! results.csv: one row per unit and sample, for spreadsheets.

use assay_model::results::Results;

use crate::ReportError;
use crate::entry::{Entry, catalogue, group};
use crate::law::editions;
use crate::visible::{capped, visible_line};

const HEAD: [&str; 15] = [
    "unit",
    "title",
    "catalogue",
    "group",
    "provision",
    "plan",
    "class",
    "samples",
    "verdict",
    "waived",
    "reason_code",
    "reason",
    "evidence",
    "duration_ms",
    "edition",
];

/// Longest cell in bytes; spreadsheets stop at 32,767 characters.
const LONGEST: usize = 8 * 1024;

/// RFC 4180: CRLF, every cell quoted. A cell that a spreadsheet would take for a formula starts with an apostrophe.
#[expect(clippy::unnecessary_wraps, reason = "every renderer in the list has one shape")]
pub(crate) fn render(results: &Results) -> Result<Vec<u8>, ReportError> {
    let mut out = row(&HEAD.map(str::to_owned));
    let editions = editions(results);
    for entry in Entry::all(results) {
        let reasons = entry.result.map_or(&[][..], |r| &r.reasons);
        let first = reasons.first();
        out.push_str(&row(&[
            entry.id.to_owned(),
            entry.unit.title.clone(),
            catalogue(entry.unit),
            group(entry.unit).to_owned(),
            entry.unit.provision.clone(),
            entry.unit.plan.clone(),
            entry.unit.class.clone(),
            entry.samples(results),
            entry.verdict.word().to_owned(),
            entry.waiver().map(|w| w.id.clone()).unwrap_or_default(),
            first.map(|r| format!("{}/{}", format!("{:?}", r.class).to_lowercase(), r.code)).unwrap_or_default(),
            reasons.iter().map(|r| r.text.as_str()).collect::<Vec<_>>().join("; "),
            reasons.iter().flat_map(|r| &r.refs).cloned().collect::<Vec<_>>().join(" "),
            entry.result.map(|r| r.duration_ms.to_string()).unwrap_or_default(),
            editions.get(&entry.unit.catalogue).map(|(_, edition)| edition.clone()).unwrap_or_default(),
        ]));
    }
    Ok(out.into_bytes())
}

fn row(cells: &[String]) -> String {
    cells.iter().map(|c| cell(c)).collect::<Vec<_>>().join(",") + "\r\n"
}

fn cell(text: &str) -> String {
    let shown = visible_line(text);
    let (head, left) = capped(&shown, LONGEST);
    let formula = head.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let guard = if formula { "'" } else { "" };
    let more = if left > 0 { "…" } else { "" };
    format!("\"{guard}{}{more}\"", head.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn formulas_quotes_and_line_ends_are_tamed() {
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(cell(" @SUM(1)"), "\"' @SUM(1)\"");
        assert_eq!(cell("a\r\nb\t,c\u{1b}"), "\"a\\nb\\t,c\\x1b\"");
        assert_eq!(cell("\t=1"), "\"\\t=1\"");
        assert_eq!(cell("5.1-1-2 b"), "\"5.1-1-2 b\"");
    }
}
