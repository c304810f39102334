//! Whether a password can be computed from its unit's identifiers without a key.
//!
//! A match counts by how unlikely it would be by chance: bits of matched characters, summed over units that the same
//! recipe explains, against a threshold that allows for the number of recipes tried. So one unit with ten hexadecimal
//! digits of a digest is found, and so are two units whose four-digit PINs end their serial numbers; a random PIN is not.

use std::collections::{BTreeMap, HashSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    digests,
    shape::{Alphabet, bare, shared_prefix, shared_suffix},
    variants::{self, Identifiers},
};

/// A password that can be computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Derived {
    /// The sample.
    pub sample: String,
    /// What it comes from: `mac`, `serial`, `ssid`, `model`, `batch`, or two of them: `model+mac`.
    pub from: String,
    /// The recipe: `without separators / md5 / hex / first 10`.
    pub by: String,
    /// Units that the same recipe explains. One alone is a weaker finding than two.
    pub units: usize,
}

/// Least bits for digests and encodings (about 2^19 texts and windows are tried per unit).
const DIGEST_BITS: f64 = 32.0;
/// Least bits for a piece of an identifier somewhere in a password.
const PIECE_BITS: f64 = 30.0;
/// Least bits for a password that as a whole is the start or the end of an identifier.
const WHOLE_BITS: f64 = 18.0;
/// Fewer characters than this are no match at all.
const SHORTEST: usize = 4;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Recipe {
    from: String,
    by: String,
}

#[derive(Default)]
struct Support {
    needed: f64,
    bits: f64,
    passwords: HashSet<String>,
    samples: Vec<String>,
}

/// The strongest recipe per sample that cannot be chance.
pub(super) fn find(passwords: &[(String, String)], ids: &[Identifiers], alphabet: &Alphabet) -> Vec<Derived> {
    let all: Vec<String> = passwords.iter().map(|(_, p)| bare(p)).collect();
    let (prefix, suffix) = if all.len() > 1 { (shared_prefix(&all), shared_suffix(&all)) } else { (0, 0) };
    let mut recipes: BTreeMap<Recipe, Support> = BTreeMap::new();
    for (sample, password) in passwords {
        let Some(unit) = ids.iter().find(|i| i.sample == *sample) else { continue };
        let forms = forms(password, prefix, suffix);
        let mut seen = HashSet::new();
        let mut note = |recipe: Recipe, bits: f64, needed: f64| {
            if !seen.insert(recipe.clone()) {
                return;
            }
            let support = recipes.entry(recipe).or_default();
            support.needed = needed;
            support.samples.push(sample.clone());
            if support.passwords.insert(password.clone()) {
                support.bits += bits;
            }
        };
        plain(&forms, unit, alphabet, &mut note);
        digested(&forms, unit, &mut note);
    }
    recipes.retain(|_, s| s.bits >= s.needed);
    let best = |sample: &String| {
        recipes.iter().filter(|(_, s)| s.samples.contains(sample)).max_by(|(_, a), (_, b)| {
            (a.samples.len(), a.bits).partial_cmp(&(b.samples.len(), b.bits)).unwrap_or(std::cmp::Ordering::Equal)
        })
    };
    passwords
        .iter()
        .filter_map(|(sample, _)| {
            let (recipe, support) = best(sample)?;
            let units = support.samples.len();
            Some(Derived { sample: sample.clone(), from: recipe.from.clone(), by: recipe.by.clone(), units })
        })
        .collect()
}

