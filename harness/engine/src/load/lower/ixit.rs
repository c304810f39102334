//! The tables of IXIT: their names, and the endpoints that their rows declare.

use assay_model::Diagnostic;
use serde_json::{Map, Value, json};

use super::Mistakes;
use super::fields::Fields;
use crate::expr::Type;
use crate::load::suggest;
use crate::load::tree::{Entry, Node, Yaml};

/// The 29 tables of TS 103 701 V1.1.1: name there, name in plans, whether it is one record instead of rows.
pub(crate) const TABLES: [(&str, &str, bool); 29] = [
    ("1-AuthMech", "auth_mech", false),
    ("2-UserInfo", "user_info", true),
    ("3-VulnTypes", "vuln_types", false),
    ("4-Conf", "conf", true),
    ("5-VulnMon", "vuln_mon", false),
    ("6-SoftComp", "soft_comp", false),
    ("7-UpdMech", "upd_mech", false),
    ("8-UpdProc", "upd_proc", false),
    ("9-ReplSup", "repl_sup", true),
    ("10-SecParam", "sec_param", false),
    ("11-ComMech", "com_mech", false),
    ("12-NetSecImpl", "net_sec_impl", false),
    ("13-SoftServ", "soft_serv", false),
    ("14-SecMgmt", "sec_mgmt", false),
    ("15-Intf", "intf", false),
    ("16-CodeMin", "code_min", false),
    ("17-PrivlCtrl", "privl_ctrl", false),
    ("18-AccCtrl", "acc_ctrl", false),
    ("19-SecDev", "sec_dev", false),
    ("20-SecBoot", "sec_boot", false),
    ("21-PersData", "pers_data", false),
    ("22-ExtSens", "ext_sens", false),
    ("23-ResMech", "res_mech", false),
    ("24-TelData", "tel_data", false),
    ("25-DelFunc", "del_func", false),
    ("26-UserDec", "user_dec", false),
    ("27-UserIntf", "user_intf", false),
    ("28-ExtAPI", "ext_api", false),
    ("29-InpVal", "inp_val", false),
];

/// The type of `ixit`.
pub(crate) fn names() -> Type {
    let endpoint = |extra: &[(&'static str, Type)], name: &str, open: bool| {
        let common = [("proto", proto()), ("port", Type::Int), ("service", Type::Text)];
        let fields = common.into_iter().chain(extra.iter().cloned());
        if open { Type::open_record(name, fields) } else { Type::record(name, fields) }
    };
    let of_row = endpoint(&[("path", Type::Text), ("user", Type::Text)], "an endpoint", true).listed();
    let row = Type::open_record("a row of IXIT", [("id", Type::Text), ("endpoints", of_row)]);
    let whole = endpoint(&[("table", Type::Text), ("row", Type::Text)], "a row of `ixit.endpoints`", false).listed();
    let tables = TABLES.iter().map(|(_, name, record)| {
        (*name, if *record { Type::open_record("an IXIT record", []) } else { row.clone().listed() })
    });
    Type::record("`ixit`", tables.chain([("endpoints", whole)]))
}

/// How an endpoint is reached.
pub(crate) const PROTOCOLS: [&str; 3] = ["tcp", "udp", "serial"];

fn proto() -> Type {
    Type::Word(PROTOCOLS.map(str::to_owned).to_vec())
}

/// The standard's name of the table that plans call `name`.
pub(crate) fn standard_name(name: &str) -> Option<&'static str> {
    TABLES.iter().find(|(_, ours, _)| *ours == name).map(|(theirs, ..)| *theirs)
}

/// Lowers `ixit:` to what plans see, `endpoints` included.
pub(crate) fn lower(node: &Node, mistakes: &Mistakes) -> Map<String, Value> {
    let mut ixit = Map::new();
    let mut endpoints = Vec::new();
    let Some(fields) = Fields::open_any("`ixit`", node, mistakes) else { return ixit };
    for entry in fields.entries() {
        let Some((theirs, ours, is_record)) = table(entry, mistakes) else { continue };
        if entry.value.value == Yaml::Null {
            continue; // a blank, and named as such
        }
        let value = if is_record { record(&entry.value, mistakes) } else { rows(&entry.value, mistakes) };
        let Some(value) = value else { continue };
        let all = value.as_array().map_or_else(|| std::slice::from_ref(&value), Vec::as_slice);
        all.iter().for_each(|row| collect_endpoints(theirs, row, &mut endpoints));
        ixit.insert(ours.to_owned(), value);
    }
    ixit.insert("endpoints".into(), Value::Array(endpoints));
    ixit
}

