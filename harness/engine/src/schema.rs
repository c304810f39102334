//! JSON Schemas (draft-07) of the files that people write, for completion and checking in editors.
//!
//! Keys come from the same lists that the loader holds files against; a test checks that each is described.

mod lab;
mod statement;

use assay_model::Check;
use serde_json::{Map, Value, json};

use crate::load::keys;
use crate::plan::{Level, Registry};

/// The kinds of file that have a schema.
pub const KINDS: [&str; 8] = ["plan", "bench", "product", "answers", "suite", "lab", "waivers", "statement"];

/// The schema of one of [`KINDS`]; `None` for any other word.
#[must_use]
pub fn schema(kind: &str, registry: &Registry) -> Option<Value> {
    let mut schema = match kind {
        "plan" => plan(registry),
        "bench" => bench(registry),
        "product" => product(),
        "answers" => answers(),
        "suite" => suite(),
        "lab" => lab::lab(),
        "waivers" => waivers(),
        "statement" => statement::statement(registry)?,
        _ => return None,
    };
    let map = schema.as_object_mut()?;
    map.insert("$schema".into(), json!("http://json-schema.org/draft-07/schema#"));
    map.insert("title".into(), json!(format!("Assay {kind} file, version 1")));
    Some(schema)
}

fn text(what: &str) -> Value {
    json!({ "type": "string", "description": what })
}

fn texts(what: &str) -> Value {
    json!({ "type": "array", "items": { "type": "string" }, "description": what })
}

fn word(words: &[&str], what: &str) -> Value {
    json!({ "enum": words, "description": what })
}

fn flag(what: &str) -> Value {
    json!({ "type": "boolean", "description": what })
}

fn duration(what: &str) -> Value {
    json!({ "type": "string", "pattern": "^[0-9.]+ ?(ms|s|min|h)$", "description": what, "examples": ["500 ms", "90 s", "2 min"] })
}

fn expression(what: &str) -> Value {
    json!({ "type": ["string", "boolean"], "description": format!("{what} A CEL expression.") })
}

fn list(items: Value, what: &str) -> Value {
    json!({ "type": "array", "items": items, "description": what })
}

/// A closed mapping: `keys` are all that it takes, in the order that editors offer them.
fn mapping(keys: &[&str], required: &[&str], describe: impl Fn(&str) -> Value) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), describe(key))).collect();
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}

fn header(kind: &str) -> Value {
    json!({ "const": format!("{kind}/1"), "description": "What this file is, and the version of its format." })
}

const EFFECTS: [&str; 4] = ["passive", "active", "disruptive", "destructive"];

fn plan(registry: &Registry) -> Value {
    let mut schema = mapping(&keys::PLAN, &["assay", "plan"], |key| match key {
        "assay" => header("plan"),
        "plan" => text("The plan's name, stable: results and reports carry it."),
        "title" => text("For a person."),
        "basis" => texts("Standards that it rests on."),
        "profile" => text("The profile that it completes: `uk-psti`."),
        "params" => params(),
        "over" => over(),
        "include" => texts("Files of shared units (`assay: units/1`), from this file's folder."),
        "shared" => {
            list(json!({ "$ref": "#/definitions/step" }), "Observed once per sample, used by many units by `as`.")
        }
        "inventory" => list(inventory(), "Declared against found, as tables of the report."),
        "units" => list(json!({ "$ref": "#/definitions/unit" }), "What is decided."),
        _ => json!({}),
    });
    schema["definitions"] = json!({
        "unit": unit(),
        "expectation": expectation(),
        "step": step(registry, false),
        "control": step(registry, true),
    });
    schema
}

fn inventory() -> Value {
    mapping(&keys::INVENTORY, &["kind", "declared"], |key| match key {
        "kind" => text("What kind of thing: `network service`."),
        "declared" => text("A CEL expression that gives `[{name, where}]`, from the dossier."),
        "found" => {
            text("A CEL expression that gives `[{name, text}]`, from shared observations; none: not looked for.")
        }
        _ => json!({}),
    })
}