/// The password as it stands, without separators, and without what all units share.
fn forms(password: &str, prefix: usize, suffix: usize) -> Vec<String> {
    let stripped: Vec<char> = bare(password).chars().collect();
    let core: String = stripped.get(prefix..stripped.len().saturating_sub(suffix)).unwrap_or_default().iter().collect();
    let mut forms = vec![password.to_owned()];
    for form in [stripped.iter().collect(), core] {
        if form.chars().count() >= SHORTEST && !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

fn plain(forms: &[String], unit: &Identifiers, alphabet: &Alphabet, note: &mut impl FnMut(Recipe, f64, f64)) {
    for variant in variants::texts(unit) {
        let text = String::from_utf8_lossy(&variant.bytes).to_lowercase();
        for (turned, text) in [("", text.clone()), (" reversed", text.chars().rev().collect())] {
            for form in forms {
                let form = form.to_lowercase();
                let len = form.chars().count();
                let recipe = |what: String| Recipe {
                    from: variant.of.clone(),
                    by: format!("{}{turned} / {what}", variant.form),
                };
                let bits = |n: usize| n as f64 * alphabet.bits();
                if len >= SHORTEST && text.starts_with(&form) {
                    note(recipe(format!("first {len}")), bits(len), WHOLE_BITS);
                } else if len >= SHORTEST && text.ends_with(&form) {
                    note(recipe(format!("last {len}")), bits(len), WHOLE_BITS);
                }
                let common = longest_common(&form, &text);
                if common >= SHORTEST && 2 * common >= len {
                    note(recipe("contained".into()), bits(common), PIECE_BITS);
                }
            }
        }
    }
}

fn digested(forms: &[String], unit: &Identifiers, note: &mut impl FnMut(Recipe, f64, f64)) {
    let needles: Vec<(String, String, usize)> = forms
        .iter()
        .map(|f| (f.clone(), f.to_lowercase(), f.chars().count()))
        .filter(|(f, _, n)| *n >= SHORTEST && f.is_ascii())
        .collect();
    for seed in variants::seeds(unit) {
        for encoded in digests::all(&seed.bytes) {
            let backwards: String = encoded.text.chars().rev().collect();
            for (turned, text) in [("", &encoded.text), (" reversed", &backwards)] {
                for (exact, folded, len) in &needles {
                    let Some(at) = text.find(if encoded.folds { folded } else { exact }) else { continue };
                    let place = match at {
                        0 => format!("first {len}"),
                        at if at + len == text.len() => format!("last {len}"),
                        at => format!("{len} from offset {at}"),
                    };
                    let by = format!("{} / {} / {}{turned} / {place}", seed.form, encoded.digest, encoded.encoding);
                    note(Recipe { from: seed.of.clone(), by }, *len as f64 * encoded.bits, DIGEST_BITS);
                }
            }
        }
    }
}

/// Length of the longest piece that both hold. Inputs are labels: short.
fn longest_common(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut row = vec![0usize; b.len() + 1];
    let mut best = 0;
    for &x in a {
        for j in (0..b.len()).rev() {
            row[j + 1] = if x == b[j] { row[j] + 1 } else { 0 };
            best = best.max(row[j + 1]);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use md5::{Digest as _, Md5};

    fn unit(n: u32) -> Identifiers {
        Identifiers {
            sample: format!("s{n}"),
            serial: Some(format!("C1-{:06}", 4711 * n)),
            mac: Some(format!("02:00:5e:1{n}:a7:{n:02x}")),
            ssid: Some(format!("Cam-{:04}", 37 * n)),
            model: Some("C1".into()),
            ..Identifiers::default()
        }
    }

    fn found(make: impl Fn(&Identifiers) -> String, units: u32) -> Vec<Derived> {
        let ids: Vec<_> = (1..=units).map(unit).collect();
        let passwords: Vec<_> = ids.iter().map(|i| (i.sample.clone(), make(i))).collect();
        let alphabet = Alphabet::of(passwords.iter().map(|(_, p)| p.as_str()));
        find(&passwords, &ids, &alphabet)
    }

    fn mac(i: &Identifiers) -> String {
        bare(i.mac.as_deref().unwrap())
    }

    #[track_caller]
    fn shows(found: &[Derived], units: usize, from: &str, by: &str) {
        assert_eq!(found.len(), units, "{found:?}");
        assert!(found.iter().all(|d| d.from == from && d.by.contains(by) && d.units == units), "{found:?}");
    }

    #[test]
    fn plain_pieces_of_identifiers_are_found() {
        shows(&found(|i| mac(i)[4..].to_uppercase(), 1), 1, "mac", "last 8");
        shows(&found(|i| i.serial.clone().unwrap()[5..].to_owned(), 3), 3, "serial", "last 4");
        shows(&found(|i| format!("cam{}", &mac(i)[6..]), 2), 2, "mac", "contained");
        shows(&found(|i| mac(i).chars().rev().collect(), 2), 2, "mac", "reversed");
    }

    #[test]
    fn unkeyed_digests_are_found_in_every_encoding_from_both_ends() {
        let md5 = |i: &Identifiers| hex::encode(Md5::digest(mac(i)));
        shows(&found(|i| md5(i)[..10].to_owned(), 2), 2, "mac", "md5 / hex / first 10");
        shows(&found(|i| md5(i)[22..].to_uppercase(), 1), 1, "mac", "md5 / hex / last 10");
        shows(&found(|i| md5(i).chars().rev().take(12).collect(), 2), 2, "mac", "hex reversed / first 12");
        shows(&found(|i| format!("{}-{}", &md5(i)[..4], &md5(i)[4..8]), 2), 2, "mac", "md5 / hex / first 8");
        let b32 = |i: &Identifiers| data_encoding::BASE32_NOPAD.encode(&Md5::digest(i.serial.as_deref().unwrap()));
        shows(&found(|i| b32(i)[..8].to_owned(), 2), 2, "serial", "md5 / base32 / first 8");
        let joined = |i: &Identifiers| hex::encode(sha2::Sha256::digest(format!("C1{}", mac(i))));
        shows(&found(|i| joined(i)[..10].to_owned(), 2), 2, "model+mac", "sha256 / hex / first 10");
    }

    #[test]
    fn a_short_match_on_one_unit_is_chance_and_on_three_is_not() {
        let pin = |i: &Identifiers| i.serial.clone().unwrap()[5..].to_owned();
        assert!(found(pin, 1).is_empty());
        assert_eq!(found(pin, 3).len(), 3);
    }

    #[test]
    fn values_that_depend_on_nothing_are_quiet() {
        let values = ["k7fq2m9xw3", "p0zt8vb4cn", "h5yd6rj1ls"];
        assert!(found(|i| values[i.sample[1..].parse::<usize>().unwrap() - 1].to_owned(), 3).is_empty());
    }

    #[test]
    fn hostile_values_do_no_harm() {
        for bad in ["", "é", "\u{0}", "----------", "日本語日本語日本語"] {
            assert!(found(|_| bad.to_owned(), 2).is_empty(), "{bad:?}");
        }
    }
}
