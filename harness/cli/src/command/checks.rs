//! `assay checks [NAME]`: what can be asked, and what each does not show.

use serde_json::Value;

use crate::args::Checks;
use crate::{exit, say};

/// Lists all checks, or describes one.
pub(super) fn run(args: &Checks) -> u8 {
    let all = assay_checks::all();
    let Some(name) = &args.name else {
        if args.json {
            say::json(&all.iter().map(|c| c.info()).collect::<Vec<_>>());
        } else {
            let width = all.iter().map(|c| c.info().name.len()).max().unwrap_or(0);
            for check in &all {
                let info = check.info();
                say::result(format!("{:width$}  {:<11}  {}", info.name, info.effect, info.question));
            }
        }
        return exit::OK;
    };
    let Some(check) = all.iter().find(|c| c.info().name == name) else {
        let help = nearest(name, all.iter().map(|c| c.info().name));
        say::error("unknown-check", format!("there is no check `{name}`"), Some(&help));
        return exit::INVALID;
    };
    let info = check.info();
    if args.json {
        say::json(info);
        return exit::OK;
    }
    say::result(format!("{}\n", info.name));
    for (title, text) in
        [("Question", info.question), ("Evidence for", info.evidence_for), ("Does not show", info.does_not_show)]
    {
        say::result(format!("  {title:<14} {text}"));
    }
    say::result(format!("  {:<14} {}", "Effect", info.effect));
    say::result(format!("  {:<14} {}", "Needs", info.needs.join(", ")));
    say::result("\nParameters");
    fields(&info.params);
    say::result("\nObservation");
    fields(&info.observation);
    exit::OK
}

fn fields(schema: &Value) {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let Some(properties) = schema["properties"].as_object() else { return };
    let width = properties.keys().map(String::len).max().unwrap_or(0);
    for (name, field) in properties {
        let must = if required.iter().any(|r| r == name) { "" } else { " (optional)" };
        let kind = match &field["type"] {
            Value::String(kind) => kind.clone(),
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
            _ => "any".into(),
        };
        let text = field["description"].as_str().unwrap_or_default().replace('\n', " ");
        say::result(format!("  {name:width$}  {kind}{must}: {text}"));
    }
}

/// "did you mean", for names on the command line.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = known.map(|k| (strsim::damerau_levenshtein(name, k), k)).min();
    match near {
        Some((distance, k)) if distance <= 3 => format!("did you mean `{k}`? `assay checks` lists all"),
        _ => "`assay checks` lists all".into(),
    }
}
