//! Passwords that come from a counter: the part that differs, read as a number, steps with the order of the units.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    shape::{bare, shared_prefix, shared_suffix},
    variants::Identifiers,
};

/// A relation between passwords and the order of their units. Numbers that would give a secret away are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Counter {
    /// How the passwords relate: `constant-step`, `proportional`, `close`.
    pub kind: &'static str,
    /// What they were sorted by: `serial`, `mac`, `sample`, `value`.
    pub order: &'static str,
    /// The base that the varying part was read in: 10, 16, 36 or 62.
    pub base: u32,
    /// Whether its digits were read back to front.
    pub reversed: bool,
    /// Samples that the relation holds for.
    pub samples: Vec<String>,
}

/// Bits below which two values that lie close together are no surprise.
const SURPRISE_BITS: f64 = 19.0;
/// Values closer than this in a space of at least `WIDE_BITS` come from no random source.
const NARROW: u128 = 1 << 16;
const WIDE_BITS: f64 = 40.0;
/// Digits that fit into 128 bits in base 62.
const MAX_DIGITS: usize = 21;

/// The first relation that holds, in the narrowest base; a wider one would say the same again. `space_bits`: what the passwords could hold at most.
pub(super) fn find(passwords: &[(String, String)], ids: &[Identifiers], space_bits: f64) -> Option<Counter> {
    let texts: Vec<String> = passwords.iter().map(|(_, p)| bare(p)).collect();
    let middles = middles(&texts);
    if passwords.len() < 2 || middles.iter().any(|m| m.is_empty() || m.len() > MAX_DIGITS) {
        return None;
    }
    for reversed in [false, true] {
        for base in [10, 16, 36, 62] {
            let values: Option<Vec<u128>> = middles.iter().map(|m| number(m, base, reversed)).collect();
            let Some(values) = values else { continue };
            if let Some((kind, order)) = relation(&values, &orders(passwords, ids), space_bits) {
                let samples = passwords.iter().map(|(s, _)| s.clone()).collect();
                return Some(Counter { kind, order, base, reversed, samples });
            }
        }
    }
    None
}

fn middles(texts: &[String]) -> Vec<String> {
    let prefix = shared_prefix(texts);
    let tails: Vec<String> = texts.iter().map(|t| t.chars().skip(prefix).collect()).collect();
    let suffix = shared_suffix(&tails);
    tails.iter().map(|t| t.chars().take(t.chars().count() - suffix).collect()).collect()
}

fn number(text: &str, base: u32, reversed: bool) -> Option<u128> {
    let digit = |c: char| {
        let value = match c {
            '0'..='9' => c as u32 - '0' as u32,
            'A'..='Z' if base == 62 => c as u32 - 'A' as u32 + 10,
            'a'..='z' if base == 62 => c as u32 - 'a' as u32 + 36,
            'a'..='z' | 'A'..='Z' => c.to_ascii_lowercase() as u32 - 'a' as u32 + 10,
            _ => return None,
        };
        (value < base).then_some(u128::from(value))
    };
    let mut chars: Vec<char> = text.chars().collect();
    if reversed {
        chars.reverse();
    }
    chars.into_iter().try_fold(0u128, |n, c| n.checked_mul(u128::from(base))?.checked_add(digit(c)?))
}

/// The orders in which units may have been made, each as a key per unit; only where every unit has a key of its own.
fn orders(passwords: &[(String, String)], ids: &[Identifiers]) -> Vec<(&'static str, Vec<u128>)> {
    let of = |s: &str| ids.iter().find(|i| i.sample == s);
    let keys = |f: fn(&Identifiers) -> Option<u128>| {
        let keys: Option<Vec<u128>> = passwords.iter().map(|(s, _)| of(s).and_then(f)).collect();
        keys.filter(|k| k.iter().collect::<std::collections::BTreeSet<_>>().len() == k.len())
    };
    let mut orders = Vec::new();
    orders.extend(keys(Identifiers::serial_number).map(|k| ("serial", k)));
    orders.extend(keys(Identifiers::mac_number).map(|k| ("mac", k)));
    orders.push(("sample", (0..passwords.len() as u128).collect()));
    orders
}

