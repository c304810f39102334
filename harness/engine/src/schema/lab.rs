//! The schema of lab files.

use serde_json::{Value, json};

use super::{header, list, mapping, text, texts, word};
use crate::load::keys;

pub(super) fn lab() -> Value {
    mapping(&keys::LAB_FILE, &["assay"], |key| match key {
        "assay" => header("lab"),
        "lab" => block(&keys::LAB, &["name"], "The laboratory.", |key| match key {
            "name" => text("Its name."),
            "address" => text("Its address."),
            "location_of_activity" => text("Where the tests are done, where that is elsewhere."),
            "accreditation" => text("Number of its accreditation, or `none`."),
            "accredited_for" => texts("Plans or clauses inside the scope of the accreditation."),
            _ => text("Whom a reader may ask."),
        }),
        "customer" => block(&keys::PARTY, &["name"], "Whom the tests are for.", |key| match key {
            "name" => text("Its name."),
            _ => text("Address or person."),
        }),
        "decision_rule" => {
            block(&keys::RULE, &["id", "text"], "How doubt is taken into the verdict.", |key| match key {
                "id" => text("The lab's id for it: `simple-acceptance`."),
                _ => text("The rule in words."),
            })
        }
        "sampling" => block(&keys::SAMPLING, &["plan", "chosen_by"], "How samples were chosen.", |key| match key {
            "plan" => text("Plan or method of choosing."),
            "chosen_by" => text("Who chose: `customer`, `laboratory`."),
            "population" => text("Out of what."),
            _ => text("What may not be concluded from it."),
        }),
        "items" => list(item(), "Receipt and condition of each sample."),
        "deviations" => texts("Deviations from, additions to and exclusions from the method; `[]` says: none."),
        "environment" => {
            let required = ["temperature", "humidity"];
            block(&keys::ENVIRONMENT, &required, "Conditions of testing.", |key| match key {
                "network" => text("How the bench's network is set up."),
                _ => text("As measured; `not controlled` is an answer."),
            })
        }
        "equipment" => equipment(),
        "people" => list(person(), "Who may do what."),
        "overdue" => word(&keys::OVERDUE, "What equipment past its date means: said in the report, or no run begins."),
        _ => json!({}),
    })
}

/// The equipment register, of a bench or of a lab.
pub(super) fn equipment() -> Value {
    let one = mapping(&keys::EQUIPMENT, &["id", "kind"], |key| match key {
        "id" => text("The lab's id for it."),
        "kind" => text("`power-supply`, `debug-probe`, `serial-adapter`."),
        "serial" => text("The maker's serial number."),
        "firmware" => text("Firmware, where it has any."),
        "calibration_due" => day("When calibration is next due."),
        _ => day("When the check between calibrations is next due."),
    });
    list(one, "The equipment register.")
}

fn item() -> Value {
    mapping(&keys::ITEM, &["sample", "received", "condition"], |key| match key {
        "sample" => text("The sample's id in the dossier; `*` for all others."),
        "received" => day("When it came in."),
        "condition" => text("Its condition then."),
        "serial" => text("Serial number, where the label has none."),
        _ => text("Batch, where the label has none."),
    })
}

fn person() -> Value {
    mapping(&keys::PERSON, &["id", "name", "roles"], |key| match key {
        "id" => text("As in `--operator` and in reviews."),
        "name" => text("Full name."),
        _ => list(word(&keys::ROLES, "A role."), "What they may do."),
    })
}

fn block(keys: &[&str], required: &[&str], what: &str, describe: impl Fn(&str) -> Value) -> Value {
    let mut schema = mapping(keys, required, describe);
    schema["description"] = json!(what);
    schema
}

fn day(what: &str) -> Value {
    json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "description": what })
}