fn table(entry: &Entry, mistakes: &Mistakes) -> Option<(&'static str, &'static str, bool)> {
    let known = TABLES.iter().find(|(theirs, ..)| *theirs == entry.key).copied();
    if known.is_none() {
        let names: Vec<&str> = TABLES.iter().map(|(theirs, ..)| *theirs).collect();
        // `AuthMech` and `auth_mech` are near misses of `1-AuthMech`, however far they are in letters.
        let same = TABLES.iter().find(|(theirs, ours, _)| {
            *ours == entry.key || theirs.split_once('-').is_some_and(|(_, n)| n.eq_ignore_ascii_case(&entry.key))
        });
        let help = same.map_or_else(
            || match suggest::nearest(&entry.key, &names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "the tables are `1-AuthMech` to `29-InpVal`, named as in TS 103 701".into(),
            },
            |(theirs, ..)| format!("did you mean `{theirs}`?"),
        );
        let text = format!("there is no IXIT table `{}`", entry.key);
        mistakes.add(Diagnostic::error("product::unknown-table", text, Some(entry.key_span.clone())).help(help));
    }
    known
}

fn record(node: &Node, mistakes: &Mistakes) -> Option<Value> {
    Fields::open_any("this IXIT record", node, mistakes)?;
    check_endpoints(node, mistakes);
    Some(node.json())
}

fn rows(node: &Node, mistakes: &Mistakes) -> Option<Value> {
    let Yaml::List(items) = &node.value else {
        let text = format!("this IXIT table is {}, and a list of rows is expected", node.kind());
        mistakes.add(Diagnostic::error("plan::type", text, Some(node.span.clone())));
        return None;
    };
    let mut ids = super::suite::Seen::new();
    for item in items {
        let Some(row) = Fields::open_any("a row of IXIT", item, mistakes) else { continue };
        check_endpoints(item, mistakes);
        let Some(id) = row.require_text("id") else { continue };
        let span = row.get("id").map_or_else(|| row.first(), |n| n.span.clone());
        super::suite::unique("product::duplicate-row", "the row", &id, &span, &mut ids, mistakes);
    }
    Some(node.json())
}

fn check_endpoints(row: &Node, mistakes: &Mistakes) {
    let Some(fields) = Fields::open_any("a row of IXIT", row, mistakes) else { return };
    for endpoint in fields.list("endpoints") {
        let Some(endpoint) = Fields::open_any("an endpoint", endpoint, mistakes) else { continue };
        endpoint.require("proto");
        // A serial line has no port number.
        if endpoint.word("proto", &PROTOCOLS).as_deref() != Some("serial") {
            endpoint.require("port");
        }
        endpoint.number("port", 1, 65_535);
        for key in ["service", "path", "user"] {
            endpoint.text(key);
        }
    }
}

/// Adds a row's endpoints, each `{proto, port, service, table, row}` once.
fn collect_endpoints(table: &str, row: &Value, out: &mut Vec<Value>) {
    let id = row.get("id").cloned().unwrap_or_default();
    for endpoint in row.get("endpoints").and_then(Value::as_array).into_iter().flatten() {
        let part = |key: &str| endpoint.get(key).cloned();
        let mut found = Map::new();
        for key in ["proto", "port", "service"] {
            found.extend(part(key).map(|value| (key.to_owned(), value)));
        }
        // The same port declared in two tables is one endpoint of the product, but both places are of interest.
        found.insert("table".into(), json!(table));
        found.insert("row".into(), id.clone());
        let found = Value::Object(found);
        if !out.contains(&found) {
            out.push(found);
        }
    }
}
