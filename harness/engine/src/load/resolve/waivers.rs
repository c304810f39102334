//! Waivers, held against the product and the plans of a run.

use assay_model::Diagnostic;
use assay_model::catalogue::CatalogueUnit;

use crate::load::lower::Mistakes;
use crate::load::lower::plan::LoweredPlan;
use crate::load::suggest;
use crate::plan::{Covers, Product, Waiver};

/// Marks waivers of other products as void; tells of those that cover nothing in these plans.
pub(super) fn held_against(
    mut waivers: Vec<Waiver>,
    product: Option<&Product>,
    plans: &[LoweredPlan],
    mistakes: &Mistakes,
) -> Vec<Waiver> {
    for waiver in &mut waivers {
        if waiver.void.is_none() && !is_of(waiver, product) {
            waiver.void = Some("other product");
            let asked: Vec<String> = waiver.product.iter().map(|(key, value)| format!("{key} {value}")).collect();
            let text = format!("waiver `{}` is for {}, and this product is another", waiver.id, asked.join(", "));
            mistakes.add(Diagnostic::warning("waivers::other-product", text, Some(waiver.span.clone())));
        }
        covers_something(waiver, plans, mistakes);
    }
    waivers
}

fn is_of(waiver: &Waiver, product: Option<&Product>) -> bool {
    let fact = |key: &String| product.and_then(|p| p.product.get(key)).and_then(|v| v.as_str());
    waiver.product.iter().all(|(key, value)| fact(key) == Some(value))
}

fn covers_something(waiver: &Waiver, plans: &[LoweredPlan], mistakes: &Mistakes) {
    if plans.is_empty() {
        return; // their own mistakes say why
    }
    let units = || plans.iter().flat_map(|plan| &plan.units).map(|lowered| &lowered.unit);
    let entries = || units().flat_map(|u| std::iter::once(&u.catalogue).chain(u.also.iter().map(|(_, e)| e))).flatten();
    let of = |id: fn(&CatalogueUnit) -> &String| entries().map(id).map(String::as_str).collect::<Vec<_>>();
    let (what, id, known) = match &waiver.covers {
        Covers::Unit(id) => {
            let also = |u| std::iter::once(id_of(u)).chain(also_of(u));
            ("unit", id, units().flat_map(also).collect())
        }
        Covers::Group(id) => ("group", id, of(|entry| &entry.group)),
        Covers::Provision(id) => ("provision", id, of(|entry| &entry.provision)),
    };
    if known.contains(&id.as_str()) {
        return;
    }
    let text = format!("waiver `{}` is for the {what} `{id}`, and no plan of this run has it", waiver.id);
    let mut warning = Diagnostic::warning("waivers::unknown", text, Some(waiver.span.clone()));
    warning.help = suggest::nearest(id, &known).map(|near| format!("did you mean `{near}`?"));
    mistakes.add(warning);
}

fn id_of(unit: &crate::plan::Unit) -> &str {
    &unit.id
}

fn also_of(unit: &crate::plan::Unit) -> impl Iterator<Item = &str> {
    unit.also.iter().map(|(id, _)| id.as_str())
}