fn relation(
    values: &[u128],
    orders: &[(&'static str, Vec<u128>)],
    space_bits: f64,
) -> Option<(&'static str, &'static str)> {
    for (name, keys) in orders {
        let mut pairs: Vec<(u128, u128)> = keys.iter().copied().zip(values.iter().copied()).collect();
        pairs.sort_unstable();
        let steps: Vec<(i128, i128)> = pairs
            .windows(2)
            .map(|w| (w[1].0.wrapping_sub(w[0].0) as i128, w[1].1.wrapping_sub(w[0].1) as i128))
            .collect();
        let (key_step, step) = *steps.first()?;
        if step == 0 {
            continue;
        }
        if steps.len() >= 2 && steps.iter().all(|s| s.1 == step) {
            return Some(("constant-step", name));
        }
        let proportional = steps.iter().all(|(k, v)| match (v.checked_mul(key_step), step.checked_mul(*k)) {
            (Some(a), Some(b)) => a == b,
            _ => false,
        });
        let same_step = steps.len() == 1 && step.unsigned_abs() == key_step.unsigned_abs() && *name != "sample";
        if same_step && space_bits >= SURPRISE_BITS || steps.len() >= 2 && proportional {
            return Some(("proportional", name));
        }
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let gaps: Vec<u128> = sorted.windows(2).map(|w| w[1] - w[0]).collect();
    let next_door = gaps.iter().all(|g| *g <= 16) && space_bits * gaps.len() as f64 >= SURPRISE_BITS;
    let narrow = gaps.iter().all(|g| *g < NARROW) && space_bits >= WIDE_BITS;
    (!gaps.is_empty() && (next_door || narrow)).then_some(("close", "value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(passwords: &[&str], serials: &[&str]) -> Vec<(&'static str, &'static str, u32)> {
        let passwords: Vec<_> = passwords.iter().enumerate().map(|(i, p)| (format!("s{i}"), (*p).to_owned())).collect();
        let ids: Vec<_> = serials
            .iter()
            .enumerate()
            .map(|(i, s)| Identifiers { sample: format!("s{i}"), serial: Some((*s).into()), ..Identifiers::default() })
            .collect();
        find(&passwords, &ids, 45.0).into_iter().map(|c| (c.kind, c.order, c.base)).collect()
    }

    #[test]
    fn steps_are_found_in_every_base_with_ends_that_do_not_change() {
        assert_eq!(kinds(&["cam-0101", "cam-0102", "cam-0103"], &[]), [("constant-step", "sample", 10)]);
        assert_eq!(kinds(&["x09zz", "x0azz", "x0bzz"], &[]), [("constant-step", "sample", 16)]);
        assert_eq!(kinds(&["aw0y", "aw0z", "aw10"], &[]), [("constant-step", "sample", 36)]);
    }

    #[test]
    fn the_order_of_serial_numbers_counts_where_samples_are_shuffled() {
        assert_eq!(kinds(&["pw9040", "pw9010", "pw9020"], &["A-4", "A-1", "A-2"]), [("proportional", "serial", 10)]);
    }

    #[test]
    fn two_units_next_door_are_a_counter_and_equal_ones_are_not() {
        assert_eq!(kinds(&["hunter0017", "hunter0018"], &[]), [("close", "value", 10)]);
        assert!(kinds(&["hunter0017", "hunter0017"], &[]).is_empty());
        assert!(kinds(&["hunter0017"], &[]).is_empty());
        assert!(kinds(&[], &[]).is_empty());
    }

    #[test]
    fn random_values_are_quiet() {
        assert!(kinds(&["k7fq2m9xw3", "p0zt8vb4cn", "h5yd6rj1ls"], &["A-1", "A-2", "A-3"]).is_empty());
    }
}