fn params() -> Value {
    let one = mapping(&keys::PARAM, &["type", "default"], |key| match key {
        "type" => word(&keys::PARAM_TYPES, "The type; `--set` is held against it."),
        "default" => json!({ "description": "The value where `--set` gives none." }),
        "policy" => flag("A lab's choice: shown as such in reports."),
        "description" => text("For a person."),
        _ => json!({}),
    });
    json!({ "type": "object", "additionalProperties": one, "description": "Named as `params.NAME` in expressions." })
}

fn over() -> Value {
    let mut schema = mapping(&keys::OVER, &["products"], |key| {
        json!({ "type": ["string", "integer", "boolean"], "description": match key {
            "products" => "The list, a CSV file: `${params.products}`.",
            "at_once" => "How many products are in work at once. Default: 32.",
            "per_host" => "Requests under way at once on one host. Default: 1.",
            "pause" => "Between two requests to a host. Default: 1 s; a longer `Crawl-delay` of the host wins.",
            "page_timeout" => "For one page with all its redirects. Default: 20 s.",
            "robots" => "Whether robots.txt is obeyed. Default: true.",
            "allow_private" => "Whether a listed URL may lead to an address that is not public. Default: false.",
            "contact" => "Whom a host's owner may ask: told in the `User-Agent`.",
            _ => "",
        } })
    });
    schema["description"] = json!("Judges every unit on each product of a list, by what is published about it.");
    schema
}

fn unit() -> Value {
    mapping(&keys::UNIT, &["unit", "question"], |key| match key {
        "unit" => text("The catalogue's id, as `5.6-1-2 b`, or the plan's own."),
        "also" => texts("Further unit ids that the same expectations decide."),
        "title" => text("For a person; the catalogue's wins."),
        "question" => text("The question that this unit answers."),
        "scope" => word(&["each", "samples"], "Judged per sample, or once over all samples."),
        "samples" => {
            json!({ "type": ["integer", "string"], "description": "The least number of samples; fewer give INCONCLUSIVE." })
        }
        "needs" => list(word(&keys::NEEDS, "A resource."), "What the bench must provide."),
        "effect" => word(&EFFECTS, "The most that it may do to the DUT. Default: passive."),
        "deadline" => duration("For one attempt, all steps together. Default: 60 s."),
        "retries" => {
            json!({ "type": "integer", "minimum": 0, "maximum": 5, "description": "Further attempts after ERROR. Default: 1." })
        }
        "when" => expression("Whether the unit applies; false gives NOT_APPLICABLE."),
        "control" => {
            list(json!({ "$ref": "#/definitions/control" }), "Must hold before and after, or nothing is decided.")
        }
        "steps" => list(json!({ "$ref": "#/definitions/step" }), "What is done, in order."),
        "expect" => {
            let one = json!({ "$ref": "#/definitions/expectation" });
            json!({ "description": "What must hold.", "anyOf": [one, { "type": "array", "items": one }] })
        }
        "finally" => {
            list(json!({ "$ref": "#/definitions/step" }), "Clean-up: runs after pass, fail, error and cancel.")
        }
        "tags" => texts("Free words, for `--select`."),
        _ => json!({}),
    })
}

fn expectation() -> Value {
    let full = mapping(&keys::EXPECTATION, &["that"], |key| match key {
        "that" => expression("Must be true."),
        "why" => text("What it means where it is not."),
        "show" => expression("Evaluated where it is not, for the report."),
        "polarity" => word(
            &["absence", "presence"],
            "`presence`: a violation is something seen, and stands even if a control fails later.",
        ),
        "level" => word(
            &Level::ALL.map(Level::word),
            "`needed`: where it does not hold, the unit cannot be decided; `may`: a remark that never changes a verdict.",
        ),
        _ => json!({}),
    });
    json!({ "anyOf": [expression("Must be true."), full] })
}

