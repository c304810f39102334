//! The pass over what `junit-report` wrote: it cannot write properties, counts of skipped cases, nor indent.

use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer};

use super::text::attribute;

/// A property of a suite or a case.
pub(super) struct Property {
    name: &'static str,
    value: String,
}

impl Property {
    pub(super) fn new(name: &'static str, value: &str) -> Self {
        Self { name, value: attribute(value) }
    }
}

/// Totals of one suite, or of all.
#[derive(Default, Clone, Copy)]
struct Totals {
    tests: u64,
    failures: u64,
    errors: u64,
    skipped: u64,
    millis: u64,
}

/// Indents, adds `<properties>` and `skipped` to each suite, `<properties>` to each case that has any and totals to the root, writes times with three decimals
/// and the timestamp in UTC without a zone.
///
/// # Errors
/// Only if the input is not what `junit-report` writes.
pub(super) fn finish(raw: &[u8], properties: &[Property], of_cases: &[Vec<Property>]) -> Result<Vec<u8>, String> {
    let suites = count(raw)?;
    let mut suite = suites.iter();
    let mut of_cases = of_cases.iter();
    let mut reader = Reader::from_reader(raw);
    let mut writer = Writer::new(Vec::with_capacity(raw.len() * 2));
    let mut pretty = Pretty { depth: 0, inline: false };
    loop {
        let event = reader.read_event().map_err(|e| e.to_string())?;
        let event = match event {
            Event::Eof => break,
            Event::Decl(_) => Event::Decl(quick_xml::events::BytesDecl::new("1.0", Some("UTF-8"), None)),
            Event::Start(start) => Event::Start(rewrite(&start, &mut suite, &suites)?),
            Event::Empty(start) => Event::Empty(rewrite(&start, &mut suite, &suites)?),
            other => other,
        };
        let list: &[Property] = match &event {
            Event::Start(s) if s.name().as_ref() == b"testsuite" => properties,
            Event::Start(s) | Event::Empty(s) if s.name().as_ref() == b"testcase" => {
                of_cases.next().ok_or("a case was not counted")?
            }
            _ => &[],
        };
        match event {
            event if list.is_empty() => pretty.write(&mut writer, event)?,
            Event::Empty(case) => {
                let end = case.to_end().into_owned();
                pretty.write(&mut writer, Event::Start(case))?;
                write_properties(&mut writer, &mut pretty, list)?;
                pretty.write(&mut writer, Event::End(end))?;
            }
            event => {
                pretty.write(&mut writer, event)?;
                write_properties(&mut writer, &mut pretty, list)?;
            }
        }
    }
    let mut out = writer.into_inner();
    out.push(b'\n');
    Ok(out)
}

fn count(raw: &[u8]) -> Result<Vec<Totals>, String> {
    let mut suites: Vec<Totals> = Vec::new();
    let mut reader = Reader::from_reader(raw);
    loop {
        let (Event::Start(tag) | Event::Empty(tag)) = (match reader.read_event().map_err(|e| e.to_string())? {
            Event::Eof => return Ok(suites),
            event @ (Event::Start(_) | Event::Empty(_)) => event,
            _ => continue,
        }) else {
            continue;
        };
        if tag.name().as_ref() == b"testsuite" {
            suites.push(Totals::default());
        }
        let Some(suite) = suites.last_mut() else { continue };
        match tag.name().as_ref() {
            b"testcase" => {
                suite.tests += 1;
                suite.millis +=
                    tag.attributes().flatten().find(|a| a.key.as_ref() == b"time").map_or(0, |a| millis(&a.value));
            }
            b"failure" => suite.failures += 1,
            b"error" => suite.errors += 1,
            b"skipped" => suite.skipped += 1,
            _ => {}
        }
    }
}

fn rewrite<'a>(
    tag: &BytesStart<'_>,
    suite: &mut impl Iterator<Item = &'a Totals>,
    all: &[Totals],
) -> Result<BytesStart<'static>, String> {
    let name = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
    let mut out = BytesStart::new(name.clone());
    for attr in tag.attributes() {
        let attr = attr.map_err(|e| e.to_string())?;
        match (name.as_str(), attr.key.as_ref()) {
            (_, b"time") => out.push_attribute(("time", seconds(millis(&attr.value)).as_str())),
            ("testsuite", b"timestamp") => {
                let text = String::from_utf8_lossy(&attr.value);
                out.push_attribute(("timestamp", text.get(..19).unwrap_or(&text)));
            }
            _ => out.push_attribute(attr),
        }
    }
    match name.as_str() {
        "testsuite" => {
            let totals = suite.next().ok_or("a suite was not counted")?;
            out.push_attribute(("skipped", totals.skipped.to_string().as_str()));
        }
        "testsuites" => {
            let sum = |f: fn(&Totals) -> u64| all.iter().map(f).sum::<u64>();
            out.push_attribute(("name", "assay"));
            out.push_attribute(("tests", sum(|t| t.tests).to_string().as_str()));
            out.push_attribute(("failures", sum(|t| t.failures).to_string().as_str()));
            out.push_attribute(("errors", sum(|t| t.errors).to_string().as_str()));
            out.push_attribute(("time", seconds(sum(|t| t.millis)).as_str()));
        }
        _ => {}
    }
    Ok(out)
}

fn write_properties(writer: &mut Writer<Vec<u8>>, pretty: &mut Pretty, properties: &[Property]) -> Result<(), String> {
    pretty.write(writer, Event::Start(BytesStart::new("properties")))?;
    for property in properties {
        let mut tag = BytesStart::new("property");
        tag.push_attribute(("name", property.name));
        tag.push_attribute(("value", property.value.as_str()));
        pretty.write(writer, Event::Empty(tag))?;
    }
    pretty.write(writer, Event::End(BytesEnd::new("properties")))
}

/// Indents elements and leaves text alone.
struct Pretty {
    depth: usize,
    inline: bool,
}

impl Pretty {
    fn write(&mut self, writer: &mut Writer<Vec<u8>>, event: Event<'_>) -> Result<(), String> {
        let text = matches!(event, Event::Text(_) | Event::CData(_) | Event::GeneralRef(_));
        if matches!(event, Event::End(_)) {
            self.depth = self.depth.saturating_sub(1);
        }
        if !text && !self.inline && !matches!(event, Event::Decl(_)) {
            let indent = format!("\n{}", "  ".repeat(self.depth));
            writer.write_event(Event::Text(BytesText::from_escaped(indent))).map_err(|e| e.to_string())?;
        }
        self.inline = text;
        if matches!(event, Event::Start(_)) {
            self.depth += 1;
        }
        writer.write_event(event).map_err(|e| e.to_string())
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float-to-int `as` saturates, negative times become 0"
)]
fn millis(value: &[u8]) -> u64 {
    let seconds: f64 = std::str::from_utf8(value).ok().and_then(|t| t.parse().ok()).unwrap_or(0.0);
    (seconds * 1000.0).round() as u64
}

fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}
