//! The names that every expression of a plan may use, with their types.

use crate::expr::{Names, Type};
use crate::load::lower::ixit;

/// Names that no step may take.
pub(crate) const RESERVED: [&str; 7] = ["dut", "product", "ics", "ixit", "bench", "params", "samples"];

/// All of [`RESERVED`].
pub(crate) fn names(params: Type) -> Names {
    use Type::{Dyn, Int, Text};
    let texts = || Text.listed();
    let label =
        Type::open_record("`dut.label`", ["serial", "mac", "ssid", "model", "batch", "password"].map(|k| (k, Text)));
    let unit = || [("selector", Text), ("chip", Text)].into_iter();
    let golden = Type::record("`dut.probe.golden`", unit());
    let probe = Type::record("`dut.probe`", unit().chain([("golden", golden)]));
    let mut names = Names::new();
    names.set(
        "dut",
        Type::record(
            "`dut`",
            [
                ("id", Text),
                ("host", Text),
                ("console", Text),
                ("probe", probe),
                ("label", label),
                ("provides", texts()),
                ("foreign_ports", Int.listed()),
            ],
        ),
    );
    names.set(
        "product",
        Type::open_record(
            "`product`",
            [
                ("name", Text),
                ("type", Text),
                ("manufacturer", Text),
                ("model", Text),
                ("firmware", Text),
                ("procedures", Dyn),
            ],
        ),
    );
    let support = Type::Word(["Y", "N", "N/A"].map(str::to_owned).to_vec());
    let entry = Type::record("an entry of `ics`", [("support", support), ("detail", Text)]);
    names.set("ics", Type::Map(Box::new(entry)));
    names.set("ixit", ixit::names());
    let limits = ["connects_per_s", "half_open", "tries_per_mechanism", "pause_ms"].map(|k| (k, Int));
    names.set(
        "bench",
        Type::record(
            "`bench`",
            [
                ("name", Text),
                ("limits", Type::record("`bench.limits`", limits)),
                ("permits", texts()),
                ("provides", texts()),
                ("reference", Dyn),
            ],
        ),
    );
    names.set("params", params);
    let identifiers = ["sample", "serial", "mac", "ssid", "model", "batch"].map(|k| (k, Text));
    names.set(
        "samples",
        Type::record(
            "`samples`",
            [
                ("count", Int),
                ("ids", texts()),
                ("identifiers", Type::record("a row of `samples.identifiers`", identifiers).listed()),
            ],
        ),
    );
    names
}

/// `product` in plans with `over:`: a row of the list.
pub(crate) fn listed_product() -> Type {
    use Type::{Int, Text};
    let documents = ["home", "policy", "support", "statement"].map(|key| (key, Text));
    let documents = documents.into_iter().chain([("sales", Text.listed())]);
    let texts = ["name", "manufacturer", "model", "type"].map(|key| (key, Text)).into_iter();
    let more = [("line", Int), ("documents", Type::record("`product.documents`", documents))];
    Type::record("`product`", texts.chain(more))
}