/// A step. `with` is described by an if-then per check, so that editors complete its parameters.
fn step(registry: &Registry, control: bool) -> Value {
    let names: Vec<&str> = registry.checks.iter().map(|c| c.info().name).collect();
    let keys: Vec<&str> = keys::STEP.into_iter().filter(|k| control || !keys::CONTROL_ONLY.contains(k)).collect();
    let required: &[&str] = if control { &["expect"] } else { &[] };
    let mut schema = mapping(&keys, required, |key| match key {
        "check" => word(&names, "The check to run; `assay checks` lists them."),
        "with" => json!({ "type": "object", "description": "The check's parameters. `${...}` is one CEL expression." }),
        "ask" => ask(),
        "for_each" => {
            json!({ "type": "string", "pattern": "^\\s*[A-Za-z][A-Za-z0-9_]* in .+", "description": "Runs `steps` once per row: `m in ixit.auth_mech`." })
        }
        "steps" => list(json!({ "$ref": "#/definitions/step" }), "The steps of a loop."),
        "as" => {
            json!({ "type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]*$", "description": "The name that its observation gets." })
        }
        "per" => word(&["sample"], "In a unit over samples: runs on each, and its name is a list."),
        "unless" => expression("Skipped where true. Of a loop: what is expected of its rows is not asked then."),
        "deadline" => duration("Its own limit inside the unit's."),
        "expect" => expression("Must hold, before and after."),
        "once" => {
            json!({ "type": "boolean", "default": false, "description": "Asked of the harness's own reference target: the first answer of a run serves all who ask the same." })
        }
        _ => json!({}),
    });
    let one_of: Vec<Value> = ["check", "ask", "for_each"].into_iter().map(|key| json!({ "required": [key] })).collect();
    schema["oneOf"] = Value::Array(one_of);
    schema["allOf"] = registry.checks.iter().map(|c| with(c.as_ref())).collect();
    schema
}

/// If a step runs this check, then its `with` looks like this.
fn with(check: &dyn Check) -> Value {
    let info = check.info();
    let mut params = Value::clone(&info.params);
    if let Some(map) = params.as_object_mut() {
        map.remove("$schema");
        map.remove("title");
        map.insert("description".into(), json!(info.question));
    }
    templated(&mut params, 0);
    let mut then = json!({ "properties": { "with": params } });
    if params_are_required(&info.params) {
        then["required"] = json!(["with"]);
    }
    json!({ "if": { "properties": { "check": { "const": info.name } }, "required": ["check"] }, "then": then })
}

fn params_are_required(params: &Value) -> bool {
    params.get("required").and_then(Value::as_array).is_some_and(|r| !r.is_empty())
}

/// Every parameter may be an expression instead of a literal.
fn templated(schema: &mut Value, depth: usize) {
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for property in properties.values_mut().filter(|_| depth < 8) {
        templated(property, depth + 1);
        let is_text = property.get("type") == Some(&json!("string")) && property.get("enum").is_none();
        if is_text || property.as_object().is_none_or(Map::is_empty) {
            continue;
        }
        let mut wrapped = Map::new();
        if let Some(description) = property.get("description") {
            wrapped.insert("description".into(), description.clone());
        }
        wrapped.insert("anyOf".into(), json!([property.clone(), { "type": "string", "pattern": "\\$\\{" }]));
        *property = Value::Object(wrapped);
    }
}

fn ask() -> Value {
    mapping(&keys::ASK_KEYS, &["text", "answers"], |key| match key {
        "text" => text("What to do and what to look at."),
        "answers" => list(word(&keys::ANSWERS, "An answer."), "What may be answered."),
        "secret" => flag("The value is a secret: not echoed, never kept in clear."),
        "evidence" => list(word(&keys::EVIDENCE, "An attachment."), "Required attachments."),
        "evidence_for_pass" => flag("Whether PASS needs attachments too."),
        _ => json!({}),
    })
}

fn bench(registry: &Registry) -> Value {
    let kinds: Vec<&str> = registry.providers.iter().map(|p| p.name()).collect();
    mapping(&keys::BENCH, &["assay", "bench", "provider"], |key| match key {
        "assay" => header("bench"),
        "bench" => text("The bench's name."),
        "provider" => {
            let one: Vec<Value> = kinds.iter().map(|k| json!({ "required": [k] })).collect();
            json!({ "description": "Where its resources come from.", "anyOf": [{ "enum": kinds }, { "type": "object", "anyOf": one }] })
        }
        "product" => text("The dossier, from this file's folder; `--product` wins."),
        "answers" => text("Answers for operator steps, from this file's folder; `--answers` wins."),
        "lab" => text("A lab file, from this file's folder; those of `--lab` add to it."),
        "permits" => list(word(&EFFECTS, "An effect."), "What may be done to its DUTs. Default: passive, active."),
        "limits" => {
            mapping(&keys::LIMITS, &[], |key| json!({ "type": "integer", "minimum": i32::from(key != "pause_ms") }))
        }
        "duts" => list(dut(), "Its DUTs, written out for local benches."),
        "lab_key" => {
            text("Whom originals of redacted evidence are encrypted to: a recipient of the age format, age1...")
        }
        "equipment" => lab::equipment(),
        _ => json!({}),
    })
}

