//! Rendering of diagnostics, as rustc does it: code, message, place, the line with a caret, help.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use assay_model::{Diagnostic, Severity, SourceFile, Span};

/// Lines longer than this are not drawn: only the place is given.
const MAX_LINE_BYTES: usize = 2_000;

/// A place, what is to be seen there, and whether it is the main one.
type Mark<'a> = (&'a Span, &'a str, bool);

/// One diagnostic as text, without a line break at its end. The same diagnostic always gives the same text.
#[must_use]
pub fn render(diagnostic: &Diagnostic, color: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code).elements(None::<Origin<'_>>);
    // Places in the same file share one excerpt; the main one stands first.
    let main = diagnostic.span.iter().map(|span| (span, diagnostic.caret.as_str(), true));
    let others = diagnostic.labels.iter().map(|label| (&label.span, label.text.as_str(), false));
    let mut files: Vec<(&SourceFile, Vec<Mark<'_>>)> = Vec::new();
    for place in main.chain(others) {
        match files.iter_mut().find(|(file, _)| *file == place.0.file.as_ref()) {
            Some((_, places)) => places.push(place),
            None => files.push((&place.0.file, vec![place])),
        }
    }
    for (file, places) in &files {
        group = excerpt(group, file, places);
    }
    let placed = !files.is_empty();
    if let Some(help) = diagnostic.help.as_ref().filter(|_| placed) {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let text = renderer.term_width(120).render(&[group]);
    match &diagnostic.help {
        // Without an excerpt the renderer would draw an empty margin.
        Some(help) if !placed => format!("{text}\n  = help: {help}"),
        _ => text,
    }
}

fn excerpt<'a>(group: Group<'a>, file: &'a SourceFile, places: &[Mark<'a>]) -> Group<'a> {
    let path = file.path.display().to_string();
    if file.text.is_empty() || places.iter().any(|(span, ..)| line_bytes(file, span) > MAX_LINE_BYTES) {
        return places.iter().fold(group, |group, (span, ..)| {
            let (line, column) = span.line_column();
            group.element(Origin::path(path.clone()).line(line).char_column(column))
        });
    }
    let mut snippet = Snippet::<Annotation<'_>>::source(file.text.as_str()).path(path);
    for (span, text, main) in places {
        let kind = if *main { AnnotationKind::Primary } else { AnnotationKind::Context };
        snippet = snippet.annotation(kind.span(first_line(file, span)).label((!text.is_empty()).then_some(*text)));
    }
    group.element(snippet)
}

/// The part of a span that lies on its first line, on character boundaries: long values need no long carets.
fn first_line(file: &SourceFile, span: &Span) -> std::ops::Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(file.text.len());
        while !file.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.bytes.start);
    let end = floor(span.bytes.end.max(start));
    let line = file.text[start..end].split('\n').next().map_or(0, |l| l.trim_end().len());
    start..start + line
}

fn line_bytes(file: &SourceFile, span: &Span) -> usize {
    let at = first_line(file, span).start;
    let before = file.text[..at].rfind('\n').map_or(0, |n| n + 1);
    let after = file.text[at..].find('\n').map_or(file.text.len(), |n| at + n);
    after - before
}