fn dut() -> Value {
    mapping(&keys::DUT_KEYS, &["id"], |key| match key {
        "id" => text("The sample's id: `s1`."),
        "host" => text("Address or name."),
        "console" => json!({ "description": "Its serial console: `{ serial: /dev/serial/by-id/..., baud: 115200 }`." }),
        "probe" => probe(),
        "power" => json!({ "description": "Its power switch." }),
        "ssh" => json!({ "description": "How to log on to it for the harness's own needs." }),
        "interface" => text(
            "The network interface of this host that its packets pass on: `eth1`. Captures need the capability CAP_NET_RAW.",
        ),
        "notes" => text("For a person."),
        _ => json!({}),
    })
}

/// The kinds of virtual ports stand in `adapters`, which the engine does not know.
fn probe() -> Value {
    let unit = |more: Value, about: &str| {
        let mut properties = json!({
            "selector": text("`VID:PID:SERIAL` as `assay doctor` shows it; on the network `20b7:9db1:tcp:HOST:PORT` (Glasgow) or `1d50:6018:HOST:PORT` (Black Magic)."),
            "chip": text("The chip as probe-rs knows it: gives the addresses of flash and SRAM."),
        });
        if let (Some(all), Value::Object(more)) = (properties.as_object_mut(), more) {
            all.extend(more);
        }
        json!({ "type": "object", "properties": properties, "additionalProperties": false, "description": about })
    };
    let more = json!({
        "golden": unit(json!({}), "A unit whose port is known to be open, on the same fixture."),
        "virtual": { "description": "In place of `selector`, for trials: a virtual chip whose port is in that state, as `open`, `nrf-approtect` or `{ cable-lost: { after: 60 } }`." },
        "gdb": text("A gdb stub on loopback, as QEMU has one, whose machine has the flash and SRAM of a virtual port: `127.0.0.1:1234`."),
        "family": word(&["nrf52840", "stm32f407", "generic"], "Which chip a virtual port imitates."),
    });
    unit(more, "Its debug probe.")
}

fn secret() -> Value {
    let inner = mapping(&keys::SECRETS, &[], |key| {
        text(match key {
            "label" => "As printed on a label: fine for virtual samples.",
            "file" => "A file that holds it.",
            _ => "An environment variable that holds it.",
        })
    });
    mapping(&["secret"], &["secret"], |_| inner.clone())
}

fn endpoints() -> Value {
    let one = json!({
        "type": "object",
        "required": ["proto"],
        "properties": {
            "proto": word(&keys::PROTOCOLS, "How it is reached; all but `serial` have a port."),
            "port": { "type": "integer", "minimum": 1, "maximum": 65535 },
            "service": text("`https`, `ssh`, `telnet`, ..."),
            "path": text("The path, for HTTP."),
            "user": text("The user, where it is fixed."),
        }
    });
    list(one, "Where it is reached: a field of ours, so that plans can compute with rows.")
}

fn product() -> Value {
    let row = json!({ "type": "object", "required": ["id"], "properties": { "id": text("The row's id: `AuthMech-1`."), "endpoints": endpoints() } });
    let tables: Map<String, Value> = keys::TABLES
        .iter()
        .map(|(name, _, record)| {
            let table = if *record { json!({ "type": "object" }) } else { json!({ "type": "array", "items": row }) };
            ((*name).to_owned(), table)
        })
        .collect();
    mapping(&keys::PRODUCT, &["assay", "product"], |key| match key {
        "assay" => header("product"),
        "product" => {
            json!({ "type": "object", "required": ["name"], "properties": { "name": text("Name."), "type": text("`camera`, `router`, ..."),
            "manufacturer": text("Maker."), "model": text("Model."), "firmware": text("Version, in quotes where it looks like a number."),
            "documents": documents(), "statement": statement(), "routes": routes() } })
        }
        "editions" => {
            json!({ "type": "object", "additionalProperties": { "type": "string" }, "description": "Editions of the standards that ICS and IXIT follow." })
        }
        "samples" => list(sample(), "Label data and custody."),
        "ics" => {
            let entry = mapping(&["support", "detail"], &["support"], |key| match key {
                "support" => word(&["Y", "N", "N/A"], "Whether the product supports the provision."),
                _ => text("How, or why not."),
            });
            json!({ "type": "object", "additionalProperties": entry, "description": "By provision: `5.1-1`." })
        }
        "ixit" => {
            json!({ "type": "object", "additionalProperties": false, "properties": tables, "description": "Tables and fields as in TS 103 701." })
        }
        "external_evidence" => list(external(), "Certificates and reports of other labs that cover groups of units."),
        "procedures" => mapping(&keys::PROCEDURES, &[], |_| json!({ "type": "object" })),
        _ => json!({}),
    })
}

fn external() -> Value {
    mapping(&keys::EXTERNAL, &keys::EXTERNAL, |key| match key {
        "groups" => texts("Groups that it covers: `5.5-1`."),
        "issuer" => text("Who issued it."),
        "number" => text("Its number there."),
        "edition" => text("Edition or version of the document, or of what it was made by."),
        "scope" => text("Which part of the product, in which version, it is about."),
        "file" => text("The document, from this file's folder; copied into the pack."),
        _ => {
            json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "description": "First or last day." })
        }
    })
}

const ISO_DATE: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";

fn date(what: &str) -> Value {
    json!({ "type": "string", "pattern": ISO_DATE, "description": what })
}

/// Where the maker publishes what law asks for.
fn documents() -> Value {
    let history = mapping(&keys::HISTORY, &["seen", "end"], |key| match key {
        "seen" => date("The day on which the page said so."),
        "end" => date("The end that it stated."),
        _ => text("Where the copy is kept."),
    });
    let extension = mapping(&keys::EXTENSION, &["decided", "end"], |key| match key {
        "decided" => date("The day of the decision."),
        _ => date("The new end."),
    });
    let mut schema = mapping(&keys::DOCUMENTS, &["home"], |key| match key {
        "home" => text("First page of the maker's website: shows that the site answers at all."),
        "security_txt" => text("Its security.txt (RFC 9116), where there is one."),
        "sales" => texts("The maker's own pages that invite a purchase; `[]` states that there is none."),
        "statement" => text("The statement of compliance that comes with the product."),
        "label" => {
            text("The product's entry in the register of Japan (STAR-1) or Singapore (CLS), where it has a label.")
        }
        "disclosure_process" => {
            text("How reports are received, acknowledged and followed up by ISO/IEC 29147, where that route is open.")
        }
        "firmware" => text("The firmware image that the samples run: a URL, or a file beside the dossier."),
        "support_history" => list(history.clone(), "What the support page once said."),
        "support_extensions" => list(extension.clone(), "Each decision to lengthen the support period."),
        "snapshots" => text(
            "Folder in which each run keeps, in a dated file, the end of support that it read. Files are added, none is changed.",
        ),
        _ => json!({}),
    });
    schema["description"] = json!("Documents that the maker publishes: each a URL, or a path from this file's folder.");
    schema
}

/// What the statement of compliance is made from.
fn statement() -> Value {
    let party = || mapping(&keys::MAKER, &["name", "address"], text);
    let standard = mapping(&keys::STANDARD, &["identifier", "version", "date"], |key| match key {
        "date" => date("The date of that version."),
        "version" => text("As `V2.1.1`, in quotes where it looks like a number."),
        _ => text("As its publisher names it."),
    });
    let mut schema = mapping(&keys::STATEMENT, &[], |key| match key {
        "batch" => text("Batch, or range of serial numbers."),
        "manufacturers" => list(party(), "Every manufacturer."),
        "authorised_representatives" => list(party(), "Authorised representatives; may be none."),
        "prepared_by_declaration" => text("That it is made by, or on behalf of, the manufacturer."),
        "compliance_declaration" => word(&keys::DECLARATIONS, "What the manufacturer declares."),
        "standards_relied_on" => list(standard.clone(), "Standards that a deemed route rests on; may be none."),
        "defined_support_period" => mapping(&keys::PERIOD, &["end"], |_| date("An ISO date.")),
        "signature" => text("The signature, as it is to stand there."),
        "signatory_name" => text("Who signs."),
        "signatory_function" => text("As what."),
        "place_of_issue" => text("Where."),
        "date_of_issue" => date("When."),
        "supersedes" => text("The statement that it replaces, by its number or date."),
        "label" => text("The label that a deemed declaration rests on."),
        _ => json!({}),
    });
    schema["description"] =
        json!("The fields of the statement of compliance (Schedule 4); `assay report --format statement`.");
    schema
}

/// How the maker meets each requirement.
fn routes() -> Value {
    let mut schema = mapping(&keys::ROUTES, &[], |key| {
        let words: Vec<&str> =
            keys::ROUTE_WORDS.into_iter().filter(|w| *w != "iso29147" || key == "issue_reporting").collect();
        word(
            &words,
            "`own`: the requirement's own items; `etsi`: the European standard; `label`: Japan STAR-1 or Singapore CLS.",
        )
    });
    schema["description"] = json!("The route by which each requirement is met; `own` where nothing is said.");
    schema
}

fn sample() -> Value {
    mapping(&keys::SAMPLE_KEYS, &["id"], |key| match key {
        "password" => secret(),
        "passwords" => json!({ "type": "object", "additionalProperties": secret(), "description": "By mechanism." }),
        "custody" => json!({ "description": "Free: when and from whom it came." }),
        key => text(key),
    })
}

fn answers() -> Value {
    let one = mapping(&keys::ANSWER_KEYS, &["unit", "answer"], |key| match key {
        "unit" => text("The unit."),
        "sample" => text("The sample, or `*`."),
        "step" => text("The step's `as` name, where a unit asks more than once."),
        "answer" => word(&keys::ANSWERS, "The answer."),
        "value" => json!({ "description": "The value, for answer `value`." }),
        "reason" => text("Required for all but `pass`, `done` and `value`."),
        "evidence" => texts("Files, from this file's folder."),
        "dated" => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }),
        _ => json!({}),
    });
    mapping(&keys::ANSWERS_FILE, &["assay", "operator", "answers"], |key| match key {
        "assay" => header("answers"),
        "operator" => json!({ "type": "object", "required": ["id"], "description": "Who answered." }),
        "answers" => list(one.clone(), "The answers."),
        _ => json!({}),
    })
}

fn suite() -> Value {
    mapping(&keys::SUITE, &["assay", "plans"], |key| match key {
        "assay" => header("suite"),
        "suite" => text("Its name."),
        "title" => text("For a person."),
        "plans" => {
            json!({ "type": "array", "minItems": 1, "uniqueItems": true, "items": { "type": "string" }, "description": "Plan files, or folders with a suite of their own, from this file's folder." })
        }
        _ => json!({}),
    })
}

fn waivers() -> Value {
    let day = || json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "description": "The first, or the last day." });
    let scope = || {
        let mut scope = mapping(&keys::WAIVER_SCOPE, &[], |key| match key {
            "unit" => text("One unit."),
            "group" => text("Every unit of a group or requirement."),
            "provision" => text("Every unit of a provision."),
            "product" => {
                json!({ "type": "object", "additionalProperties": { "type": "string" }, "description": "Facts of the dossier that must be as here: `model`, `firmware`." })
            }
            _ => texts("Samples that it is for; none given: all."),
        });
        scope["oneOf"] = json!([{ "required": ["unit"] }, { "required": ["group"] }, { "required": ["provision"] }]);
        scope
    };
    let one = mapping(&keys::WAIVER, &keys::WAIVER, |key| match key {
        "id" => text("Its id; results and reports carry it."),
        "scope" => scope(),
        "reason" => text("Why the deviation is accepted."),
        "approver" => text("Who accepted it."),
        _ => day(),
    });
    mapping(&keys::WAIVERS, &keys::WAIVERS, |key| match key {
        "assay" => header("waivers"),
        _ => list(one.clone(), "Deviations that are accepted for a time. A waived FAIL stays a FAIL."),
    })
}
